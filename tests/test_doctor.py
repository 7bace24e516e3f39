"""What a machine lacks is said with what that costs and how to get it, in both languages; a report is refused only for
what no report can be made without."""

import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from report import doctor
from report.doctor import Machine
from report.errors import SpecError
from report.welcome import LANGUAGES, TEMPLATES, Words
from tests.builders import REPOSITORY, write

WHOLE = Machine(
    system="Linux",
    python=(3, 12),
    packages={"invoke": ("3.0.3", "3.0.3"), "jinja2": ("3.1.6", "3.1.6")},
    terminals=True,
    programs=frozenset(doctor.PROGRAMS),
    sanitizers=True,
    networks=True,
    groups=True,
    rooms=True,
    fonts=True,
    cores=2,
    memory=2 * 2**30,
    descriptors=4096,
)
OTHER_VERSION = {"invoke": ("3.0.3", "3.0.3"), "jinja2": ("3.1.6", "3.1.5")}
NOT_INSTALLED = {"invoke": ("3.0.3", "3.0.3"), "jinja2": ("3.1.6", None)}
VITAL: list[tuple[str, Mapping[str, object]]] = [
    ("system", {"system": "Darwin"}),
    ("system", {"system": "Linux (/proc: –)"}),
    ("python", {"python": (3, 10)}),
    ("python", {"python": (3, 14)}),
    ("packages", {"packages": NOT_INSTALLED}),
    ("terminals", {"terminals": False}),
]
LACKS: list[tuple[str, Mapping[str, object]]] = [
    ("packages", {"packages": OTHER_VERSION}),
    ("compiler", {"programs": WHOLE.programs - {"cc"}}),
    ("sanitizers", {"sanitizers": False}),
    ("networks", {"networks": False}),
    ("groups", {"groups": False}),
    ("rooms", {"rooms": False}),
    ("valgrind", {"programs": WHOLE.programs - {"valgrind"}}),
    ("make", {"programs": WHOLE.programs - {"make"}}),
    ("cores", {"cores": 1}),
    ("memory", {"memory": 2 * 2**30 - 1}),
    ("descriptors", {"descriptors": 1024}),
    ("free-threaded", {"programs": WHOLE.programs - {"python3.13t"}}),
    ("browser", {"programs": WHOLE.programs - {*doctor.BROWSERS}}),
    ("fonts", {"fonts": False}),
    ("git", {"programs": WHOLE.programs - {"git"}}),
]
RAW = tomllib.loads((TEMPLATES / "doctor.toml").read_text(encoding="utf-8"))


def machine(**changes: Any) -> Machine:
    return replace(WHOLE, **changes)


def said(one: Machine, language: str = "en") -> list[str]:
    return list(doctor.lines(doctor.findings(one), Words("doctor.toml", language)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_whole_machine_only_what_is_there_is_said(language: str) -> None:
    *things, _, end = said(WHOLE, language)
    assert all(line.startswith("○ ") for line in things)
    assert len(things) == len(doctor.findings(WHOLE))
    assert end == RAW[language]["all_there"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("key", "changes"), [*VITAL, *LACKS])
def test_every_lack_is_said_with_its_cost_and_its_remedy(
    key: str, changes: Mapping[str, object], language: str
) -> None:
    lines = said(machine(**changes), language)
    words = RAW[language]
    (at,) = (number for number, line in enumerate(lines) if line.startswith(("×", "△")))
    assert lines[at].startswith(("× " if (key, changes) in VITAL else "△ ") + words[key]["what"])
    assert lines[at + 1] == f"    {words['costs']}: {words[key]['costs']}"
    assert lines[at + 2] == f"    {words['remedy']}: {words[key]['remedy']}"


@pytest.mark.parametrize(("key", "changes"), VITAL)
def test_without_what_is_vital_no_report_can_be_made(key: str, changes: Mapping[str, object]) -> None:
    found = doctor.findings(machine(**changes))
    assert not doctor.works(found)
    assert said(machine(**changes))[-1] == RAW["en"]["fails"]


@pytest.mark.parametrize(("key", "changes"), LACKS)
def test_without_anything_else_one_can(key: str, changes: Mapping[str, object]) -> None:
    assert doctor.works(doctor.findings(machine(**changes)))
    assert "(1)" in said(machine(**changes))[-1]


def test_every_thing_can_be_lacking_in_a_test() -> None:
    assert {one.key for one in doctor.findings(WHOLE)} == {key for key, _ in [*VITAL, *LACKS]}


def test_a_package_is_named_with_both_versions() -> None:
    assert "jinja2 3.1.5 (≠ 3.1.6)" in "\n".join(said(machine(packages=OTHER_VERSION)))
    assert "jinja2 – (≠ 3.1.6)" in "\n".join(said(machine(packages=NOT_INSTALLED)))


def test_what_nobody_could_try_is_not_called_missing() -> None:
    untried = machine(packages=NOT_INSTALLED, sanitizers=None, networks=None, groups=None, rooms=None)
    assert {one.key for one in doctor.findings(untried)} & {"sanitizers", "networks", "groups", "rooms"} == set()


def test_both_languages_say_the_same_of_the_same_things() -> None:
    shapes = [{key: sorted(value) if isinstance(value, dict) else "" for key, value in RAW[one].items()} for one in RAW]
    assert list(RAW) == [*LANGUAGES]
    assert shapes[0] == shapes[1]
    for key, words in RAW["ko"].items():
        if isinstance(words, dict):
            commands = ("apt ", "docker ", "sysctl ")
            assert [c in words["remedy"] for c in commands] == [c in RAW["en"][key]["remedy"] for c in commands], key


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "requirements.txt", tmp_path)
    seen = doctor.look(tmp_path)
    assert seen.system == "Linux"
    assert seen.python == sys.version_info[:2]
    assert len(seen.packages) > 20
    assert seen.packages["invoke"][1] is not None
    assert seen.cores >= 1
    assert seen.memory > 2**28
    assert None not in (seen.sanitizers, seen.networks, seen.groups, seen.rooms)


def test_a_word_that_is_missing_is_told_by_its_key(tmp_path: Path) -> None:
    write(tmp_path, "doctor.toml", '[ko]\nthere = "있음"\n')
    with pytest.raises(SpecError, match=r"templates/doctor\.toml: ko\.make\.what: is missing"):
        Words("doctor.toml", "ko", tmp_path)("make.what")
    write(tmp_path, "doctor.toml", "[ko\n")
    with pytest.raises(SpecError, match=r"templates/doctor\.toml: cannot be read: "):
        Words("doctor.toml", "ko", tmp_path)
