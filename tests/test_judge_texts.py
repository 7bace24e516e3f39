"""The judge.toml files that ship, and what is said of each diagnosis: the texts are whole in both languages."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from report import course, judgement
from report.rendering import advice, metrics

ROOT = Path(__file__).resolve().parents[1]
TEXTS = tomllib.loads((ROOT / "templates" / advice.DIAGNOSES).read_text(encoding="utf-8"))
RULES = judgement.load(ROOT, course.load(ROOT, metrics.problem), metrics.problem)
NAMED = {diagnosis.id for rules in RULES.values() for diagnosis in rules.diagnoses}
UNRECORDED = {*judgement.UNRECORDED.values(), judgement.ELSEWHERE}
EVERY = NAMED | UNRECORDED | {judgement.EXCEEDS} | {*judgement.REPORTED}
EACH = [(language, name) for language in ("ko", "en") for name in TEXTS[language]]


def test_every_diagnosis_has_its_texts_in_both_languages() -> None:
    told = advice.load(ROOT / "templates", EVERY)
    assert told["ko"].keys() == told["en"].keys() == EVERY


def test_both_languages_tell_the_same_diagnoses_in_the_same_order() -> None:
    assert list(TEXTS["ko"]) == list(TEXTS["en"])


def test_a_text_is_there_for_no_diagnosis_that_nobody_gets() -> None:
    assert set(TEXTS["ko"]) == EVERY


def test_every_diagnosis_is_one_that_a_planted_mistake_must_get() -> None:
    wanted = {m.diagnosis for rules in RULES.values() for m in rules.mistakes.values()}
    assert NAMED - wanted == {"not-iterative"}  # that one is a server of another assignment


def test_each_of_the_fourteen_mistakes_of_the_course_is_planted() -> None:
    assert {m.course for rules in RULES.values() for m in rules.mistakes.values()} - {None} == set(range(1, 15))


@pytest.mark.parametrize(("language", "name"), EACH)
def test_a_text_says_what_was_measured_only_in_what_happened(language: str, name: str) -> None:
    texts = TEXTS[language][name]
    assert set(texts) == set(advice.KEYS)
    for key, text in texts.items():
        assert text.strip() == text != ""
        assert set(re.findall(r"\{\w*\}", text)) <= ({"{value}"} if key == "happened" else set())


@pytest.mark.parametrize("name", list(TEXTS["ko"]))
def test_languages_agree_in_the_command_and_in_what_is_measured(name: str) -> None:
    korean, english = TEXTS["ko"][name], TEXTS["en"][name]
    assert _without_remark(korean["see"]) == _without_remark(english["see"])
    assert ("{value}" in korean["happened"]) == ("{value}" in english["happened"])


@pytest.mark.parametrize("name", list(TEXTS["ko"]))
def test_a_value_is_said_only_of_what_has_one(name: str) -> None:
    if "{value}" in TEXTS["ko"][name]["happened"]:
        assert name not in UNRECORDED


@pytest.mark.parametrize("name", list(TEXTS["ko"]))
def test_the_korean_is_plain_report_style(name: str) -> None:
    for key in ("expected", "happened", "why", "cause"):
        for sentence in re.split(r"(?<=[.!?])\s+", re.sub(r"`[^`]*`", "x", TEXTS["ko"][name][key])):
            assert re.search(r"니다\.?(?:\([^)]*\))?\.$|니다$|니다\. ?$", sentence), sentence


@pytest.mark.parametrize(("language", "name"), EACH)
def test_the_command_is_one_that_a_shell_understands(language: str, name: str) -> None:
    bash = shutil.which("bash") or pytest.skip("no bash here")
    checked = subprocess.run([bash, "-n", "-c", TEXTS[language][name]["see"]], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def _without_remark(command: str) -> str:
    return command.partition("    #")[0]
