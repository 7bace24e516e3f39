"""What is seen of a server from outside, on hand-made evidence: each fault counted, and what is merely slow never."""

from dataclasses import replace
from typing import Any

import pytest

from report.rendering import metrics
from report.rendering.measure import Subject, UnmeasuredError
from report.run import Ending, Leftovers, Request, Sample
from tests.builders import assignment, lines, request, run, sample

ECHO = assignment()


def measured(name: str, **changes: Any) -> float:
    return float(metrics.find(name).measure(Subject(ECHO, ECHO.scenarios["two"], run(**changes))))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("requests.invalid", {"outcome": "invalid", "detail": "closed before the blank line, after 3 bytes"}),
        ("requests.incomplete", {"outcome": "incomplete", "detail": "8 of 20 bytes"}),
        ("requests.other_status", {"outcome": "other status", "status": 404}),
        ("requests.bare_lf", {"outcome": "invalid", "detail": 'a bare LF after "HTTP/1.1 200 OK"'}),
        ("requests.bad_header", {"outcome": "invalid", "detail": 'not a header line: "no colon"'}),
        ("requests.bad_header", {"outcome": "invalid", "detail": 'not a status line: "hello"'}),
        ("requests.bad_header", {"outcome": "invalid", "detail": 'not the one length of a body: "Content-Length: x"'}),
        ("requests.bad_header", {"outcome": "invalid", "detail": "closed before the blank line, after 3 bytes"}),
        ("requests.bad_header", {"content_type": "text/plainContent-Length: 20", "content_length": None}),
        ("requests.long_body", {"outcome": "invalid", "detail": "a body longer than its 20 bytes"}),
        ("requests.left_open", {"detail": "left open by the server"}),
        ("requests.left_open", {"outcome": "late", "detail": "20 bytes, not closed"}),
        ("requests.reset_after", {"detail": "Connection reset by peer"}),
        ("answers.early", {"done": 3.9}),
        ("answers.unasked", {"sent": 5.02}),
        ("answers.unasked", {"sent": None}),
    ],
)
def test_a_fault_of_one_answer_is_counted_once(name: str, changes: dict[str, Any]) -> None:
    assert measured(name) == 0
    assert measured(name, requests=[request(1), request(2, **changes)]) == 1


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("requests.bad_header", {"outcome": "invalid", "detail": 'a bare LF after "A: b"'}),
        ("requests.bad_header", {"content_type": 'text/plain; boundary="a:b"'}),
        ("requests.left_open", {"outcome": "late", "detail": "no answer"}),
        ("requests.reset_after", {"detail": "left open by the server"}),
        ("requests.reset_after", {"outcome": "reset", "detail": "Connection reset by peer"}),
        ("answers.early", {"done": 500.0}),
        ("answers.early", {"done": 0.01, "outcome": "closed"}),
        ("answers.unasked", {"sent": None, "first_byte": None, "outcome": "late"}),
    ],
)
def test_another_fault_or_a_slow_answer_is_not_that_one(name: str, changes: dict[str, Any]) -> None:
    assert measured(name, requests=[request(1), request(2, **changes)]) == 0


def test_what_is_due_to_no_delay_is_undecided() -> None:
    for name in ("answers.early", "answers.out_of_order"):
        with pytest.raises(UnmeasuredError, match="the delay is 0"):
            measured(name, delay=0.0)


def ended_at(*done: float | None) -> list[Request]:
    return [request(number, at) for number, at in enumerate(done, start=1)]


@pytest.mark.parametrize(
    ("done", "count"),
    [
        ((5.0, 10.0, 15.0), 0),
        ((5.2, 5.1, 5.0), 0),  # together: who of them was first tells nothing
        ((15.0, 10.0, 5.0), 2),
        ((5.0, 15.0, 10.0), 1),
        ((5.0, 5.1, 20.0, 7.0, 8.0), 2),
    ],
)
def test_an_answer_is_out_of_order_when_an_earlier_request_is_answered_half_a_delay_later(
    done: tuple[float, ...], count: int
) -> None:
    assert measured("answers.out_of_order", requests=ended_at(*done)) == count


def test_a_request_that_is_never_answered_was_overtaken_by_nobody() -> None:
    requests = [request(1, 60.0, outcome="late"), request(2)]
    assert measured("answers.out_of_order", requests=requests) == 0


def test_a_silent_connection_that_got_bytes_was_answered() -> None:
    stalled = request(3, kind="stalled", outcome="stalled", sent=None, first_byte=None, done=9.0)
    assert measured("stalled.answered", requests=[request(1), stalled]) == 0
    assert measured("stalled.answered", requests=[request(1), replace(stalled, first_byte=5.0)]) == 1


# --- together ------------------------------------------------------------------------------------------------------

IDLE = [sample(-0.1), sample(0.0), sample(0.0005)]


def proved(requests: list[Request], samples: list[Sample]) -> float:
    return measured("together.proved", requests=requests, samples=samples)


def test_one_after_the_other_proves_one() -> None:
    assert proved(ended_at(5.0, 10.0, 15.0), [*IDLE, sample(2.0)]) == 1


def test_no_answer_proves_nothing() -> None:
    requests = [request(n, 60.0, outcome="late", first_byte=None) for n in (1, 2)]
    assert proved(requests, IDLE) == 0


def test_answers_less_than_half_a_delay_apart_were_slept_for_together() -> None:
    assert proved(ended_at(5.0, 5.1, 7.4, 12.0), IDLE) == 3


def test_answers_that_were_not_slept_for_prove_nothing() -> None:
    assert proved(ended_at(0.1, 0.2, 0.3), IDLE) == 0 + 1  # by order: the one that was answered


def test_tasks_that_came_before_any_answer_serve_together_however_slow_the_machine() -> None:
    slow = ended_at(9.0, 14.0, 22.0)
    assert proved(slow, [*IDLE, sample(3.0, 4, 4), sample(3.1)]) == 3
    assert proved(slow, [*IDLE, sample(3.0, 1, 4), sample(3.1)]) == 3


def test_tasks_that_come_only_after_an_answer_may_be_those_that_are_done() -> None:
    assert proved(ended_at(5.0, 10.0, 15.0), [*IDLE, sample(7.0, 4, 4), sample(7.1)]) == 1


def test_a_sample_that_the_first_answer_came_into_proves_nothing() -> None:
    assert proved(ended_at(5.0, 10.0), [*IDLE, sample(4.9, 3, 3), sample(5.1)]) == 1


def test_no_more_are_together_than_are_connected_and_who_was_there_before_does_not_count() -> None:
    requests = ended_at(9.0, 14.0)
    assert proved(requests, [sample(time, 9, 9) for time in (-0.1, 0.0, 3.0, 3.1)]) == 1
    assert proved(requests, [*IDLE, sample(3.0, 30, 30), sample(3.1)]) == 2


def test_an_answer_while_earlier_connections_have_asked_nothing_proves_all_of_them() -> None:
    requests = [request(n, 15.0 + n, connected=n / 1000, sent=9.0) for n in (1, 2)]
    requests.append(request(3, 6.0, connected=0.003, sent=0.004))
    assert proved(requests, IDLE) == 3


def test_a_connection_that_was_closed_or_opened_later_or_reset_by_the_client_proves_nothing() -> None:
    asked = request(3, 6.0, connected=0.003, sent=0.004)
    silent = request(1, 60.0, kind="stalled", outcome="stalled", connected=0.001, sent=None)
    assert proved([asked, silent], IDLE) == 2
    assert proved([asked, replace(silent, done=5.0)], IDLE) == 1
    assert proved([asked, replace(silent, connected=0.1)], IDLE) == 1
    assert proved([asked, replace(silent, kind="reset")], IDLE) == 1


# --- before and after ----------------------------------------------------------------------------------------------


def holding(time: float, descriptors: int, rss: int, processes: int = 1) -> Sample:
    return replace(sample(time, processes, processes), descriptors=descriptors, rss=rss)


GROWING = [
    holding(-0.5, 1, 1000),  # still starting
    holding(-0.1, 4, 3000),
    holding(0.0, 6, 4000),  # may have seen what came of the first connection
    holding(2.0, 90, 9000, 7),
    holding(5.9, 14, 5000),
    holding(6.05, 0, 0, 0),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [("descriptors.growth", 10), ("memory.growth", 2000), ("processes.last", 1), ("threads.last", 1)],
)
def test_what_grew_is_the_last_sample_before_the_stop_less_the_last_before_the_load(name: str, value: float) -> None:
    assert measured(name, samples=GROWING) == value


def test_of_a_server_that_had_ended_nothing_grew_and_nobody_is_there() -> None:
    gone = [*GROWING[:2], holding(5.9, 0, 0, 0)]
    assert measured("processes.last", samples=gone) == 0
    with pytest.raises(UnmeasuredError, match="had ended by then"):
        measured("descriptors.growth", samples=gone)


def test_without_a_sample_in_time_it_is_undecided() -> None:
    for samples in ([holding(2.0, 4, 3000)], [holding(7.0, 4, 3000)], []):
        with pytest.raises(UnmeasuredError, match="no sample of the process tree fell before"):
            measured("descriptors.growth", samples=samples)


def test_what_was_seen_together_is_told_however_seldom_somebody_looked() -> None:
    seldom = [holding(-1.0, 4, 3000, processes=1), holding(6.0, 4, 3000, processes=3)]
    assert (measured("processes.seen", samples=seldom), measured("threads.seen", samples=seldom)) == (3, 3)


def test_processor_time_is_that_from_listening_to_the_stop() -> None:
    used = [replace(holding(time, 4, 3000), cpu=cpu) for time, cpu in ((-1.0, 0.5), (2.0, 0.8), (4.0, 1.0), (5.0, 0.9))]
    assert measured("cpu.share", samples=used) == pytest.approx(0.5 / 6)  # what ended is missing at the end
    with pytest.raises(UnmeasuredError):
        measured("cpu.share", samples=used[:1])


def test_lines_are_counted_until_the_stop() -> None:
    captured = (*lines("listening", start=-1.0), *lines("served", "served", start=5.0), *lines("bye", start=6.05))
    assert measured("lines.count", server_lines=captured) == 3


def ending(**changes: Any) -> Ending:
    whole = {"exit_status": 0, "signal": None, "seconds": 0.1, "killed": 0, "asked": 6.0, "ended": 6.1}
    return Ending(**whole | changes)


def test_a_server_that_ended_before_it_was_asked_ended_by_itself() -> None:
    assert measured("server.ended", ending=ending(ended=5.5)) == 1
    assert measured("server.ended", ending=ending()) == 0
    assert measured("server.signal", ending=ending(exit_status=None, signal=13)) == 13
    assert measured("server.signal", ending=ending()) == 0


def test_evidence_from_before_the_moments_of_the_end_were_kept_is_undecided() -> None:
    old = ending(asked=None, ended=None)
    for name in ("server.ended", "lines.count", "processes.last", "memory.growth"):
        with pytest.raises(UnmeasuredError, match="does not say it"):
            measured(name, ending=old)


def test_what_is_left_is_told_by_kind() -> None:
    left = Leftovers(zombies=1, orphans=2, listeners=3)
    assert [measured(f"left.{kind}", leftovers=left) for kind in ("zombies", "orphans", "listeners")] == [1, 2, 3]
