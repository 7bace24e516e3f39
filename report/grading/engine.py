"""Floor 3. Many judgements on an executor: which is given, which is tried again, and when a verdict stands.

Knows executors of the shape of concurrent.futures only, be they of this machine or of a cluster. A server is rejected
only when two judgements agree on why; trouble of the tool, a dead machine among it, is never charged to a student.
"""

import contextlib
import os
import resource
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil

from report.errors import ReportError
from report.grading import apart, cell
from report.grading.cell import Answer, Task
from report.recording import network

CHANCES = 3  # decided judgements, after which the outcome of most stands
UNSEEN = {"no_turns", "no_sample", "never_sampled", "unseen_peak"}  # reasons that a look at another moment may mend
MOST = 3  # times that trouble of the tool is tried again, the first one among them
LOOK = 0.5  # seconds between looks for a signal
A_CORE = 16  # probes side by side for each core: they wait most of the time
MEMORY = 192 * 2**20  # bytes of a process that judges, with the servers of its probes, as measured and rounded up
DESCRIPTORS = 64  # of this process for each that judges: far more than its pipes and its directory
Work = Callable[[Task], Answer]


@dataclass(frozen=True, slots=True)
class Place:
    """Where judgements are made: so many beside each other, and by the second executor those that must be alone."""

    shared: Executor
    alone: Executor
    most: int
    told: str
    is_apart: bool  # whether a server with a port of its own has a network of its own there


def settled(answers: Sequence[Answer]) -> Answer | None:
    """The answer that stands after these tries; None when there must be another.

    A rejection stands when a second judgement agrees on outcome and diagnosis; where two differ, the third decides.
    An acceptance that left a claim undecided, since nothing was seen that decides it, is looked at once more.
    """
    decided = [one for one in answers if one.graded.outcome != "unjudged"]
    sure = [one for one in decided if not _is_by_chance(one)]
    said = [(one.graded.outcome, one.graded.diagnosis) for one in sure]
    if len(answers) - len(decided) >= MOST:
        chosen = next(one for one in reversed(answers) if one.graded.outcome == "unjudged")
    elif said and not (len(said) == 1 and said[0][0] == "rejected") and not (len(said) == 2 and said[0] != said[1]):
        chosen = _most_said(sure)
    elif len(decided) >= CHANCES or (len(decided) == 2 and not sure):
        chosen = _most_said(decided)
    else:
        return None
    unsteady = len({(one.graded.outcome, one.graded.diagnosis) for one in decided}) > 1
    counts = {"attempts": len(answers), "unsteady": unsteady}
    return replace(chosen, graded=chosen.graded.model_copy(update=counts))


def _is_by_chance(answer: Answer) -> bool:
    """Whether it was accepted although what decides a claim was not seen, which other looks may see."""
    graded = answer.graded
    return graded.outcome == "accepted" and any(step.reason in UNSEEN for step in graded.steps)


def _most_said(decided: Sequence[Answer]) -> Answer:
    """The last of those that say what most say, which has pages."""
    said = [(one.graded.outcome, one.graded.diagnosis) for one in decided]
    outcomes, whole = Counter(outcome for outcome, _ in said), Counter(said)
    best = max(reversed(said), key=lambda one: (outcomes[one[0]], whole[one]))
    return decided[len(said) - 1 - said[::-1].index(best)]


def judged(tasks: Iterable[Task], executor: Executor, most: int, work: Work) -> Iterator[tuple[Task, Answer]]:
    """Each task with the answer that stands, as they come; at most so many are asked for at a time, again first."""
    waiting, tried = deque(tasks), dict[tuple[str, str], list[Answer]]()
    under_way: dict[Future[Answer], Task] = {}
    try:
        while waiting or under_way:
            while waiting and len(under_way) < most:
                task = waiting.popleft()
                under_way[executor.submit(work, task)] = task
            done, _ = wait(under_way, LOOK, FIRST_COMPLETED)
            for future in done:
                task = under_way.pop(future)
                answers = tried.setdefault((task.student, task.assignment), [])
                answers.append(_answer(task, future))
                if answer := settled(answers):
                    del tried[task.student, task.assignment]
                    yield task, answer
                else:
                    decided = any(one.graded.outcome != "unjudged" for one in answers)
                    waiting.appendleft(replace(task, again=decided))
    finally:
        for future in under_way:
            future.cancel()


def _answer(task: Task, future: "Future[Answer]") -> Answer:
    """What came of it; whatever else went wrong is trouble of the tool's."""
    try:
        return future.result()
    except CancelledError:
        return Answer(cell.unjudged(task, "the judgement was cancelled"), {})
    except ReportError as error:
        return Answer(cell.unjudged(task, str(error)), {})
    except Exception as error:  # such as a cluster's, of a task whose workers died each time
        return Answer(cell.unjudged(task, f"{type(error).__name__}: {error}"), {})


@contextlib.contextmanager
def here(jobs: int | None, probes: int) -> Iterator[Place]:
    """This machine, with so many probes side by side in all, or as many as it bears."""
    count, bound = bearable(jobs, probes)
    with ThreadPoolExecutor(count, "cell") as shared, ThreadPoolExecutor(1, "cell") as alone:
        try:
            yield Place(shared, alone, count, f"{count} submissions side by side, {bound}", network.is_possible())
        finally:
            apart.close()  # before the threads are waited for, whose answers nobody wants any more


def bearable(jobs: int | None, probes: int, memory: int | None = None, files: int | None = None) -> tuple[int, str]:
    """How many submissions are judged side by side here, and what decided that."""
    free = psutil.virtual_memory().available if memory is None else memory
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if files is None else files
    wanted = jobs or A_CORE * len(os.sched_getaffinity(0))
    bounds = {
        "as was asked" if jobs else "as many as processors bear": wanted // probes,
        "as many as free memory bears": free // MEMORY,
        "as many as open files allow": soft // DESCRIPTORS if soft != resource.RLIM_INFINITY else wanted,
    }
    told = min(bounds, key=lambda name: bounds[name])
    return max(1, bounds[told]), told


def working(root: Path | None) -> Work:
    """What an executor is given to do with each task."""
    return partial(apart.judged, root)
