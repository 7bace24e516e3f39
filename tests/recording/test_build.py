"""Servers that are built: once for a state of their sources, and a compiler's words reach the user whole."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from report import freshness
from report.errors import ServerError
from report.planned import Planned
from report.recording import record
from report.recording.build import built, fill_command
from report.recording.cancel import Cancel
from report.spec import Server
from tests.recording.harness import FAKES, ROOT, Remembering, planned

COMPILER = """
import shutil, sys
source, target = sys.argv[1:]
open("built.log", "a").write("built ")
if "error" in open(source).read():
    sys.exit("\\n".join(f"{source}: error {n}" for n in range(30)))
shutil.copy(source, target)
"""


@pytest.fixture
def one(tmp_path: Path) -> Planned:
    """A server that a compiler of ours copies from the assignment's folder; under a root of its own."""
    folder = tmp_path / "assignments" / "fake"
    folder.mkdir(parents=True)
    for path in (ROOT / "assignments").glob("*.py"):
        shutil.copy(path, tmp_path / "assignments")
    shutil.copy(ROOT / FAKES / "answers.py", folder / "server.py")
    (folder / "compiler.py").write_text(COMPILER)
    server = Server(
        build=("{python}", "compiler.py", "server.py", "{build}/server.py"),
        command=("{python}", "{build}/server.py", "--port", "{port}", "--delay", "{delay}"),
        sources=("assignments/fake/*.py",),
    )
    found = planned(server)
    return replace(found, assignment=found.assignment.model_copy(update={"folder": folder}))


@pytest.fixture
def cancel() -> Iterator[Cancel]:
    with closing(Cancel()) as made:
        yield made


def times_built(one: Planned) -> int:
    return (one.assignment.folder / "built.log").read_text().count("built")


def test_a_server_is_built_and_run_and_evidence_shows_where_from_the_root(one: Planned, tmp_path: Path) -> None:
    plain = (ROOT / FAKES / "plain.py").read_text()
    source = one.assignment.folder / "server.py"
    source.write_text(plain + source.read_text().replace("from plain import answer, listen, options, say\n", ""))
    made = record(tmp_path, one, tmp_path / "evidence", Remembering())
    assert [request.outcome for request in made.requests] == ["answered", "answered"]
    assert made.record.command[1].startswith("build/bin/")
    assert (tmp_path / made.record.command[1]).is_file()


def test_a_build_is_made_again_only_when_a_source_changes(one: Planned, tmp_path: Path, cancel: Cancel) -> None:
    first = built(tmp_path, one.assignment, "one", cancel, 60.0)
    assert built(tmp_path, one.assignment, "one", cancel, 60.0) == first
    (tmp_path / freshness.LOAD_SCRIPT[0]).write_text("# no part of the server")
    assert built(tmp_path, one.assignment, "one", cancel, 60.0) == first
    assert times_built(one) == 1
    with (one.assignment.folder / "server.py").open("a") as source:
        source.write("# changed\n")
    second = built(tmp_path, one.assignment, "one", cancel, 60.0)
    assert second != first
    assert times_built(one) == 2
    assert second is not None
    assert [path.name for path in second.directory.parent.iterdir() if path.name.startswith(".")] == []


def test_a_failed_build_shows_command_and_all_that_was_said_and_leaves_nothing(
    one: Planned, tmp_path: Path, cancel: Cancel
) -> None:
    (one.assignment.folder / "server.py").write_text("error")
    with pytest.raises(ServerError) as caught:
        built(tmp_path, one.assignment, "one", cancel, 60.0)
    first, command, *said = str(caught.value).splitlines()
    assert first == "fake: servers.one.build ended with exit status 1; mend the source and run again"
    assert command.startswith("  command: python compiler.py server.py build/bin/")
    assert said == [f"server.py: error {n}" for n in range(30)]
    assert list((tmp_path / "build" / "bin").iterdir()) == []


def test_a_build_that_does_not_end_is_ended(one: Planned, tmp_path: Path, cancel: Cancel) -> None:
    (one.assignment.folder / "compiler.py").write_text("import signal; signal.pause()")
    with pytest.raises(ServerError, match=r"servers.one.build did not end within 0.2 s"):
        built(tmp_path, one.assignment, "one", cancel, 0.2)


def test_a_server_without_a_build_has_no_place(cancel: Cancel) -> None:
    assert built(ROOT, planned(Server(command=("true",))).assignment, "one", cancel, 60.0) is None


def test_the_words_that_start_a_server_by_hand_are_those_of_a_run_without_options(one: Planned, tmp_path: Path) -> None:
    words = fill_command(one.assignment, "one", port=8090, delay=5.0)
    assert Path(words[1]).is_relative_to(tmp_path / "build" / "bin")
    assert words[2:] == ("--port", "8090", "--delay", "5")
