"""What threads wait for: looks that show the same wait make one of it, and the program that looks ends when it is told
to, or when nobody is left to tell it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from report import evidence
from report.recording import record, waits, watch
from report.recording.waits import Watch
from tests.recording.harness import ROOT, Remembering, fake, planned, scenario, wait_for

IDLE, SLEEP = "futex_do_wait", "hrtimer_nanosleep"


def watched(monkeypatch: pytest.MonkeyPatch, *looks: list[tuple[int, str, int]]) -> list[tuple[int, str, int]]:
    """The waits that these looks make, each with how many whole seconds it lasted; there is a second between looks."""
    seconds, left = iter(range(1, 100)), list(looks)
    now = [0]
    monkeypatch.setattr(watch, "threads", lambda _: left.pop(0))
    monkeypatch.setattr(watch, "monotonic", lambda: float(now[0]))

    def wait(*_: object) -> tuple[list[int], list[int], list[int]]:
        now[0] = next(seconds)
        return [] if left else [0], [], []

    monkeypatch.setattr(watch.select, "select", wait)
    found = watch.watch(["1"], 1.0)
    assert found == sorted(found, key=lambda wait: (wait[0], wait[2]))
    return [(thread, place, round(last - first)) for thread, place, first, last in found]


def test_looks_that_show_a_thread_in_the_same_wait_make_one_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [[(1, IDLE, 4), (2, SLEEP, 1)], [(1, IDLE, 4), (2, SLEEP, 1)], [(1, IDLE, 4)]]
    assert watched(monkeypatch, *looks) == [(1, IDLE, 2), (2, SLEEP, 1)]


def test_a_thread_that_went_to_sleep_again_or_elsewhere_is_in_another_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [[(1, SLEEP, 1)], [(1, SLEEP, 2)], [(1, SLEEP, 2)], [(1, IDLE, 2)], [(1, "", 2)]]
    assert watched(monkeypatch, *looks) == [(1, SLEEP, 0), (1, SLEEP, 1), (1, IDLE, 0), (1, "", 0)]


def test_a_thread_whose_number_comes_again_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, [(1, IDLE, 4)], [], [(1, IDLE, 4)]) == [(1, IDLE, 0), (1, IDLE, 0)]


def test_there_is_one_look_however_early_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, [(1, IDLE, 4)]) == [(1, IDLE, 0)]


@pytest.fixture
def waiting() -> Iterator[int]:
    """The id of a thread of this process that waits for a lock."""
    held = threading.Lock()
    held.acquire()
    thread = threading.Thread(target=held.acquire, daemon=True)
    thread.start()
    assert thread.native_id is not None
    yield thread.native_id
    held.release()
    thread.join()


def test_the_kernel_tells_of_each_thread_where_it_sleeps_and_how_often_it_did(waiting: int) -> None:
    def seen() -> dict[int, tuple[str, int]]:
        return {thread: (place, switches) for thread, place, switches in watch.threads(str(os.getpid()))}

    wait_for(lambda: seen()[waiting][0] != "", "the thread to sleep")
    first, second = seen(), seen()
    assert first[waiting] == second[waiting]
    assert first[waiting][1] > 0
    assert first[threading.get_native_id()][0] == ""  # who looks does not sleep


def test_a_process_that_is_gone_has_no_threads() -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    assert list(watch.threads(str(ended.pid))) == []


def test_what_was_seen_is_told_in_the_end_and_the_program_has_ended(waiting: int) -> None:
    with Watch([os.getpid()], 1.0) as watching:
        assert not watching.ended
    assert watching.ended
    assert waiting in {wait.thread for wait in watching.waits}
    assert all(wait.first <= wait.last for wait in watching.waits)


def test_a_watch_that_does_not_tell_in_time_is_ended_and_has_seen_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "LIMIT", 0.0)
    with Watch([os.getpid()], 1.0) as watching:
        pass
    assert watching.ended
    assert watching.waits == ()


def test_the_program_ends_when_who_started_it_has_died() -> None:
    script = f"""
import subprocess, sys
made = subprocess.Popen([sys.executable, "-I", "-S", {watch.__file__!r}, "0.02", "1"], stdin=subprocess.PIPE)
print(made.pid, flush=True)
sys.stdin.read()
"""
    starter = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    program = int(starter.stdout.readline())
    starter.kill()
    starter.communicate()
    wait_for(lambda: not os.path.exists(f"/proc/{program}") or _is_zombie(program), "its end")


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_run_has_the_table_only_where_its_scenario_asks_for_it(tmp_path: Path) -> None:
    for threads in (True, False):
        spec = scenario(threads=threads)
        run = record(ROOT, planned(fake("answers"), spec), tmp_path / str(threads), Remembering())
        assert (evidence.WAITS in run.record.files) is threads
        assert bool(run.waits) is threads
        assert evidence.read(tmp_path / str(threads) / run.identity.directory) == run
