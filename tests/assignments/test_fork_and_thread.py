"""What only the fork server, or only the thread server, has to get right."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.servers import GET, GREETING, ROOT, body_of, read_all, running, wait_for


def test_every_child_is_forked_once_and_reaped_once(tmp_path: Path) -> None:
    with running("fork", tmp_path) as server:
        clients = [server.connect() for _ in range(40)]
        for client in clients:
            client.sendall(GET)
        for client in clients:
            with client:
                read_all(client)
        server.wait_for_lines("reaped child", 40)
        assert server.children() == []
        forked = re.findall(r"#(\d+) forked child (\d+)", "\n".join(server.lines))
        reaped = re.findall(r"#(\d+) reaped child (\d+), exit status 0", "\n".join(server.lines))
        assert len(set(forked)) == 40
        assert sorted(forked) == sorted(reaped)


def test_a_child_that_is_killed_is_reaped_and_the_others_go_on(tmp_path: Path) -> None:
    with running("fork", tmp_path, delay=0.5) as server, server.connect() as first, server.connect() as second:
        first.sendall(GET)
        server.wait_for_lines("#1 request")
        (child,) = [int(pid) for pid in re.findall(r"#1 forked child (\d+)", "\n".join(server.lines))]
        os.kill(child, signal.SIGKILL)
        second.sendall(GET)
        assert read_all(first) == b""
        assert body_of(read_all(second)) == GREETING
        server.wait_for_lines(f"#1 reaped child {child}, killed by signal 9")
        assert server.stop() == 0


def test_children_ignore_the_stop_signals_and_hold_no_port(tmp_path: Path) -> None:
    with running("fork", tmp_path, delay=2) as server, server.connect() as client:
        client.sendall(GET)
        server.wait_for_lines("#1 request")
        (child,) = server.children()
        os.kill(child, signal.SIGTERM)
        os.kill(child, signal.SIGINT)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(60)
        with socket.socket() as successor:
            successor.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            successor.bind(("127.0.0.1", server.port))  # EADDRINUSE if a child still listened
            successor.listen()
        assert body_of(read_all(client)) == GREETING
        wait_for(lambda: server.session() == [], "the child to leave")


def test_a_fork_that_fails_is_tried_again_and_no_connection_is_lost(tmp_path: Path) -> None:
    prelude = """
import errno, os
fork, tries = os.fork, []
def failing():
    tries.append(1)
    if len(tries) % 3:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return fork()
os.fork = failing
"""
    with running("fork", tmp_path, prelude=prelude) as server:
        assert [body_of(server.ask()) for _ in range(5)] == [GREETING] * 5
        assert server.stop() == 0
        failed = r"^server: #\d+ fork failed \(Resource temporarily unavailable\), trying again$"
        assert server.count(failed) == 10


def test_a_thread_that_does_not_start_is_tried_again_and_no_connection_is_lost(tmp_path: Path) -> None:
    with running("thread", tmp_path, prelude=every_third_thread_starts()) as server:
        assert [body_of(server.ask()) for _ in range(5)] == [GREETING] * 5
        assert server.stop() == 0
        assert server.count(r"^server: #\d+ no new thread \(can't start new thread\), trying again$") == 10


def every_third_thread_starts() -> str:
    return """
import threading
start, tries = threading.Thread.start, []
def failing(thread):
    tries.append(1)
    if len(tries) % 3:
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = failing
"""


def test_the_fork_server_has_no_threads_and_imports_little() -> None:
    """Each page that an import touches is copied for each child; a lock held by a thread would stay locked."""
    code = "import sys, assignments.fork.server as _; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    dear = {"threading", "logging", "socketserver", "concurrent", "pathlib", "dataclasses", "random", "json"}
    assert dear.isdisjoint(loaded)
    assert "assignments.service" in loaded
