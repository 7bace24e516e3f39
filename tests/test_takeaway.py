"""What `invoke export` writes: every wanted run that is there, in every format, and the verdicts on just these."""

import json
from pathlib import Path

import pytest

from report import jobs, plan, takeaway
from report.errors import EvidenceError
from tests.builders import REPOSITORY, course, run, store, write
from tests.exports.test_junit import RELATIVE, read


def exported(root: Path, server: str | None = None, points: float | None = None) -> dict[str, bytes]:
    write(root, "pyproject.toml", (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    found, folder = jobs.load(root), root / "build/evidence"
    wanted = plan.plan(found.assignments, 1.0, None, server)
    return dict(takeaway.exported(root, takeaway.material(found, folder), wanted, folder, "en", points))


def test_each_run_is_there_in_each_format_and_its_tables_are_those_of_the_evidence(tmp_path: Path) -> None:
    place = store(course(tmp_path, RELATIVE) / "build/evidence", run())
    made = exported(tmp_path)
    names = ("requests.csv", "samples.csv", "server.cast", "client.cast", "trace.json", "load.har")
    assert set(made) == {"junit.xml", "results.json", "summary.md", *(f"echo/two.python/{name}" for name in names)}
    for name in ("requests.csv", "samples.csv"):
        assert made[f"echo/two.python/{name}"] == (place / name).read_bytes()
    har = json.loads(made["echo/two.python/load.har"])["log"]
    assert (har["creator"]["version"], len(har["entries"])) == ("0.1.0", 2)


def test_both_terminals_of_a_run_are_played_from_the_same_moment(tmp_path: Path) -> None:
    store(course(tmp_path) / "build/evidence", run())
    made = exported(tmp_path)
    first = {w: json.loads(made[f"echo/two.python/{w}.cast"].splitlines()[1])[0] for w in ("server", "client")}
    assert first == {"server": 0.0, "client": 6.0}


def test_verdicts_are_of_the_wanted_runs_that_are_there(tmp_path: Path) -> None:
    store(course(tmp_path, RELATIVE) / "build/evidence", run())
    (suite,) = read(exported(tmp_path)["junit.xml"])
    assert {case.classname for case in suite} == {"echo.two.python"}
    assert json.loads(exported(tmp_path, points=10)["results.json"])["score"] == 10


def test_where_no_wanted_run_is_there_the_way_out_is_named(tmp_path: Path) -> None:
    store(course(tmp_path, RELATIVE) / "build/evidence", run())
    with pytest.raises(EvidenceError, match="make one with: invoke run"):
        exported(tmp_path, "other")


def test_evidence_that_was_changed_is_not_taken_away(tmp_path: Path) -> None:
    place = store(course(tmp_path) / "build/evidence", run())
    (place / "samples.csv").write_bytes(b"edited")
    with pytest.raises(EvidenceError, match="differs from what was recorded"):
        exported(tmp_path)
