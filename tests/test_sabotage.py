"""The check's own test: one thing broken at a time, on a copy of the course, must make it fail and be named."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from report import course
from report.check import check
from report.errors import ClaimError
from report.recording import PlainProgress
from report.rendering import metrics
from report.rendering.illustrator import Illustrator
from report.rendering.pictures.picture import Picture
from report.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[1]
FORK, QUEUE, DISPATCHER = "fork/server.py", "message_queue/server.py", "message_queue/dispatcher.py"
GREETING, SERVICE = "greeting.py", "service.py"


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are not looked at here, and drawing them would take most of the time."""
    picture = Picture(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a picture")
    monkeypatch.setattr(Illustrator, "_drawn", lambda *made_from: picture)


def copy(to: Path) -> Path:
    """The course and the templates in a folder of their own, without the C servers, which nothing here breaks: those
    with a mistake want a compiler that is not there."""
    for name in ("assignments", "templates"):
        shutil.copytree(REPOSITORY / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (to / "assignments").glob("*/scenario.toml"):
        file.write_text(re.sub(r"(?ms)^\[servers\.c\]$.*?\n\n", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    for file in (to / "assignments").glob("*/judge.toml"):
        file.write_text(file.read_text(encoding="utf-8").replace('["cc",', '["no-such-cc",'), encoding="utf-8")
    return to


def checked(root: Path, *names: str) -> str:
    """The sentences with which the check of these assignments fails; empty when it passes."""
    assignments = [a for a in course.load(root, metrics.problem) if a.name in names]
    try:
        counts = check(root, assignments, Settings(), root / "work", PlainProgress(), jobs=8, published=False)
    except ClaimError as error:
        return str(error)
    assert counts.claims > 10  # else nothing was looked at
    return ""


# what is broken, in which file, what stands there, what stands there instead, which claim must be named, what is checked
SABOTAGES = [
    ("fork without fork", FORK, "start_child(connection, connections, handle, children)\n", "handle(connection)\n", "served-together", "fork"),
    ("a parent that never reaps", FORK, "        while children:\n", "        while False:\n", "no-zombies", "fork"),
    ("a queue of 12", QUEUE, '"--capacity", default=10', '"--capacity", default=12', "full-at-ten", "message_queue"),
    ("added at 7", QUEUE, '"--add-at", default=8', '"--add-at", default=7', "added-at-eight", "message_queue"),
    ("removed only at 0", QUEUE, '"--remove-at", default=2', '"--remove-at", default=0', "shelf-removes-above-zero", "message_queue"),
    ("worker 1 removed", DISPATCHER, "if worker.number != 1 and not worker.leaving", "if len(self._workers) > 1 and not worker.leaving", "first-worker-stays", "message_queue"),
    ("no removal at all", DISPATCHER, "if self._low_since is None or not self._removable():", "if True:", "back-to-one", "message_queue"),
    ("the idle worker chosen last-in-first-out", DISPATCHER, "return after + [worker for worker in self._workers if worker.number <= self._last]", "return self._workers[::-1]", "in-turn", "message_queue"),
    ("one connection in 50 dropped", SERVICE, "            yield connection\n", "            if number % 50:\n                yield connection\n            else:\n                accepted.close()\n", "tide-answered", "message_queue"),
    ("an answer that is wrong while the log is right", GREETING, "My first web server!", "My first web Server!", "everyone-answered", "fork"),
    ("a header without its line break", GREETING, '"\\r\\n".join([*lines, "", ""])', '"\\r\\n".join([*lines, "", ""]).replace("utf-8\\r\\n", "utf-8", 1)', "everyone-answered", "fork"),
]  # fmt: skip


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("file", "old", "new", "claim", "assignment"), [row[1:] for row in SABOTAGES], ids=[row[0] for row in SABOTAGES]
)
def test_what_is_broken_makes_the_check_fail_and_the_claim_is_named(
    tmp_path: Path, file: str, old: str, new: str, claim: str, assignment: str
) -> None:
    root = copy(tmp_path)
    path = root / "assignments" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, "the sabotage no longer finds its place"
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert f"claim {claim} fails" in checked(root, "iterative", assignment)


def swap_two_lines(text: str) -> str:
    """The first two lines of the child that serves connection 1, the other way round."""
    lines = text.split("\n")
    first = lines.index("### connection 1 · child") + 1
    lines[first : first + 2] = [lines[first + 1], lines[first]]
    return "\n".join(lines)


def drop_a_line(text: str) -> str:
    """Without the last line of the child that serves connection 2."""
    lines = text.split("\n")
    del lines[lines.index("### connection 2 · child") + 2]
    return "\n".join(lines)


@pytest.mark.parametrize("damage", [swap_two_lines, drop_a_line])
def test_an_expected_transcript_that_differs_is_shown_with_the_command_that_accepts(
    tmp_path: Path, damage: Callable[[str], str]
) -> None:
    root = copy(tmp_path)
    path = root / "assignments/fork/expected.txt"
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    found = checked(root, "iterative", "fork")
    assert "assignments/fork/expected.txt: the run printed something else" in found
    assert "invoke accept --assignment 1" in found
    assert "request GET / HTTP/1.1" in found


def test_the_course_as_it_is_passes(tmp_path: Path) -> None:
    assert checked(copy(tmp_path), "iterative", "fork", "thread") == ""
