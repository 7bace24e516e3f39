"""Samples of a process tree, how often they are taken, and the memory that is summed once."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from report.recording import sampler
from report.recording.sampler import Sampler, snapshot
from report.run import Sample
from tests.recording.harness import wait_for

FAMILY = """
import os, sys, threading
for _ in range(3):
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
threading.Thread(target=sys.stdin.read).start()
if os.fork() == 0:
    os._exit(0)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def family() -> Iterator[int]:
    """The parent of a process with three children, one more thread and a zombie."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield os.getpid()
    process.communicate()


def test_a_snapshot_sums_over_the_living_and_counts_zombies_apart(family: int) -> None:
    wait_for(lambda: snapshot(family).zombies == 1, "the zombie")
    seen = snapshot(family)
    assert (seen.processes, seen.threads, seen.zombies) == (4, 5, 1)
    assert seen.descriptors == 4 * 3
    assert seen.rss > 4_000_000


@pytest.mark.parametrize(("delay", "interval"), [(0.0, 0.02), (0.25, 0.02), (5.0, 0.1), (60.0, 0.25)])
def test_there_are_about_fifty_samples_in_a_delay_within_bounds(delay: float, interval: float) -> None:
    assert Sampler(0, delay).interval == pytest.approx(interval)
    assert Sampler(0, delay, shortest=0.05).interval == pytest.approx(max(interval, 0.05))


def test_dear_samples_are_taken_more_rarely_and_the_reader_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Sample(time=0.0, processes=0, threads=0, zombies=0, rss=0, descriptors=0, cpu=0.0)
    spent = iter(range(1000))
    monkeypatch.setattr(sampler, "snapshot", lambda root: nothing)
    monkeypatch.setattr(sampler, "thread_time", lambda: next(spent) / 100)
    with Sampler(0, 0.0) as sampling:
        wait_for(lambda: sampling.longest_pause > 0.04, "samples twice as far apart as was meant")
    assert sampling.doubts()[0].startswith("Samples were up to ")


def test_cheap_samples_leave_no_doubt() -> None:
    assert Sampler(0, 5.0).doubts() == []


def test_memory_is_summed_once_over_every_living_process(family: int) -> None:
    wait_for(lambda: snapshot(family).zombies == 1, "the zombie")
    with Sampler(family, 5.0) as sampling:
        sampling.sweep_after(0.0)
        sampling.sweep_after(0.0)
        wait_for(lambda: sampling.memory is not None, "the sum")
    assert sampling.memory is not None
    assert sampling.memory.processes == 4
    assert sampling.memory.rss > sampling.memory.pss > sampling.memory.uss > 500_000


def test_memory_that_cannot_be_read_is_not_told(family: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def refuse(process: psutil.Process) -> None:
        looked.append(process.pid)
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "memory_full_info", refuse)
    with Sampler(family, 5.0) as sampling:
        sampling.sweep_after(0.0)
        wait_for(lambda: bool(looked), "the attempt")
    assert len(looked) == 1
    assert sampling.memory is None


def test_a_sweep_that_was_not_due_yet_is_left_out() -> None:
    with Sampler(os.getpid(), 5.0) as sampling:
        sampling.sweep_after(3600.0)
    assert sampling.memory is None


def test_whoever_holds_the_lock_is_in_the_middle_of_no_sample() -> None:
    looking = threading.Lock()
    watch = Sampler(os.getpid(), 1.0, looking)
    with looking:
        taking = threading.Thread(target=watch.take)
        taking.start()
        taking.join(0.1)
        assert taking.is_alive()
        assert watch.samples == []
    taking.join(60)
    assert len(watch.samples) == 1


def test_the_first_sample_is_there_before_anything_else_begins() -> None:
    with Sampler(os.getpid(), 1.0) as watch:
        assert watch.samples
