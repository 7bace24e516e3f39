"""Sleepers beside a load: they show what the machine adds to a sleep, and cost next to nothing."""

import threading
from dataclasses import replace
from pathlib import Path
from time import thread_time

import pytest

from report import run
from report.recording import control, record
from report.recording.control import Control
from report.run import Bounds
from tests.recording.harness import ROOT, SHORT, Remembering, fake, planned, scenario, wait_for


class Clock:
    """Stands in for the clock and for the waiting: each sleep lasts as long as it should, and `late` more."""

    def __init__(self, late: list[float]) -> None:
        self.now = 100.0
        self._late = iter(late)

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        late = next(self._late, None)
        self.now += seconds + (late or 0.0)
        return late is None


@pytest.mark.parametrize(
    ("late", "most"), [([0.0, 0.0], 0.0), ([0.01, 0.4, 0.02], 0.4), ([0.0, 0.0, 0.0, 1.5], 1.5), ([], None)]
)
def test_the_latest_of_all_sleeps_is_told(
    monkeypatch: pytest.MonkeyPatch, late: list[float], most: float | None
) -> None:
    one, clock = Control(1, 0.5), Clock(late)
    monkeypatch.setattr(control, "monotonic", clock.monotonic)
    monkeypatch.setattr(one._over, "wait", clock.wait)
    one.start()
    made = one.stop()
    assert (None if made is None else made.late) == (None if most is None else pytest.approx(most))


def test_there_are_as_many_sleepers_as_clients_up_to_eight_and_none_is_left() -> None:
    for clients, sleepers in ((0, 0), (3, 3), (40, 8)):
        one = Control(clients, 600.0)
        one.start()
        assert sum(thread.name == "control" for thread in threading.enumerate()) == sleepers
        one.stop()
        assert not any(thread.name == "control" for thread in threading.enumerate())


def test_a_sleep_costs_the_processor_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []
    sleep = Control._sleep

    def measured(self: Control, begun: float) -> None:
        sleep(self, begun)
        spent.append(thread_time())

    monkeypatch.setattr(Control, "_sleep", measured)
    one = Control(8, 0.001)  # slept in tenths of a second all the same
    one.start()
    wait_for(lambda: len(one._late) >= 40, "forty sleeps")
    one.stop()
    assert sum(spent) < 0.1  # about 0.004 on a quiet machine


def test_a_judged_load_has_its_control_and_one_without_delay_has_none(tmp_path: Path) -> None:
    for delay, there in ((0.2, True), (0.0, False)):
        one = planned(fake("answers"), scenario(delay=delay))
        made = record(ROOT, one, tmp_path, Remembering(), replace(SHORT, bounds=Bounds()))
        assert (made.record.control is not None) == there
        if there:
            assert isinstance(made.record.control, run.Control)
            assert made.record.control.sleepers == 2
            assert made.record.control.late >= 0.0
