"""results.json as Gradescope documents it, and that it says of each claim what its verdict says."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from report.exports.cases import State, Suite
from report.exports.gradescope import results
from report.rendering import advice, labels
from tests.builders import REPOSITORY, request
from tests.exports.test_junit import RELATIVE, case, suites

TEMPLATES = REPOSITORY / "templates"
LABEL = advice.words(TEMPLATES, labels.load(TEMPLATES)["en"])
NUMBER = (int, float)
TOP: Mapping[str, Any] = {
    "score": NUMBER, "execution_time": NUMBER, "output": str, "output_format": str, "test_output_format": str,
    "test_name_format": str, "visibility": str, "stdout_visibility": str, "extra_data": dict, "tests": list,
    "leaderboard": list,
}  # fmt: skip
TEST: Mapping[str, Any] = {
    "score": NUMBER, "max_score": NUMBER, "status": str, "name": str, "name_format": str, "number": str,
    "output": str, "output_format": str, "tags": list, "visibility": str, "extra_data": dict,
}  # fmt: skip
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


def read(of: Sequence[Suite], points: float | None = None) -> dict[str, Any]:
    """The object, after everything that is documented of its fields was looked at."""
    found: dict[str, Any] = json.loads(results(of, LABEL, points))
    for known, one in [(TOP, found), *((TEST, test) for test in found["tests"])]:
        assert one.keys() <= known.keys()
        assert all(isinstance(value, known[key]) for key, value in one.items())
        assert all(value in FORMATS for key, value in one.items() if key.endswith("_format"))
        assert all(value in VISIBILITIES for key, value in one.items() if key.endswith("visibility"))
    assert all(test.get("status", "passed") in ("passed", "failed") for test in found["tests"])
    assert all(isinstance(tag, str) for test in found["tests"] for tag in test["tags"])
    assert len({test["number"] for test in found["tests"]}) == len(found["tests"])
    return found


def of_states(*states: State) -> list[Suite]:
    return [Suite(3, "echo", "Echo", "", 1.0, tuple(case(state, f"claim-{n}") for n, state in enumerate(states)))]


def test_each_verdict_is_a_test_with_its_status_and_its_value_as_data() -> None:
    verdicts, made = suites(RELATIVE, requests=[request(1), request(2, done=9.0)])
    tests = read(made)["tests"]
    assert [test["extra_data"]["state"] for test in tests] == [v.state for v in verdicts]
    assert [test["extra_data"]["value"] for test in tests] == [v.value for v in verdicts]
    statuses = {"holds": "passed", "fails": "failed", "undecided": None}
    assert [test.get("status") for test in tests] == [statuses[v.state] for v in verdicts]
    assert None in [test.get("status") for test in tests]


def test_without_points_nothing_has_a_score() -> None:
    found = read(of_states("holds", "fails"))
    assert "score" not in found
    assert not any({"score", "max_score"} & test.keys() for test in found["tests"])


def test_points_are_shared_out_among_what_counts_and_what_is_undecided_costs_nothing() -> None:
    found = read(of_states("holds", "holds", "fails", "skipped", "undecided"), 100)
    assert found["score"] == 50
    assert [test.get("score") for test in found["tests"]] == [25, 25, 0, 0, None]
    assert [test.get("max_score") for test in found["tests"]] == [25, 25, 25, 25, None]
    assert [test.get("status") for test in found["tests"]] == ["passed", "passed", "failed", None, None]


@pytest.mark.parametrize("states", [("error", "holds"), ("undecided",)])
def test_a_server_that_could_not_be_judged_has_no_score_however_many_points_there_are(states: Sequence[State]) -> None:
    assert "score" not in read(of_states(*states), 100)


def test_thirds_add_up() -> None:
    found = read(of_states("holds", "holds", "holds"), 10)
    assert found["score"] == pytest.approx(10)
    assert sum(test["score"] for test in found["tests"]) == pytest.approx(10)


def test_what_a_terminal_shows_of_the_verdict_stays_as_it_is_shown() -> None:
    shown = ["× not passed", "  ```", "  <b>cause</b>"]
    output = json.loads(results(of_states("fails"), LABEL, explained=shown))["output"]
    assert output.endswith("````text\n× not passed\n  ```\n  <b>cause</b>\n````")
