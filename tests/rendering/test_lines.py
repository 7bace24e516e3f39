"""What captured lines tell: rings, held levels, what went on together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.rendering import lines as reading
from report.rendering.measure import UnmeasuredError
from report.run import LogLine
from report.spec import Connections, Held, Ring
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


@st.composite
def fair(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int]]]:
    """What a server prints that serves in turn by ascending number; and where it could choose, with another choice."""
    printed: list[str] = []
    choices: list[tuple[int, int]] = []
    free, busy, last, newest = {1}, set[int](), 0, 1
    for step in range(draw(st.integers(0, 30))):
        kind = draw(st.sampled_from(["join", "take", "take", "done", "leave"]))
        if kind == "join":
            newest += 1
            free.add(newest)
            printed.append(f"server: worker {newest} added")
        elif kind == "take" and free:
            last = min((one for one in free if one > last), default=min(free))
            free.remove(last)
            busy.add(last)
            choices += [(len(printed), min(free))] if free else []
            printed.append(f"server: #{step} handed to worker {last}")
        elif kind == "done" and busy:
            who = draw(st.sampled_from(sorted(busy)))
            busy.remove(who)
            free.add(who)
            printed.append(f"worker {who}: #{step} done")
        elif kind == "leave" and free - {1}:
            who = draw(st.sampled_from(sorted(free - {1})))
            free.remove(who)
            printed.append(f"server: worker {who} told to leave")
    return printed, choices


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(fair())
def test_a_server_that_serves_in_turn_violates_nothing_and_any_other_choice_is_found(
    ring: tuple[list[str], list[tuple[int, int]]],
) -> None:
    printed, choices = ring
    assert reading.turns(lines(*printed), RING) == reading.Turns(len(choices), ())
    for place, other in choices:
        replay = reading.turns(lines(*printed[:place], f"server: #99 handed to worker {other}"), RING)
        assert len(replay.violations) == 1


def test_a_stranger_to_the_ring_is_out_of_turn() -> None:
    assert len(reading.turns(lines("server: #1 handed to worker 7"), RING).violations) == 1


def test_a_level_that_was_never_above_is_held_since_its_first_value() -> None:
    spec = assignment().series["queue"]
    captured = lines("started", "queue 2/10", "queue 0/10", "leave", "queue 9/10", "leave, queue 1/10", step=1.0)
    found = reading.held(
        reading.series(captured, spec),
        Held(series="queue", at_most=2, at="leaving"),
        [(0, captured[0]), (3, captured[3]), (5, captured[5])],
    )
    assert found == [0.0, 2.0, 0.0]


def test_connections_that_overlap_in_part_are_together_at_their_most() -> None:
    assert CONNECTIONS is not None
    captured = lines(
        "a: #1 request", "b: #2 request", "a: #1 answered", "c: #3 request", "d: #4 request", "b: #2 answered",
        "c: #3 answered", "d: #4 answered", "a: #4 answered",
    )  # fmt: skip
    most = reading.most_together(captured, CONNECTIONS)
    assert (most.count, most.index, captured[most.index].text) == (3, 4, "d: #4 request")
    assert reading.most_together((), CONNECTIONS) == reading.Together(0, 0.0, 0.0)


def test_a_course_has_what_was_printed_of_it_in_order_of_its_number() -> None:
    assert CONNECTIONS is not None
    captured = (
        LogLine(0.2, "server: #2 accepted from 127.0.0.1:40002"),
        LogLine(0.3, "child 9: #1 request GET /"),
        LogLine(5.3, "child 9: #1 answered 200"),
    )
    assert reading.courses(captured, CONNECTIONS) == (
        reading.Course(1, None, "child 9", None, 0.3, 5.3),
        reading.Course(2, 40002, "", 0.2, None, None),
    )


def test_shares_are_counted_in_order_of_first_appearance() -> None:
    captured = lines("worker 2: #1 answered", "worker 1: #2 answered", "worker 2: #3 answered", "worker 3: #4 left")
    assert list(reading.shares(captured, r"^worker (\d+): #\d+ answered").items()) == [("2", 2), ("1", 1)]


def test_a_group_that_took_no_part_tells_nothing() -> None:
    captured = lines("answered", "worker 1 answered")
    assert reading.shares(captured, r"(?:worker (\d+) )?answered") == {"1": 1}
    optional = r"(x)?"
    ring = Ring(join=optional, take=optional, free=optional, leave=optional)
    assert reading.turns(captured, ring) == reading.Turns(0, ())


@pytest.mark.parametrize("printed", ["many", "nan", "-inf", "1e999", "9" * 5000, "", "²"])
def test_what_is_no_number_is_unmeasured_and_not_repeated_in_the_reason(printed: str) -> None:
    connections = Connections(
        accepted=r"#(?P<connection>\S*) from (?P<port>\d+)",
        begun=r"^(?P<actor>\w+): #(?P<connection>\d+)",
        answered=r"^(?P<actor>\w+): #(?P<connection>\d+)",
    )
    captured = lines("first", f"server: #{printed} from 1")
    with pytest.raises(UnmeasuredError) as caught:
        reading.courses(captured, connections)
    assert str(caught.value) == "what scenario.toml takes from line 2 of the server's log is not a number"
