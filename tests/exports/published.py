"""Runs of the published edition, as they lie there, for tests that hold what is exported against what was recorded."""

from functools import cache
from pathlib import Path

from report import evidence, jobs
from report.run import Run
from report.spec import Assignment

REPOSITORY = Path(__file__).resolve().parents[2]
EVIDENCE = REPOSITORY / "docs/evidence"
RUNS = ("iterative/stalled.python", "fork/ten.c", "message_queue/tide.python", "fork_vs_thread/overload.thread_c")


@cache
def course() -> jobs.Course:
    return jobs.load(REPOSITORY)


@cache
def recorded(name: str) -> tuple[Run, Assignment]:
    """A published run by its directory, and its assignment."""
    run = evidence.read(EVIDENCE / name)
    return run, next(one for one in course().assignments if one.name == run.identity.assignment)
