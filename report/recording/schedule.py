"""Floor 2. Many runs: side by side where they only wait, the longest first, the exclusive ones alone.

Knows the plan and who may run beside whom; one run is `report.recording.record`. Runs are made in threads of their
own, so that an interrupt never strikes in the middle of one: the signal only sets what all of them wait for.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from report import freshness
from report.errors import ReportError, ServerError, SpecError
from report.planned import Planned
from report.recording import network
from report.recording.cancel import Cancel
from report.recording.command import Built, build_command, server_command
from report.recording.progress import Progress
from report.recording.record import execute
from report.recording.stages import LIMITS, Limits
from report.run import Identity, Run

LOOK = 0.2  # seconds between looks for a signal
INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def record(root: Path, planned: Planned, evidence_root: Path, progress: Progress, limits: Limits = LIMITS) -> Run:
    """The run as it was recorded and now lies under evidence_root / identity.directory.

    Raises SpecError or ServerError with what went wrong, and KeyboardInterrupt (for SIGTERM too) when all that had
    been started has been ended; then it was written only if it was complete.
    """
    _check(root, [planned])
    (future,) = _carry_out([([planned], 1)], _one(root, evidence_root, progress, limits))
    return future.result()


def record_all(
    root: Path,
    plan: Sequence[Planned],
    evidence_root: Path,
    progress: Progress,
    jobs: int,
    limits: Limits = LIMITS,
) -> None:
    """Every run that could be recorded lies under `evidence_root`; at most `jobs` were under way at a time.

    Raises SpecError before anything runs; ServerError with the sentences of all runs that failed, after the others
    have ended; KeyboardInterrupt as `record` does.
    """
    errors = attempt_all(root, plan, evidence_root, progress, jobs, limits).values()
    if errors:
        raise ServerError([problem for error in errors for problem in error.problems])


def attempt_all(
    root: Path,
    plan: Sequence[Planned],
    evidence_root: Path,
    progress: Progress,
    jobs: int,
    limits: Limits = LIMITS,
) -> dict[Identity, ReportError]:
    """What kept runs from being recorded, by which run; every other one lies under `evidence_root`.

    Raises SpecError before anything runs, and KeyboardInterrupt as `record` does.
    """
    _check(root, plan)
    shared = sorted((p for p in plan if not _is_alone(p)), key=lambda p: -p.expected_seconds)
    alone = [p for p in plan if _is_alone(p)]
    futures = _carry_out([(shared, jobs), (alone, 1)], _one(root, evidence_root, progress, limits))
    errors = {}
    for planned, future in zip([*shared, *alone], futures, strict=True):
        error = future.exception()
        if isinstance(error, ReportError):
            errors[planned.identity] = error
        elif error is not None:  # a fault of the generator itself
            raise error
    return errors


def _is_alone(planned: Planned) -> bool:
    """Whether no other run may be made beside it: it measures cost, or its port may be another's too."""
    return planned.scenario.exclusive or (planned.port is not None and not network.is_possible())


Work = Callable[[Planned, Cancel], Run]


def _one(root: Path, evidence_root: Path, progress: Progress, limits: Limits) -> Work:
    def work(planned: Planned, cancel: Cancel) -> Run:
        try:
            return execute(root, planned, evidence_root, progress, cancel, limits)
        except ReportError as error:
            progress.failed(planned.identity, str(error))
            raise

    return work


def _carry_out(groups: Iterable[tuple[Sequence[Planned], int]], work: Work) -> list[Future[Run]]:
    """Every future is done; each group began when the one before it had ended."""
    done: list[Future[Run]] = []
    with _interruptible() as cancel:
        for plan, jobs in groups:
            with ThreadPoolExecutor(max(1, jobs), thread_name_prefix="run") as pool:
                futures = [pool.submit(work, planned, cancel) for planned in plan]
                while wait(futures, LOOK).not_done:
                    pass  # the kernel may hand a signal to any thread, but only this one, awake, runs its handler
            done += futures
    return done


@contextmanager
def _interruptible() -> Iterator[Cancel]:
    """Signals that would end the recorder cancel the runs instead; then KeyboardInterrupt is raised."""
    cancel = Cancel()
    previous = {}
    if threading.current_thread() is threading.main_thread():
        for number in INTERRUPTING:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup, or not Python's to change
                previous[number] = signal.signal(number, lambda *_: cancel.set())
    try:
        yield cancel
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        interrupted = cancel.is_set()
        cancel.close()
    if interrupted:
        raise KeyboardInterrupt


def _check(root: Path, plan: Sequence[Planned]) -> None:
    """Raises SpecError with every fault that can be seen without running anything."""
    problems: list[str] = []
    for planned in plan:
        build = Built(root, "") if planned.server.build else None
        try:
            freshness.sources(root, planned.assignment, planned.identity.server)
            server_command(planned, 0, build)
            if build:
                build_command(planned.assignment, planned.identity.server, build)
        except SpecError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise SpecError(problems)
