"""The planted mistakes: each is one macro of a small server that is right without it, and all of the course's are there.

That each is found, and called by its name, is what `invoke judge` says; here they are only held to what they promise.
"""

import contextlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from report.spec import LANGUAGES
from tests.assignments.compiled import WARNINGS, compile_c, sanitizer
from tests.servers import GET, GREETING, ROOT, Server, becomes_ready, free_port, read_all

FOLDERS = sorted({path.parents[1] for path in (ROOT / "assignments").glob("*/mistakes/*.c")})
NAMES = [folder.name for folder in FOLDERS]
COURSE = range(1, 15)  # the numbers of the mistakes in the course's own servers


def planted(folder: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = tomllib.loads((folder / "judge.toml").read_text())["mistakes"]
    return found


def source(folder: Path) -> str:
    """The path of the folder's one server, from the repository's root."""
    (path,) = (folder / "mistakes").glob("*.c")
    return path.relative_to(ROOT).as_posix()


def switched(build: list[str]) -> list[str]:
    """The macros that a build defines and gives no value."""
    return [word[2:] for word in build if word.startswith("-D") and "=" not in word]


@pytest.fixture(params=FOLDERS, ids=NAMES)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@contextlib.contextmanager
def started(path: str, tmp_path: Path, *flags: str, delay: float = 0) -> Iterator[Server]:
    """The server made of this source with these flags, listening."""
    compile_c(tmp_path / "server", [path], *flags)
    port, output = free_port(), tmp_path / "log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [tmp_path / "server", str(port), str(delay)], stdout=log, stderr=log, start_new_session=True
        )
    server = Server(process, port, output)
    try:
        assert becomes_ready(server)
        yield server
    finally:
        server.kill_all()


def test_there_are_mistakes_of_every_design_and_all_of_the_course() -> None:
    every = [mistake for folder in FOLDERS for mistake in planted(folder).values()]
    assert len(FOLDERS) == 4
    assert len(every) >= 40
    assert {mistake["course"] for mistake in every if "course" in mistake} == set(COURSE)


def shown(folder: Path) -> set[str]:
    """The mistakes of the servers that a scenario runs against."""
    declared = tomllib.loads((folder / "scenario.toml").read_text())
    run = {server for scenario in declared["scenarios"].values() for server in scenario.get("servers", ())}
    return {one["mistake"] for name, one in declared["servers"].items() if "mistake" in one and name in run}


def test_each_mistake_of_the_course_is_shown_by_a_server_that_has_it() -> None:
    numbers = {planted(folder)[name].get("course") for folder in FOLDERS for name in shown(folder)}
    assert numbers == set(COURSE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chapter_tells_how_to_judge_what_it_shows_and_which_diagnosis_that_gives(folder: Path, language: str) -> None:
    chapter = (folder / f"explanation.{language}.md").read_text()
    titles = tomllib.loads((ROOT / "templates/diagnoses.toml").read_text())[language]
    named = {name: planted(folder)[name]["diagnosis"] for name in shown(folder)}
    assert named
    for name, diagnosis in named.items():
        assert f"`--mistake {name}`" in chapter
        assert f"`{diagnosis}`" in chapter
        assert f"({titles[diagnosis]['title']})" in chapter


def test_each_mistake_is_one_macro_and_each_macro_is_planted_once(folder: Path) -> None:
    switches = [switched(mistake["build"]) for mistake in planted(folder).values()]
    assert all(len(macros) == 1 for macros in switches), switches
    conditions = re.findall(r"(?m)^#\s*(?:el)?if(?:n?def)?\b(.*?)(?:/\*.*)?$", (ROOT / source(folder)).read_text())
    known = set(re.findall(r"\b[A-Z_]{4,}\b", " ".join(conditions)))
    parameters = {w[2:].partition("=")[0] for m in planted(folder).values() for w in m["build"] if "=" in w}
    assert sorted(macro for (macro,) in switches) == sorted(known - parameters)


def test_without_a_macro_the_compiler_has_nothing_to_say(folder: Path, tmp_path: Path) -> None:
    assert compile_c(tmp_path / "server", [source(folder)], *WARNINGS) == ""


def test_without_a_macro_it_answers_and_ends_when_it_is_asked_to(folder: Path, tmp_path: Path) -> None:
    with started(source(folder), tmp_path, "-O2", delay=0.1) as server:
        for _ in range(3):
            assert server.ask(GET).endswith(b"\r\n\r\n" + GREETING)
        assert server.stop() == 0
        assert server.session() == []


def test_a_thread_server_with_malloc_of_one_is_what_the_compiler_warns_of(tmp_path: Path) -> None:
    warned = compile_c(tmp_path / "server", ["assignments/thread/mistakes/thread.c"], *WARNINGS, "-DMALLOC_ONE")
    assert "outside array bounds" in warned or "-Wstringop-overflow" in warned


@pytest.mark.parametrize(("macro", "told"), [("UNLOCKED_COUNTER", "data race"), ("NEVER_DETACHED", "thread leak")])
def test_what_no_answer_shows_a_sanitizer_does(tmp_path: Path, macro: str, told: str) -> None:
    flags = sanitizer("thread", tmp_path)
    with started("assignments/thread/mistakes/thread.c", tmp_path, *flags, f"-D{macro}", delay=1) as server:
        clients = [server.connect() for _ in range(4)]  # all there before the first thread counts its connection
        for client in clients:
            client.sendall(GET)
        for client in clients:
            with client:
                assert read_all(client).endswith(GREETING)
        assert server.stop() != 0
        assert told in "\n".join(server.lines)
