"""Where commands look: what was made here before what is published, and a clear word where there is neither."""

from pathlib import Path

import pytest

from report import jobs, latest, plan
from report.errors import EvidenceError, OutdatedError, SpecError
from report.run import Identity
from tests.builders import course, run, store, write


def identity(**changes: object) -> Identity:
    return Identity.model_validate({"assignment": "echo", "scenario": "two", "server": "python", **changes})


def test_runs_made_here_go_before_published_ones(tmp_path: Path) -> None:
    wanted = plan.plan(jobs.load(course(tmp_path)).assignments, 1.0)
    folders = latest.folders(tmp_path)
    with pytest.raises(EvidenceError, match="build/evidence or docs/evidence.*make one with: invoke run"):
        latest.recorded(wanted, folders)
    store(folders[1], run())
    assert latest.recorded(wanted, folders) == (folders[1], wanted)
    store(folders[0], run())
    assert latest.recorded(wanted, folders) == (folders[0], wanted)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("echo/two.python", ["two.python", "two.python.r2"]),
        ("echo/two.python/", ["two.python", "two.python.r2"]),
        ("echo/two.python.x1", ["two.python", "two.python.r2"]),
        ("echo/two.python.r1", ["two.python"]),
        ("echo/two.python.x1.r2", ["two.python.r2"]),
        ("echo/two.python.x20", ["two.python.x20"]),
    ],
)
def test_a_name_is_a_run_with_its_repetitions_or_one_of_these(tmp_path: Path, name: str, found: list[str]) -> None:
    folders = latest.folders(tmp_path)
    for one in (identity(), identity(repetition=2), identity(speed=20.0)):
        store(folders[1], run(identity=one))
    assert [path.name for path in latest.repetitions(name, folders)] == found


def test_a_path_goes_before_a_name(tmp_path: Path) -> None:
    folders = latest.folders(tmp_path)
    store(folders[0], run())
    place = store(folders[1], run())
    assert latest.repetitions(str(place), folders) == [place]
    assert latest.repetitions("echo/two.python", folders) == [folders[0] / "echo/two.python"]


def test_a_name_that_no_run_has_is_answered_with_the_nearest(tmp_path: Path) -> None:
    store(latest.folders(tmp_path)[1], run())
    with pytest.raises(
        SpecError, match=r"echo/tow.python: there is no such run.*did you mean echo/two.python\?.*invoke list"
    ):
        latest.repetitions("echo/tow.python", latest.folders(tmp_path))


def test_the_last_report_is_the_one_made_here_else_the_published_one(tmp_path: Path) -> None:
    with pytest.raises(OutdatedError, match="there is no report yet; make one with: invoke report"):
        latest.page(tmp_path, "ko")
    published = write(tmp_path, "docs/report.ko.html", "")
    assert latest.page(tmp_path, "ko") == published
    made = write(tmp_path, "build/report.ko.html", "")
    assert latest.page(tmp_path, "ko") == made
