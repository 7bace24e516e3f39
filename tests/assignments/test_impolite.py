"""The impolite load script: what its clients do is what a server sees, and its record is that of the polite one."""

import errno
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assignments.answers import COLUMNS, Outcome
from assignments.impolite import ImpoliteLoad, Manners, parse
from tests.fakes import answers as fakes

ROOT = Path(__file__).parents[2]
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def load(port: int, manners: Manners, clients: int = 1, stalled: int = 0, timeout: float = 60.0) -> ImpoliteLoad:
    """A load that is over."""
    done = ImpoliteLoad(("127.0.0.1", port), [REQUEST], [0.0] * clients, stalled, timeout, manners)
    wake, waker = socket.socketpair()
    with wake, waker:
        done.run(wake)
    return done


class Seen:
    """What came of the connections that a server accepted one after the other, each before the next is looked at."""

    def __init__(self, look: Callable[[socket.socket], object]) -> None:
        self.results: queue.Queue[object] = queue.Queue()
        self._look = look

    def __call__(self, connection: socket.socket) -> None:
        try:
            found = self._look(connection)
        except OSError as failure:
            found = failure.errno
        self.results.put(found)

    def of(self, count: int) -> list[object]:
        """What was found of so many connections; to be asked while the server still accepts."""
        return [self.results.get(timeout=60) for _ in range(count)]


def test_a_reset_connection_sends_nothing_and_resets() -> None:
    seen = Seen(lambda connection: connection.recv(100) or "FIN")
    with fakes.serving(seen) as port:
        done = load(port, Manners(resets=2))
        assert sorted(map(str, seen.of(3))) == sorted(map(str, [errno.ECONNRESET, errno.ECONNRESET, REQUEST]))
    assert [(link.kind, link.answer.outcome, link.answer.detail) for link in done.stalled] == [
        ("reset", Outcome.RESET, "by us")
    ] * 2
    assert [link.sent for link in done.stalled] == [None, None]


def test_a_half_closed_connection_asks_and_writing_to_it_is_a_broken_pipe() -> None:
    def write_until_it_fails(connection: socket.socket) -> object:
        request = fakes.read_request(connection)
        fakes.wait_for_the_client_to_leave(connection)
        try:
            while True:
                connection.sendall(b"x")
        except OSError as failure:
            return request, failure.errno

    seen = Seen(write_until_it_fails)
    with fakes.serving(seen) as port:
        done = load(port, Manners(half_closed=1), clients=0)
        assert seen.of(1) == [(REQUEST, errno.EPIPE)]
    (link,) = done.stalled
    assert (link.name, link.answer.outcome, link.sent == link.connected) == ("half-closed 1", Outcome.RESET, True)


def test_a_request_in_pieces_comes_whole_but_not_at_once() -> None:
    first: queue.Queue[bytes] = queue.Queue()

    def look(connection: socket.socket) -> None:
        first.put(connection.recv(100))
        first.put(fakes.read_request(connection))
        connection.sendall(fakes.HEAD + fakes.BODY)

    with fakes.serving(look) as port:
        done = load(port, Manners(pieces=0.05))
    (link,) = done.requests
    pieces = [first.get(timeout=60), first.get(timeout=60)]
    assert b"".join(pieces) == REQUEST
    assert all(pieces)
    assert link.answer.outcome is Outcome.ANSWERED
    assert link.sent is not None
    assert link.connected is not None
    assert link.sent - link.connected >= 0.05


def test_an_answer_to_half_a_request_came_before_it_was_sent() -> None:
    def answers_to_what_comes(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(fakes.HEAD + fakes.BODY)

    with fakes.serving(answers_to_what_comes) as port:
        done = load(port, Manners(pieces=30.0))
    (link,) = done.requests
    assert (link.answer.outcome, link.sent) == (Outcome.ANSWERED, None)


def order(done: ImpoliteLoad) -> list[int]:
    return [link.number for link in sorted(done.requests, key=lambda link: link.sent or 0.0)]


def test_reversed_the_last_one_is_answered_before_the_others_ask() -> None:
    with fakes.serving(fakes.answers) as port:
        done = load(port, Manners(reverse=True), clients=4)
    assert order(done) == [4, 3, 2, 1]
    last = done.requests[-1]
    assert last.done is not None
    assert all(link.sent is not None and link.sent > last.done for link in done.requests[:-1])
    assert all(link.answer.outcome is Outcome.ANSWERED for link in done.requests)


def test_reversed_and_served_one_after_the_other_the_others_ask_when_half_the_timeout_has_passed() -> None:
    def one_after_the_other(listener: socket.socket, count: int) -> None:
        for _ in range(count):
            connection, _address = listener.accept()
            with connection:
                fakes.answers(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=one_after_the_other, args=(listener, 3))
        server.start()
        done = load(listener.getsockname()[1], Manners(reverse=True), clients=3, timeout=2.0)
        server.join(timeout=60)
    assert order(done) == [3, 2, 1]
    first, *_, last = done.requests
    assert (last.done or 0.0) > (first.done or 0.0) > (first.sent or 0.0) >= first.due + 1.0


def test_a_stalled_connection_is_told_apart_from_those_that_only_disturb() -> None:
    with fakes.serving(fakes.wait_for_the_client_to_leave) as port:
        done = load(port, Manners(resets=1, half_closed=1), clients=0, stalled=1)
    assert [link.name for link in done.stalled] == ["stalled 1", "reset 1", "half-closed 1"]
    assert [link.number for link in done.stalled] == [1, 2, 3]


def test_nobody_there_is_told_and_the_load_ends() -> None:
    with fakes.refusing() as port:
        done = load(port, Manners(resets=1, half_closed=1, reverse=True), clients=2)
    assert {link.answer.outcome for link in (*done.requests, *done.stalled)} == {Outcome.REFUSED}


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assignments.impolite", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_the_command_line_and_the_record_are_those_of_the_polite_one(tmp_path: Path) -> None:
    record = tmp_path / "requests.csv"
    with fakes.serving(Seen(fakes.answers)) as port:
        url = f"http://127.0.0.1:{port}/"
        ended = run(url, "--clients", 2, "--stalled", 1, "--resets", 1, "--half-closed-resets", 1, "--record", record)
    assert (ended.returncode, ended.stderr) == (0, "")
    head, *lines = ended.stdout.splitlines()
    disturbing = "1 stalled connection, 1 reset connection, 1 half-closed and reset connection first"
    assert head == f"sending 2 requests to {url}, {disturbing}"
    assert "2 sent, 2 answered, 0 failed" in lines[-3]
    header, *rows = record.read_text(encoding="ascii").splitlines()
    assert header == COLUMNS
    assert [row.split(",")[1] for row in rows] == ["request", "request", "stalled", "reset", "half-closed"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--resets", "-1"], "found '-1', expected a whole number"),
        (["--resets", "x"], "found 'x', expected a whole number"),
        (["--pieces", "0"], "found '0', expected seconds, more than 0"),
        (["--pieces", "nan"], "found 'nan', expected seconds"),
        (["--pieces", "1", "--reverse"], "not allowed with argument"),
        (["--reverse", "--arrival", "1x2"], "--reverse needs --clients"),
        (["--frobnicate"], "unrecognized arguments"),
    ],
)
def test_bad_usage_is_one_sentence_and_status_2(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["http://127.0.0.1:9/", *words])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert "for example: " in said


def test_help_tells_both_its_own_options_and_the_polite_ones() -> None:
    ended = run("--help")
    assert ended.returncode == 0
    assert "--half-closed-resets" in ended.stdout
    assert "--arrival" in ended.stdout
