"""Submissions that mean harm get their verdict, and of none of them a process or a file is left."""

import os
import shutil
from pathlib import Path

import pytest

from report.grading import cell, conventions, engine, private
from report.grading.cell import Task
from tests.builders import REPOSITORY
from tests.grading.classroom import SHUT_IN, hostile, is_as

pytestmark = [pytest.mark.timeout(400), pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")]
KINDS = [
    *("fork bomb", "memory", "ends its own group", "daemonises", "leaves a daemon", "ends its supervisor"),
    *("closes its directory", "writes beside its directory", "looks around"),
    *(("ends everybody",) if SHUT_IN else ()),
]
NUMBER, NAME = 1, "fork"


def task(kind: str) -> Task:
    files = hostile(NUMBER, kind).files
    rules = cell.rules_digest(REPOSITORY, cell.every_rule(REPOSITORY)[NAME], 0.2)
    return Task(kind, NAME, NUMBER, files, conventions.way(files, NUMBER, only=True), kind, rules, 0.2)


def inside(folder: Path) -> list[int]:
    """Processes whose program or directory lies below the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        for link in ("exe", "cwd"):
            try:
                if entry.name.isdigit() and os.readlink(entry / link).startswith(str(folder)):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_of_hostile_submissions_nothing_is_left_but_their_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with engine.here(12, 4) as place:
        tasks = [task(kind) for kind in KINDS]
        answers = [*engine.judged(tasks, place.shared, place.most, engine.working(REPOSITORY))]
        found = {one.student: given.graded for one, given in answers}
        wrong = {
            kind: (one.outcome, one.diagnosis, one.told)
            for kind, one in found.items()
            if not is_as(hostile(NUMBER, kind).verdict, one.outcome, one.diagnosis)
        }
        assert wrong == {}
        assert [path.name for path in scratch.iterdir() if path.name.startswith(private.PREFIX)] == []
        assert inside(scratch) == []
    assert [*scratch.iterdir()] == []
