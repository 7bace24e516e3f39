"""Claims against evidence: bounds, ratios, repetitions, speeds."""

import pytest

from report.rendering.measure import UnmeasuredError
from report.rendering.reasons import Reason
from report.rendering.verdicts import Verdict, bound, judge, satisfies, worst
from report.run import Identity, Leftovers, Run
from report.scenario import Claim
from tests.builders import ECHO, assignment, evidence_of, lines, request, run


def claim(**bounds: object) -> Claim:
    return Claim.model_validate({"id": "c", "metric": "requests.answered", **bounds})


@pytest.mark.parametrize(
    ("bounds", "within", "outside", "shown"),
    [
        ({"equals": 3}, 3, 4, "= 3"),
        ({"at_least": 2.5}, 2.5, 2.4, "≥ 2.5"),
        ({"at_most": 1.1}, 1.1, 1.11, "≤ 1.1"),
        ({"between": (20, 22)}, 22, 23, "20–22"),
    ],
)
def test_a_bound_is_inclusive(bounds: dict[str, object], within: float, outside: float, shown: str) -> None:
    assert satisfies(claim(**bounds), within)
    assert not satisfies(claim(**bounds), outside)
    assert bound(claim(**bounds)) == shown


def test_a_spread_that_crosses_the_bound_is_undecided() -> None:
    second = Identity(assignment="echo", scenario="two", server="python", repetition=2)
    slow = run(identity=second, requests=[request(1), request(2, done=9.0)])
    states = {v.claim.id: (v.state, v.runs) for v in judge(evidence_of(run(), slow), assignment(), 1.0)}
    assert states == {"all-answered": ("holds", 2), "served-together": ("undecided", 2)}


def test_what_was_not_run_is_undecided_with_the_reason() -> None:
    verdict = judge(evidence_of(), assignment(), 1.0)[0]
    assert (verdict.state, str(verdict.reason)) == ("undecided", "echo/two.python was not run")


def test_a_claim_of_another_speed_is_not_asked() -> None:
    toml = ECHO.replace("at_most = 1.5", "at_most = 1.5\nonly_at_speed = 1")
    made = assignment(toml)
    assert len(judge(evidence_of(run(), assignments=[made]), made, 20.0)) == 1
    assert len(judge(evidence_of(run(), assignments=[made]), made, 1.0)) == 2


def test_a_ratio_to_itself_is_one() -> None:
    toml = ECHO.replace("at_most = 1.5", 'relative_to = "two:python"\nequals = 1')
    made = assignment(toml)
    assert {v.state for v in judge(evidence_of(run(), assignments=[made]), made, 1.0)} == {"holds"}


def test_the_worst_of_several_is_told() -> None:
    assert worst(["holds", "undecided", "fails"]) == "fails"
    assert worst(["holds", "undecided"]) == "undecided"
    assert worst([]) == "undecided"


BASE = ECHO.replace("number = 1", "number = 2")


def against(relative_to: str, *runs: Run, metric: str = "makespan.delays") -> Verdict:
    """The verdict of echo's claim on its second run relative to another place, with `base` as a second folder."""
    toml = ECHO.replace("at_most = 1.5", f'relative_to = "{relative_to}"\nat_most = 0.6')
    echo, base = assignment(toml.replace('"makespan.delays"\n', f'"{metric}"\n')), assignment(BASE, "base")
    return judge(evidence_of(*runs, assignments=[echo, base]), echo, 1.0)[1]


def at(assignment_name: str, done: float, repetition: int = 1) -> Run:
    identity = Identity(assignment=assignment_name, scenario="two", server="python", repetition=repetition)
    return run(identity=identity, requests=[request(1), request(2, done=done)])


def test_a_ratio_is_bound_relative_to_another_assignment() -> None:
    faster = against("base/two:python", at("echo", 6.0), at("base", 12.0))
    assert (faster.state, faster.value) == ("holds", 0.5)
    assert against("base/two", at("echo", 12.0), at("base", 6.0)).state == "fails"


def test_a_ratio_rests_on_the_median_of_what_it_is_relative_to() -> None:
    base = [at("base", done, n) for n, done in enumerate((10.0, 12.0, 60.0), start=1)]
    assert against("base/two", at("echo", 6.0), *base).value == 0.5


def test_a_ratio_to_what_was_not_run_is_undecided_with_the_reason() -> None:
    verdict = against("base/two", at("echo", 6.0))
    assert (verdict.state, verdict.value) == ("undecided", None)
    assert f"{verdict.reason}" == "base/two.python was not run"


def test_a_ratio_to_nothing_is_undecided_with_the_reason() -> None:
    verdict = against("base/two", at("echo", 6.0), at("base", 6.0), metric="left.total")
    assert (verdict.state, verdict.value) == ("undecided", None)
    assert str(verdict.reason) == "base/two measured 0, and nothing can be relative to that"


def test_over_repetitions_the_median_is_bound_with_the_spread_and_their_number() -> None:
    runs = [at("echo", done, n) for n, done in enumerate((5.2, 7.0, 5.4), start=1)]
    verdict = judge(evidence_of(*runs), assignment(), 1.0)[1]
    assert (verdict.state, verdict.runs) == ("holds", 3)
    assert (verdict.lowest, verdict.value, verdict.highest) == pytest.approx((1.04, 1.08, 1.4))


def test_runs_that_all_lie_outside_the_bound_fail() -> None:
    runs = [at("echo", done, n) for n, done in enumerate((15.2, 17.0), start=1)]
    assert judge(evidence_of(*runs), assignment(), 1.0)[1].state == "fails"


def test_a_bound_that_is_met_above_and_below_is_undecided_though_its_median_would_hold() -> None:
    toml = ECHO.replace("at_most = 1.5", "between = [1.0, 1.5]")
    runs = [at("echo", done, n) for n, done in enumerate((5.2, 6.0, 9.0), start=1)]
    echo = assignment(toml)
    assert judge(evidence_of(*runs, assignments=[echo]), echo, 1.0)[1].state == "undecided"


def test_a_claim_holds_for_every_server_unless_it_names_one() -> None:
    toml = ECHO + '\n[servers.c]\ncommand = ["./server"]\n'
    both, one = assignment(toml), assignment(toml.replace("at_most = 1.5", 'at_most = 1.5\nserver = "c"'))
    assert [v.server for v in judge(evidence_of(assignments=[both]), both, 1.0)] == ["python", "c", "python", "c"]
    assert [v.server for v in judge(evidence_of(assignments=[one]), one, 1.0)] == ["python", "c", "c"]


def test_a_broken_server_fails_its_claims_and_is_not_merely_undecided() -> None:
    toml = ECHO.replace('"makespan.delays"\nat_most = 1.5', '"left.total"\nequals = 0')
    echo = assignment(toml)
    left = run(leftovers=Leftovers(zombies=1, orphans=0, listeners=0), server_lines=lines("nothing"))
    assert judge(evidence_of(left, assignments=[echo]), echo, 1.0)[1].state == "fails"


def test_what_is_decided_needs_no_reason_and_a_crossing_spread_has_one() -> None:
    decided, spread = judge(evidence_of(at("echo", 5.2), at("echo", 9.0, 2)), assignment(), 1.0)
    assert decided.reason is None
    assert spread.reason == Reason("spread")


def test_the_witness_is_the_deciding_line_of_the_run_in_the_middle() -> None:
    first, last = [request(1, done=6.9), request(2, done=5.0)], [request(1, done=5.0), request(2, done=5.1)]
    middle = [request(1, done=5.0), request(2, done=5.2), request(3, done=5.1)]
    runs = [
        run(identity=Identity(assignment="echo", scenario="two", server="python", repetition=n), requests=requests)
        for n, requests in enumerate((first, middle, last), start=1)
    ]
    answered, together = judge(evidence_of(*runs), assignment(), 1.0)
    assert (together.value, together.witness, together.place) == (1.04, 3, 1)
    assert answered.witness is None  # a count rests on all rows


def test_of_two_runs_the_witness_is_of_the_lower() -> None:
    verdict = judge(evidence_of(at("echo", 7.0), at("echo", 6.0, 2)), assignment(), 1.0)[1]
    assert verdict.value == pytest.approx(1.3)
    assert (verdict.place, verdict.witness) == (1, 3)


def test_a_ratio_has_the_witness_of_its_own_side() -> None:
    assert against("base/two", at("echo", 6.0), at("base", 12.0)).witness == 3


def test_what_is_undecided_for_want_of_a_value_has_no_witness() -> None:
    assert {v.witness for v in judge(evidence_of(), assignment(), 1.0)} == {None}


# ---- A metric over another, and less what another place measures -----------------------------------------------

TWO_PLACES = """
[scenarios.one]
delay = 5.0
clients = 1
"""


def spent(assignment_name: str, scenario: str, user: float, repetition: int = 1) -> Run:
    """A run there that spent this much CPU time, of which 0 in the system."""
    identity = Identity(assignment=assignment_name, scenario=scenario, server="python", repetition=repetition)
    resources = run().record.resources.model_copy(update={"user_seconds": user, "system_seconds": 0.0})
    return run(identity=identity, resources=resources)


def of_cpu(held_against: str, *runs: Run) -> Verdict:
    """The verdict on echo's CPU time in its scenario two, held against something; base has the same scenarios."""
    toml = ECHO.replace('"makespan.delays"\nat_most = 1.5', f'"cpu.seconds"\n{held_against}') + TWO_PLACES
    made = assignment(toml)
    base = assignment(BASE + TWO_PLACES, "base")
    return judge(evidence_of(*runs, assignments=[made, base]), made, 1.0)[1]


def test_a_metric_over_another_is_divided_run_by_run() -> None:
    over = 'over = "makespan.seconds"\nat_least = 1'
    runs = [at("echo", done, n) for n, done in enumerate((5.02, 6.0, 7.0), start=1)]
    verdict = of_cpu(over.replace("1", "0.1"), *runs)
    assert (verdict.lowest, verdict.value, verdict.highest) == pytest.approx((0.75 / 7, 0.75 / 6, 0.75 / 5.02))
    assert verdict.state == "holds"
    assert of_cpu(over, *runs).state == "fails"


def test_over_what_measures_nothing_there_is_no_ratio() -> None:
    verdict = of_cpu('over = "requests.failed"\nat_least = 0', at("echo", 5.0))
    assert (verdict.state, verdict.value) == ("undecided", None)
    assert verdict.reason == Reason("relative_to_zero", (("base", "requests.failed"),))


def test_over_what_cannot_be_measured_there_is_no_ratio_either() -> None:
    verdict = of_cpu('over = "series.queue.max"\nat_least = 0', at("echo", 5.0))
    assert verdict.reason == Reason("no_line", (("pattern", "series.queue"),))


def test_what_another_place_measures_is_taken_off_and_the_rest_may_be_less_than_nothing() -> None:
    runs = (spent("echo", "two", 3.0), spent("echo", "one", 1.0), spent("base", "two", 4.0))
    assert of_cpu('minus = "one"\nequals = 2', *runs).value == 2.0
    less = of_cpu('minus = "base/two"\nat_most = 0', *runs)
    assert (less.state, less.value) == ("holds", -1.0)


def test_of_several_runs_the_median_is_taken_off_each() -> None:
    off = [spent("echo", "one", user, n) for n, user in enumerate((1.0, 9.0, 2.0), start=1)]
    own = [spent("echo", "two", user, n) for n, user in enumerate((5.0, 6.0), start=1)]
    verdict = of_cpu('minus = "one"\nbetween = [3, 4]', *own, *off)
    assert (verdict.state, verdict.lowest, verdict.highest) == ("holds", 3.0, 4.0)


def test_of_a_ratio_something_is_taken_off_on_both_sides_each_in_its_own_place() -> None:
    runs = [
        spent("echo", "two", 7.0), spent("echo", "one", 1.0),
        spent("base", "two", 3.5), spent("base", "one", 0.5),
    ]  # fmt: skip
    verdict = of_cpu('relative_to = "base/two"\nminus = "one"\nequals = 2', *runs)
    assert (verdict.state, verdict.value) == ("holds", 2.0)  # (7 - 1) / (3.5 - 0.5)


@pytest.mark.parametrize("base", [0.5, 0.25])
def test_relative_to_a_place_of_which_nothing_is_left_there_is_no_ratio(base: float) -> None:
    runs = [
        spent("echo", "two", 7.0), spent("echo", "one", 1.0),
        spent("base", "two", base), spent("base", "one", 0.5),
    ]  # fmt: skip
    verdict = of_cpu('relative_to = "base/two"\nminus = "one"\nequals = 2', *runs)
    assert (verdict.state, verdict.value) == ("undecided", None)
    assert verdict.reason == Reason("relative_to_zero", (("base", "base/two"),))


def test_what_is_to_be_taken_off_must_have_been_run() -> None:
    assert of_cpu('minus = "one"\nequals = 2', spent("echo", "two", 3.0)).reason == Reason(
        "not_run", (("run", "echo/one.python"),)
    )


def test_what_was_measured_before_is_taken_over_with_its_reasons_and_lines() -> None:
    first, second = (evidence_of(run(samples=())) for _ in range(2))
    before = judge(first, assignment(), 1.0)
    with pytest.raises(UnmeasuredError) as caught:
        first.values("echo", "two", "python", "processes.peak")
    second.learn(first.known())
    object.__setattr__(second, "runs", {place: [None] for place in first.runs})  # nothing is looked into again
    assert judge(second, assignment(), 1.0) == before
    with pytest.raises(UnmeasuredError) as again:
        second.values("echo", "two", "python", "processes.peak")
    assert again.value.reason == caught.value.reason
