"""Words and numbers in both languages: none is missing, and each number has the digits worth showing."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from report.errors import SpecError
from report.rendering import labels
from report.rendering.declared import FAMILIES
from report.rendering.metrics import METRICS
from report.rendering.pictures.fonts import lacking
from report.spec import LANGUAGES, Language
from tests.builders import REPOSITORY, write

TEMPLATES = REPOSITORY / "templates"
RAW = tomllib.loads((TEMPLATES / "labels.toml").read_text(encoding="utf-8"))
WORDS = labels.load(TEMPLATES)


def texts(table: dict[str, Any]) -> list[str]:
    """Every text of a nested table."""
    return [text for value in table.values() for text in (texts(value) if isinstance(value, dict) else [value])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_metric_has_a_name_in_every_language(language: Language) -> None:
    for metric in METRICS:
        assert WORDS[language].metric(metric)
    for family, (endings, _) in FAMILIES.items():
        for ending in endings:
            name = WORDS[language].metric(f"{family}.queue.{ending.replace('GROUP', 'worker')}")
            assert not re.search(r"[{}]", name)
            assert WORDS[language].name("queue") in name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_and_unit_has_a_word_beside_its_sign(language: Language) -> None:
    label = WORDS[language]
    assert len({label.mark(state) for state in ("holds", "fails", "undecided")}) == 3
    assert len({label(state) for state in ("holds", "fails", "undecided")}) == 3
    for metric in METRICS.values():
        assert "1" in label.value(1.0, metric.unit) or metric.unit == "bytes"


def test_a_declared_name_without_a_word_is_called_by_itself() -> None:
    assert WORDS["ko"].name("queue") == "대기 메시지 수"
    assert WORDS["ko"].metric("series.gate.max") == "gate의 최댓값"


def test_both_languages_fill_in_the_same_values() -> None:
    for key, text in RAW["ko"].items():
        if isinstance(text, str):
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", RAW["en"][key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pinned_font_has_every_character_of_every_label_and_sign(language: Language) -> None:
    words = texts(RAW[language]) + [WORDS[language].mark(state) for state in ("holds", "fails", "undecided")]
    assert len(words) > 80
    assert lacking("".join(words)) == ""


def test_a_character_that_the_font_lacks_is_found() -> None:
    assert lacking("한글 😀 ok ꙮ") == "ꙮ😀"


def test_a_value_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    label = labels.Labels("en", {"said": "{who} said {what}"})
    assert label("said", who="{what}", what="nothing") == "{what} said nothing"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (90.0, "count", "90"),
        (2.5, "count", "2.5"),
        (5.0049, "seconds", "5.00"),
        (0.0123, "seconds", "0.012"),
        (-0.0123, "seconds", "-0.012"),
        (1.004, "delays", "1.00"),
        (12 * 2**20, "bytes", "12.0"),
        (0.333, "ratio", "0.33"),
    ],
)
def test_a_number_has_the_digits_worth_showing(value: float, unit: str, shown: str) -> None:
    assert labels.number(value, unit) == shown


def loaded(root: Path, text: str) -> list[str]:
    write(root, "labels.toml", text)
    with pytest.raises(SpecError) as caught:
        labels.load(root)
    return list(caught.value.problems)


def test_every_key_that_one_language_lacks_is_told(tmp_path: Path) -> None:
    text = '[ko]\na = "x"\n[ko.names]\nq = "x"\n[en]\nb = "x"\n'
    assert loaded(tmp_path, text) == [
        "templates/labels.toml: ko.b: is missing",
        "templates/labels.toml: en.a: is missing",
        "templates/labels.toml: en.names.q: is missing",
    ]


def test_a_whole_language_that_is_missing_is_told(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[en]\na = "x"\n') == ["templates/labels.toml: ko.a: is missing"]


@pytest.mark.parametrize("data", [b"[ko", b"a = '\xc7\xd1'", None], ids=["no TOML", "not UTF-8", "missing"])
def test_labels_that_cannot_be_read_are_told(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "labels.toml").write_bytes(data)
    with pytest.raises(SpecError, match=r"templates/labels.toml: cannot be read: "):
        labels.load(tmp_path)


def test_a_label_that_is_missing_is_told_by_its_key() -> None:
    with pytest.raises(SpecError, match=r"templates/labels.toml: ko.nothing: is missing"):
        WORDS["ko"]("nothing")
    with pytest.raises(SpecError, match=r'templates/labels.toml: en.metrics."requests.answered": is missing'):
        labels.Labels("en", {"metrics": {}}).metric("requests.answered")
