"""Claims against evidence: bounds, ratios, repetitions, speeds."""

import pytest

from report.rendering.verdicts import bound, judge, satisfies, worst
from report.run import Identity
from report.spec import Claim
from tests.builders import ECHO, assignment, evidence_of, request, run


def claim(**bounds: object) -> Claim:
    return Claim.model_validate({"id": "c", "metric": "requests.answered", **bounds})


@pytest.mark.parametrize(
    ("bounds", "within", "outside", "shown"),
    [
        ({"equals": 3}, 3, 4, "= 3"),
        ({"at_least": 2.5}, 2.5, 2.4, "≥ 2.5"),
        ({"at_most": 1.1}, 1.1, 1.11, "≤ 1.1"),
        ({"between": (20, 22)}, 22, 23, "20…22"),
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
    assert (verdict.state, verdict.reason) == ("undecided", "echo/two.python was not run")


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
