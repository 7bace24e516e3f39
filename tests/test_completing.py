"""Tab offers the values of options: what assignments, scenarios, servers and mistakes there are, and what is fixed."""

import subprocess
import sys
from pathlib import Path

import pytest

import tasks
from benchmarks.run import PARTS
from report import candidates, completing, jobs, judgement
from report.languages import LANGUAGES
from tests.builders import REPOSITORY, write

COURSE = jobs.load(REPOSITORY)


def offered(*words: str) -> list[str] | None:
    return completing.offered(REPOSITORY, words)


def test_numbers_and_names_of_assignments_are_offered_in_their_order() -> None:
    every = [name for one in COURSE.assignments for name in (str(one.number), one.name)]
    assert len(every) > 8
    assert offered("run", "--assignment", "") == every
    assert offered("run", "--assignment", "t") == every  # which of them go on so is the shell's part
    assert offered("new", "--from", "") == every


@pytest.mark.parametrize("one", COURSE.assignments, ids=lambda one: one.name)
def test_of_a_chosen_assignment_its_own_scenarios_and_servers_are_offered(one: judgement.Assignment) -> None:
    for wanted in (["--assignment", str(one.number)], ["--assignment", one.name], [f"--assignment={one.name}"]):
        assert offered("run", *wanted, "--scenario", "") == [*one.scenarios]
        assert offered("run", *wanted, "--speed", "20", "--server", "p") == [*one.servers]


def test_of_no_chosen_assignment_those_of_all_are_offered_once() -> None:
    scenarios = offered("run", "--scenario", "") or []
    assert scenarios == [*dict.fromkeys(name for one in COURSE.assignments for name in one.scenarios)]
    assert offered("run", "--assignment", "nosuch", "--scenario", "") == []


def test_planted_mistakes_are_offered() -> None:
    rules = candidates.rules(REPOSITORY, COURSE.assignments)
    assert offered("judge", "--mistake", "") == [
        *dict.fromkeys(name for one in rules.values() for name in one.mistakes)
    ]
    assert offered("judge", "--assignment", "fork", "--mistake", "") == [*rules["fork"].mistakes]


def test_what_is_fixed_is_offered_and_what_is_offered_is_taken() -> None:
    assert offered("run", "--sanitize", "") == [*judgement.TOOLS]
    assert offered("bench", "--only", "") == [*PARTS]
    assert offered("show", "--language", "") == [*LANGUAGES]
    formats = dict(next(said for one, said in tasks._EVERY if one.name == "report"))["format"]
    assert offered("report", "--format", "") == ["html", "pdf"]
    assert all(one in formats for one in ("html", "pdf"))


def test_every_option_of_which_values_are_offered_is_one_of_a_task() -> None:
    known = {str(argument.name) for one, _ in tasks._EVERY for argument in one.get_arguments()}
    assert {*completing.NUMBERED, *completing.TABLES, *completing.CHOICES} - known == {"from"}  # Python's own word


@pytest.mark.parametrize("words", [("--assignment", "="), ("--assignment", "=", "3"), ("--assignment", "=", "")])
def test_bash_which_parts_words_at_an_equals_sign_is_understood(words: tuple[str, ...]) -> None:
    assert offered("run", *words) == offered("run", "--assignment", "")


def test_a_shell_that_leaves_an_equals_sign_in_the_word_gets_it_back() -> None:
    assert offered("run", "--sanitize=th") == [f"--sanitize={tool}" for tool in judgement.TOOLS]
    assert offered("run", "--speed=1") is None


def test_after_a_comma_the_next_is_offered() -> None:
    assert offered("bench", "--only", "servers,lo") == [f"servers,{name}" for name in PARTS]


@pytest.mark.parametrize(
    "words", [(), ("",), ("ru",), ("run", "--"), ("run", "--speed", ""), ("run", "--assignment", "3", ""), ("run", "-")]
)
def test_where_no_value_is_wanted_invoke_is_asked(words: tuple[str, ...]) -> None:
    assert offered(*words) is None


def test_a_file_that_is_broken_offers_nothing_and_says_nothing(tmp_path: Path) -> None:
    write(tmp_path, "assignments/whole/scenario.toml", "number = 7\n[scenarios.ten]\n")
    write(tmp_path, "assignments/broken/scenario.toml", "number = 8\n[scenarios.ten\n")
    write(tmp_path, "assignments/odd/scenario.toml", 'number = "9"\nscenarios = 3\n')
    (tmp_path / "assignments" / "binary").mkdir()
    (tmp_path / "assignments" / "binary" / "scenario.toml").write_bytes(b"\xff\xfe")
    for option, expected in (("--assignment", "7\nwhole\n"), ("--scenario", "ten\n"), ("--mistake", "")):
        done = subprocess.run(
            [sys.executable, "-S", "-m", "report.completing", "run", option, ""],
            cwd=tmp_path,
            env={"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


def test_a_key_that_is_pressed_loads_neither_models_nor_invoke() -> None:
    code = (
        "import sys, report.completing; print({m.split('.')[0] for m in sys.modules} & {'pydantic', 'invoke', 'rich'})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
