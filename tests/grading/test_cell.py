"""One cell: what a verdict depends on, what is written where, and what is nobody's fault."""

import io
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from report.errors import JudgeError, SpecError
from report.graded import Graded, Step
from report.grading import cell, written
from report.grading.cell import Task
from report.grading.conventions import Way
from report.judgement import Rules
from tests.builders import REPOSITORY

DELAY = 0.2


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the assignments that may be changed."""
    place = tmp_path / "root"
    shutil.copytree(REPOSITORY / "assignments", place / "assignments")
    (place / "templates").symlink_to(REPOSITORY / "templates")
    return place


def thread(root: Path) -> Rules:
    cell.every_rule.cache_clear()
    return cell.every_rule(root)["thread"]


def digest(root: Path, delay: float = DELAY) -> str:
    return cell.rules_digest(root, thread(root), delay)


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "assignments" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def task(way: Way, rules: str, files: dict[str, bytes] | None = None) -> Task:
    return Task("somebody", "thread", 2, files or {"server.c": b"int main( {"}, way, "submission", rules, DELAY)


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("thread/judge.toml", "at_most = 6.5", "at_most = 6.4", True),
        ("judge.toml", "settle = 1.0", "settle = 1.1", True),
        ("accesses.py", '"""', '"""Another. ', True),
        ("thread/scenario.toml", "[events] ", "[events]\nnew = '(a)' ", True),
        ("thread/scenario.toml", 'en = "', 'en = "Another title. ', False),
        (
            "thread/judge.toml",
            'id = "burst-together"',
            'id = "burst-together"\npoints = 7\nvisibility = "hidden"',
            False,
        ),
        ("thread/server.py", '"""', '"""Another. ', False),
        ("fork/judge.toml", "at_most = 6.5", "at_most = 6.4", False),
    ],
)
def test_a_verdict_depends_on_its_rules_and_on_no_prose(
    file: str, old: str, new: str, changes: bool, root: Path
) -> None:
    before = digest(root)
    edit(root, file, old, new)
    assert (digest(root) != before) is changes


def test_a_verdict_depends_on_the_delay(root: Path) -> None:
    assert digest(root, 0.2) != digest(root, 0.5)


def test_points_of_today_are_those_that_are_shown(root: Path) -> None:
    edit(root, "thread/judge.toml", 'id = "burst-together"', 'id = "burst-together"\npoints = 7\nvisibility = "hidden"')
    step = Step(stage="together", state="holds", claim="burst-together", points=1)
    other = Step(stage="builds", state="holds")
    one = Graded(
        student="a", assignment="thread", number=2, outcome="accepted", steps=(step, other), submission="", rules=""
    )
    (now,) = written.worth([thread(root)], [one])
    assert [(s.points, s.visibility) for s in now.steps] == [(7, "hidden"), (0, "visible")]
    assert written.worth([thread(root)], [one.model_copy(update={"assignment": "fork"})])[0].steps == (step, other)


def test_a_machine_with_other_rules_refuses(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="this machine has other rules than the one that asks"):
        cell.judge(task(Way("./server {port} {delay}", None, None, None), "others"), tmp_path, REPOSITORY)


def test_a_compiler_that_is_missing_is_not_charged_to_the_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = cell.rules_digest(REPOSITORY, thread(REPOSITORY), DELAY)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(JudgeError, match="needs gcc"):
        cell.judge(task(Way("./a {port} {delay}", "gcc -o a server.c", None, None), rules), tmp_path, REPOSITORY)


def test_words_that_cannot_be_meant_are_told_as_what_was_handed_in(tmp_path: Path) -> None:
    rules = cell.rules_digest(REPOSITORY, thread(REPOSITORY), DELAY)
    made = cell.judge(task(Way("./none {port} {delay}", None, None, None), rules), tmp_path, REPOSITORY)
    assert made.graded.outcome == "missing"
    assert made.graded.told == "--command ./none: there is no such program in .; build it first, or with --build"


def test_a_rejection_has_pages_and_evidence_only_when_it_may_stand(tmp_path: Path) -> None:
    rules = cell.rules_digest(REPOSITORY, thread(REPOSITORY), DELAY)
    one = task(Way("./server {port} {delay}", "cc -o server server.c", None, None), rules)
    answers = []
    for again in (False, True):
        place = tmp_path / str(again)
        place.mkdir()
        answers.append(cell.judge(replace(one, again=again), place, REPOSITORY))
    first, second = answers
    assert (first.graded.diagnosis, second.graded.diagnosis) == ("does-not-build", "does-not-build")
    assert "expected" in first.graded.told
    assert str(tmp_path) not in first.graded.told
    assert first.files == {}
    assert [*second.files] == ["verdict.ko.html", "verdict.en.html", cell.PACKED]
    with tarfile.open(fileobj=io.BytesIO(second.files[cell.PACKED])) as packed:
        assert {"case.json", "verdict.ko.md", "verdict.en.md"} <= set(packed.getnames())


def test_files_are_written_for_nobody_else(tmp_path: Path) -> None:
    cell.written({"a/b/server.c": b"x", "c": b""}, tmp_path / "own")
    modes = {p.relative_to(tmp_path).as_posix(): p.stat().st_mode & 0o777 for p in sorted(tmp_path.rglob("*"))}
    assert modes == {"own": 0o700, "own/a": 0o700, "own/a/b": 0o700, "own/a/b/server.c": 0o600, "own/c": 0o600}


def test_an_archive_of_the_same_files_is_the_same(tmp_path: Path) -> None:
    assert cell.archive({"b": b"1", "a": b"2"}) == cell.archive({"a": b"2", "b": b"1"})
    with tarfile.open(fileobj=io.BytesIO(cell.archive({"b": b"1", "a": b"2"}))) as packed:
        assert [(one.name, one.mode, one.mtime, one.uid) for one in packed] == [("a", 0o644, 0, 0), ("b", 0o644, 0, 0)]
