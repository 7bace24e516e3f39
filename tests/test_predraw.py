"""A copy of the process works beside it: its only effect is on the memory, and its faults are nobody's."""

import os
import threading
from pathlib import Path

import pytest

from report.keep import Keep
from report.predraw import beside
from tests.builders import REPOSITORY


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a task of its own, on a machine with cores: the tests' runner has threads."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def test_what_a_copy_made_is_remembered_here(tmp_path: Path) -> None:
    keep = Keep(REPOSITORY, tmp_path)
    with beside(lambda: keep("name", lambda: b"made by %d" % os.getpid())):
        pass
    made = keep("name", lambda: b"made here")
    assert made.startswith(b"made by ")
    assert made != b"made by %d" % os.getpid()


def test_nothing_else_of_a_copy_reaches_this_process(capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def work() -> None:
        seen.append("changed")
        print("printed", flush=True)
        os.write(2, b"written")
        raise ZeroDivisionError

    with beside(work):
        pass
    assert seen == []
    assert capfd.readouterr() == ("", "")


def test_a_fault_here_ends_the_copy_and_is_told(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with pytest.raises(KeyboardInterrupt), beside(lambda: os.read(reading, 1)):  # for ever: nobody writes
        raise KeyboardInterrupt
    os.close(writing)
    assert os.read(reading, 1) == b""
    os.close(reading)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_beside_other_threads_there_is_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    with beside(lambda: pytest.fail("worked")):
        pass


def test_on_one_core_there_is_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1})
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    with beside(lambda: pytest.fail("worked")):
        pass
