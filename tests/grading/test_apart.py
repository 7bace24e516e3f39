"""A judgement that dies, hangs or fails takes nothing with it, and nothing of it is left."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.errors import JudgeError
from report.grading import apart, private
from report.grading.cell import Task
from tests.builders import REPOSITORY
from tests.grading import cells
from tests.grading.cells import Hurried, task
from tests.recording.harness import wait_for

CALL = "from pathlib import Path; from report.grading import apart; from tests.grading import cells; import sys; "


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where every directory for judgements lies; at the end no process is left that judges."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    yield place
    apart.close()


def told(one: Task, judge: apart.Judge) -> str:
    with pytest.raises(JudgeError) as caught:
        apart.judged(REPOSITORY, one, judge)
    return str(caught.value)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_judges_one_after_the_other_each_in_a_directory_of_its_own(scratch: Path) -> None:
    pages = [apart.judged(REPOSITORY, task(name), cells.accepts).files["verdict.en.html"] for name in "ab"]
    (first, one, mode), (second, other, _) = (page.decode().split() for page in pages)
    assert first == second != str(os.getpid())
    assert one != other
    assert mode == "40700"
    assert [*scratch.iterdir()] == []


def test_one_that_dies_is_told_and_the_next_is_judged_all_the_same(scratch: Path) -> None:
    assert told(task("a"), cells.dies) == "the process that judged it was ended"
    assert [*scratch.iterdir()] == []
    assert apart.judged(REPOSITORY, task("b"), cells.accepts).graded.outcome == "accepted"


def test_a_fault_of_the_tool_is_told_by_its_name() -> None:
    assert told(task("a"), cells.raises) == "ZeroDivisionError: a fault of the tool's"


def test_one_that_hangs_is_given_up_and_ended(scratch: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    apart.judged(REPOSITORY, task("first"), cells.accepts)  # there is a process now, which need not begin
    hurried = task("a", files={"note": str(note).encode()}, kind=Hurried)
    assert told(hurried, cells.hangs) == "was not judged within 0.5 s"
    if note.is_file():  # else it was given up before it began
        assert not lives(int(note.read_text().split()[0]))
    assert [*scratch.iterdir()] == []


def test_one_that_fills_the_disk_is_ended(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "DISK", 2**20)
    monkeypatch.setattr(apart, "LOOK", 0.05)
    assert told(task("a", files={"bytes": b"2000000"}), cells.fills).startswith("wrote more than 1 MiB or 50000 files")
    assert [*scratch.iterdir()] == []


def test_what_is_written_is_counted_with_all_that_lies_deeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "loop").symlink_to(tmp_path)
    (deep / "file").write_bytes(b"x" * 10_000)
    assert private.is_small(tmp_path)
    monkeypatch.setattr(private, "ENTRIES", 3)
    assert not private.is_small(tmp_path)
    monkeypatch.setattr(private, "ENTRIES", 4)
    monkeypatch.setattr(private, "DISK", 10_000)
    assert not private.is_small(tmp_path)


def test_who_ends_takes_those_that_judge_for_it_along(tmp_path: Path) -> None:
    note = tmp_path / "note"
    code = f"{CALL} apart.judged(None, cells.task('a', files={{'note': sys.argv[1].encode()}}), cells.hangs)"
    environment = {**os.environ, "TMPDIR": tempfile.gettempdir()}
    caller = subprocess.Popen([sys.executable, "-c", code, str(note)], cwd=REPOSITORY, env=environment)
    try:
        wait_for(note.is_file, "the judgement that hangs")
    finally:
        caller.send_signal(signal.SIGKILL)
        caller.wait()
    pid, child, directory = note.read_text().split()
    wait_for(lambda: not lives(int(pid)), "its end")
    wait_for(lambda: not lives(int(child)), "the end of what it had started")
    assert not Path(directory).exists() or not any(Path(directory).iterdir())


def test_whatever_is_left_in_a_directory_is_removed(scratch: Path) -> None:
    assert apart.judged(REPOSITORY, task("a"), cells.makes_a_mess).graded.outcome == "accepted"
    assert [*scratch.iterdir()] == []


def test_directories_of_the_dead_are_removed_and_no_others(scratch: Path) -> None:
    dead = scratch / f"{private.PREFIX}dead"
    dead.mkdir()
    (scratch / "other").mkdir()
    with private.directory() as one:
        assert not dead.exists()
        with private.directory() as other:
            assert one.is_dir()
            assert other.is_dir()
    assert [path.name for path in scratch.iterdir()] == ["other"]
