"""The mutation score: each bound is crossed by changed evidence, and a claim that cannot fail is found out."""

from dataclasses import replace

import pytest

from report.rendering import metrics, verdicts
from report.rendering.gates import mutation
from report.rendering.gates.mutators import STRENGTHS, changes
from report.rendering.measure import Metric
from report.rendering.verdicts import Evidence, Verdict, judge
from report.run import Identity, LogLine, Run, Wait
from report.spec import Assignment
from tests.builders import ECHO, assignment, evidence_of, lines, request, run, sample
from tests.rendering.test_workers import THREE, ended, holding, lives, pool, sent

HEAD = ECHO.split("[[scenarios.two.claims]]")[0]
CAPTURED = (
    *lines(
        "server: listening on 127.0.0.1:20001, delay 5 s",
        "server: #1 accepted from 127.0.0.1:40001",
        "server: #1 handed to worker 1, queue 0/10, workers 1",
        "worker 1: #1 request GET / HTTP/1.1",
        "server: #2 accepted from 127.0.0.1:40002",
        "server: #2 queued, queue 8/10, workers 1",
        "server: worker 2 added, queue 8/10, workers 2",
        "server: #2 handed to worker 2, queue 1/10, workers 2",
        "worker 2: #2 request GET / HTTP/1.1",
        step=0.001,
    ),
    *lines(
        "worker 1: #1 answered 200, 20 bytes",
        "worker 1: #1 done, queue 1/10, workers 2",
        "worker 2: #2 answered 200, 20 bytes",
        "worker 2: #2 done, queue 1/10, workers 2",
        "server: #3 handed to worker 1, queue 1/10, workers 2",
        "server: worker 2 told to leave, queue 1/10, workers 2",
        start=5.0,
        step=1.0,
    ),
)


CASES = [
    ("requests.answered", "equals = 2", 2),
    ("requests.failed", "equals = 0", 1),
    ("requests.correct", "equals = 2", 2),
    ("requests.closed", "equals = 0", 1),
    ("requests.reset", "equals = 0", 1),
    ("requests.refused", "equals = 0", 1),
    ("requests.late", "equals = 0", 1),
    ("requests.unaccounted", "equals = 0", 2),
    ("makespan.delays", "between = [0.9, 1.1]", 2),
    ("makespan.seconds", "at_most = 100", 1),
    ("latency.shortest", "at_least = 0.001", 1),
    ("latency.median", "at_most = 6", 1),
    ("latency.p95", "between = [5, 6]", 2),
    ("latency.p99", "between = [5, 6]", 2),
    ("latency.longest", "between = [5, 6]", 2),
    ("client.behind", "at_most = 0.5", 1),
    ("connections.together", "equals = 2", 2),
    ("processes.peak", "equals = 3", 2),
    ("threads.peak", "between = [2, 4]", 2),
    ("processes.seen", "between = [2, 4]", 2),
    ("threads.seen", "between = [2, 4]", 2),
    ("memory.pss", "between = [1e6, 1e9]", 2),
    ("memory.rss", "between = [1e6, 1e9]", 2),
    ("memory.uss", "between = [1e6, 1e9]", 2),
    ("memory.pss_each", "between = [1e6, 1e9]", 2),
    ("cpu.seconds", "between = [0.01, 10]", 2),
    ("switches.voluntary", "between = [1, 100]", 2),
    ("switches.forced", "between = [0.1, 10]", 2),
    ("left.killed", "equals = 0", 1),
    ("left.zombies", "equals = 0", 1),
    ("left.total", "equals = 0", 1),
    ("exit.status", "equals = 0", 1),
    ("workers.repeated", "equals = 0", 1),
    ("workers.favourite", "equals = 2", 2),
    ("workers.leaving", "between = [1.5, 2.5]", 2),
    ("queue.least", "between = [1, 25]", 2),
    ("requests.invalid", "equals = 0", 1),
    ("requests.incomplete", "equals = 0", 1),
    ("requests.other_status", "equals = 0", 1),
    ("requests.bare_lf", "equals = 0", 1),
    ("requests.bad_header", "equals = 0", 1),
    ("requests.long_body", "equals = 0", 1),
    ("requests.left_open", "equals = 0", 1),
    ("requests.reset_after", "equals = 0", 1),
    ("answers.early", "equals = 0", 1),
    ("answers.unasked", "equals = 0", 1),
    ("answers.out_of_order", "equals = 0", 1),
    ("stalled.answered", "equals = 0", 1),
    ("together.proved", "equals = 2", 2),
    ("processes.last", "equals = 1", 2),
    ("threads.last", "equals = 1", 2),
    ("descriptors.growth", "between = [-2, 2]", 2),
    ("memory.growth", "at_most = 4e6", 1),
    ("cpu.share", "between = [0.1, 1]", 2),
    ("lines.count", "between = [1, 20]", 2),
    ("server.ended", "equals = 0", 1),
    ("server.signal", "equals = 0", 1),
    ("left.orphans", "equals = 0", 1),
    ("left.listeners", "equals = 0", 1),
    ("series.queue.max", "equals = 8", 2),
    ("series.queue.min", "equals = 0", 1),
    ("series.workers.first", "equals = 1", 2),
    ("series.workers.last", "equals = 2", 2),
    ("shares.worker.total", "equals = 2", 2),
    ("shares.worker.actors", "equals = 2", 2),
    ("shares.worker.largest", "equals = 1", 1),
    ("shares.worker.smallest", "equals = 1", 1),
    ("events.added.count", "equals = 1", 2),
    ("events.added.queue.min", "at_least = 8", 1),
    ("events.leaving.queue.max", "between = [1, 2]", 2),
    ("held.low.shortest", "between = [0.5, 2]", 2),
    ("rings.worker.turns", "equals = 1", 2),
    ("rings.worker.violations", "equals = 0", 1),
]


OTHER_RUNS = {  # of those metrics that two clients served at once leave undecided
    "workers.repeated": run(**pool(11, 12)),
    "workers.favourite": run(**pool(12, 12)),
    "workers.leaving": run(requests=THREE, waits=lives(two=(0.5, 15.0)), **ended()),
    "cpu.share": run(samples=[replace(sample(at), cpu=at / 5) for at in (0.0, 2.0, 4.0)], **ended()),
    "queue.least": run(
        requests=[sent(n, 0.0, 30.0) for n in range(40)],
        samples=[holding(-1, 5, 13), holding(1, 45, 13), holding(2, 45, 13), holding(31, 5, 13)],
        **ended(),
    ),
}


def claiming(*claims: tuple[str, str]) -> Assignment:
    """The made-up assignment with these claims, each a metric and a bound."""
    tables = [
        f'[[scenarios.two.claims]]\nid = "claim-{number}"\nmetric = "{metric}"\n{bound}\n'
        for number, (metric, bound) in enumerate(claims, start=1)
    ]
    return assignment(HEAD + "".join(tables))


def scored(*claims: tuple[str, str], runs: tuple[Run, ...] = ()) -> mutation.Score:
    made = claiming(*claims)
    evidence = evidence_of(*(runs or (run(server_lines=CAPTURED),)), assignments=[made])
    found = judge(evidence, made, 1.0)
    assert {verdict.state for verdict in found} == {"holds"}
    return mutation.score(evidence, found)


@pytest.mark.parametrize(("metric", "bound", "sides"), CASES)
def test_each_side_of_a_bound_on_each_metric_is_crossed_by_changed_evidence(
    metric: str, bound: str, sides: int
) -> None:
    runs = (OTHER_RUNS[metric],) if metric in OTHER_RUNS else ()
    assert scored((metric, bound), runs=runs) == mutation.Score(1, sides, sides, ())


def test_every_fixed_metric_and_every_family_is_among_them() -> None:
    names = [name for name, _, _ in CASES]
    # What sanitizers report is asked of by the judge alone, whose own mutation test are the planted mistakes.
    assert {name for name in metrics.METRICS if not name.startswith("reports.")} <= set(names)
    assert set(metrics.FAMILIES) == {name.split(".")[0] for name in names if name not in metrics.METRICS}


def test_counts_are_summed_over_claims() -> None:
    claims = [("requests.correct", "equals = 2"), ("left.total", "equals = 0"), ("makespan.delays", "at_most = 2")]
    assert scored(*claims) == mutation.Score(3, 4, 4, ())


def test_a_claim_whose_bound_holds_for_every_evidence_survives() -> None:
    made = scored(("left.total", "at_least = 0"), ("requests.correct", "equals = 2"))
    assert (made.claims, made.crossings, made.caught) == (2, 3, 2)
    assert made.survivors == (
        "assignments/echo: claim claim-1 (two on python): its bound ≥ 0 holds whatever the evidence",
    )


def test_what_would_be_undecided_is_no_side_that_could_be_crossed() -> None:
    made = scored(("shares.worker.largest", "at_least = 1"))
    assert (made.crossings, made.caught) == (1, 0)
    assert "holds whatever" in made.survivors[0]


@pytest.mark.parametrize("name", ["requests.correct", "processes.peak", "left.total", "connections.together"])
def test_a_metric_that_ignores_the_evidence_makes_a_survivor_of_each_side(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    table = metrics.METRICS[name].table
    monkeypatch.setitem(metrics.METRICS, name, Metric("count", lambda _: 2.0, table))
    made = scored((name, "between = [1, 3]"), ("makespan.delays", "at_most = 2"))
    assert (made.crossings, made.caught) == (3, 1)
    where = "assignments/echo: claim claim-1 (two on python): no change of"
    assert made.survivors == (
        f"{where} {table} that was tried takes {name} below 1",
        f"{where} {table} that was tried takes {name} above 3",
    )


def test_a_metric_that_sees_one_side_only_survives_on_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    blind = Metric("count", lambda s: max(2, sum(r.outcome == "answered" for r in s.run.requests)))
    monkeypatch.setitem(metrics.METRICS, "requests.correct", blind)
    made = scored(("requests.correct", "equals = 2"))
    assert (made.crossings, made.caught) == (2, 1)
    assert made.survivors[0].endswith("takes requests.correct below 2")


def test_a_judge_that_lets_everything_pass_makes_survivors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "satisfies", lambda *_: True)
    made = scored(("requests.correct", "equals = 2"))
    assert (made.crossings, made.caught, len(made.survivors)) == (2, 0, 2)


def test_a_reader_of_files_that_loses_the_change_makes_a_survivor(monkeypatch: pytest.MonkeyPatch) -> None:
    filed = mutation._filed
    monkeypatch.setattr(
        mutation, "_filed", lambda run, before, table: before if table == "requests.csv" else filed(run, before, table)
    )
    made = scored(("requests.correct", "equals = 2"), ("left.total", "equals = 0"))
    assert (made.crossings, made.caught) == (3, 1)


def test_only_claims_that_hold_are_looked_at() -> None:
    made = claiming(("requests.correct", "equals = 3"), ("series.queue.max", "at_most = 10"))
    evidence = evidence_of(run(server_lines=()), assignments=[made])
    found = judge(evidence, made, 1.0)
    assert [verdict.state for verdict in found] == ["fails", "undecided"]
    assert mutation.score(evidence, found) == mutation.Score(0, 0, 0, ())


def test_every_repetition_is_changed() -> None:
    identity = Identity(assignment="echo", scenario="two", server="python", repetition=2)
    runs = (run(), run(identity=identity, requests=[request(1), request(2, done=5.5)]))
    assert scored(("makespan.delays", "between = [0.9, 1.2]"), runs=runs) == mutation.Score(1, 2, 2, ())


BASE = HEAD.replace("number = 1", "number = 2") + ECHO.removeprefix(HEAD)


def relative(bound: str, base: str) -> tuple[Evidence, list[Verdict]]:
    made = claiming(("makespan.delays", f'{bound}\nrelative_to = "{base}"'))
    other = run(identity=Identity(assignment="base", scenario="two", server="python"), requests=[request(1, done=10.0)])
    evidence = evidence_of(run(), other, assignments=[made, assignment(BASE, "base")])
    return evidence, judge(evidence, made, 1.0)


def test_of_a_ratio_the_own_side_is_changed() -> None:
    assert mutation.score(*relative("between = [0.4, 0.6]", "base/two")) == mutation.Score(1, 2, 2, ())


def test_a_ratio_to_itself_cannot_fail_and_survives() -> None:
    made = mutation.score(*relative("equals = 1", "two:python"))
    assert (made.crossings, made.caught) == (2, 0)
    assert "makespan.delays ÷ two:python below 1" in made.survivors[0]


def test_a_difference_may_be_less_than_nothing_and_so_can_fail_below_zero() -> None:
    other = run(identity=Identity(assignment="echo", scenario="one", server="python"))
    toml = HEAD + "[scenarios.one]\ndelay = 5.0\nclients = 2\n"
    claims = '[[scenarios.two.claims]]\nid = "c"\nmetric = "cpu.seconds"\nat_least = 0\n'
    plain, difference = (assignment(toml + claims + held_against) for held_against in ("", 'minus = "one"\n'))
    scores = []
    for made in (plain, difference):
        evidence = evidence_of(run(), other, assignments=[made])
        scores.append(mutation.score(evidence, judge(evidence, made, 1.0)))
    assert "holds whatever the evidence" in scores[0].survivors[0]
    assert scores[1] == mutation.Score(1, 1, 1, ())


def test_a_metric_over_another_is_crossed_on_both_sides() -> None:
    made = scored(("memory.rss", 'over = "memory.pss"\nbetween = [1.2, 2]'))
    assert made == mutation.Score(1, 2, 2, ())


def test_what_never_happened_is_crossed_by_a_line_that_another_run_has() -> None:
    toml = claiming(("events.added.count", "equals = 0"))
    quiet = run(server_lines=lines("server: listening"))
    evidence = evidence_of(quiet, assignments=[toml])
    found = judge(evidence, toml, 1.0)
    assert mutation.score(evidence, found).caught == 0  # a pattern that matches nothing anywhere proves nothing
    other = run(identity=Identity(assignment="echo", scenario="other", server="python"), server_lines=CAPTURED)
    assert mutation.score(evidence_of(quiet, other, assignments=[toml]), found) == mutation.Score(1, 1, 1, ())


def test_evidence_is_left_as_it_was_and_the_score_is_the_same_each_time() -> None:
    made = claiming(
        ("requests.correct", "equals = 2"), ("series.queue.max", "equals = 8"), ("left.total", "equals = 0")
    )
    evidence, fresh = (evidence_of(run(server_lines=CAPTURED), assignments=[made]) for _ in range(2))
    found = judge(evidence, made, 1.0)
    assert mutation.score(evidence, found) == mutation.score(evidence, found)
    assert evidence == fresh


@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize(
    "metric",
    [
        "requests.correct",
        "processes.peak",
        "left.total",
        "series.queue.max",
        "rings.worker.turns",
        "workers.repeated",
    ],
)
def test_a_change_touches_the_table_of_its_metric_alone(metric: str, up: bool) -> None:
    echo = assignment()
    before = run(server_lines=CAPTURED, waits=[Wait(thread, "futex_do_wait", 0.0, 5.0) for thread in (1, 2, 3)])
    subject = verdicts.Subject(echo, echo.scenarios["two"], before)
    touched = set()
    for way in changes(subject, metric, up, ()):
        for strength in STRENGTHS:
            after = way(before, strength)
            touched |= {
                name for name in ("record", "requests", "samples", "server_lines", "client_lines", "waits")
                if getattr(after, name) != getattr(before, name)
            }  # fmt: skip
    tables = {
        "requests.csv": "requests",
        "samples.csv": "samples",
        "run.json": "record",
        "server.log": "server_lines",
        "threads.csv": "waits",
    }
    assert touched == {tables[metrics.find(metric).table]}


def test_changes_of_nothing_at_all_are_no_fault() -> None:
    echo = assignment()
    nothing = run(requests=(), samples=(), server_lines=())
    for metric in ("requests.correct", "processes.peak", "left.total", "held.low.shortest", "connections.together"):
        for way in changes(verdicts.Subject(echo, echo.scenarios["two"], nothing), metric, True, ()):
            assert isinstance(way(nothing, 5), Run)


def test_captured_lines_survive_the_way_through_the_file_format() -> None:
    captured = (LogLine(0.25, "서버: #1 queue 3/10\r"), LogLine(0.5, ""), LogLine(0.75, "tab\tand \x1b[1m"))
    made = claiming(("series.queue.max", "at_most = 5"))
    evidence = evidence_of(run(server_lines=captured, samples=[sample(1.0)]), assignments=[made])
    assert mutation.score(evidence, judge(evidence, made, 1.0)).caught == 1
