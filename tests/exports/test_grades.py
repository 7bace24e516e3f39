"""A class's table, JUnit XML and results.json: what they say is what the results say, and nothing hidden leaks."""

import csv
import io
import json
from typing import Any

import junitparser
import pytest

from report.exports import grades
from report.exports.grades import BOM, COLUMNS, Named
from report.graded import Graded, Step
from report.rendering.classroom.overview import words
from report.rendering.judging import Fault
from report.spec import LANGUAGES, Language, Text
from tests.builders import REPOSITORY
from tests.exports.test_gradescope import TEST, TOP, VISIBILITIES
from tests.exports.test_junit import read
from tests.rendering import test_judging as judging

LABEL = {language: words(REPOSITORY, language) for language in LANGUAGES}
TITLES = {name: Text(ko=f"과제 {name}", en=f"The {name}") for name in ("fork", "thread", "epoll")}
DIAGNOSES = {"zombies": "Zombie processes stay"}
KIND = {"metric": "left.zombies", "limit": "= 0"}


def step(claim: str, state: str = "holds", **more: object) -> Step:
    return Step.model_validate({"stage": "cleans", "state": state, "claim": claim, "points": 1.0, **KIND, **more})


def one(outcome: str = "accepted", *steps: Step, assignment: str = "fork", **more: object) -> Graded:
    about = {"student": "kim", "assignment": assignment, "number": 1 + (assignment == "thread")}
    return Graded.model_validate({**about, "outcome": outcome, "steps": steps, "submission": "", "rules": "", **more})


def rows(*every: Named) -> list[dict[str, str]]:
    """The table as a program reads it that knows nothing of who wrote it."""
    data = grades.table(every)
    assert data.startswith(BOM.encode())
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


# --- the table -----------------------------------------------------------------------------------------------------


def test_a_student_has_one_row_with_outcome_diagnosis_and_points_of_each_assignment() -> None:
    passed = one("accepted", step("a", points=2), step("b"))
    failed = one("rejected", step("a", "fails"), step("b"), assignment="thread", diagnosis="zombies")
    (row,) = rows(("김민수", failed), ("김민수", passed))
    assert list(row) == ["student", *(f"{name}.{column}" for name in ("fork", "thread") for column in COLUMNS)]
    assert list(row.values()) == ["김민수", "accepted", "", "3", "3", "rejected", "zombies", "1", "2"]


def test_what_could_not_be_judged_has_no_points_and_what_is_missing_none_of_the_same_sum() -> None:
    found = rows(
        ("a", one("accepted", step("x"))), ("b", one("unjudged", step("x", "undecided"))), ("c", one("missing"))
    )
    assert [(row["fork.points"], row["fork.of"]) for row in found] == [("1", "1"), ("", "1"), ("0", "1")]


def test_a_student_of_whom_one_assignment_was_not_asked_has_empty_cells_there() -> None:
    found = rows(("a", one()), ("b", one(assignment="thread")))
    assert [row["thread.outcome"] for row in found] == ["", "accepted"]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "＝1+1", "\t=1", "\r=1", '=HYPERLINK("http://x")']
)
def test_no_name_is_run_as_a_formula(name: str) -> None:
    (row,) = rows((name, one()))
    assert row["student"][0] in "'\\"
    assert row["student"].lstrip("'\\").endswith(name.lstrip("\t\r"))


@pytest.mark.parametrize("name", ['a"b', "a,b", "a;b", "김 민수", "O'Brien", "2020-12345", "Nguyễn"])
def test_any_other_name_comes_back_as_it_is(name: str) -> None:
    assert rows((name, one()))[0]["student"] == name


def test_a_name_with_a_line_break_stays_in_its_row() -> None:
    (row,) = rows(("a\nb\u202e", one()))
    assert row["student"] == "a\\x0ab\\u202e"


def test_two_students_who_are_called_alike_stay_two() -> None:
    assert len(rows(("kim", one(student="1")), ("kim", one(student="2")))) == 2


# --- JUnit ---------------------------------------------------------------------------------------------------------


def xml(*every: Named, language: Language = "en") -> junitparser.JUnitXml:
    return read(grades.junit(every, TITLES, DIAGNOSES, LABEL[language], "class"))


def test_each_assignment_is_a_suite_and_each_student_a_case() -> None:
    made = xml(
        ("a", one("accepted", recorded="2026-11-28T12:00:01Z", seconds=2.0)),
        ("b", one("rejected", diagnosis="zombies", recorded="2026-11-28T12:00:00Z")),
        ("c", one("unjudged", told="no port\nis free")),
        ("d", one("missing", told="looked for server.c")),
        ("a", one("rejected", assignment="thread", diagnosis="unknown")),
    )
    found = {suite.name: {case.name: [(type(r), r.message) for r in case.result] for case in suite} for suite in made}
    assert found == {
        "fork": {
            "a": [],
            "b": [(junitparser.Failure, "not passed: Zombie processes stay")],
            "c": [(junitparser.Error, "could not be judged: no port is free")],
            "d": [(junitparser.Failure, "nothing found: looked for server.c")],
        },
        "thread": {"a": [(junitparser.Failure, "not passed: unknown")]},
    }
    assert (made.tests, made.failures, made.errors, made.time) == (5, 3, 1, 2.0)
    assert [suite.timestamp for suite in made] == ["2026-11-28T12:00:00", None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_the_language_asked_for(language: Language) -> None:
    ((case,),) = xml(("a", one("missing")), language=language)
    assert case.result[0].message == LABEL[language]("missing")


@pytest.mark.parametrize("text", ["a\x1b[31mb", "zero\0byte", "<&\"'", "\ufffe", "가나다"])
def test_whatever_a_student_is_called_or_prints_it_stays_xml(text: str) -> None:
    ((case,),) = xml((text, one("unjudged", told=text)))
    assert case.name
    assert case.result[0].message.startswith("could not be judged: ")


# --- Gradescope ----------------------------------------------------------------------------------------------------


def results(*own: Graded) -> dict[str, Any]:
    """The object, after everything that is documented of its fields was looked at."""
    made: dict[str, Any] = json.loads(grades.gradescope(own, TITLES, DIAGNOSES, LABEL["en"]))
    for known, part in [(TOP, made), *((TEST, test) for test in made["tests"])]:
        assert part.keys() <= known.keys()
        assert all(isinstance(value, known[key]) for key, value in part.items())
    assert all(test["visibility"] in VISIBILITIES for test in made["tests"])
    assert all(test.get("status", "passed") in ("passed", "failed") for test in made["tests"])
    return made


def test_each_claim_has_its_points_and_the_whole_what_was_earned() -> None:
    graded = one("rejected", step("a", points=3), step("b", "fails", points=2), step("c", "skipped", points=5))
    made = results(graded)
    assert [(t.get("status"), t["score"], t["max_score"]) for t in made["tests"]] == [
        ("passed", 3, 3), ("failed", 0, 2), (None, 0, 5),
    ]  # fmt: skip
    assert made["score"] == graded.earned == 3


def test_what_is_undecided_has_no_status_and_no_score_and_its_points_are_shared_out() -> None:
    graded = one("rejected", step("a", points=3), step("b", "fails"), step("c", "undecided", points=4))
    made = results(graded)
    assert {"status", "score", "max_score"}.isdisjoint(made["tests"][2])
    assert [test.get("score") for test in made["tests"]] == [6, 0, None]
    assert sum(test.get("max_score", 0) for test in made["tests"]) == graded.possible == 8
    assert made["score"] == graded.earned == 6


def test_what_is_undecided_of_one_assignment_gives_nothing_to_another() -> None:
    own = [
        one("rejected", step("a", "fails", points=3), step("b"), step("c", "undecided", points=8)),
        one("accepted", step("a", points=5), assignment="thread"),
        one("missing", assignment="epoll"),
    ]
    made = results(*own)
    assert made["score"] == sum(graded.earned or 0 for graded in own) == 3 + 5
    assert [test.get("score") for test in made["tests"]] == [0, 3, None, 5, None]


def test_a_server_that_could_not_be_judged_has_no_score_anywhere() -> None:
    made = results(one("unjudged", step("a"), step("b", "undecided"), told="no port is free"))
    assert "score" not in made
    assert not any({"score", "max_score"} & test.keys() for test in made["tests"])
    assert "status" not in made["tests"][-1]
    assert made["tests"][-1]["output"] == "could not be judged: no port is free"


def test_where_nothing_was_found_the_score_is_nought_and_the_reason_is_told() -> None:
    made = results(one("missing", told="looked for server.c"))
    assert made["score"] == 0
    assert [(test["status"], test["output"]) for test in made["tests"]] == [
        ("failed", "nothing found: looked for server.c")
    ]


def test_a_stage_and_a_claim_worth_nothing_have_a_status_and_no_score() -> None:
    made = results(one("accepted", Step(stage="builds", state="holds"), step("a", points=0), step("b")))
    assert [(test.get("status"), test.get("score")) for test in made["tests"]] == [
        ("passed", None),
        ("passed", None),
        ("passed", 1),
    ]


@pytest.mark.parametrize("visibility", sorted(VISIBILITIES - {"visible"}))
@pytest.mark.parametrize("state", ["fails", "undecided"])
def test_a_hidden_claim_keeps_its_visibility_and_nothing_else_tells_of_it(visibility: str, state: str) -> None:
    hidden = step("secret-claim", state, visibility=visibility)
    made = results(one("rejected", step("a"), hidden, step("c", "skipped"), diagnosis="zombies", told="secret"))
    assert [test["visibility"] for test in made["tests"]] == ["visible", visibility, "visible"]
    seen = json.dumps([made["output"], *(test for test in made["tests"] if test["visibility"] == "visible")])
    assert not any(word in seen for word in ("secret", "not passed", "Zombie", "× fails", "did not come"))


def test_without_a_hidden_claim_that_tells_the_diagnosis_and_what_was_printed_are_there_as_they_are() -> None:
    steps = (step("a", "fails"), step("b", visibility="hidden"))
    made = results(one("rejected", *steps, diagnosis="zombies", told="```\n<b>\x1b[31m"))
    assert made["output"].endswith("````text\n1. not passed: Zombie processes stay\n  ```\n  <b>\\x1b[31m\n````")


def test_what_hides_one_assignment_does_not_hide_another() -> None:
    hidden = one("rejected", step("a", "fails", visibility="hidden"), diagnosis="zombies")
    made = results(hidden, one("accepted", step("a"), assignment="thread"))
    assert "2. passed" in made["output"]
    assert "1. " not in made["output"]
    assert (made["score"], len({test["number"] for test in made["tests"]})) == (1, 2)


# --- steps ---------------------------------------------------------------------------------------------------------


def test_steps_are_the_findings_of_the_judgement_with_bound_unit_and_points() -> None:
    made = judging.judged(judging.recorded("one"), judging.recorded("many", requests=judging.SLOW))
    steps = grades.steps(made)
    assert [(step.stage, step.claim, step.state) for step in steps] == [
        (finding.stage, finding.claim.id if finding.claim else "", finding.state) for finding in made.findings
    ]
    (together,) = (step for step in steps if step.claim == "together")
    assert (together.unit, together.limit, together.at_least, together.at_most) == ("delays", "≤ 1.5", None, 1.5)
    assert (together.value, together.points, together.probe) == (2.0, 1.0, "many")
    answered = next(step for step in steps if step.claim == "answered")
    assert (answered.at_least, answered.at_most) == (2, 2)
    assert sum(step.points for step in steps if not step.claim) == 0


def test_a_server_that_does_not_build_earns_nothing_of_what_it_could() -> None:
    made = judging.judged(
        faults=[Fault("one", "builds", "cc: error"), Fault("many", "builds", "cc: error")], is_built=True
    )
    graded = one("rejected", *grades.steps(made))
    assert (graded.earned, graded.possible) == (0, 4)
    assert results(graded)["score"] == 0
