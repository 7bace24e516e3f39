"""Verdicts that stand: a rejection is confirmed, trouble is tried again and never charged, and nothing runs twice."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.errors import JudgeError
from report.grading import engine
from report.grading.cell import Answer, Task
from tests.grading.cells import Script, answer, task

STORIES: dict[str, tuple[list[str], str, int, bool]] = {  # what each judgement says, what is given after how many
    "accepted": (["accepted"], "accepted", 1, False),
    "nothing to judge": (["missing"], "missing", 1, False),
    "rejected twice": (["zombies", "zombies"], "zombies", 2, False),
    "rejected once only": (["zombies", "accepted", "accepted"], "accepted", 3, True),
    "accepted once only": (["zombies", "accepted", "zombies"], "zombies", 3, True),
    "two reasons": (["zombies", "orphans", "orphans"], "orphans", 3, True),
    "three reasons": (["zombies", "orphans", "closed"], "closed", 3, True),
    "two reasons and none": (["zombies", "orphans", "accepted"], "orphans", 3, True),
    "accepted without having seen all": (["by chance", "accepted"], "accepted", 2, False),
    "never seen": (["by chance", "by chance"], "by chance", 2, False),
    "seen at another look": (["by chance", "zombies", "zombies"], "zombies", 3, True),
    "seen once only": (["by chance", "zombies", "by chance"], "by chance", 3, True),
    "trouble once": (["unjudged", "accepted"], "accepted", 2, False),
    "trouble between": (["zombies", "unjudged", "zombies"], "zombies", 3, False),
    "trouble only": (["unjudged", "unjudged", "unjudged"], "unjudged", 3, False),
    "never confirmed": (["zombies", "unjudged", "unjudged", "unjudged"], "unjudged", 4, False),
}


def settle(said: list[str]) -> tuple[str, int, bool]:
    """What is given, after how many judgements, and whether they did not agree."""
    tried: list[Answer] = []
    for one in said:
        tried.append(answer(task("anybody"), one))
        if given := engine.settled(tried):
            assert given.graded.attempts == len(tried)
            return given.graded.told, len(tried), given.graded.unsteady
    raise AssertionError(f"another judgement is asked for after {said}")


@pytest.mark.parametrize(("said", "given", "after", "unsteady"), STORIES.values(), ids=STORIES.keys())
def test_a_verdict_stands_after_as_many_judgements_as_it_needs(
    said: list[str], given: str, after: int, unsteady: bool
) -> None:
    assert settle(said) == (given, after, unsteady)


@given(
    st.lists(
        st.sampled_from(["accepted", "by chance", "unjudged", "zombies", "orphans", "closed"]), min_size=5, max_size=5
    )
)
def test_whatever_is_said_there_is_an_end_and_nobody_is_rejected_for_one_judgement(said: list[str]) -> None:
    given, after, _ = settle(said)
    rejected = [one for one in said[:after] if one not in ("accepted", "by chance", "unjudged")]
    if given not in ("accepted", "by chance", "unjudged"):
        assert len(rejected) >= 2
    assert said[:after].count("unjudged") <= engine.MOST


def judged(script: Callable[[Task], Answer], tasks: list[Task], most: int = 2) -> dict[str, Answer]:
    with ThreadPoolExecutor(most) as executor:
        return {one.student: given for one, given in engine.judged(tasks, executor, most, script)}


def test_trouble_of_every_kind_is_told_and_charged_to_nobody() -> None:
    script = Script(
        {
            "dead": [JudgeError("the process that judged it was ended")],
            "once": [BrokenExecutor("a worker died"), "accepted"],
            "ours": [ZeroDivisionError("division by zero")],
        }
    )
    found = {name: one.graded for name, one in judged(script, [task(name) for name in script.said]).items()}
    assert {name: (one.outcome, one.attempts) for name, one in found.items()} == {
        "dead": ("unjudged", 3),
        "once": ("accepted", 2),
        "ours": ("unjudged", 3),
    }
    assert found["dead"].told == "the process that judged it was ended"
    assert found["ours"].told == "ZeroDivisionError: division by zero"


def test_a_rejection_is_drawn_only_when_it_may_stand() -> None:
    drawn: list[tuple[str, bool]] = []

    def work(one: Task) -> Answer:
        drawn.append((one.student, one.again))
        return answer(one, "zombies")

    judged(work, [task("one")], 1)
    assert drawn == [("one", False), ("one", True)]


def test_what_must_be_judged_again_goes_before_what_waits() -> None:
    script = Script({name: ["zombies"] for name in "abc"})
    judged(script, [task(name) for name in "abc"], 1)
    assert script.asked == ["a", "a", "b", "b", "c", "c"]


class Counting(Executor):
    """Never gives an answer before as many are asked for as ever will be."""

    def __init__(self) -> None:
        self.most = 0
        self._asked: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self._asked.append((future, work, given))
        self.most = max(self.most, len(self._asked))
        if len(self._asked) == 3:
            threading.Thread(target=self._answer).start()
        return future

    def _answer(self) -> None:
        asked, self._asked = self._asked, []
        for future, work, words in asked:
            future.set_result(work(*words))


def test_no_more_are_asked_for_at_a_time_than_was_said() -> None:
    executor = Counting()
    tasks = [task(str(number)) for number in range(9)]
    found = [*engine.judged(tasks, executor, 3, Script({str(number): ["accepted"] for number in range(9)}))]
    assert (len(found), executor.most) == (9, 3)


def test_who_stops_looking_leaves_nothing_asked_for() -> None:
    asked: list[Future[Any]] = []

    class Never(Executor):
        def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> "Future[Any]":
            asked.append(Future())
            if len(asked) == 1:
                asked[0].set_result(work(*given))
            return asked[-1]

    found: Iterator[object] = engine.judged([task("a"), task("b")], Never(), 2, Script({"a": ["accepted"]}))
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert asked[1].cancelled()


@pytest.mark.parametrize(
    ("jobs", "memory", "files", "count", "bound"),
    [
        (64, 2**40, 10**6, 16, "as was asked"),
        (64, 4 * engine.MEMORY, 10**6, 4, "as many as free memory bears"),
        (64, 2**40, 3 * engine.DESCRIPTORS, 3, "as many as open files allow"),
        (64, 0, 0, 1, "as many as free memory bears"),
        (1, 2**40, 10**6, 1, "as was asked"),
    ],
)
def test_no_more_are_judged_at_a_time_than_memory_and_descriptors_bear(
    jobs: int, memory: int, files: int, count: int, bound: str
) -> None:
    assert engine.bearable(jobs, 4, memory, files) == (count, bound)
