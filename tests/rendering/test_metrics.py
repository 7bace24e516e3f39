"""Each metric on hand-made evidence, and each bound crossed by changed evidence."""

from collections.abc import Callable
from typing import Any

import pytest

from report.evidence import FILES, WAITS
from report.rendering import metrics
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.verdicts import judge
from report.run import Ending, Leftovers, Request
from report.spec import declared_names
from tests.builders import ECHO as ECHO_TOML
from tests.builders import assignment, evidence_of, files, lines, request, run, sample

ECHO = assignment()


def measured(name: str, **changes: Any) -> float:
    return float(metrics.find(name).measure(Subject(ECHO, ECHO.scenarios["two"], run(**changes))))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("requests.answered", 2),
        ("requests.failed", 0),
        ("requests.correct", 2),
        ("requests.closed", 0),
        ("requests.reset", 0),
        ("requests.refused", 0),
        ("requests.late", 0),
        ("requests.unaccounted", 0),
        ("makespan.seconds", 5.02),
        ("makespan.delays", 1.004),
        ("latency.shortest", 5.01),
        ("latency.median", 5.015),
        ("latency.p95", 5.02),
        ("latency.p99", 5.02),
        ("latency.longest", 5.02),
        ("client.behind", 0.001),
        ("connections.together", 2),
        ("processes.peak", 3),
        ("threads.peak", 3),
        ("memory.pss", 12 * 2**20),
        ("memory.rss", 18 * 2**20),
        ("memory.uss", 6 * 2**20),
        ("memory.pss_each", 6 * 2**20),
        ("cpu.seconds", 0.75),
        ("switches.voluntary", 5),
        ("switches.forced", 0.5),
        ("left.killed", 0),
        ("left.zombies", 0),
        ("left.total", 0),
        ("exit.status", 0),
        ("shares.worker.total", 2),
        ("shares.worker.actors", 2),
        ("shares.worker.largest", 1),
        ("events.added.count", 0),
        ("rings.worker.turns", 0),
    ],
)
def test_a_metric_is_what_the_evidence_says(name: str, value: float) -> None:
    assert measured(name) == pytest.approx(value)


def test_every_fixed_metric_is_measured_here() -> None:
    for name in metrics.METRICS.keys() - {"workers.repeated", "workers.favourite", "workers.leaving", "queue.least"}:
        measured(name)  # those are in test_workers: they need more evidence


@pytest.mark.parametrize(
    "change",
    [
        {"body": "My first web Server!"},
        {"content_length": None},
        {"content_length": 21},
        {"content_type": "text/plainContent-Length: 20"},
        {"outcome": "incomplete"},
    ],
)
def test_an_answer_that_is_not_right_in_one_thing_is_not_correct(change: dict[str, Any]) -> None:
    assert measured("requests.correct", requests=[request(1), request(2, **change)]) == 1


def test_a_request_that_is_nowhere_is_unaccounted_for() -> None:
    assert measured("requests.unaccounted", requests=[request(1)]) == 1


def test_failed_requests_never_enter_times() -> None:
    assert measured("latency.longest", requests=[request(1), request(2, done=60.0, outcome="late")]) == 5.01


def test_a_server_killed_by_a_signal_has_the_status_a_shell_shows() -> None:
    assert measured("exit.status", ending=Ending(exit_status=None, signal=9, seconds=1.0, killed=0)) == 137


def test_whatever_was_left_behind_counts() -> None:
    assert measured("left.total", leftovers=Leftovers(zombies=1, orphans=2, listeners=1)) == 4


def test_series_events_and_held_levels_are_read_off_the_lines() -> None:
    captured = lines(
        "server: #9 queued, queue 8/10, workers 1",
        "server: worker 2 added, queue 8/10, workers 2",
        "server: #2 handed to worker 2, queue 2/10, workers 2",
        "server: worker 2 told to leave, queue 1/10, workers 2",
        "server: worker 2 removed, queue 1/10, workers 1",
        step=5.0,
    )
    found = {
        name: measured(name, server_lines=captured)
        for name in ("series.queue.max", "series.queue.min", "series.workers.first", "series.workers.last",
                     "events.added.queue.min", "events.leaving.queue.max", "held.low.shortest")
    }  # fmt: skip
    assert list(found.values()) == [8, 1, 1, 1, 8, 1, 1]


@pytest.mark.parametrize("name", ["series.queue.max", "held.low.shortest", "events.added.queue.min"])
def test_what_no_line_tells_is_unmeasured_and_says_why(name: str) -> None:
    with pytest.raises(UnmeasuredError, match="prints no line that matches"):
        measured(name, server_lines=lines("nothing of the kind"))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("requests.corect", "requests.correct"),
        ("series.queue.maximum", "series.queue.max"),
        ("shares.wroker.total", "shares.worker.total"),
        ("events.added.queue.mni", "events.added.queue.min"),
    ],
)
def test_an_unknown_metric_is_refused_with_a_near_name(name: str, near: str) -> None:
    tables = {family: getattr(ECHO, family) for family in ("series", "shares", "events", "held", "rings")}
    problem = metrics.problem(name, declared_names(tables))
    assert problem is not None
    assert f"did you mean {near}?" in problem


MUTATIONS: list[Callable[[], Any]] = [
    lambda: run(requests=[request(1)]),
    lambda: run(requests=[request(1), request(2, body="no")]),
    lambda: run(requests=[request(1), request(2, done=10.0)]),
]


@pytest.mark.parametrize("made", MUTATIONS)
def test_evidence_that_crosses_a_bound_makes_a_claim_fail(made: Callable[[], Any]) -> None:
    assert {v.state for v in judge(evidence_of(run()), ECHO, 1.0)} == {"holds"}
    assert "fails" in {v.state for v in judge(evidence_of(made()), ECHO, 1.0)}


def over_a_while(*done: float) -> list[Request]:
    """Answers that took so long, in no order."""
    return [request(number, done=one) for number, one in enumerate(sorted(done, key=lambda one: -one % 7), start=1)]


@pytest.mark.parametrize(
    ("count", "p95", "p99"), [(1, 1, 1), (2, 2, 2), (19, 19, 19), (20, 19, 20), (100, 95, 99), (101, 96, 100)]
)
def test_a_percentile_is_an_answer_at_or_under_which_so_many_lie(count: int, p95: int, p99: int) -> None:
    requests = over_a_while(*range(1, count + 1))
    assert measured("latency.p95", requests=requests) == p95
    assert measured("latency.p99", requests=requests) == p99


def test_a_failed_request_has_no_part_in_a_percentile() -> None:
    late = request(3, done=60.0, outcome="late")
    assert measured("latency.p99", requests=[request(1), request(2, done=5.02), late]) == 5.02


def test_how_requests_failed_is_counted_by_kind_and_stalled_ones_are_none() -> None:
    kinds = ("closed", "reset", "reset", "refused", "late", "incomplete")
    failed = [request(number, outcome=kind) for number, kind in enumerate(kinds, start=1)]
    requests = [*failed, request(7), request(8, kind="stalled", outcome="closed")]
    counts = {kind: measured(f"requests.{kind}", requests=requests) for kind in ("closed", "reset", "refused", "late")}
    assert counts == {"closed": 1, "reset": 2, "refused": 1, "late": 1}
    assert measured("requests.failed", requests=requests) == 6


def test_memory_for_each_request_and_switches_are_divided_by_the_requests_that_were_sent() -> None:
    stalled = request(5, kind="stalled", outcome="stalled", done=None)
    requests = [*(request(number) for number in range(1, 5)), stalled]
    assert measured("memory.pss_each", requests=requests) == 3 * 2**20
    assert measured("switches.voluntary", requests=requests) == 2.5


@pytest.mark.parametrize("name", ["memory.pss", "memory.rss", "memory.uss", "memory.pss_each"])
def test_memory_that_was_not_swept_is_undecided(name: str) -> None:
    resources = run().record.resources.model_copy(update={"pss_bytes": None, "rss_bytes": None, "uss_bytes": None})
    with pytest.raises(UnmeasuredError, match="memory"):
        measured(name, resources=resources)


def test_nothing_is_a_multiple_of_a_delay_of_zero() -> None:
    leaving = lines("worker 1: queue 1/10", "server: worker 2 told to leave, queue 1/10, workers 2")
    for name in ("makespan.delays", "held.low.shortest"):
        with pytest.raises(UnmeasuredError, match="the delay is 0"):
            measured(name, delay=0.0, server_lines=leaving)
    assert measured("makespan.seconds", delay=0.0) == 5.02


def test_a_group_of_an_event_that_is_named_after_a_unit_has_it() -> None:
    units = {
        group: metrics.find(f"events.took.{group}.max").unit for group in ("microseconds", "seconds", "bytes", "n")
    }
    assert units == {"microseconds": "microseconds", "seconds": "seconds", "bytes": "bytes", "n": "count"}
    assert metrics.find("events.took.count").unit == "count"


def test_no_samples_leave_peaks_undecided() -> None:
    with pytest.raises(UnmeasuredError):
        measured("processes.peak", samples=())
    assert measured("processes.peak", samples=[sample(1.0, 7)]) == 7


def test_a_peak_that_no_sample_can_have_seen_is_undecided_not_low() -> None:
    with pytest.raises(UnmeasuredError, match="no sample"):
        measured("processes.peak", samples=[sample(-0.5, 1), sample(5.5, 1)])
    assert measured("processes.peak", samples=[sample(-0.5, 1), sample(2.5, 3)]) == 3


def test_without_lines_a_peak_must_be_sampled_while_all_still_sleep() -> None:
    asked = [request(1, done=5.0), request(2, done=5.1)]
    with pytest.raises(UnmeasuredError, match="no sample"):
        measured("processes.peak", server_lines=(), requests=asked, samples=[sample(1.0, 1), sample(5.2, 1)])
    assert measured("processes.peak", server_lines=(), requests=asked, samples=[sample(4.0, 3)]) == 3


def test_what_is_no_number_leaves_series_events_and_held_levels_undecided() -> None:
    echo = assignment(ECHO_OF_WORDS)
    captured = lines("queue many/10", "server: worker x told to leave, queue few/10")
    for name in ("series.queue.max", "events.leaving.queue.max", "held.low.shortest"):
        with pytest.raises(UnmeasuredError, match=r"line \d of the server's log is not a number"):
            metrics.find(name).measure(Subject(echo, echo.scenarios["two"], run(server_lines=captured)))


ECHO_OF_WORDS = ECHO_TOML.replace(r"queue (\d+)/", r"queue (\S+)/").replace(
    r"worker (?P<worker>\d+) told to leave, queue (?P<queue>\d+)/", r"told to leave, queue (?P<queue>\S+)/"
)


def test_every_metric_has_a_unit_that_can_be_shown_and_a_table_that_can_be_opened() -> None:
    units = {"count", "seconds", "delays", "bytes", "ratio", "per_request"}
    every = [*metrics.METRICS, *(f"{family}.x.{what[0]}" for family, (what, _) in metrics.FAMILIES.items())]
    assert {metrics.find(name).unit for name in every} <= units
    assert {metrics.find(name).table for name in every} <= {"run.json", *FILES, WAITS}


def test_no_requests_at_all_are_undecided_or_nothing_but_never_a_fault() -> None:
    for name in metrics.METRICS:
        try:
            measured(name, requests=(), samples=(), server_lines=())
        except UnmeasuredError as reason:
            assert str(reason)  # noqa: PT017


@pytest.mark.parametrize("server_lines", [(), lines("queue 8/10, workers 1", "worker 1: #1 answered 200")])
def test_stalled_connections_are_no_requests(server_lines: Any) -> None:
    stalled = request(3, kind="stalled", outcome="stalled", done=None, status=None)
    requests = [request(1), request(2), stalled]
    assert measured("requests.answered", requests=requests, server_lines=server_lines) == 2
    assert measured("requests.failed", requests=requests, server_lines=server_lines) == 0
    assert measured("requests.unaccounted", requests=requests, server_lines=server_lines) == 0


def test_latency_counts_from_when_a_request_was_due_whatever_delayed_it() -> None:
    late = request(2, due=1.0, started=4.0, done=6.0)
    assert measured("latency.shortest", requests=[request(1, done=9.0), late]) == 5.0
    assert measured("client.behind", requests=[request(1), late]) == 3.0


def test_the_makespan_runs_from_the_first_due_to_the_last_answer() -> None:
    requests = [request(1, due=1.0, done=4.0), request(2, due=2.0, done=3.0)]
    assert measured("makespan.seconds", requests=requests) == 3.0
    assert measured("makespan.delays", requests=requests, delay=0.5) == 6.0


def witness(name: str, **changes: Any) -> int | None:
    return metrics.find(name).witness(Subject(ECHO, ECHO.scenarios["two"], run(**changes)))


def cell(name: str, column: str, **changes: Any) -> str:
    """What the stored table says in this column on the line that the metric names as its witness."""
    table = metrics.find(name).table
    stored = files(run(**changes))[table].decode().split("\n")
    line = witness(name, **changes)
    assert line is not None
    return dict(zip(stored[0].split(","), stored[line - 1].split(","), strict=True))[column]


REQUESTS = [
    request(1, done=5.5),
    request(2, done=9.0, outcome="late"),
    request(3, kind="stalled", done=12.0),
    request(4, done=6.0, due=3.0),
    request(5, done=6.0, due=3.5),
]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("makespan.seconds", "4"),
        ("makespan.delays", "4"),
        ("latency.longest", "1"),
        ("latency.shortest", "5"),
    ],
)
def test_the_witness_of_a_time_is_the_row_of_the_answer_that_decides_it(name: str, number: str) -> None:
    assert cell(name, "number", requests=REQUESTS) == number


def test_a_witness_is_a_line_of_the_file_even_after_a_row_of_several_lines() -> None:
    body = request(1, done=5.0, body="My first\nweb\nserver!")
    assert witness("makespan.seconds", requests=[body, request(2, done=6.0)]) == 5
    assert cell("makespan.seconds", "number", requests=[body, request(2, done=6.0)]) == "2"


def test_the_witness_of_a_peak_is_the_first_sample_that_shows_it() -> None:
    samples = [sample(0.0), sample(2.0, 2, 3), sample(2.5, 3, 3), sample(3.0, 3, 2)]
    assert (witness("processes.peak", samples=samples), witness("threads.peak", samples=samples)) == (4, 3)
    assert cell("processes.peak", "time", samples=samples) == "2.500000"


def test_the_witness_of_what_went_on_together_is_the_line_that_made_them_most() -> None:
    captured = lines("listening", "a: #1 request", "b: #2 request", "a: #1 answered", "c: #3 request")
    assert witness("connections.together", server_lines=captured) == 3


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("series.queue.min", 3),
        ("series.queue.max", 2),
        ("series.queue.first", 2),
        ("series.queue.last", 5),
        ("events.added.queue.min", 5),
        ("events.added.queue.max", 4),
        ("events.added.worker.max", 5),
    ],
)
def test_the_witness_of_what_lines_say_is_the_first_line_that_says_it(name: str, line: int) -> None:
    captured = lines(
        "listening",
        "#9 queued, queue 8/10",
        "queue 1/10",
        "worker 2 added, queue 8/10",
        "worker 3 added, queue 1/10",
    )
    assert witness(name, server_lines=captured) == line


@pytest.mark.parametrize(
    "name",
    [
        "requests.correct", "latency.median", "memory.pss", "left.total", "exit.status", "shares.worker.largest",
        "events.added.count", "rings.worker.violations", "held.low.shortest",
    ],
)  # fmt: skip
def test_what_rests_on_more_than_one_line_has_no_witness(name: str) -> None:
    assert witness(name) is None


def test_every_witness_is_a_line_of_its_table() -> None:
    stored = files(run())
    looked_at = 0
    for name, metric in metrics.METRICS.items():
        if (line := witness(name)) is not None:
            looked_at += 1
            assert 1 <= line <= stored[metric.table].count(b"\n"), name
    assert looked_at == 7
