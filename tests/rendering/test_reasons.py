"""Reasons why a value is not there: keys in the code, words in both languages, English where they are printed."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from report.errors import SpecError
from report.rendering import labels
from report.rendering.measure import UnmeasuredError
from report.rendering.reasons import Reason, ReasonKey
from report.spec import LANGUAGES
from tests.builders import REPOSITORY

KEYS = get_args(ReasonKey)
WORDS = tomllib.loads((REPOSITORY / "templates" / "labels.toml").read_text(encoding="utf-8"))
CODE = sorted((REPOSITORY / "report" / "rendering").glob("*.py"))


def raised(path: Path) -> list[tuple[str, set[str]]]:
    """Each reason that a module gives: its key and the names of its values."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return [
        (ast.literal_eval(call.args[0]), {str(keyword.arg) for keyword in call.keywords})
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("UnmeasuredError", "Reason")
        if call.args and isinstance(call.args[0], ast.Constant)
    ]


def test_every_key_has_words_in_every_language_and_no_words_are_without_a_key() -> None:
    assert len(KEYS) > 5
    for language in LANGUAGES:
        assert sorted(WORDS[language]["reasons"]) == sorted(KEYS)


def test_every_reason_that_code_gives_has_words_and_fills_all_their_places() -> None:
    given = [reason for path in CODE for reason in raised(path)]
    assert {key for key, _ in given} == set(KEYS)
    for key, values in given:
        for language in LANGUAGES:
            assert set(re.findall(r"\{(\w+)\}", WORDS[language]["reasons"][key])) == values, (language, key)


def test_a_reason_is_said_in_either_language_and_printed_in_english() -> None:
    error = UnmeasuredError("no_line", pattern="series.queue")
    said = labels.load(REPOSITORY / "templates")
    assert str(error) == f"{error.reason}" == said["en"].reason(error.reason)
    assert str(error) == "the server prints no line that matches series.queue"
    assert said["ko"].reason(error.reason) != str(error)
    assert "series.queue" in said["ko"].reason(error.reason)


def test_a_value_with_braces_is_not_filled_again() -> None:
    assert str(Reason("not_run", (("run", "{run}"),))) == "{run} was not run"


def test_a_reason_that_has_no_words_is_told_with_its_place() -> None:
    lacking: dict[str, Any] = {"reasons": {}}
    with pytest.raises(SpecError, match=r"labels\.toml: ko\.reasons\.spread: is missing"):
        labels.Labels("ko", lacking).reason(Reason("spread"))
