"""The published edition, rendered anew from its evidence: once for all the tests of a process that look at it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from report import check, jobs, plan

REPOSITORY = Path(__file__).resolve().parents[1]
EVIDENCE = REPOSITORY / "docs/evidence"


@cache
def published() -> Mapping[str, bytes]:
    """All files of docs/ as they are rendered now, by their path."""
    course = jobs.load(REPOSITORY)
    wanted = plan.plan(course.assignments, 1.0)
    files, _ = check.published_files(REPOSITORY, course.assignments, course.settings, wanted, EVIDENCE)
    return files


def page(language: str) -> str:
    """The page in this language."""
    return published()[f"report.{language}.html"].decode()
