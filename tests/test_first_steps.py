"""Who types ./inv alone is greeted in their language, and Tab completes what ./inv can do, in bash and zsh."""

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from invoke import Collection, Parser

import tasks
from report import welcome
from report.errors import SpecError
from tests.builders import REPOSITORY, write

RAW = tomllib.loads((welcome.TEMPLATES / "welcome.toml").read_text(encoding="utf-8"))
TASKS = Collection.from_module(tasks)


@pytest.mark.parametrize(
    ("environment", "wanted", "language"),
    [
        ({}, None, "en"),
        ({"LANG": "ko_KR.UTF-8"}, None, "ko"),
        ({"LANG": "ko"}, None, "ko"),
        ({"LANG": "kok_IN.UTF-8"}, None, "en"),  # Konkani
        ({"LANG": "C.UTF-8"}, None, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_US.UTF-8"}, None, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.EUC-KR"}, None, "ko"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:ko:en"}, None, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, None, "ko"),
        ({"LANG": "ko_KR.UTF-8"}, "en", "en"),
    ],
)
def test_the_language_is_what_is_wanted_or_the_locale_s(
    environment: Mapping[str, str], wanted: str | None, language: str
) -> None:
    assert welcome.spoken(environment, wanted) == language


def test_another_language_is_refused() -> None:
    with pytest.raises(SpecError, match="--language fr: expected ko or en"):
        welcome.spoken({}, "fr")


@pytest.mark.parametrize("language", welcome.LANGUAGES)
def test_the_greeting_shows_commands_that_there_are_and_a_report(language: str) -> None:
    said = "\n".join(welcome.greeting(REPOSITORY, language))
    for command in welcome.COMMANDS.values():
        assert f"  {command}\n" in said
    assert f"report.{language}.html" in said
    assert RAW[language]["lead"] in said


@pytest.mark.parametrize("command", welcome.COMMANDS.values())
def test_every_command_of_the_greeting_can_be_meant(command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "./inv"
    (chosen,) = Parser(contexts=TASKS.to_contexts()).parse_argv(words)
    assert chosen.name == words[0]


def test_both_languages_have_the_same_words() -> None:
    assert list(RAW) == [*welcome.LANGUAGES]
    assert list(RAW["ko"]) == list(RAW["en"])


def test_the_last_report_is_that_of_build_in_the_same_language_if_there_is_one(tmp_path: Path) -> None:
    assert welcome.last(tmp_path, "ko") == "docs/report.ko.html"
    write(tmp_path, "docs/report.en.html", "")
    write(tmp_path, "docs/report.ko.html", "")
    assert welcome.last(tmp_path, "ko") == "docs/report.ko.html"
    write(tmp_path, "build/report.en.html", "")
    assert welcome.last(tmp_path, "ko") == "build/report.en.html"
    write(tmp_path, "build/report.ko.html", "")
    assert welcome.last(tmp_path, "ko") == "build/report.ko.html"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """./inv and what it reads, with an environment that is the one these tests run in."""
    for name in ("inv", "tasks.py"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "templates", tmp_path / "templates")
    shutil.copytree(REPOSITORY / "report", tmp_path / "report", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "requirements-dev.txt"):
        write(tmp_path, name, "")
    python = tmp_path / ".venv" / "bin" / "python"
    write(tmp_path, ".venv/bin/python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    stamp = subprocess.run(["cksum"], input=b"", capture_output=True, check=True).stdout
    write(tmp_path, ".venv/.pinned", stamp.decode().strip())
    return tmp_path


def shell(copy: Path, *command: str, **environment: str) -> str:
    found = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        command, cwd=copy, env=found | environment, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("locale", "language"), [("ko_KR.UTF-8", "ko"), ("C.UTF-8", "en")])
def test_inv_alone_greets_in_the_language_of_the_locale(copy: Path, locale: str, language: str) -> None:
    assert RAW[language]["lead"] in shell(copy, "./inv", LANG=locale)


def test_inv_still_lists_its_tasks(copy: Path) -> None:
    listed = shell(copy, "./inv", "--list")
    assert all(f"  {name} " in listed for name in TASKS.task_names)


@pytest.mark.parametrize(
    ("typed", "offered", "never"),
    [
        ((), {"run", "report", "doctor", "list"}, {"--speed"}),
        (("ru",), {"run"}, {"--speed"}),
        (("run", "--"), {"--speed", "--command", "--sanitize"}, {"--format"}),
        (("run", "--speed", "20", "--sc"), {"--scenario"}, {"--format"}),
        (("report", "--"), {"--format", "--jobs"}, {"--speed"}),
        (("--",), {"--list", "--help"}, {"--speed"}),
        (("run", "--command", '"./a.out {po'), set(), {"--speed"}),
    ],
)
def test_tab_offers_tasks_and_their_options(
    copy: Path, typed: tuple[str, ...], offered: set[str], never: set[str]
) -> None:
    lines = shell(copy, "./inv", "--complete", "--", "./inv", *typed).splitlines()
    assert offered <= {*lines}
    assert not never & {*lines}


def test_a_key_that_is_pressed_makes_no_environment(copy: Path) -> None:
    shutil.rmtree(copy / ".venv")
    assert shell(copy, "./inv", "--complete", "--", "./inv") == ""
    assert not (copy / ".venv").exists()


def test_the_script_for_bash_completes_from_anywhere(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = shell(copy, "./inv", "--print-completion-script", "bash")
    press = "COMP_WORDS=(./inv run --sp); COMP_CWORD=2; _complete_invoke ./inv --sp run; echo ${COMPREPLY[@]}"
    said = shell(tmp_path_factory.mktemp("elsewhere"), "bash", "--norc", "-c", f"{script}\n{press}\ncomplete -p inv")
    assert said.splitlines()[0] == "--speed"
    assert "-F _complete_invoke" in said


def test_the_script_for_zsh_completes_from_anywhere(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = shell(copy, "./inv", "--print-completion-script", "zsh")
    assert f"'{copy}/inv' ${{=collection_arg}} --complete" in script
    if shutil.which("zsh") is None:
        assert not os.environ.get("REQUIRE_TOOLS"), "zsh is missing, and here it must not be"
        pytest.skip("zsh is not installed; what its script calls is tested")
    press = "words=(./inv run --sp); _complete_invoke; print -l -- $reply"
    said = shell(tmp_path_factory.mktemp("elsewhere"), "zsh", "-f", "-c", f"compctl() {{ : }}\n{script}\n{press}")
    assert "--speed" in said.splitlines()


@pytest.fixture
def course(copy: Path) -> Path:
    write(copy, "assignments/thread/scenario.toml", "number = 2\n[scenarios.ten]\n[scenarios.stalled]\n")
    write(copy, "assignments/fork/scenario.toml", "number = 1\n[scenarios.burst]\n")
    return copy


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("run --assignment ''", "1 fork 2 thread"),
        ("run --assignment th", "thread"),
        ("run --assignment thread --scenario s", "stalled"),
        ("run --assignment = t", "thread"),
        ("run --assignment thread --sc", "--scenario"),
        ("run --assignment thread jud", "judge"),
    ],
)
def test_the_script_for_bash_completes_values(course: Path, typed: str, offered: str) -> None:
    script = shell(course, "./inv", "--print-completion-script", "bash")
    press = f"COMP_WORDS=(./inv {typed} after it); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 3))\n"
    press += '_complete_invoke ./inv "${COMP_WORDS[COMP_CWORD]}"; echo ${COMPREPLY[@]}'
    assert shell(course, "bash", "--norc", "-c", f"{script}\n{press}").strip() == offered


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("run --assignment ''", ["1", "fork", "2", "thread"]),
        ("run --assignment=t", [f"--assignment={one}" for one in ("1", "fork", "2", "thread")]),  # zsh filters them
        ("run --assignment thread --scenario s", ["ten", "stalled"]),
    ],
)
def test_the_script_for_zsh_completes_values(course: Path, typed: str, offered: list[str]) -> None:
    if shutil.which("zsh") is None:
        assert not os.environ.get("REQUIRE_TOOLS"), "zsh is missing, and here it must not be"
        pytest.skip("zsh is not installed; what its script calls is tested")
    script = shell(course, "./inv", "--print-completion-script", "zsh")
    press = f"words=(./inv {typed} after); CURRENT=$(($#words - 1)); _complete_invoke; print -l -- $reply"
    assert shell(course, "zsh", "-f", "-c", f"compctl() {{ : }}\n{script}\n{press}").splitlines() == offered


def test_a_file_that_is_half_written_completes_nothing_and_says_nothing(course: Path) -> None:
    write(course, "assignments/fork/scenario.toml", "number = 1\n[scenarios.")
    done = subprocess.run(
        ["./inv", "--complete", "--", "./inv", "run", "--scenario", ""], cwd=course, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["ten", "stalled"], "")


def test_a_shell_without_a_script_is_refused(copy: Path) -> None:
    done = subprocess.run(["./inv", "--print-completion-script", "nosuch"], cwd=copy, capture_output=True, text=True)
    assert done.returncode != 0
    assert "nosuch" in done.stderr
