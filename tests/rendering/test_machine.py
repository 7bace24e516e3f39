"""A time from a machine that does not suit is undecided, with the reason; a count from the same run is decided."""

from dataclasses import replace
from typing import Any

import pytest

from report.rendering import machine, metrics
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.reasons import Reason
from report.rendering.verdicts import judge
from report.run import Control, Identity, Run
from report.scenario import Claim
from tests.builders import ECHO, assignment, evidence_of, request, run

DEMANDING = ECHO.replace("clients = 2", "clients = 2\nquiet = true\ncores = 2")


def on(cores: str = "2", others: float | None = 0.0, identity: Identity | None = None) -> Run:
    """A run on a machine of so many cores, while other programs used this many of them."""
    resources = run().record.resources.model_copy(update={"others_cores": others})
    return run(identity=identity, environment={"cores": cores}, resources=resources)


def reason(toml: str, made: Run) -> Reason | None:
    """Why the machine does not suit, if it does not."""
    echo = assignment(toml)
    try:
        machine.must_suit(Subject(echo, echo.scenarios["two"], made))
    except UnmeasuredError as error:
        return error.reason
    return None


def test_a_machine_of_enough_cores_that_nobody_else_uses_suits() -> None:
    assert reason(DEMANDING, on()) is None
    assert reason(DEMANDING, on(cores="64")) is None


def test_too_few_cores_are_told_with_how_many_are_needed() -> None:
    assert str(reason(DEMANDING, on(cores="1"))) == "it needs 2 cores, and the machine has 1"


@pytest.mark.parametrize("environment", [{}, {"cores": "many"}, {"cores": ""}])
def test_a_machine_that_does_not_say_its_cores_counts_as_one_of_a_single_core(environment: dict[str, str]) -> None:
    assert reason(DEMANDING, run(environment=environment)) == Reason("cores", (("found", "1"), ("needed", "2")))
    assert reason(ECHO, run(environment=environment)) is None


def test_programs_that_use_more_than_their_share_of_all_cores_are_told() -> None:
    assert reason(DEMANDING, on(cores="4", others=machine.QUIET * 4)) is None
    told = reason(DEMANDING, on(cores="4", others=machine.QUIET * 4 + 0.01))
    assert str(told) == "other programs used 0.61 of 4 cores, so times are not to be trusted"


def test_a_scenario_that_does_not_ask_for_quiet_takes_any_machine() -> None:
    assert reason(ECHO, on(cores="1", others=64.0)) is None


def test_evidence_that_does_not_say_what_others_used_is_not_doubted() -> None:
    assert reason(DEMANDING, on(others=None)) is None


@pytest.mark.parametrize(("made", "key"), [(on(others=1.5), "busy"), (on(cores="1"), "cores")])
def test_on_a_machine_that_does_not_suit_times_are_undecided_and_counts_decided(made: Run, key: str) -> None:
    echo = assignment(DEMANDING)
    answered, together = judge(evidence_of(made, assignments=[echo]), echo, 1.0)
    assert (answered.state, answered.reason) == ("holds", None)
    assert (together.state, together.value) == ("undecided", None)
    assert together.reason is not None
    assert together.reason.key == key


def test_one_repetition_on_a_busy_machine_leaves_a_time_undecided() -> None:
    echo = assignment(DEMANDING)
    second = Identity(assignment="echo", scenario="two", server="python", repetition=2)
    assert judge(evidence_of(on(), on(others=1.5, identity=second), assignments=[echo]), echo, 1.0)[1].value is None


def test_what_a_time_is_held_against_must_come_from_a_machine_that_suits_too() -> None:
    echo = assignment(ECHO.replace("at_most = 1.5", 'relative_to = "base/two"\nat_most = 1.5'))
    base = assignment(DEMANDING.replace("number = 1", "number = 2"), "base")
    place = Identity(assignment="base", scenario="two", server="python")
    quiet, busy = (evidence_of(on(), on(others=n, identity=place), assignments=[echo, base]) for n in (0.0, 1.5))
    assert judge(quiet, echo, 1.0)[1].state == "holds"
    assert judge(busy, echo, 1.0)[1].reason == Reason("busy", (("cores", "2"), ("others", "1.50")))


def test_times_and_context_switches_depend_on_the_machine_and_counts_and_bytes_do_not() -> None:
    timed = {name for name, metric in metrics.METRICS.items() if metric.timed}
    assert {"makespan.delays", "latency.p99", "cpu.seconds", "switches.forced", "client.behind"} <= timed
    assert not timed & {"requests.correct", "processes.peak", "memory.uss", "left.total", "exit.status"}
    assert metrics.find("events.took.microseconds.max").timed
    assert not metrics.find("events.took.value.max").timed


# --- what the machine added to bare sleeps in the same time ---------------------------------------------------------

TIMED = Claim(id="c", metric="makespan.delays", at_most=6.5)


def beside(late: float | None, delay: float = 0.5) -> Run:
    control = None if late is None else Control(sleepers=8, late=late)
    return run(delay=delay, control=control, stages={"load": 10.0})


def excused(late: float | None, value: float, claim: Claim = TIMED, unit: str = "delays") -> Reason | None:
    return machine.excuse(claim, unit, [beside(0.0), beside(late)], value)


def test_a_time_over_its_bound_is_excused_only_as_far_as_the_machine_stretched_bare_sleeps() -> None:
    assert str(excused(0.1, 7.2)) == (
        "this machine stretched even bare sleeps to 1.20 delays, and without 4 times that stretch the bound would be kept"
    )
    assert excused(0.1, 7.4) is None
    assert excused(0.0, 6.6) is None
    assert excused(0.2, 6.4) is None, "what holds needs no excuse"


def test_one_after_the_other_is_charged_on_a_slow_machine_too() -> None:
    for each in (0.01, 0.1, 0.25, 1.0):  # seconds by which each of eight sleeps is late, and the latest by twice that
        assert excused(2 * each, 8 * (0.5 + each) / 0.5) is None


def test_a_server_that_keeps_the_processor_busy_itself_is_not_excused() -> None:
    for lasted, is_excused in ((1.6, True), (1.4, False)):  # of which it used the processor for 0.75
        made = beside(0.4).record.model_copy(update={"stages": {"load": lasted}})
        excuse = machine.excuse(TIMED, "delays", [replace(beside(0.4), record=made)], 7.0)
        assert (excuse is not None) == is_excused


def test_evidence_without_a_control_is_charged_as_before() -> None:
    assert machine.excuse(TIMED, "delays", [beside(None)], 6.6) is None


@pytest.mark.parametrize(
    ("bound", "unit", "is_excused"),
    [
        ({"at_most": 6.5}, "delays", True),
        ({"between": (1.0, 6.5)}, "delays", True),
        ({"at_most": 6.5}, "seconds", True),
        ({"at_most": 6.5}, "count", False),
        ({"at_most": 6.5, "over": "latency.median"}, "delays", False),
        ({"at_most": 6.5, "relative_to": "other"}, "delays", False),
        ({"at_most": 6.5, "minus": "other"}, "delays", False),
        ({"at_least": 7.5}, "delays", False),
        ({"equals": 6.5}, "delays", False),
        ({"between": (7.5, 9.0)}, "delays", False),
    ],
)
def test_only_a_bound_from_above_on_a_time_itself_is_excused(
    bound: dict[str, Any], unit: str, is_excused: bool
) -> None:
    claim = Claim(id="c", metric="makespan.delays", **bound)
    assert (excused(1.0, 7.0, claim, unit) is not None) == is_excused


def test_a_claim_on_a_machine_that_was_slow_meanwhile_is_undecided_and_tells_value_and_reason() -> None:
    echo = assignment()
    late = (request(1, done=5.0), request(2, done=9.0))
    for control, state in ((None, "fails"), (0.2, "fails"), (0.4, "undecided")):
        made = run(
            requests=late,
            control=None if control is None else Control(sleepers=2, late=control),
            stages={"load": 10.0},
        )
        verdict = judge(evidence_of(made), echo, 1.0)[1]
        assert (verdict.claim.id, verdict.state) == ("served-together", state)
        assert verdict.value == pytest.approx(1.8)
        assert (verdict.reason is not None) == (state == "undecided")
