"""The schemas for editors are made from the models, take every file of the course and refuse what loading refuses."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from report import course, judgement, schema
from report.errors import SpecError
from report.rendering import metrics
from tests.builders import ECHO, REPOSITORY, write

FILES = sorted(
    [
        *REPOSITORY.glob("assignments/*/scenario.toml"),
        *REPOSITORY.glob("assignments/**/judge.toml"),
        REPOSITORY / "report.toml",
    ]
)
JUDGE = """
[probes.one]
delay = 1.0
clients = 1
[[probes.one.claims]]
id = "answers"
stage = "answers"
metric = "requests.answered"
equals = 1
"""


def made(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(schema.files()[f"{schema.FOLDER}/{kind}.schema.json"])
    return found


def faults(kind: str, text: str) -> list[str]:
    """Where a file of this kind breaks its schema."""
    return [error.json_path for error in Draft202012Validator(made(kind)).iter_errors(tomllib.loads(text))]


def test_what_is_committed_is_what_the_models_give_byte_for_byte() -> None:
    files = schema.files()
    assert len(files) == 3
    assert {path: (REPOSITORY / path).read_bytes() for path in files} == files, "make them again: invoke schema"
    there = {path.name for path in (REPOSITORY / schema.FOLDER).iterdir()}
    assert there == {path.rpartition("/")[2] for path in files}


@pytest.mark.parametrize("kind", ["scenario", "judge", "report"])
def test_each_is_a_schema_and_says_what_its_tables_are(kind: str) -> None:
    Draft202012Validator.check_schema(made(kind))
    assert made(kind)["description"]
    assert all("description" in part for part in made(kind)["$defs"].values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_file_of_the_course_is_taken_and_its_first_line_leads_to_its_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert faults(path.stem, text) == []
    found = re.match(r"#:schema (\S+)\n", text)
    assert found is not None, "the first line names no schema"
    assert (path.parent / found[1]).resolve() == REPOSITORY / schema.FOLDER / f"{path.stem}.schema.json"


WRONG = [
    ("cleints = 2", "clients = 2", "$.scenarios.two"),  # a misspelt key
    ('clients = "2"', "clients = 2", "$.scenarios.two.clients"),  # a wrong type
    ("clients = 0", "clients = 2", "$.scenarios.two.clients"),  # out of range
    ("clients = 2\narrival = [ { rate = 1, seconds = 9 } ]", "clients = 2", "$.scenarios.two"),  # both ways at once
    ("equals = 2\nat_least = 1", "equals = 2", "$.scenarios.two.claims[0]"),  # two bounds
    ("equls = 2", "equals = 2", "$.scenarios.two.claims[0]"),  # none
    ("[servers.Python]", "[servers.python]", "$.servers"),  # no name
    ("comand = ", "command = ", "$.servers.python"),
    ('number = "1"', "number = 1", "$.number"),
    ('name = "echo"\nnumber = 1', "number = 1", "$"),  # is taken from the folder
]


@pytest.mark.parametrize(("wrong", "right", "place"), WRONG, ids=[wrong.splitlines()[-1] for wrong, _, _ in WRONG])
def test_what_loading_a_scenario_refuses_its_schema_refuses_too(
    tmp_path: Path, wrong: str, right: str, place: str
) -> None:
    assert faults("scenario", ECHO) == []
    assert right in ECHO
    text = ECHO.replace(right, wrong, 1)
    write(tmp_path, "assignments/echo/scenario.toml", text)
    with pytest.raises(SpecError):
        course.load(tmp_path, metrics.problem)
    assert place in faults("scenario", text)


@pytest.mark.parametrize(
    ("wrong", "right", "place"),
    [
        ("stge = ", "stage = ", "$.probes.one.claims[0]"),
        ('stage = "answer"', 'stage = "answers"', "$.probes.one.claims[0].stage"),
        ('delay = "1"', "delay = 1.0", "$.probes.one.delay"),
        ('under = ["gdb"]\ndelay = 1.0', "delay = 1.0", "$.probes.one.under[0]"),
    ],
)
def test_what_loading_a_judge_refuses_its_schema_refuses_too(
    tmp_path: Path, wrong: str, right: str, place: str
) -> None:
    assert faults("judge", JUDGE) == []
    assert right in JUDGE
    text = JUDGE.replace(right, wrong, 1)
    write(tmp_path, "assignments/echo/scenario.toml", ECHO)
    write(tmp_path, "assignments/echo/judge.toml", text)
    with pytest.raises(SpecError):
        judgement.load(tmp_path, course.load(tmp_path, metrics.problem), metrics.problem)
    assert place in faults("judge", text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('auther = "x"', "$"),
        ("author = 7", "$.author"),
        ('title = "One language"', "$.title"),
        ('languages = ["fr"]', "$.languages[0]"),
    ],
)
def test_what_cannot_be_meant_of_the_report_is_refused(text: str, place: str) -> None:
    assert place in faults("report", text)
