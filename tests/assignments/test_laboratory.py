"""The laboratory, and the thread server that does not wait for its threads, as real processes."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import GET, GREETING, Server, body_of, read_all, running

FOUND = ["found Lock stuck", "found RLock stuck", "found queue.Queue stuck", "got through logging"]


@contextlib.contextmanager
def running_module(name: str, folder: Path, *options: str, delay: float = 0) -> Iterator[Server]:
    """A server of this folder. Warnings are shown only: one experiment does what Python warns of since 3.12."""
    run = f"runpy.run_module('assignments.fork_vs_thread.{name}', run_name='__main__', alter_sys=True)"
    instead = f"import runpy, sys, warnings; warnings.simplefilter('default'); {run}; sys.exit()"
    with running("iterative", folder, *options, prelude=instead, delay=delay) as server:
        yield server


def told(server: Server) -> list[str]:
    """What the laboratory has printed so far."""
    return [line.removeprefix("laboratory: ") for line in server.lines if line.startswith("laboratory: ")]


def test_nothing_is_done_before_the_first_client_and_nothing_again_for_the_second(tmp_path: Path) -> None:
    with running_module("laboratory", tmp_path, "--sizes", "1", "--times", "1") as server:
        assert told(server) == []
        assert body_of(server.ask()) == GREETING
        before = told(server)
        assert len(before) == 3
        assert server.first("^laboratory") < server.first("#1 request")
        assert body_of(server.ask()) == GREETING
        assert told(server) == before
        assert server.stop() == 0


def test_creation_is_told_for_each_size_and_page_tables_grow_with_it(tmp_path: Path) -> None:
    with running_module("laboratory", tmp_path, "--sizes", "1,32", "--times", "3") as server:
        assert body_of(server.ask()) == GREETING
        lines = told(server)
        assert server.stop() == 0
    shapes = []
    for size in (1, 32):
        shapes += [rf"page tables of {size} MiB are (\d+) KiB"]
        shapes += [rf"{kind} with {size} MiB took (\d+) us \(median of 3\)" for kind in ("fork", "thread")]
    matches = [re.fullmatch(shape, line) for shape, line in zip(shapes, lines, strict=True)]
    numbers = [int(match[1]) for match in matches if match]
    assert len(numbers) == 6
    assert all(number > 0 for number in numbers)
    assert numbers[3] - numbers[0] >= 60  # 8 bytes for each of 8192 pages: 64 KiB, with the pages apart


def test_memory_that_is_not_to_be_had_is_told_and_the_next_size_is_tried(tmp_path: Path) -> None:
    with running_module("laboratory", tmp_path, "--sizes", f"{2**30},1", "--times", "1") as server:
        assert body_of(server.ask()) == GREETING
        assert told(server)[0] == "1073741824 MiB could not be had (Cannot allocate memory)"
        assert len(told(server)) == 4
        assert server.stop() == 0


def test_a_child_is_stuck_at_locks_that_a_thread_held_and_at_no_renewed_one(tmp_path: Path) -> None:
    with running_module("laboratory", tmp_path, "--experiment", "inherit") as server:
        assert body_of(server.ask()) == GREETING
        assert told(server) == [f"child {found}" for found in [*FOUND, "got through renewed Lock"]]
        assert server.children() == []
        assert server.threads() == 1
        assert server.stop() == 0


@pytest.mark.parametrize("options", [["--sizes", "1,,2"], ["--sizes", "0"], ["--times", "0"], ["--experiment", "x"]])
def test_an_option_that_cannot_be_meant_is_refused(options: list[str], tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="error: argument"), running_module("laboratory", tmp_path, *options):
        raise NotImplementedError


def test_a_server_that_does_not_wait_for_its_daemon_threads_cuts_off_who_was_accepted(tmp_path: Path) -> None:
    with running_module("daemon_threads", tmp_path, delay=3600) as server, server.connect() as client:
        client.sendall(GET)
        server.wait_for_lines("#1 request")
        assert server.stop() == 0
        assert read_all(client) == b""
        assert server.lines[-1] == "server: stopped"
        assert server.count("#1 handed to a new thread") == 1
        assert server.count("#1 (answered|closed)") == 0


def test_until_the_stop_daemon_threads_serve_like_others(tmp_path: Path) -> None:
    with running_module("daemon_threads", tmp_path) as server:
        assert [body_of(server.ask()) for _ in range(3)] == [GREETING] * 3
        server.wait_for_lines(r"^thread \d+: #\d closed", 3)
        assert server.stop() == 0
