"""What a run tells when it is done: figures, verdicts, the way on; in full, briefly, and as JSON."""

import json

from report import told
from report.planned import Planned
from report.rendering.verdicts import judge
from report.run import Identity
from report.told import Made
from tests.builders import assignment, evidence_of, request, run

ECHO = assignment()
WANTED = Planned(ECHO, Identity(assignment="echo", scenario="two", server="python"))
FOLDER = "build/evidence"


def made(*done: float | None, recorded: bool = True) -> Made:
    """Two clients were answered at these times."""
    evidence = evidence_of(run(requests=[request(number, at) for number, at in enumerate(done, start=1)]))
    return Made([WANTED], [WANTED] if recorded else [], evidence, judge(evidence, ECHO, 1.0))


def test_in_full_each_run_has_its_three_figures_and_the_next_command_is_told() -> None:
    said = list(told.lines(made(5.01, 5.02), FOLDER, quiet=False))
    assert "echo/two.python: 2 of 2 answered, makespan 1.00 delays, slowest answer 5.02 s" in said
    assert said[-2:] == [
        "2 hold, 0 fail, 0 undecided; evidence in build/evidence",
        "next: invoke report, or invoke show --assignment 1",
    ]


def test_what_was_fresh_is_told_with_the_way_to_run_it_again() -> None:
    assert next(told.lines(made(5.01, 5.02, recorded=False), FOLDER, quiet=False)) == (
        "fresh: echo/two.python (run it again with --force)"
    )


def test_quiet_tells_only_what_does_not_hold_and_the_tally() -> None:
    assert list(told.lines(made(5.01, 5.02), FOLDER, quiet=True)) == [
        "2 hold, 0 fail, 0 undecided; evidence in build/evidence"
    ]
    *fails, tally = told.lines(made(5.01, 10.02), FOLDER, quiet=True)
    assert [line.split()[:2] for line in fails] == [["×", "fails"]]
    assert tally.startswith("1 hold, 1 fail")


def test_figures_that_cannot_be_measured_are_left_out_and_null() -> None:
    nothing = Made([WANTED], [], evidence_of(), [])
    assert "echo/two.python: 2 sent" in told.lines(nothing, FOLDER, quiet=False)
    assert json.loads(told.document(nothing, FOLDER))["runs"][0]["figures"] == dict.fromkeys(told.FIGURES)


def test_many_runs_have_no_line_each() -> None:
    one = made(5.01, 5.02)
    others = [
        Planned(ECHO, WANTED.identity.model_copy(update={"scenario": "two", "server": f"s{n}"}))
        for n in range(told.MOST)
    ]
    said = told.lines(Made([WANTED, *others], [WANTED], one.evidence, one.verdicts), FOLDER, quiet=False)
    assert not [line for line in said if "answered," in line]


def test_json_tells_every_run_and_verdict_with_its_numbers() -> None:
    found = json.loads(told.document(made(5.01, 10.02), FOLDER))
    (one,) = found["runs"]
    assert (one["evidence"], one["recorded_now"]) == ("build/evidence/echo/two.python", True)
    assert one["figures"] == {"requests.answered": 2, "makespan.delays": 2.004, "latency.longest": 10.02}
    states = {verdict["claim"]: (verdict["state"], verdict["value"]) for verdict in found["verdicts"]}
    assert states == {"all-answered": ("holds", 2), "served-together": ("fails", 2.004)}
    assert found["tally"] == "1 hold, 1 fail, 0 undecided"
