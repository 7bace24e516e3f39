"""The rule of the message queue, on a clock of its own and without threads.

Whatever is run, `replay` checks the printed lines by a model of its own.
"""

import pytest

from assignments.message_queue.dispatcher import Rule
from assignments.message_queue.server import rule as rule_of
from assignments.options import Options
from tests.assignments.replay import Limits, replay
from tests.assignments.simulation import DELAY, Simulation


@pytest.mark.parametrize(
    ("burst", "workers", "delays"), [(1, 1, 1), (8, 1, 8), (9, 2, 5), (10, 3, 4), (30, 23, 2), (100, 93, 2)]
)
def test_a_burst_adds_a_worker_for_each_message_after_the_eighth(
    burst: int, workers: int, delays: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = Simulation(monkeypatch)
    assert simulation.run([0.0] * burst) == delays * DELAY
    assert simulation.largest("workers") == workers
    assert replay(simulation.lines)["done"] == burst


def test_a_tide_brings_some_twenty_workers_and_takes_them_away_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = [(1, 0), (2, 9), (4, 18), (2, 27), (1, 36)]
    simulation = Simulation(monkeypatch)
    simulation.run([start + k / rate for rate, start in rates for k in range(9 * rate)])
    assert 8 <= simulation.time_of("added") <= 9
    assert 20 <= simulation.largest("workers") <= 22
    assert 6 <= simulation.time_of("removed", -1) - 45 <= 9
    assert simulation.lines[-1].endswith("queue 0/10, workers 1")
    assert replay(simulation.lines)["done"] == 90


def test_with_few_workers_the_queue_is_full_and_holds_no_eleventh(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule(10, max_workers=4, add_at=8, remove_at=2, hold=5, cooldown=1)
    simulation = Simulation(monkeypatch, rule)
    assert simulation.run([0.0] * 30) == 8 * DELAY
    assert simulation.largest("queue") == 10
    assert simulation.largest("workers") == 4
    assert simulation.freed > 0
    assert replay(simulation.lines, Limits(max_workers=4))["done"] == 30


def test_the_eighth_waiting_message_adds_one_worker_which_takes_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(monkeypatch)
    simulation.put(*range(1, 11))
    assert simulation.lines == [
        "server: #1 handed to worker 1, queue 0/10, workers 1",
        *(f"server: #{number} queued, queue {number - 1}/10, workers 1" for number in range(2, 10)),
        "server: worker 2 added, queue 8/10, workers 2",
        "server: #2 handed to worker 2, queue 7/10, workers 2",
        "server: #10 queued, queue 8/10, workers 2",
        "server: worker 3 added, queue 8/10, workers 3",
        "server: #3 handed to worker 3, queue 7/10, workers 3",
    ]


def three_idle_workers(monkeypatch: pytest.MonkeyPatch, served_last: int = 3) -> Simulation:
    """Ten messages have come and gone, at time 0; then this worker was the one served last."""
    simulation = Simulation(monkeypatch)
    simulation.put(*range(1, 11))
    for _ in range(7):
        simulation.finish(1)
    for number in (1, 2, 3):
        simulation.finish(number)
    for number in (2, 3, 1)[: {1: 3, 2: 1, 3: 2}[served_last]]:
        simulation.put(10 + number)
        simulation.finish(number)
    simulation.lines.clear()
    return simulation


def test_idle_workers_are_served_in_turn_and_busy_ones_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = three_idle_workers(monkeypatch)
    handed = []
    for number in range(21, 25):
        simulation.put(number)
        if number == 21:
            continue  # its worker, the first, stays busy
        handed.append(simulation.lines[-1].split(",")[0].split()[-1])
        simulation.finish(int(handed[-1]))
    assert handed == ["2", "3", "2"]


def test_a_worker_leaves_only_after_the_hold_and_then_one_a_cooldown(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = three_idle_workers(monkeypatch)
    assert simulation.look(at=4.9) == pytest.approx(0.1)
    assert simulation.lines == []
    assert simulation.look(at=5.0) == pytest.approx(1.0)
    assert simulation.look(at=5.9) == pytest.approx(0.1)
    assert len(simulation.lines) == 2
    assert simulation.look(at=6.0) is None
    assert simulation.look(at=60.0) is None
    assert simulation.lines == [
        "server: worker 2 told to leave, queue 0/10, workers 3",
        "server: worker 2 removed, queue 0/10, workers 2",
        "server: worker 3 told to leave, queue 0/10, workers 2",
        "server: worker 3 removed, queue 0/10, workers 1",
    ]
    assert simulation.worker(2).gone
    assert not simulation.worker(1).leaving


def test_a_third_waiting_message_restarts_the_clock_of_the_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = three_idle_workers(monkeypatch)
    simulation.now = 4.0
    simulation.put(21, 22, 23, 24, 25)  # three busy, two waiting: still low
    assert simulation.look(at=4.5) == pytest.approx(0.5)
    simulation.put(26)
    assert simulation.look(at=4.6) is None
    simulation.now = 4.7
    simulation.finish(1)
    assert simulation.look(at=4.8) == pytest.approx(4.9)
    assert simulation.look(at=9.6) == pytest.approx(0.1)
    assert not any("told" in line for line in simulation.lines)
    simulation.look(at=9.7)
    assert "told" in simulation.lines[-1]


def test_an_idle_worker_leaves_before_a_busy_one(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = three_idle_workers(monkeypatch, served_last=1)
    simulation.put(21)
    simulation.look(at=5.0)
    assert simulation.lines[-2:] == [
        "server: worker 3 told to leave, queue 0/10, workers 3",
        "server: worker 3 removed, queue 0/10, workers 2",
    ]


def test_if_all_are_busy_the_next_in_turn_leaves_after_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = three_idle_workers(monkeypatch)
    simulation.put(21, 22, 23, 24, 25)  # served last: worker 3, so worker 1 would be next, but stays
    simulation.look(at=5.0)
    assert simulation.lines[-1] == "server: worker 2 told to leave, queue 2/10, workers 3"
    assert simulation.dispatcher.take(simulation.worker(2)) is not None
    simulation.look(at=6.0)
    assert simulation.lines[-1] == "server: worker 3 told to leave, queue 2/10, workers 3"
    assert simulation.look(at=7.0) is None  # nobody is told twice
    simulation.finish(2)
    assert simulation.lines[-2:] == [
        "worker 2: #22 done, queue 2/10, workers 3",
        "server: worker 2 removed, queue 2/10, workers 2",
    ]
    assert simulation.dispatcher.take(simulation.worker(2)) is None
    simulation.finish(1)
    assert simulation.lines[-1] == "server: #24 handed to worker 1, queue 1/10, workers 2"


def test_a_number_is_never_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = three_idle_workers(monkeypatch)
    simulation.look(at=5.0)
    simulation.look(at=6.0)
    simulation.put(*range(21, 30))
    assert "server: worker 4 added, queue 8/10, workers 2" in simulation.lines


def test_a_worker_that_cannot_start_leaves_its_message_waiting_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(monkeypatch)
    simulation.startable = False
    simulation.put(*range(1, 10))
    assert simulation.lines[-1] == "server: no new worker (can't start new thread), queue 8/10, workers 1"
    simulation.startable = True
    simulation.put(10)
    assert simulation.lines[-2:] == [
        "server: worker 2 added, queue 9/10, workers 2",
        "server: #2 handed to worker 2, queue 8/10, workers 2",
    ]


def test_who_waits_for_a_slot_is_woken_when_the_full_queue_shrinks_and_only_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulation = Simulation(monkeypatch, Rule(10, max_workers=1, add_at=8, remove_at=2, hold=5, cooldown=1))
    simulation.put(*range(1, 12))
    assert not simulation.dispatcher.has_room()
    simulation.finish(1)
    assert simulation.dispatcher.has_room()
    simulation.finish(1)
    assert simulation.freed == 1


def test_a_stop_is_no_message_and_lets_every_message_be_served(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(monkeypatch)
    simulation.put(1, 2, 3)
    simulation.dispatcher.stop()
    served = []
    while (message := simulation.dispatcher.take(simulation.worker(1))) is not None:
        served.append(message.number)
        simulation.finish(1)
    assert served == [1, 2, 3]


@pytest.mark.parametrize(
    ("delay", "speed", "hold", "cooldown"),
    [(5, 1, 5, 1), (0, 1, 0.5, 0.1), (0.25, 20, 0.25, 0.05), (0, 1000, 0.025, 0.025)],
)
def test_hold_and_cooldown_follow_the_delay_down_to_their_floors(
    delay: float, speed: float, hold: float, cooldown: float
) -> None:
    options = Options(
        delay=delay, speed=speed, hold=None, cooldown=None, capacity=10, max_workers=100, add_at=8, remove_at=2
    )
    made = rule_of(options)
    assert (made.hold, made.cooldown) == pytest.approx((hold, cooldown))
    options.hold, options.cooldown = 7.0, 3.0
    assert (rule_of(options).hold, rule_of(options).cooldown) == (7.0, 3.0)
