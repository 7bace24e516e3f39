"""What other programs used: all that the processors did, less what this process and its children did."""

import io
import subprocess
import sys

import pytest

from report.recording import others
from report.recording.others import Others


class Machine:
    """A machine of which a test says what it did."""

    def __init__(self) -> None:
        self.time, self.busy, self.own = 1000.0, 5000.0, 40.0

    def works(self, seconds: float, busy: float, own: float) -> None:
        self.time, self.busy, self.own = self.time + seconds, self.busy + busy, self.own + own


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    fake = Machine()
    monkeypatch.setattr(others, "monotonic", lambda: fake.time)
    monkeypatch.setattr(others, "_busy", lambda: fake.busy)
    monkeypatch.setattr(others, "_own", lambda: fake.own)
    return fake


def test_others_used_what_was_done_beyond_our_own_work(machine: Machine) -> None:
    counting = Others()
    machine.works(seconds=10.0, busy=12.0, own=4.0)
    assert counting.cores() == pytest.approx(0.8)
    machine.works(seconds=10.0, busy=0.0, own=0.0)
    assert counting.cores() == pytest.approx(0.4)


def test_what_went_before_does_not_count(machine: Machine) -> None:
    machine.works(seconds=10.0, busy=20.0, own=0.0)
    counting = Others()
    machine.works(seconds=1.0, busy=0.5, own=0.5)
    assert counting.cores() == 0.0


def test_our_own_work_that_is_accounted_late_is_never_less_than_nothing(machine: Machine) -> None:
    counting = Others()
    machine.works(seconds=2.0, busy=1.0, own=1.5)
    assert counting.cores() == 0.0


def test_no_time_at_all_is_no_fault(machine: Machine) -> None:
    assert Others().cores() == 0.0


def test_waiting_for_a_disk_and_being_idle_are_no_work_and_a_guests_time_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # user nice system idle iowait irq softirq steal guest guest_nice; user has the guests' time in it (proc_stat(5))
    line = b"cpu  100 20 30 4000 500 6 7 8 90 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    monkeypatch.setattr(others, "open", lambda *_, **__: io.BytesIO(line), raising=False)
    assert others._busy() == pytest.approx((100 + 20 + 30 + 6 + 7 + 8) / others._TICK)


def test_a_child_that_was_waited_for_counts_as_ours() -> None:
    before = others._own()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.2: pass"], check=True)
    assert others._own() - before > 0.1  # 0.2 in whole ticks
    assert others._busy() > 0
