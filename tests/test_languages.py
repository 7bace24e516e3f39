"""A third language is added by files alone: report, verdicts and site are there in it, and what it lacks is told."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from report import languages
from report.errors import SpecError
from tests import french
from tests.builders import REPOSITORY, write

FOLDERS = ("report", "templates", "assignments", "benchmarks", "tests")
FILES = ("report.toml", "README.md", "README.ko.md", "COMPARISON.md", "COMPARISON.ko.md", "tasks.py")
PLACES = ("report", "verdict", "guide", "tutorial", "reference")


def digests(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without what a report does not need; the evidence and pictures are those that are published."""
    root = tmp_path_factory.mktemp("copy")
    third = [f"*.{code}.*" for code in languages.added(languages.TEMPLATES)]
    for folder in FOLDERS:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", *third))
    for file in FILES:
        shutil.copy(REPOSITORY / file, root)
    (root / "docs").symlink_to(REPOSITORY / "docs")
    return root


@pytest.fixture(scope="module")
def added(copy: Path) -> set[str]:
    """The files that add French; nothing that was there is another one afterwards."""
    before = digests(copy)
    french.add(copy)
    after = digests(copy)
    assert before.items() <= after.items()
    return after.keys() - before.keys()


@pytest.fixture(scope="module")
def made(
    copy: Path, added: set[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], dict[str, Any]]:
    """The pages and documents by their names, and what else was asked."""
    folder = tmp_path_factory.mktemp("made")
    done = subprocess.run(
        [sys.executable, "-m", "tests.in_french", folder], cwd=copy, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}, json.loads(done.stdout)


pytestmark = pytest.mark.timeout(300)


def test_every_file_of_the_language_is_called_by_its_code(added: set[str]) -> None:
    assert len(added) > 20
    assert {Path(file).name.split(".")[1] for file in added} == {"fr"}


@pytest.mark.parametrize("place", PLACES)
def test_the_pages_of_all_languages_lead_to_each_other(made: tuple[dict[str, str], dict[str, Any]], place: str) -> None:
    files, told = made
    assert told["languages"] == ["ko", "en", "fr"]
    for language in told["languages"]:
        page = files[f"{place}.{language}.html"]
        assert f'<html lang="{language}">' in page
        for other, name in (("ko", "한국어판"), ("en", "English edition"), ("fr", "Édition française")):
            link = f'<a class="language" href="{place}.{other}.html" hreflang="{other}" lang="{other}">{name}</a>'
            assert (link in page) == (other != language)


def test_a_heading_leads_to_itself_in_both_other_languages(made: tuple[dict[str, str], dict[str, Any]]) -> None:
    page = made[0]["report.fr.html"]
    for other, name in (("ko", "한국어"), ("en", "English")):
        assert f'<a class="other" href="report.{other}.html#at-a-glance" hreflang="{other}">{name}</a>' in page


def test_the_report_says_its_labels_texts_and_prose_in_the_language(
    made: tuple[dict[str, str], dict[str, Any]],
) -> None:
    page = made[0]["report.fr.html"]
    for said in (
        f"At a glance {french.MARK}",
        f"holds {french.MARK}",
        f"System programming {french.MARK}",
        "En français :",
    ):
        assert said in page
        assert said not in made[0]["report.en.html"]
    assert made[0]["report.fr.md"].index("(report.ko.md)") < made[0]["report.fr.md"].index("(report.en.md)")


def test_a_verdict_says_its_words_and_diagnosis_in_the_language(made: tuple[dict[str, str], dict[str, Any]]) -> None:
    page = made[0]["verdict.fr.html"]
    assert f"not passed {french.MARK}" in page
    assert f"What happened {french.MARK}" in page
    assert re.search(rf"<h3[^>]*>[^<]+ {french.MARK}", page)
    assert french.MARK not in made[0]["verdict.en.html"]


def test_what_the_language_lacks_is_told_with_file_and_key(made: tuple[dict[str, str], dict[str, Any]]) -> None:
    faults = made[1]["faults"]
    assert faults["label"] == [
        "templates/labels.fr.toml: fr.holds: is missing",
        "templates/labels.fr.toml: fr.halds: is no key of English",
    ]
    assert faults["field"][0].startswith("templates/labels.fr.toml: fr.")
    assert "expected the fields of English, " in faults["field"][0]
    assert faults["file"][0].startswith("templates/verdict.fr.toml: cannot be read: ")
    assert "templates/diagnoses.fr.toml: fr.zombies.title: is missing" in faults["advice"]
    assert "templates/doctor.fr.toml: fr.lacking: is missing" in faults["doctor"]
    assert "templates/wording.fr.toml: fr.comparatives.farms: unknown key (did you mean forms?)" in faults["rules"]
    assert faults["text"] == [
        'report.toml: course: is not there in fr; write "System programming" = "…" into assignments/texts.fr.toml'
    ]
    assert faults["broken"][0].startswith("assignments/texts.fr.toml: cannot be read: ")
    assert faults["guide"] == ["README.fr.md: cannot be read: No such file or directory; docs/ shows it"]


def test_the_gates_hold_for_its_prose_too(made: tuple[dict[str, str], dict[str, Any]]) -> None:
    faults = made[1]["faults"]
    beside = "assignments/fork/explanation.ko.md:1"
    assert faults["parity"] == [f"assignments/fork/explanation.fr.md:2: has nothing where {beside} has a heading ###"]
    typed = 'assignments/fork/explanation.fr.md:3: "5 s" is typed by hand; '
    assert any(
        one.startswith(typed) and "templates/wording.fr.toml (fr.numbers.exempt)" in one for one in faults["prose"]
    )


def test_the_tool_speaks_english_where_it_has_no_messages_in_the_language(
    made: tuple[dict[str, str], dict[str, Any]],
) -> None:
    assert made[1]["said"] == ["a.toml: is missing", "a.toml: manque"]


def test_a_new_assignment_has_its_files_in_the_language(made: tuple[dict[str, str], dict[str, Any]]) -> None:
    assert {"assignments/pool/explanation.fr.md", "assignments/pool/texts.fr.toml"} <= {*made[1]["new"]}
    assert made[1]["title"] == {"ko": "pool", "en": "pool", "fr": "pool"}
    assert made[1]["table"] == ["mistakes.en.md", "mistakes.fr.md", "mistakes.ko.md"]


def test_languages_are_those_whose_labels_lie_there_in_the_order_of_their_codes(tmp_path: Path) -> None:
    for code in ("pt", "de", "ko", "english", "x", "qaa", "D1"):
        write(tmp_path, f"labels.{code}.toml", "")
    assert languages.added(tmp_path) == ("de", "pt", "qaa")


def test_a_file_of_words_that_is_of_no_language_is_told(tmp_path: Path) -> None:
    write(tmp_path, "labels.toml", "[ko]\n[en]\n")
    write(tmp_path, "labels.french.toml", "[french]\n")
    with pytest.raises(SpecError) as caught:
        languages.words(tmp_path, "labels.toml")
    assert caught.value.problems == (
        "templates/labels.french.toml: is of no language; expected labels.XX.toml, XX as in templates/labels.XX.toml",
    )
