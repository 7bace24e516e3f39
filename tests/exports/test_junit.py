"""JUnit XML as a reader of it sees it: the verdicts, one for one, with what was measured or why nothing was."""

import junitparser
import pytest

from report.exports import cases
from report.exports.cases import Case, State, Suite
from report.exports.junit import junit
from report.rendering import advice, labels
from report.rendering.judging import Fault, Judgement
from report.rendering.verdicts import Verdict, judge
from report.run import Run
from report.spec import LANGUAGES, Language
from tests.builders import ECHO, REPOSITORY, assignment, evidence_of, request, run
from tests.rendering import test_judging as judging

LABELS = labels.load(REPOSITORY / "templates")
RELATIVE = ECHO.replace("at_most = 1.5", 'at_most = 1.5\nrelative_to = ":other"').replace(
    "[connections]", '[servers.other]\ncommand = ["x"]\n\n[connections]'
)
"""One claim of each server is undecided: there is no run of the other one."""


def suites(toml: str = ECHO, language: Language = "en", **changes: object) -> tuple[list[Verdict], list[Suite]]:
    """The verdicts on a run and the suites made of them."""
    spec = assignment(toml)
    evidence = evidence_of(run(**changes), assignments=[spec])  # type: ignore[arg-type]
    found = judge(evidence, spec, 1.0)
    return found, cases.of_verdicts(evidence, found, LABELS[language])


def case(state: State, name: str = "claim", told: str = "told") -> Case:
    """A case of which nothing but its state matters."""
    return Case(("two", "python"), name, state, told, {})


def read(data: bytes) -> junitparser.JUnitXml:
    found = junitparser.JUnitXml.fromstring(data)
    assert isinstance(found, junitparser.JUnitXml)
    return found


def results(xml: junitparser.JUnitXml) -> dict[tuple[str, str], list[type]]:
    return {(case.classname, case.name): [type(result) for result in case.result] for suite in xml for case in suite}


def test_a_claim_that_holds_is_a_test_that_passed_and_one_that_fails_a_failure() -> None:
    found, made = suites(requests=[request(1), request(2, done=9.0)])
    xml = read(junit(made, "report"))
    assert [v.state for v in found] == ["holds", "fails"]
    assert results(xml) == {
        ("echo.two.python", "all-answered"): [],
        ("echo.two.python", "served-together"): [junitparser.Failure],
    }
    (suite,) = xml
    assert (suite.name, suite.tests, suite.failures, suite.skipped, suite.errors) == ("echo", 2, 1, 0, 0)
    assert suite.timestamp == "2026-03-02T09:00:00"
    (failure,) = next(case for case in suite if case.name == "served-together").result
    assert failure.message == "makespan ÷ delay: 1.80 delays (bound: ≤ 1.5)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_undecided_is_skipped_with_the_reason_in_the_language_asked_for(language: Language) -> None:
    found, made = suites(RELATIVE, language)
    reasons = [LABELS[language].reason(v.reason) for v in found if v.reason]
    skipped = [case.result[0] for suite in read(junit(made, "report")) for case in suite if case.result]
    assert len(reasons) == 3
    assert [type(result) for result in skipped] == [junitparser.Skipped] * len(reasons)
    assert all(reason in result.message for reason, result in zip(reasons, skipped, strict=True))


def test_every_verdict_is_one_test_case_in_the_same_order() -> None:
    found, made = suites(RELATIVE)
    assert list(results(read(junit(made, "report")))) == [
        (f"{v.assignment}.{v.scenario}.{v.server}", v.claim.id) for v in found
    ]


def test_trouble_of_the_tool_is_an_error_and_no_failure() -> None:
    xml = read(junit([Suite(1, "echo", "Echo", "", 0.0, (case("error"),))], "verdict"))
    assert (xml.errors, xml.failures, xml.tests) == (1, 0, 1)


@pytest.mark.parametrize("text", ["a\x1b[31mb", "zero\0byte", "<&\"'", "a\nb", "\ufffe", "가나다"])
def test_whatever_a_server_printed_the_xml_stays_xml(text: str) -> None:
    (suite,) = read(junit([Suite(1, "echo", text, "", 0.0, (case("fails", told=text),))], text))
    (read_back,) = suite
    assert read_back.result[0].message
    assert "\0" not in read_back.result[0].message


def test_counts_of_the_whole_are_those_of_its_suites() -> None:
    _, made = suites()
    xml = read(junit([*made, *made], "report"))
    assert (xml.tests, xml.time) == (sum(s.tests for s in xml), pytest.approx(sum(s.time for s in xml)))


# --- a server that was judged --------------------------------------------------------------------------------------


def of_judged(*runs: Run, **faults: object) -> tuple[Judgement, junitparser.JUnitXml]:
    """A judgement, and its suite as it is read back."""
    made = judging.judged(*runs, **faults)  # type: ignore[arg-type]
    label = advice.words(judging.TEMPLATES, LABELS["en"])
    return made, read(junit([cases.of_judgement(made, judging.evidence(*runs), label)], "verdict"))


def test_every_finding_of_a_judged_server_is_one_test_case_and_what_is_skipped_names_the_stage_that_fails() -> None:
    one, many = judging.recorded("one"), judging.recorded("many", requests=judging.SLOW)
    made, xml = of_judged(one, many)
    assert [name for _, name in results(xml)] == list(judging.states(made))
    assert {name: [kind.__name__ for kind in kinds] for (_, name), kinds in results(xml).items() if kinds} == {
        "together": ["Failure"],
        "no-zombies": ["Skipped"],
        "ends": ["Skipped"],
    }
    skipped = next(case.result[0] for suite in xml for case in suite if case.name == "ends")
    assert skipped.message == "skipped: The server did not come through the stage “serves together”."


def test_a_server_that_does_not_build_fails_there_and_one_that_could_not_be_judged_is_an_error() -> None:
    _, unbuilt = of_judged(faults=[Fault("one", "builds", "cc: error")], is_built=True)
    assert (unbuilt.failures, unbuilt.errors, unbuilt.tests - unbuilt.skipped) == (1, 0, 1)
    _, unjudged = of_judged(judging.recorded("one"), faults=[Fault("many", None, "no port is free")])
    (error,) = next(case.result for suite in unjudged for case in suite if case.name == "judged")
    assert (unjudged.failures, unjudged.errors) == (0, 1)
    assert error.message.endswith("no port is free")
