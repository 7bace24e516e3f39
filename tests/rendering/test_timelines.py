"""Timelines: bars are where the requests were, ends where they were measured and predicted, and words say the same."""

import pytest

from report.rendering import labels
from report.rendering.measure import Subject
from report.rendering.pictures import canvas, figures, timelines
from report.rendering.pictures.timelines import Row, design
from report.run import Identity, LogLine, Run
from tests.builders import ECHO, REPOSITORY, assignment, lines, request, run, served

WORDS = labels.load(REPOSITORY / "templates")


def subject(made: Run, toml: str = ECHO) -> Subject:
    echo = assignment(toml)
    return Subject(echo, echo.scenarios["two"], made)


def begun(at: float) -> tuple[LogLine, ...]:
    accepted = lines("server: #1 accepted from 127.0.0.1:40001")
    return (*accepted, LogLine(at, "worker 1: #1 request GET /"), LogLine(5.0, "worker 1: #1 answered 200"))


@pytest.mark.parametrize(("at", "shown"), [(1.0, 1.0), (9.0, 5.0), (-3.0, 0.0)])
def test_waiting_ends_where_the_server_said_it_began_and_within_the_request(at: float, shown: float) -> None:
    made = run(requests=[request(1, done=5.0)], server_lines=begun(at))
    assert design(subject(made)).rows == (Row(0.0, shown, 5.0, True, "worker 1"),)


def test_without_a_line_that_it_began_all_the_time_is_waiting() -> None:
    made = run(requests=[request(1, done=5.0)], server_lines=())
    assert design(subject(made)).rows == (Row(0.0, 5.0, 5.0, True, ""),)


def test_a_request_without_an_end_keeps_its_row_and_counts_as_failed() -> None:
    made = design(subject(run(requests=[request(1, done=None, outcome="late"), request(2)])))
    assert made.rows[0] is None
    assert made.told(WORDS["en"])["failed"] == 1


def test_stalled_connections_are_no_requests() -> None:
    made = run(requests=[request(1, kind="stalled"), request(2)])
    assert len(design(subject(made)).rows) == 1


def test_the_prediction_is_in_seconds_of_this_run() -> None:
    assert design(subject(run(delay=0.25))).predicted == 0.25
    assert design(subject(run(), ECHO.replace('"makespan.delays" = 1', '"makespan.delays" = 3'))).predicted == 15.0
    assert design(subject(run(), ECHO.replace('predicted = { "makespan.delays" = 1 }', ""))).predicted is None


def test_the_words_of_several_designs_hold_the_numbers_of_each() -> None:
    slow = run(
        identity=Identity(assignment="echo", scenario="two", server="slow"),
        requests=[request(1, done=5.0), request(2, done=10.0)],
    )
    alt = figures.draw("designs", [subject(run()), subject(slow)], WORDS["en"], "x").alt
    assert "#1 An echo server (python): 2 of 2 requests answered, makespan 5.02 s (predicted 5.00 s)" in alt
    assert "#1 An echo server (slow): 2 of 2 requests answered, makespan 10.00 s (predicted 5.00 s)" in alt


def test_designs_that_only_their_scenario_tells_apart_are_named_by_it() -> None:
    alt = figures.draw("designs", [subject(run()), subject(run())], WORDS["ko"], "x").alt
    assert "#1 메아리 서버 (two, python)" in alt


def test_what_nobody_answered_has_no_makespan() -> None:
    made = run(requests=[request(1, outcome="reset", done=0.5)])
    assert "makespan undecided" in figures.draw("timeline", subject(made), WORDS["en"], "x").alt


def test_a_title_without_room_is_cut_and_keeps_its_number_and_server() -> None:
    one = subject(run(), ECHO.replace("An echo server", "A long title " * 9))
    name = timelines.titled(one, [one], WORDS["en"], room=150)
    assert name.startswith("#1 A long")
    assert name.endswith("… (python)")
    assert canvas.width(name) <= 160


def test_the_latencies_of_several_subjects_are_told_and_failures_keep_a_curve_below_the_whole() -> None:
    some = run(requests=[request(1, done=1.0), request(2, done=3.0), request(3, outcome="reset", done=0.1)])
    alt = figures.draw("latency", [subject(some), subject(run(requests=()))], WORDS["en"], "x").alt
    assert "2 of 3 requests answered, median latency 2.00 s, longest 3.00 s" in alt
    assert "0 of 0 requests answered, median latency undecided, longest undecided" in alt


def test_served_in_order_looks_other_than_served_at_once() -> None:
    at_once = figures.draw("timeline", subject(run(server_lines=served(2))), WORDS["en"], "x")
    waited = figures.draw("timeline", subject(run(server_lines=begun(4.0))), WORDS["en"], "x")
    assert at_once.svg != waited.svg
    assert "longest wait until it was served 4.00 s" in waited.alt
