"""A report made with a memory of all that was made before is, byte for byte, the one made without; so is half of it."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from report import evidence
from report.errors import ReportError
from report.rendering.edition import Edition, edition
from report.rendering.memory import Beside, Memory, alone, content, forgetful, once
from report.settings import Settings
from tests.builders import ECHO, EXPLANATION, REPOSITORY, assignment, course, evidence_of, request, run, store, write

Change = Callable[[Path], object]
SECOND = "\n### Another\n\n{% include 'assignments/echo/part.md' %}\n"


def replaced(file: str, old: str, new: str) -> Change:
    def change(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, file
        write(root, file, text.replace(old, new, 1))

    return change


def recorded(**changes: object) -> Change:
    return lambda root: store(root / "evidence", run(**changes))  # type: ignore[arg-type]


def included(root: Path) -> None:
    write(root, "assignments/echo/part.md", "Some words.\n")
    for language, text in EXPLANATION.items():
        write(root, f"assignments/echo/explanation.{language}.md", text + SECOND)


CHANGES: dict[str, Change] = {
    "a paragraph": replaced("assignments/echo/explanation.ko.md", "모두 응답을 받았다", "모두가 응답을 받았다"),
    "a paragraph of the other language": replaced("assignments/echo/explanation.en.md", "Everybody was", "All were"),
    "the code that an excerpt shows": replaced("assignments/echo/server.py", '"""Answer."""', '"""Answer it."""'),
    "code before what an excerpt shows": replaced("assignments/echo/server.py", '"""Serves."""', '"""Serves."""\n\n'),
    "a word of the labels": replaced("templates/labels.toml", 'holds = "holds"', 'holds = "it holds"'),
    "the style": replaced("templates/style.css", "body {", "body { word-spacing: 1px;"),
    "the page's template": replaced("templates/page.html.j2", "<body", "<body data-changed"),
    "the report's template": replaced("templates/report.md.j2", "# {{ title }}", "# {{ title }} (2)"),
    "a request of the evidence": recorded(requests=[request(1), request(2, done=6.5)]),
    "a fact of the evidence": recorded(requests=[request(1), request(2, done=6.5)], delay=4.0),
    "when it was recorded": recorded(recorded="2027-03-02T09:00:00Z"),
    "an explanation that takes in another file": included,
    "what such a file says": replaced("assignments/echo/part.md", "Some words", "Some other words"),
}


class Kept:
    """A memory of everything, with how often it was asked for what it did not know."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}
        self.made = 0

    def __call__(self, name: str, make: Callable[[], bytes]) -> bytes:
        if name not in self.known:
            self.made += 1
            self.known[name] = make()
        return self.known[name]


@contextlib.contextmanager
def first(work: Callable[[], object]) -> Iterator[None]:
    """Somebody else who does the work at once."""
    work()
    yield


def rendered(root: Path, remember: Memory = forgetful, beside: Beside = alone) -> Edition:
    there = evidence.read(root / "evidence/echo/two.python")
    return edition(root, evidence_of(there, assignments=[assignment(ECHO)]), 1.0, Settings(), remember, beside)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    course(tmp_path)
    store(tmp_path / "evidence", run())
    return tmp_path


def test_after_every_change_what_is_remembered_is_what_would_be_made(root: Path) -> None:
    kept = Kept()
    before = rendered(root, kept)
    assert before == rendered(root)
    for name, change in CHANGES.items():
        change(root)
        made, fresh = rendered(root, kept), rendered(root)
        assert made.files == fresh.files, name
        assert made == fresh, name
        assert made.files != before.files, name
        before = made


def test_nothing_is_made_twice_and_an_edit_makes_little_again(root: Path) -> None:
    kept = Kept()
    rendered(root, kept)
    whole, kept.made = kept.made, 0
    rendered(root, kept)
    assert kept.made == 0
    CHANGES["a paragraph"](root)
    rendered(root, kept)
    assert 0 < kept.made < whole / 2


def test_work_that_somebody_else_does_changes_no_byte(root: Path) -> None:
    assert rendered(root, Kept(), first) == rendered(root, once(forgetful), first) == rendered(root)


def test_a_fault_is_told_the_same_whatever_was_remembered(root: Path) -> None:
    kept = Kept()
    rendered(root, kept)
    replaced("assignments/echo/server.py", "def serve", "def served")(root)
    said = []
    for remember in (kept, forgetful):
        with pytest.raises(ReportError) as caught:
            rendered(root, remember)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "has no serve; it has served" in said[0]


def test_a_memory_that_is_asked_once_is_not_asked_again() -> None:
    kept = Kept()
    recall = once(lambda name, make: kept(f"{len(kept.known)} {name}", make))
    assert recall("a", lambda: b"1") == recall("a", lambda: b"2") == b"1"
    assert kept.made == 1


def test_the_content_of_a_file_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert content(tmp_path / "none") == ""
    shutil.copy(REPOSITORY / "LICENSE", tmp_path / "some")
    assert content(tmp_path / "some") == content(REPOSITORY / "LICENSE")
