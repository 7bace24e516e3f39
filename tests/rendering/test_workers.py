"""Queue and workers seen from outside, on hand-made evidence: a mistake is counted, and what is not certain never is."""

from dataclasses import replace
from typing import Any

import pytest

from report.rendering import metrics
from report.rendering.measure import Subject, UnmeasuredError
from report.run import Request, Run, Sample, Wait
from tests.builders import assignment, request, run, sample

ECHO = assignment()  # its delay is 5 s
SLEEP, IDLE, POLL = "hrtimer_nanosleep", "futex_do_wait", "poll_schedule_timeout.constprop.0"
WORKERS = (11, 12, 13, 14, 15)
FIRST, SECOND = (20.0, 25.2), (30.0, 35.2)  # when a request is sent and answered


def measured(name: str, **evidence: Any) -> float:
    made = run(**evidence)
    return float(metrics.find(name).measure(Subject(ECHO, ECHO.scenarios["two"], made)))


def sent(number: int, at: float, answered: float | None, **changes: Any) -> Request:
    return request(number, answered, due=at, started=at, connected=at, sent=at, **changes)


def nap(thread: int, first: float, last: float, place: str = SLEEP) -> Wait:
    return Wait(thread, place, first, last)


def pool(*turns: int, place: str = SLEEP) -> dict[str, Any]:
    """Five workers that served together at first, and then these served a request each, one after the other."""
    times = [FIRST, SECOND, (40.0, 45.2)][: len(turns)]
    burst = [sent(n, 0.0, 5.1) for n in range(1, 6)]
    requests = [*burst, *(sent(n, *at) for n, at in enumerate(times, 6))]
    waits = [nap(9, 5.2, 19.9, POLL), nap(9, 20.1, 29.9, POLL), nap(9, 30.1, 50.0, POLL)]  # who accepts
    for thread in WORKERS:
        begin = 5.3
        waits.append(nap(thread, 0.1, 5.0, place))
        for (since, until), one in zip(times, turns, strict=True):
            if one == thread:
                waits += [nap(thread, begin, since - 0.1, IDLE), nap(thread, since + 0.1, until - 0.1, place)]
                begin = until + 0.1
        waits.append(nap(thread, begin, 50.0, IDLE))
    return {"requests": requests, "waits": waits}


def without(evidence: dict[str, Any], *threads: int) -> dict[str, Any]:
    return evidence | {"waits": [wait for wait in waits_of(evidence) if wait.thread not in threads]}


def waits_of(evidence: dict[str, Any]) -> list[Wait]:
    return list(evidence["waits"])


@pytest.mark.parametrize(
    ("turns", "repeated"), [((11, 12), 0), ((12, 11), 0), ((11, 12, 11), 0), ((11, 11), 1), ((15, 15, 15), 2)]
)
def test_a_worker_that_is_handed_two_in_a_row_while_others_are_idle_is_counted(
    turns: tuple[int, ...], repeated: int
) -> None:
    assert measured("workers.repeated", **pool(*turns)) == repeated


@pytest.mark.parametrize(("turns", "place"), [((11, 11), 1), ((15, 15), 5), ((11, 13, 13), 3)])
def test_which_worker_it_is_goes_by_the_order_in_which_they_came(turns: tuple[int, ...], place: int) -> None:
    assert measured("workers.favourite", **pool(*turns)) == place


def test_nobody_is_the_favourite_of_a_ring() -> None:
    with pytest.raises(UnmeasuredError, match="not certain which threads served"):
        measured("workers.favourite", **pool(11, 12))


@pytest.mark.parametrize("place", [SLEEP, POLL, "do_nanosleep", "do_select", "do_sys_poll"])
def test_any_sleep_that_time_ends_serves(place: str) -> None:
    assert measured("workers.repeated", **pool(11, 11, place=place)) == 1


@pytest.mark.parametrize("place", [IDLE, "do_epoll_wait", "ep_poll", "", "inet_csk_accept"])
def test_what_does_not_sleep_by_a_timer_of_its_own_is_undecided(place: str) -> None:
    with pytest.raises(UnmeasuredError, match="not certain"):
        measured("workers.repeated", **pool(11, 11, place=place))


def test_with_too_few_others_the_one_may_be_all_that_there_is() -> None:
    assert measured("workers.repeated", **without(pool(11, 11), 15)) == 1
    with pytest.raises(UnmeasuredError):
        measured("workers.repeated", **without(pool(11, 11), 14, 15))


def test_others_that_were_woken_meanwhile_or_never_served_are_not_idle_workers() -> None:
    made = pool(11, 11)
    woken = [replace(w, last=27.0) if w.thread in (14, 15) and w.place == IDLE else w for w in waits_of(made)]
    never = [w for w in waits_of(made) if w.thread not in (14, 15) or w.place == IDLE]
    for waits in (woken, never):
        with pytest.raises(UnmeasuredError):
            measured("workers.repeated", **made | {"waits": waits})


def test_two_that_slept_while_a_request_was_served_leave_it_open_who_did() -> None:
    made = pool(11, 11)
    for at in (FIRST, SECOND):
        with pytest.raises(UnmeasuredError):
            measured("workers.repeated", **made | {"waits": [*waits_of(made), nap(20, at[0] + 0.4, at[1] - 0.4)]})
    beyond = [nap(20, 19.0, 22.0), nap(20, 23.0, 27.0), nap(20, 29.0, 32.0), nap(20, 33.0, 36.0)]
    assert measured("workers.repeated", **made | {"waits": [*waits_of(made), *beyond]}) == 1


def test_one_that_slept_for_less_of_it_does_not_hide_who_served() -> None:
    made = pool(11, 12, 12)
    scaler = [nap(20, at, at + 2.0) for tenths in range(190, 500, 21) for at in [tenths / 10]]
    assert measured("workers.repeated", **made | {"waits": [*waits_of(made), *scaler]}) == 1
    halves = [
        half
        for at, _ in (FIRST, SECOND, (40.0, 45.2))
        for half in (nap(21, at + 0.1, at + 2.5), nap(21, at + 2.6, at + 5))
    ]
    assert measured("workers.repeated", **made | {"waits": [*waits_of(made), *scaler, *halves]}) == 1


@pytest.mark.parametrize(
    "alone",
    [nap(8, -0.2, -0.2), nap(8, 10.1, 14.9)],
    ids=["seen once before anybody asked", "a whole nap between the requests"],
)
def test_a_thread_that_also_sleeps_while_nobody_asks_is_no_worker(alone: Wait) -> None:
    evidence = pool(11, 11)
    ticker = [alone, *(nap(8, at, at + 4.8) for at in (20.1, 25.1, 30.1))]
    assert measured("workers.repeated", **evidence | {"waits": [*waits_of(evidence), *ticker]}) == 1


def test_a_sleep_that_ended_long_before_the_answer_is_of_another_request() -> None:
    made = pool(11, 11)
    waits = [replace(w, last=30.3) if w.first == SECOND[0] + 0.1 else w for w in waits_of(made)]
    with pytest.raises(UnmeasuredError):
        measured("workers.repeated", **made | {"waits": waits})


def test_of_requests_that_overlap_nobody_can_tell_whose_turn_it_was() -> None:
    made = pool(11, 11)
    made["requests"][6] = sent(7, 25.0, SECOND[1])  # was sent before the answer to the one before
    with pytest.raises(UnmeasuredError):
        measured("workers.repeated", **made)


def test_evidence_without_the_threads_is_undecided() -> None:
    with pytest.raises(UnmeasuredError):
        measured("workers.repeated", requests=[sent(1, *FIRST), sent(2, *SECOND)])


# --- leaving -------------------------------------------------------------------------------------------------------

THREE = [sent(1, 0.0, 5.0), sent(2, 0.0, 10.0), sent(3, 0.0, 15.0), sent(4, 0.0, 20.0)]
# one is served at once, three wait; two from 5 s on


def lives(**threads: tuple[float, float]) -> list[Wait]:
    """Threads by name and when each was there, beside one that always is."""
    every = {"main": (-1.0, 90.0), **threads}
    return [nap(number, first, last, IDLE) for number, (first, last) in enumerate(every.values(), 1)]


def ended(asked: float = 100.0) -> dict[str, Any]:
    return {"ending": run().record.ending.model_copy(update={"asked": asked, "ended": asked + 0.1})}


def leaving(requests: list[Request], asked: float = 100.0, **threads: tuple[float, float]) -> float:
    return measured("workers.leaving", requests=requests, waits=lives(**threads), **ended(asked))


def test_the_time_to_the_first_that_leaves_is_reckoned_from_when_two_wait() -> None:
    assert leaving(THREE, two=(0.5, 15.0), three=(0.6, 25.0)) == pytest.approx(2.0)


def test_when_three_wait_again_the_time_begins_again() -> None:
    more = [sent(n, 11.0, 25.0 + n) for n in (5, 6)]
    assert leaving([*THREE, *more], two=(0.5, 25.0)) == pytest.approx(2.0)


def test_somebody_who_leaves_while_three_may_wait_leaves_at_once() -> None:
    assert leaving(THREE, two=(0.5, 4.0)) == 0


def test_who_is_never_answered_waits_to_the_end() -> None:
    late = [replace(one, outcome="late", first_byte=None, done=60.0) for one in THREE]
    assert leaving(late, two=(0.5, 32.0)) == 0


def test_a_thread_that_was_there_before_the_load_is_none_that_was_added() -> None:
    assert leaving(THREE, helper=(-1.0, 7.0), two=(0.5, 15.0)) == pytest.approx(2.0)


def test_that_nobody_left_before_the_stop_is_undecided() -> None:
    for asked, threads in ((100.0, {}), (100.0, {"two": (0.5, 89.5)}), (30.0, {"two": (0.5, 30.2)})):
        with pytest.raises(UnmeasuredError, match="no thread that came during the load was gone"):
            leaving(THREE, asked, **threads)


# --- the queue's bound ---------------------------------------------------------------------------------------------


def holding(time: float, descriptors: int, count: int, processes: int = 1) -> Sample:
    return replace(sample(time, processes, count), descriptors=descriptors)


def queued(*samples: Sample, clients: int = 40) -> float:
    return measured("queue.least", requests=[sent(n, 0.0, 30.0) for n in range(clients)], samples=samples, **ended())


def test_connections_are_counted_that_no_thread_can_have_in_hand() -> None:
    assert queued(holding(-1, 5, 3), holding(1, 45, 6), holding(2, 45, 6), holding(31, 5, 6)) == 40 - 2 * 6
    assert queued(holding(-1, 5, 3), holding(1, 19, 6), holding(2, 19, 6), holding(31, 5, 6)) == 2


def test_threads_that_came_while_descriptors_were_counted_may_have_them_in_hand() -> None:
    assert queued(holding(-1, 5, 3), holding(1, 45, 6), holding(2, 45, 12), holding(31, 5, 6)) == 40 - 2 * 12


def test_a_queue_that_could_not_overflow_is_undecided() -> None:
    for count, clients in ((20, 40), (6, 23)):
        with pytest.raises(UnmeasuredError, match="could not overflow"):
            queued(holding(-1, 5, 3), holding(1, 5 + clients, count), holding(31, 5, count), clients=clients)


@pytest.mark.parametrize(
    "samples",
    [
        (holding(-1, 5, 3), holding(1, 45, 6), holding(31, 11, 6)),  # two of each worker's own
        (holding(-1, 5, 3), holding(1, 45, 6, 4), holding(31, 5, 6)),
    ],
)
def test_descriptors_that_may_be_no_connections_are_not_counted(samples: tuple[Sample, ...]) -> None:
    with pytest.raises(UnmeasuredError, match="other descriptors"):
        queued(*samples)


def test_without_a_sample_after_the_answers_nobody_knows_what_else_was_open() -> None:
    with pytest.raises(UnmeasuredError, match="no sample"):
        queued(holding(-1, 5, 3), holding(1, 45, 6))


def test_runs_without_workers_are_never_a_fault() -> None:
    nothing = Run(run().record, (), (), (), ())
    for name in ("workers.repeated", "workers.favourite", "workers.leaving", "queue.least"):
        with pytest.raises(UnmeasuredError):
            metrics.find(name).measure(Subject(ECHO, ECHO.scenarios["two"], nothing))
