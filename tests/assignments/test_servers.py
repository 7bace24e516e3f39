"""The contract of the four servers, kept by each of them as a real process.

Nothing here is decided by a time on the clock: who waits for whom is decided by the order of events.
"""

import contextlib
import re
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import ACTORS, GET, GREETING, NAMES, ROOT, body_of, read_all, running, status_of, wait_for

SHAPES = {
    "iterative": "",
    "fork": r"|server: #\d+ (forked child \d+|reaped child \d+, exit status 0)",
    "thread": r"|server: #\d+ handed to a new thread",
    "message_queue": r"|(server|worker \d+): .*, queue \d+/10, workers \d+",
}


def reset(client: socket.socket) -> None:
    """Leave with RST instead of FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_right_every_line_is_known_and_nothing_is_left_behind(name: str, tmp_path: Path) -> None:
    count = 60
    with running(name, tmp_path) as server:
        before = server.descriptors()
        clients = [server.connect() for _ in range(count)]
        for client in clients:
            client.sendall(GET)
        assert [body_of(read_all(client)) for client in clients] == [GREETING] * count
        for client in clients:
            client.close()
        server.wait_for_lines(r"#\d+ closed$", count)
        wait_for(lambda: not server.children() and server.descriptors() == before, "children and files to be gone")
        if name == "thread":
            wait_for(lambda: server.threads() == 1, "the threads to be gone")
        assert server.stop() == 0
        lines = server.lines
    assert lines[0] == f"server: listening on 127.0.0.1:{server.port}, delay 0 s"
    assert lines[-2:] == ["server: stopping", "server: stopped"]
    accepted = [int(line.split("#")[1].split()[0]) for line in lines if " accepted from 127.0.0.1:" in line]
    assert accepted == list(range(1, count + 1))
    shape = re.compile(
        rf"server: #\d+ accepted from 127\.0\.0\.1:\d+"
        rf"|{ACTORS[name]}: #\d+ (request GET / HTTP/1\.1, {len(GET)} bytes|answered 200, 20 bytes|closed)"
        + SHAPES[name]
    )
    assert [line for line in lines[1:-2] if not shape.fullmatch(line)] == []
    for number in range(1, count + 1):
        handled = re.findall(rf"^{ACTORS[name]}: #{number} (request|answered|closed)\b", "\n".join(lines), re.M)
        assert handled == ["request", "answered", "closed"]


@pytest.mark.parametrize("name", NAMES)
def test_refusals_come_at_once_and_whole_though_the_greeting_takes_an_hour(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, delay=3600) as server:
        assert status_of(server.ask(b"GET /favicon.ico HTTP/1.1\r\nHost: a\r\n\r\n")) == 404
        assert status_of(server.ask(b"hello\r\n\r\n")) == 400
        body = b"x" * 500_000
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert body_of(server.ask(head + body)) == b"405 Method Not Allowed\n"
        assert status_of(server.ask(b"GET / HTTP/1.1\r\nX: " + body)) == 431
        assert server.stop() == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_nobody_asked_for_does_not_destroy_the_answer(name: str, tmp_path: Path) -> None:
    body = b"x" * 40_000  # more than the server reads at once
    with running(name, tmp_path, delay=0.5) as server:
        head = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert body_of(server.ask(head + body)) == GREETING


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_client_that_is_still_sending_gets_its_answer(name: str, tmp_path: Path) -> None:
    patient = "import assignments.service; assignments.service.PATIENCE = 60.0"
    with running(name, tmp_path, prelude=patient) as server, server.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        server.wait_for_lines("#1 answered 405")
        for _ in range(10):
            client.sendall(b"x" * 10_000)  # EPIPE if the server had closed already
        assert body_of(read_all(client)) == b"405 Method Not Allowed\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_silent_client_gets_408_and_the_server_goes_on(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, read_timeout=0.1) as server:
        with server.connect() as silent:
            assert status_of(read_all(silent)) == 408
        assert body_of(server.ask()) == GREETING
        assert server.count(r"#1 answered 408, 20 bytes") == 1
        assert server.stop() == 0


@pytest.mark.parametrize("name", NAMES)
def test_clients_that_vanish_at_any_point_harm_nobody(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, delay=2.0) as server:  # enough for a busy machine to leave before it
        server.connect().close()
        reset(server.connect())
        with server.connect() as partial:
            partial.sendall(b"GET / HT")
            reset(partial)
        for number, leave in ((4, socket.socket.close), (5, reset)):
            client = server.connect()
            client.sendall(GET)
            server.wait_for_lines(f"#{number} request")
            leave(client)
            server.wait_for_lines(f"#{number} closed")
        assert body_of(server.ask()) == GREETING
        assert server.stop() == 0
        assert server.count("#1 client left without a request") == 1
        assert server.count("#5 client left before the answer") == 1
        assert server.count(rf"^{ACTORS[name]}: #\d+ closed$") == 6


@pytest.mark.parametrize("name", NAMES)
def test_who_waits_for_a_silent_client_is_what_tells_the_designs_apart(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as server, server.connect() as silent:
        server.wait_for_lines("#1 accepted")
        with server.connect() as second:
            second.sendall(GET)
            if name in ("fork", "thread"):
                assert body_of(read_all(second)) == GREETING
                assert server.count("#1 closed") == 0
            silent.sendall(GET)
            assert body_of(read_all(silent)) == GREETING
            if name in ("iterative", "message_queue"):  # one server, or one worker until eight are waiting
                assert body_of(read_all(second)) == GREETING
                assert server.first("#1 closed") < server.first("#2 request")
        assert server.stop() == 0


def test_a_thousand_clients_fit_into_the_backlog_of_a_server_that_does_not_accept(tmp_path: Path) -> None:
    """With a smaller one the kernel drops their requests to connect, which come again after 1, 3, 7 seconds."""
    allowed = int(Path("/proc/sys/net/core/somaxconn").read_text())
    with running("iterative", tmp_path) as server, contextlib.ExitStack() as connected:
        connected.enter_context(server.connect())  # silent: the server waits for its request
        server.wait_for_lines("#1 accepted")
        for _ in range(min(1000, allowed)):
            connected.enter_context(server.connect())  # would time out


@pytest.mark.parametrize("name", ["thread", "message_queue"])
def test_without_descriptors_accepting_pauses_and_everybody_is_answered(name: str, tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (14, 14))"
    with running(name, tmp_path, "--read-timeout", "60", prelude=limit) as server:
        silent = [server.connect() for _ in range(20)]  # more than the descriptors left
        server.wait_for_lines(r"server: cannot accept \(Too many open files\), trying again", 3)
        assert server.process.poll() is None
        assert server.count("cannot accept") < 1000  # pauses: it would be tens of thousands
        for client in silent:
            client.sendall(GET)
        for client in silent:
            with client:
                assert body_of(read_all(client)) == GREETING
        assert server.stop() == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_server_whose_lines_nobody_reads_serves_on(name: str, tmp_path: Path) -> None:
    closed = "import os; end, other = os.pipe(); os.close(end); os.dup2(other, 1); os.close(other)"
    with running(name, tmp_path, prelude=closed) as server:
        assert [body_of(server.ask()) for _ in range(3)] == [GREETING] * 3
        assert server.stop() == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_port_that_is_taken_is_one_sentence_and_exit_status_1(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as server:
        second = subprocess.run(
            [sys.executable, "-m", f"assignments.{name}.server", "--port", str(server.port)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert second.returncode == 1
    assert second.stdout == ""
    assert re.fullmatch(
        rf"server: cannot listen on 127\.0\.0\.1:{server.port} \(.*Address already in use\).*\n", second.stderr
    )


@pytest.mark.parametrize("name", NAMES)
def test_waiting_costs_nothing(name: str, tmp_path: Path) -> None:
    """Nothing polls: a server that nobody asks for anything is not even scheduled."""
    with running(name, tmp_path) as server:
        assert body_of(server.ask()) == GREETING
        server.wait_for_lines("#1 closed")

        def switches() -> int:
            total = 0
            for task in Path(f"/proc/{server.process.pid}/task").iterdir():
                status = (task / "status").read_text()
                total += sum(map(int, re.findall(r"ctxt_switches:\s*(\d+)", status)))
            return total

        def still() -> bool:
            before = switches()
            time.sleep(0.5)
            return switches() == before

        wait_for(still, "half a second without a context switch")
