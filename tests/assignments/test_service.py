"""The service by itself: one connection handled over a socket pair."""

import re
import select
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from assignments import options, service
from assignments.greeting import LIMIT, answer
from tests.servers import GET, free_port, read_all, status_of, wait_for


class Client:
    """The far end of a connection that `service.handle` serves in a thread; `events` is what it printed."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.socket, self.far = socket.socketpair()
        self.socket.settimeout(30)
        self._serving: threading.Thread | None = None

    def serve(self, delay: float = 0, read_timeout: float = 30) -> None:
        connection = service.Connection(self.far, 7, "peer")
        service.limit(self.far, socket.SO_RCVTIMEO, read_timeout)  # which it would have got from the listener
        self._serving = threading.Thread(
            target=service.handle, args=(connection,), kwargs={"delay": delay, "read_timeout": read_timeout}
        )
        self._serving.start()

    def events(self) -> list[str]:
        assert self._serving is not None
        self._serving.join(30)
        assert not self._serving.is_alive()
        return self._capfd.readouterr().out.splitlines()


@pytest.fixture
def client(capfd: pytest.CaptureFixture[str]) -> Iterator[Client]:
    made = Client(capfd)
    yield made
    made.socket.close()
    made.far.close()


def test_a_request_in_single_bytes_is_answered_as_one_in_a_piece(client: Client) -> None:
    client.serve()
    for position in range(len(GET)):
        client.socket.sendall(GET[position : position + 1])
    assert read_all(client.socket) == answer(GET)
    assert client.events() == [
        f"server: #7 request GET / HTTP/1.1, {len(GET)} bytes",
        "server: #7 answered 200, 20 bytes",
        "server: #7 closed",
    ]


def test_only_the_greeting_waits_for_the_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for path, expected in ((b"/", [5.0]), (b"/favicon.ico", [])):
        slept.clear()
        ours, theirs = socket.socketpair()
        with ours:
            ours.sendall(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
            service.handle(service.Connection(theirs, 1, "peer"), delay=5.0, read_timeout=30)
            assert slept == expected


def test_head_is_answered_with_no_body_and_says_so(client: Client) -> None:
    client.socket.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
    client.serve()
    assert read_all(client.socket).endswith(b"Content-Length: 20\r\nConnection: close\r\n\r\n")
    assert client.events()[1] == "server: #7 answered 200, 0 bytes"


def test_a_silent_client_gets_408_after_the_read_timeout(client: Client) -> None:
    client.serve(read_timeout=0.05)
    assert status_of(read_all(client.socket)) == 408
    client.socket.close()
    assert client.events() == ["server: #7 answered 408, 20 bytes", "server: #7 closed"]


def send_single_bytes(to: socket.socket, pause: float, count: int) -> None:
    for _ in range(count):
        to.sendall(b"x")
        time.sleep(pause)


def test_the_read_timeout_is_one_deadline_that_single_bytes_do_not_prolong(client: Client) -> None:
    client.serve(read_timeout=0.3)
    with pytest.raises(OSError, match=r"Broken pipe|reset"):  # the server has given up and closed
        send_single_bytes(client.socket, pause=0.02, count=1000)
    events = client.events()
    assert re.fullmatch(r"server: #7 request x+(\.\.\.)?, \d+ bytes", events[0])
    assert events[1] == "server: #7 answered 408, 20 bytes"


def test_a_client_that_leaves_at_once_is_no_fault(client: Client) -> None:
    client.socket.close()
    client.serve()
    assert client.events() == ["server: #7 client left without a request", "server: #7 closed"]


def test_a_client_that_ends_in_the_middle_of_its_request_is_told_so(client: Client) -> None:
    client.socket.sendall(b"GET / HT")
    client.socket.shutdown(socket.SHUT_WR)
    client.serve()
    assert status_of(read_all(client.socket)) == 400
    client.socket.close()
    assert client.events()[0] == "server: #7 request GET / HT, 8 bytes"


def test_a_client_that_leaves_before_the_answer_is_no_fault(client: Client) -> None:
    client.socket.sendall(GET)
    client.socket.close()
    client.serve()
    assert client.events()[1:] == ["server: #7 client left before the answer", "server: #7 closed"]


def test_an_oversized_request_is_cut_at_the_limit_and_refused(client: Client) -> None:
    client.serve()
    client.socket.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * (LIMIT + 5000))
    assert status_of(read_all(client.socket)) == 431
    client.socket.close()
    assert client.events()[0].endswith(f", {LIMIT} bytes")


def test_a_fault_of_ours_ends_the_connection_but_not_its_server(
    client: Client, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(request: bytes) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(service, "answer", broken)
    client.socket.sendall(GET)
    service.handle(service.Connection(client.far, 7, "peer"), delay=0, read_timeout=30)
    assert read_all(client.socket) == b""
    said = capfd.readouterr()
    assert said.out.splitlines()[-1] == "server: #7 closed"
    assert "ZeroDivisionError" in said.err


def test_bytes_that_come_closer_together_than_the_kernel_counts_do_not_prolong_the_deadline(client: Client) -> None:
    """A timeout of the socket is rounded up to a tick of the kernel's, and each byte that comes begins it anew."""
    client.serve(read_timeout=0.05)
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        send_single_bytes(client.socket, pause=0.0005, count=LIMIT - 1)
    assert client.events()[1] == "server: #7 answered 408, 20 bytes"


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "five"])
def test_a_duration_is_a_finite_number_that_is_not_negative(text: str) -> None:
    with pytest.raises(ValueError, match="|".join([text, "could not convert"])):
        options.seconds(text)


def test_the_port_of_a_run_that_has_just_ended_can_be_had_again() -> None:
    """The side that closed first keeps the connection in TIME_WAIT, on the server's port."""
    address = ("127.0.0.1", free_port())
    with service.open_listener(address) as listener, socket.create_connection(address) as client:
        wait_for(lambda: bool(select.select([listener], [], [], 0)[0]), "the client")
        listener.accept()[0].close()
        assert read_all(client) == b""
    service.open_listener(address).close()
