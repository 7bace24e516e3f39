"""The tutorial's shell lines do what it says, one after the other, in a copy of the course; in both languages alike."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from report import check, jobs
from tests.builders import REPOSITORY
from tests.test_check import Silent
from tests.test_new import copied

TUTORIALS = [REPOSITORY / "assignments" / name for name in ("TUTORIAL.md", "TUTORIAL.ko.md")]


def blocks(tutorial: Path, kind: str = "sh") -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", tutorial.read_text(encoding="utf-8"), re.M | re.S)


def run(block: str, root: Path) -> str:
    """What a shell prints that executes the block; it must end well at every line."""
    done = subprocess.run(["sh", "-euc", block], cwd=root, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The course, the generator and an inv that uses this environment."""
    place = copied(tmp_path / "course")
    shutil.copytree(REPOSITORY / "report", place / "report", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "tasks.py", place)
    (place / "inv").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m invoke "$@"\n')
    (place / "inv").chmod(0o755)
    return place


def test_both_languages_tell_the_same_lines_in_the_same_steps() -> None:
    english, korean = TUTORIALS
    assert blocks(english) == blocks(korean)
    assert len(blocks(english)) == 7
    headings = [re.findall(r"^## (\d?)", path.read_text(encoding="utf-8"), re.M) for path in TUTORIALS]
    assert headings[0] == headings[1]
    (told,), (korean_told,) = (blocks(path, "console") for path in TUTORIALS)
    assert [line.partition("#")[0] for line in told.splitlines()] == [
        line.partition("#")[0] for line in korean_told.splitlines()
    ]


@pytest.mark.timeout(600)
def test_who_follows_it_has_an_assignment_that_is_right_and_then_none(root: Path) -> None:
    *steps, away = blocks(TUTORIALS[0])
    printed = [run(step, root) for step in steps]
    made, ran, changed, _, claimed, judged = printed
    assert "assignments/greeter/server.py" in made
    assert "served-together" in ran
    assert "-server: #1 handed to a new thread\n" in changed
    assert "+server: #1 left to a new thread\n" in changed
    assert "three-answered" in claimed
    assert "no-delay" in judged
    course = jobs.load(root)
    counts = check.check(root, course.chosen("greeter"), course.settings, root / "work", Silent(), 2, published=False)
    assert counts.transcripts == 1
    assert "three-answered" in counts.made.files["report.ko.md"].decode()
    assert "greeter" not in run(away, root)
    assert (root / "report.toml").read_bytes() == (REPOSITORY / "report.toml").read_bytes()


@pytest.mark.parametrize(
    "words", [[], ["--number", "2", "--name", "greeter", "--from", "thread"], ["--number", "42", "--name", "../x"]]
)
def test_a_command_that_cannot_be_meant_ends_with_status_2_and_one_line(root: Path, words: list[str]) -> None:
    done = subprocess.run(["./inv", "new", *words], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
