"""How the four servers end: the first signal finishes what was accepted, the second one ends it at once."""

import contextlib
import os
import re
import signal
from pathlib import Path

import pytest

from tests.servers import ACTORS, GET, GREETING, NAMES, TOGETHER, body_of, read_all, running, wait_for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", NAMES)
def test_the_first_stop_signal_refuses_new_clients_and_finishes_the_accepted(
    name: str, number: signal.Signals, tmp_path: Path
) -> None:
    with running(name, tmp_path, delay=1) as server:
        clients = [server.connect() for _ in range(1 if name == "iterative" else 12)]
        for client in clients:
            client.sendall(GET)
        server.wait_for_lines(r"#\d+ accepted", len(clients))
        server.wait_for_lines("#1 request")
        # As from a terminal: Ctrl-C reaches every process of the group, TERM the one that it is sent to.
        if number == signal.SIGINT:
            os.killpg(server.process.pid, number)
        else:
            server.process.send_signal(number)
        replies = []
        for client in clients:
            with client:
                replies.append(body_of(read_all(client)))
        assert replies == [GREETING] * len(clients)
        assert server.process.wait(60) == 0
        assert server.session() == []
        assert server.lines[-1] == "server: stopped"
        assert server.count("server: stopping") == 1
        assert server.count(rf"^{ACTORS[name]}: #\d+ closed$") == len(clients)
        with pytest.raises(ConnectionRefusedError):
            server.connect()


@pytest.mark.parametrize("name", TOGETHER)
def test_a_stop_under_load_loses_nobody_who_was_accepted(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, delay=0.05) as server:
        clients = [server.connect() for _ in range(200)]
        for client in clients:
            client.sendall(GET)
        server.wait_for_lines(r"#\d+ answered", 5)
        server.process.send_signal(signal.SIGTERM)
        answered = 0
        for client in clients:
            with client, contextlib.suppress(ConnectionResetError):  # was still in the backlog
                answered += body_of(read_all(client)) == GREETING
        assert server.process.wait(60) == 0
        assert answered == server.count(r"^server: #\d+ accepted") == server.count(r"#\d+ answered 200, 20 bytes")
        assert server.session() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_second_stop_signal_ends_everything_at_once(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, delay=3600) as server:
        clients = [server.connect() for _ in range(4)]
        for client in clients:
            client.sendall(GET)
        server.wait_for_lines(r"#\d+ request", 4 if name in ("fork", "thread") else 1)
        server.process.send_signal(signal.SIGTERM)
        if name != "iterative":  # which is asleep, and will say so only afterwards
            server.wait_for_lines("server: stopping")
        else:
            wait_for(lambda: not pending(server.process.pid, signal.SIGTERM), "the signal to be taken")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) in (128 + signal.SIGINT, 128 + signal.SIGTERM)
        assert server.session() == []
        assert server.lines[-1] == "server: stopped at once"
        for client in clients:
            client.close()


def pending(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return any(int(mask, 16) >> (number - 1) & 1 for mask in re.findall(r"(?:SigPnd|ShdPnd):\s*(\w+)", status))
