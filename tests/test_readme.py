"""The manual and the comparison say the same in both languages, their links lead somewhere, and their commands exist."""

import re
import shlex
from pathlib import Path

import pytest
from invoke import Collection, Parser

import tasks
from tests.builders import REPOSITORY

PAIRS = [("README.md", "README.ko.md"), ("COMPARISON.md", "COMPARISON.ko.md")]
FILES = [name for pair in PAIRS for name in pair]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
TASKS = Collection.from_module(tasks)


def text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    """Without what stands between fences."""
    return FENCE.sub("", text(name))


def commands(name: str) -> list[str]:
    """The commands of all blocks for the shell, without comments."""
    blocks = [body for kind, body in FENCE.findall(text(name)) if kind == "sh"]
    return [line for body in blocks for line in (re.sub(r"\s+# .*", "", one) for one in body.splitlines()) if line]


def links(name: str) -> list[str]:
    """Where links and pictures lead, language apart."""
    return [re.sub(r"\.(ko|en)\b", "", link) for link in LINK.findall(prose(name))]


@pytest.mark.parametrize(("english", "korean"), PAIRS)
def test_both_languages_have_the_same_sections_commands_and_links(english: str, korean: str) -> None:
    levels = [re.findall(r"^(#+) ", prose(name), re.MULTILINE) for name in (english, korean)]
    assert levels[0] == levels[1]
    assert len(levels[0]) > 4
    assert commands(english) == commands(korean)
    assert sorted(links(english)) == sorted(links(korean))
    for shape in (r"^- ", r"^\d\. ", r"^\*\*[^*]+[.?]\*\* ", r"^```\w+$"):
        found = [len(re.findall(shape, text(name), re.MULTILINE)) for name in (english, korean)]
        assert found[0] == found[1], shape


@pytest.mark.parametrize(("english", "korean"), PAIRS)
def test_tables_have_the_same_rows_and_signs_in_both_languages(english: str, korean: str) -> None:
    tables = [
        [[cell.strip()[:1] for cell in row.split("|")[2:-1]] for row in prose(name).splitlines() if row.startswith("|")]
        for name in (english, korean)
    ]
    assert len(tables[0]) == len(tables[1]) > 10
    for rows in zip(*tables, strict=True):
        signs = [[cell for cell in row if cell in "○△×–"] for row in rows]
        assert signs[0] == signs[1]


def test_both_manuals_tell_of_the_same_commands_and_options() -> None:
    told = [
        {code for code in CODE.findall(prose(name)) if code.startswith(("invoke ", "./inv", "--"))}
        for name in ("README.md", "README.ko.md")
    ]
    assert told[0] == told[1]
    assert len(told[0]) > 30


@pytest.mark.parametrize("name", FILES)
def test_links_lead_to_files_that_are_there(name: str) -> None:
    local = [link.partition("#")[0] for link in LINK.findall(prose(name)) if not re.match(r"https?:", link)]
    assert len(local) > 1
    assert [link for link in local if not (REPOSITORY / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_every_task_is_in_the_manual_and_no_other(name: str) -> None:
    (table,) = re.findall(r"(?:^\|.*\n)+", prose(name), re.MULTILINE)
    first = [row.split("|")[1] for row in table.splitlines()]
    told = {code.removeprefix("invoke ").split()[0] for cell in first for code in CODE.findall(cell)}
    assert told == {*TASKS.task_names} - {"welcome"}


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_commands_can_be_meant(name: str) -> None:
    told = [*commands(name), *(code for code in CODE.findall(prose(name)) if code.startswith(("./inv ", "invoke ")))]
    looked_at = 0
    for command in told:
        program, *words = shlex.split(command)
        if program in ("./inv", "invoke") and words and not words[0].startswith("--"):
            assert Parser(contexts=TASKS.to_contexts()).parse_argv(words), command  # or it raises
            looked_at += 1
    assert looked_at > 20


def test_options_named_in_the_manual_exist() -> None:
    known = {flag for context in TASKS.to_contexts() for flag in context.flag_names()}
    named = {code.split()[0] for code in CODE.findall(prose("README.md")) if code.startswith("--")}
    assert named - known - {"--lessons"} == set()


def test_the_exit_codes_are_those_of_the_tasks() -> None:
    for name in ("README.md", "README.ko.md"):
        (told,) = re.findall(r"^(?:Exit codes|종료 코드): ((?:.+\n)+)", prose(name), re.MULTILINE)
        codes = {int(code) for code in re.findall(r"(?:^|[;.]\s)(\d+) ", told)}
        assert codes == {0, 1, *tasks.EXIT_CODES.values(), tasks.INTERRUPTED}


def test_the_manual_has_a_picture_of_a_run_and_a_diagram() -> None:
    for name in ("README.md", "README.ko.md"):
        pictures = [Path(link).name for link in LINK.findall(text(name)) if link.endswith(".svg")]
        assert any("designs" in picture for picture in pictures)
        assert any("terminal" in picture for picture in pictures)
        assert [kind for kind, _ in FENCE.findall(text(name))].count("mermaid") == 1
