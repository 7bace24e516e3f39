"""The message queue's server as a real process: its lines keep the rule, whatever the threads do.

The rule itself is tested in test_message_queue_rule.py, without threads and on a clock of its own.
"""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assignments.replay import Limits, replay
from tests.servers import GET, GREETING, ROOT, body_of, read_all, running, wait_for


@pytest.mark.parametrize(
    "options", [["--add-at", "11"], ["--remove-at", "8"], ["--max-workers", "0"], ["--speed", "0"], ["--delay", "nan"]]
)
def test_options_that_make_no_sense_are_refused_in_a_sentence(options: list[str]) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "assignments.message_queue.server", "--port", "0", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode in (1, 2)
    assert options[0] in refused.stderr
    assert "Traceback" not in refused.stderr


def ask_all(port: int, count: int) -> list[bytes]:
    """So many clients at once; what each of them got."""
    clients = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(count)]
    for client in clients:
        client.sendall(GET)
    replies = []
    for client in clients:
        with client:
            replies.append(body_of(read_all(client)))
    return replies


def test_a_real_burst_rises_and_falls_by_the_rule(tmp_path: Path) -> None:
    with running("message_queue", tmp_path, "--speed", "20", delay=0.25) as server:
        assert ask_all(server.port, 40) == [GREETING] * 40
        wait_for(lambda: server.threads() == 3, "the main thread, the scaler and worker 1 to remain")
        assert server.stop() == 0
        counts = replay(server.lines)
    assert counts["done"] == 40
    assert counts["added"] == counts["told"] == counts["removed"] > 10


def test_a_real_full_queue_keeps_the_rest_in_the_backlog(tmp_path: Path) -> None:
    with running("message_queue", tmp_path, "--max-workers", "4", delay=0.1) as server:
        assert ask_all(server.port, 40) == [GREETING] * 40
        assert server.stop() == 0
        lines = server.lines
    assert replay(lines, Limits(max_workers=4))["done"] == 40
    assert any("queue 10/10, workers 4" in line for line in lines)
    unfinished = 0
    for line in lines:
        unfinished += (" accepted from " in line) - (" done, " in line)
        assert unfinished <= 14, line


def test_under_real_threads_no_wake_up_is_lost_and_every_line_keeps_the_rule(tmp_path: Path) -> None:
    """Workers come and go as fast as they can, at no delay: the churn that the floors otherwise prevent."""
    churn = ("--hold", "0", "--cooldown", "0")
    with running("message_queue", tmp_path, *churn) as server:
        for _ in range(10):
            assert ask_all(server.port, 50) == [GREETING] * 50
        assert server.stop() == 0
        assert replay(server.lines)["done"] == 500


def test_a_stop_with_a_full_queue_serves_what_is_in_it(tmp_path: Path) -> None:
    with running("message_queue", tmp_path, "--max-workers", "1", delay=0.2) as server:
        clients = [server.connect() for _ in range(11)]
        for client in clients:
            client.sendall(GET)
        server.wait_for_lines("queue 10/10")
        server.process.send_signal(signal.SIGTERM)
        for client in clients:
            with client:
                assert body_of(read_all(client)) == GREETING
        assert server.process.wait(60) == 0
        assert server.lines[-1] == "server: stopped"
        assert replay(server.lines)["done"] == 11


def test_a_stop_ends_at_once_when_all_workers_are_idle(tmp_path: Path) -> None:
    with running("message_queue", tmp_path, "--hold", "3600") as server:
        ask_all(server.port, 40)
        assert server.stop() == 0
        assert server.count("told to leave") == 0


def test_workers_that_cannot_be_started_cost_time_but_no_message(tmp_path: Path) -> None:
    prelude = """
import threading
start = threading.Thread.start
def failing(thread):
    if threading.active_count() > 3:
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = failing
"""
    with running("message_queue", tmp_path, prelude=prelude, delay=0.02) as server:
        assert ask_all(server.port, 40) == [GREETING] * 40
        assert server.stop() == 0
        assert replay([line for line in server.lines if "no new" not in line])["done"] == 40
        assert server.count(r"no new worker \(can't start new thread\)") > 0
