"""What captured lines tell: rings, held levels, what went on together."""

from report.rendering import lines as reading
from report.spec import Held
from tests.builders import assignment, lines

RING = assignment().rings["worker"]
CONNECTIONS = assignment().connections


def test_the_next_free_one_after_the_one_served_last_is_in_turn() -> None:
    captured = lines(
        "server: #1 handed to worker 1",
        "server: worker 2 added",
        "server: #2 handed to worker 2",
        "worker 1: #1 done",
        "worker 2: #2 done",
        "server: #3 handed to worker 1",
        "worker 1: #3 done",
        "server: #4 handed to worker 2",
    )
    assert reading.turns(captured, RING) == reading.Turns(2, ())


def test_a_choice_out_of_turn_is_told_with_its_line() -> None:
    captured = lines(
        "server: worker 2 added",
        "server: #1 handed to worker 1",
        "worker 1: #1 done",
        "server: #2 handed to worker 1",
    )
    replay = reading.turns(captured, RING)
    assert replay.turns == 2
    assert len(replay.violations) == 1
    assert "it was the turn of 2" in replay.violations[0]


def test_who_is_told_to_leave_has_no_turn_any_more() -> None:
    captured = lines("server: worker 2 added", "server: worker 2 told to leave", "server: #1 handed to worker 2")
    assert len(reading.turns(captured, RING).violations) == 1


def test_a_busy_one_has_no_turn() -> None:
    captured = lines("server: #1 handed to worker 1", "server: #2 handed to worker 1")
    assert "nobody" in reading.turns(captured, RING).violations[0]


def test_a_level_is_held_since_it_was_last_above() -> None:
    spec = assignment().series["queue"]
    held = Held(series="queue", at_most=2, at="leaving")
    captured = lines("queue 2/10", "queue 3/10", "queue 2/10", "queue 1/10", "leave", step=1.0)
    at = [(4, captured[4])]
    assert reading.held(reading.series(captured, spec), held, at) == [2.0]


def test_a_level_that_was_just_above_is_not_held_at_all() -> None:
    spec = assignment().series["queue"]
    held = Held(series="queue", at_most=2, at="leaving")
    captured = lines("queue 2/10", "queue 3/10", "leave", step=1.0)
    assert reading.held(reading.series(captured, spec), held, [(2, captured[2])]) == [0.0]


def test_together_is_counted_by_the_order_of_lines_alone() -> None:
    assert CONNECTIONS is not None
    one_by_one = lines("a: #1 request", "a: #1 answered", "a: #2 request", "a: #2 answered", step=0.0)
    both = lines("a: #1 request", "b: #2 request", "a: #1 answered", "b: #2 answered", step=0.0)
    assert reading.most_together(one_by_one, CONNECTIONS).count == 1
    assert reading.most_together(both, CONNECTIONS).count == 2
