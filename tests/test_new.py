"""A new assignment is right at once: it loads, runs, holds its claims, is judged, and renders in both languages.

What cannot be meant is one sentence, and changes nothing.
"""

import shutil
import tomllib
from pathlib import Path

import pytest

from report import candidates, check, jobs, judge, new, publish
from report.errors import OutdatedError, SpecError
from report.rendering.gates import parity, wording
from report.spec import Language
from tests.builders import REPOSITORY
from tests.test_check import Silent

MADE_AFTER = ("iterative", "fork", "thread", "message_queue")


def copied(to: Path) -> Path:
    """The course in a folder of its own."""
    for name in ("assignments", "templates", "benchmarks"):
        shutil.copytree(REPOSITORY / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "report.toml", to)
    return to


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copied(tmp_path / "course")


def made(root: Path, number: str = "42", name: str = "greeter", wanted: str = "thread") -> list[str]:
    return new.make(root, jobs.load(root).assignments, number, name, wanted)


def state(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("wanted", MADE_AFTER)
def test_it_loads_stands_last_in_the_report_and_says_the_same_in_both_languages(root: Path, wanted: str) -> None:
    paths = made(root, wanted=wanted)
    assert {f"assignments/greeter/{file}" for file in ("server.py", "expected.txt", new.MISTAKE)} <= set(paths)
    course = jobs.load(root)
    last = course.assignments[-1]
    assert (last.name, last.number, course.settings.order[-1]) == ("greeter", 42, "greeter")
    assert candidates.rules(root, course.assignments)["greeter"].mistakes.keys() == {"no-delay"}
    texts: dict[Language, str] = {
        language: (root / f"assignments/greeter/explanation.{language}.md").read_text() for language in ("ko", "en")
    }
    pieces = {language: parity.pieces(text) for language, text in texts.items()}
    assert len(pieces["ko"]) > 10
    assert parity.differences("en", pieces["en"], "ko", pieces["ko"]) == []
    for claim in last.claims():
        assert [text.count(f'claim("{claim}")') for text in texts.values()] == [1, 1]
    every: dict[str, Language] = {
        f"assignments/{one.name}/explanation.{language}.md": language
        for one in course.assignments
        for language in course.settings.languages
    }
    assert wording.check(root, every).sentences > 500
    assert not [
        word for word in ("$", f"assignments.{wanted}") if word in (root / "assignments/greeter/server.py").read_text()
    ]


@pytest.mark.timeout(300)
def test_it_runs_for_real_holds_its_claims_prints_what_is_expected_and_renders(root: Path) -> None:
    made(root)
    course = jobs.load(root)
    counts = check.check(root, course.chosen("greeter"), course.settings, root / "work", Silent(), 2, published=False)
    assert counts.transcripts == 1
    assert counts.claims >= 10
    assert {"report.ko.html", "report.en.html", "report.ko.md", "report.en.md"} <= set(counts.made.files)
    assert "greeter" in counts.made.files["report.ko.md"].decode()


@pytest.mark.timeout(300)
def test_its_planted_mistake_is_rejected_with_its_diagnosis(root: Path) -> None:
    made(root)
    rules = candidates.rules(root, jobs.load(root).assignments)["greeter"]
    (entry,) = judge.of_course(root, [rules], root / "judged", 6, mistake="no-delay")
    assert entry.is_right
    assert entry.judgement.diagnosis is not None
    assert entry.judgement.diagnosis.id == "no-delay"


def test_one_is_made_after_one_that_was_made(root: Path) -> None:
    made(root)
    made(root, "43", "second", "greeter")
    assert [one.name for one in jobs.load(root).assignments[-2:]] == ["greeter", "second"]
    assert "assignments.second.server" in (root / "assignments/second/scenario.toml").read_text()


def test_a_report_without_an_order_needs_no_line_and_one_over_several_lines_gets_its_own(root: Path) -> None:
    report = root / "report.toml"
    before = report.read_text()
    order = tomllib.loads(before)["order"]
    report.write_text(
        before.replace("order = [", "order = [\n  ", 1).replace(f'"{order[-1]}"]', f'"{order[-1]}",\n]', 1)
    )
    made(root)
    assert tomllib.loads(report.read_text())["order"] == [*order, "greeter"]
    report.unlink()
    made(root, "43", "second")
    assert not report.exists()


FAULTS = [
    (("2", "greeter", "thread"), r"--number 2: is taken by assignments/thread; \d+ is free"),
    (("five", "greeter", "thread"), "--number five: expected a whole number from 0 to 99"),
    (("-1", "greeter", "thread"), "--number -1: expected a whole number from 0 to 99"),
    (("100", "greeter", "thread"), "--number 100: expected a whole number from 0 to 99"),
    (("42", "fork", "thread"), "--name fork: is taken by assignments/fork; choose another"),
    (("42", "service", "thread"), r"--name service: is taken by assignments/service\.\w+; choose another"),
    (("42", "schema", "thread"), "--name schema: is taken by assignments/schema; choose another"),
    *(
        (("42", name, "thread"), f"--name {name}: expected a word of a-z, 0-9 and _ after a letter, such as my_server")
        for name in ("../x", "..", "a/b", "a b", "", "A", "1a", "a-b", "a\n", "가", "a" * 41)
    ),
    (("42", "greeter", "thred"), "--from thred: expected one of .*message_queue.* .did you mean thread\\?."),
    (
        ("42", "greeter", "fork_vs_thread"),
        "--from fork_vs_thread: expected one of iterative, fork, thread, message_queue",
    ),
    (("42", "greeter", "../thread"), "--from ../thread: expected one of "),
]


@pytest.mark.parametrize(("words", "told"), FAULTS, ids=[" ".join(words)[:30] for words, _ in FAULTS])
def test_what_cannot_be_meant_is_one_sentence_and_changes_nothing(
    root: Path, words: tuple[str, str, str], told: str
) -> None:
    before = state(root)
    with pytest.raises(SpecError, match=f"^{told}") as caught:
        made(root, *words)
    assert len(caught.value.problems) == 1
    assert state(root) == before


def test_an_order_that_cannot_be_added_to_is_told_before_anything_is_written(root: Path) -> None:
    report = root / "report.toml"
    report.write_text(report.read_text().replace("order = [", "order = [ # who comes first ]\n", 1))
    before = state(root)
    with pytest.raises(SpecError, match=r"^report.toml: order: cannot be added to"):
        made(root)
    assert state(root) == before


def test_a_failure_on_the_way_leaves_neither_a_folder_nor_a_name_in_the_order(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write = state(root), publish.write

    def fails(files: dict[str, bytes], folder: Path) -> list[str]:
        if "report.toml" in files:
            raise OutdatedError("report.toml: cannot be written: No space left on device")
        return write(files, folder)

    monkeypatch.setattr(new.publish, "write", fails)
    with pytest.raises(OutdatedError, match="No space left"):
        made(root)
    assert state(root) == before


def test_an_old_one_that_gives_nothing_that_loads_is_told_and_nothing_is_left(root: Path) -> None:
    course = jobs.load(root)
    judged = root / "assignments/thread/judge.toml"
    judged.write_text(judged.read_text().replace('stage = "together"', 'stage = "togther"'))
    before = state(root)
    with pytest.raises(SpecError, match=r"^--from thread: gives no assignment: assignments/greeter/judge.toml: "):
        new.make(root, course.assignments, "42", "greeter", "thread")
    assert state(root) == before
