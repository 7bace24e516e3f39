"""The event loop keeps the contract of the other servers, in one thread; the loop itself, without any server."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assignments.epoll import server as epoll
from assignments.epoll.loop import FOR_EVER, NOTHING, READ, WRITE, Loop, Task
from assignments.service import Connection
from tests import servers
from tests.assignments import test_lessons as lessons
from tests.assignments import test_servers as contract
from tests.assignments import test_stopping as stopping
from tests.attacks import test_servers_under_attack as attacks
from tests.servers import GET, GREETING, body_of, read_all, running

NAME = "epoll"
CONTRACT = [
    contract.test_every_answer_is_right_every_line_is_known_and_nothing_is_left_behind,
    contract.test_refusals_come_at_once_and_whole_though_the_greeting_takes_an_hour,
    contract.test_a_body_that_nobody_asked_for_does_not_destroy_the_answer,
    contract.test_a_refused_client_that_is_still_sending_gets_its_answer,
    contract.test_a_silent_client_gets_408_and_the_server_goes_on,
    contract.test_clients_that_vanish_at_any_point_harm_nobody,
    contract.test_without_descriptors_accepting_pauses_and_everybody_is_answered,
    contract.test_a_server_whose_lines_nobody_reads_serves_on,
    contract.test_a_port_that_is_taken_is_one_sentence_and_exit_status_1,
    contract.test_waiting_costs_nothing,
    stopping.test_a_stop_under_load_loses_nobody_who_was_accepted,
    stopping.test_a_second_stop_signal_ends_everything_at_once,
    lessons.test_a_plain_server_knows_no_lessons,
    lessons.test_every_server_has_the_lessons_and_still_greets,
    attacks.test_a_server_is_after_hostile_clients_as_it_was_before,
]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract's tests know who serves."""
    monkeypatch.setitem(servers.ACTORS, NAME, "server")
    monkeypatch.setitem(contract.SHAPES, NAME, "")


@pytest.mark.parametrize("holds", CONTRACT, ids=lambda holds: holds.__name__.removeprefix("test_"))
def test_it_keeps_the_contract(holds: Callable[[str, Path], None], tmp_path: Path) -> None:
    holds(NAME, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_stop_signal_finishes_the_accepted(number: signal.Signals, tmp_path: Path) -> None:
    stopping.test_the_first_stop_signal_refuses_new_clients_and_finishes_the_accepted(NAME, number, tmp_path)


def test_all_are_in_hand_at_once_and_there_is_one_thread(tmp_path: Path) -> None:
    with running(NAME, tmp_path, delay=3600) as server:
        clients = [server.connect() for _ in range(50)]
        for client in clients:
            client.sendall(GET)
        server.wait_for_lines(r"#\d+ request", 50)
        assert server.threads() == 1
        assert server.children() == []
        for client in clients:
            client.close()
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_lines("server: stopping")
        assert server.stop(signal.SIGINT) == 128 + signal.SIGINT


def test_nobody_waits_for_a_silent_client(tmp_path: Path) -> None:
    with running(NAME, tmp_path) as server, server.connect() as silent:
        server.wait_for_lines("#1 accepted")
        assert body_of(server.ask()) == GREETING
        assert server.count("#1 closed") == 0
        silent.sendall(GET)
        assert body_of(read_all(silent)) == GREETING
        assert server.stop() == 0


def test_a_sleeping_client_that_resets_costs_no_processor_time(tmp_path: Path) -> None:
    """A descriptor that stays registered would make epoll_wait(2) return on and on: EPOLLHUP needs not be asked for."""
    with running(NAME, tmp_path, delay=3600) as server:
        client = server.connect()
        client.sendall(GET)
        server.wait_for_lines("#1 request")
        contract.reset(client)
        ticks = Path(f"/proc/{server.process.pid}/stat")
        before = sum(map(int, ticks.read_text().rpartition(")")[2].split()[11:13]))
        time.sleep(1)  # what is measured is processor time, of which a busy machine gives less and not more
        assert sum(map(int, ticks.read_text().rpartition(")")[2].split()[11:13])) - before < 20
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_lines("server: stopping")
        server.stop(signal.SIGTERM)


# ---- The loop --------------------------------------------------------------------------------------------------


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def noted(told: list[object], *waits: tuple[int, float]) -> Task:
    """A task that waits for these, one after the other, and notes whether each came."""
    for wait in waits:
        came = yield wait
        told.append(came)


def test_what_comes_is_told_apart_from_what_does_not_come_in_time(pair: tuple[socket.socket, socket.socket]) -> None:
    told: list[object] = []
    ours, theirs = pair
    theirs.send(b"x")
    loop, begun = Loop(), time.monotonic()
    moment = begun + 0.05
    loop.start(ours.fileno(), noted(told, (READ, FOR_EVER), (WRITE, moment), (NOTHING, moment)))
    loop.run()
    assert told == [True, True, False]
    assert time.monotonic() >= moment  # a sleep never ends early


def test_tasks_go_on_in_the_order_of_their_moments_and_a_task_may_start_and_cancel_others(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    told: list[object] = []
    ours, theirs = (end.fileno() for end in pair)
    loop, begun = Loop(), time.monotonic()

    def first() -> Task:
        yield NOTHING, begun + 0.02
        told.append("first")
        loop.cancel(theirs)
        loop.start(theirs, second())

    def second() -> Task:
        yield NOTHING, begun + 0.01  # has been already
        told.append("second")

    loop.start(theirs, noted(told, (NOTHING, begun + 3600)))
    loop.start(ours, first())
    loop.run()
    assert told == ["first", "second"]


def test_a_moment_is_forgotten_when_what_was_waited_for_came_before(pair: tuple[socket.socket, socket.socket]) -> None:
    told: list[object] = []
    ours, theirs = pair
    theirs.send(b"x")
    loop, begun = Loop(), time.monotonic()
    loop.start(ours.fileno(), noted(told, (READ, begun + 0.02), (NOTHING, begun + 0.06)))
    loop.run()
    assert told == [True, False]
    assert time.monotonic() >= begun + 0.06


class Slow:
    """A socket that takes a few bytes at a time."""

    def __init__(self) -> None:
        self.taken = b""

    def send(self, data: bytes) -> int:
        self.taken += data[:7]
        return len(data[:7])

    def recv(self, *_: int) -> bytes:
        return b""


def written(slow: Slow, reply: bytes, *, in_time: bool) -> int:
    """How often a writer waits for a socket that it is told can take more, or cannot in time."""
    task = epoll.write(Connection(slow, 1, "nobody"), reply)  # type: ignore[arg-type]
    waits = 0
    try:
        next(task)
        while True:
            waits += 1
            task.send(in_time)
    except StopIteration:
        return waits


def test_a_reply_that_the_peer_takes_piece_by_piece_is_sent_whole(capfd: pytest.CaptureFixture[str]) -> None:
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + GREETING
    slow = Slow()
    assert written(slow, reply, in_time=True) == len(reply) // 7
    assert slow.taken == reply
    assert capfd.readouterr().out == "server: #1 answered 200, 20 bytes\n"
    slow = Slow()
    assert written(slow, reply, in_time=False) == 1
    assert capfd.readouterr().out == "server: #1 client left before the answer\n"
