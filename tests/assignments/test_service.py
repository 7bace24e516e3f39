"""The service by itself: the pure answer, and one connection handled over a socket pair."""

import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from assignments import greeting, service
from assignments.greeting import LIMIT, answer, first_line
from tests.servers import body_of, read_all, status_of

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Client:
    """The far end of a connection that `service.handle` serves in a thread; `events` is what it printed."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.socket, self.far = socket.socketpair()
        self.socket.settimeout(30)
        self._serving: threading.Thread | None = None

    def serve(self, delay: float = 0, read_timeout: float = 30) -> None:
        connection = service.Connection(self.far, 7, "peer")
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


def test_the_greeting_is_exactly_these_bytes() -> None:
    assert answer(GET) == (
        b"HTTP/1.1 200 OK\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: 20\r\n"
        b"Connection: close\r\n"
        b"\r\n"
        b"My first web server!"
    )


@pytest.mark.parametrize("target", ["/", "/?a=/b", "http://localhost:8090/", "HTTP://localhost", "http://localhost?a"])
def test_the_root_is_greeted_however_it_is_written(target: str) -> None:
    assert status_of(answer(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())) == 200


def test_the_answer_to_head_is_that_to_get_without_the_body() -> None:
    for path in (b"/", b"/favicon.ico"):
        whole = answer(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        assert answer(b"HEAD %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path) == whole[: -len(body_of(whole))]


@pytest.mark.parametrize("target", ["/favicon.ico", "/x?/", "//", "/%2F", "http://localhost/x"])
def test_another_path_is_not_found(target: str) -> None:
    assert status_of(answer(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get", "BREW"])
def test_another_method_is_not_allowed_and_told_which_are(method: str) -> None:
    reply = answer(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert status_of(reply) == 405
    assert b"\r\nAllow: GET, HEAD\r\n" in reply


@pytest.mark.parametrize(
    "request_head",
    [
        b"hello\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"GET / http/1.1\r\nHost: a\r\n\r\n",
        b"GET index.html HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"",
        b"\0" * 100,
    ],
)
def test_what_is_not_http_or_not_whole_is_a_bad_request(request_head: bytes) -> None:
    assert status_of(answer(request_head)) == 400


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.0\n\n",
        b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHOST:\r\nX-Empty:\r\n\r\nand a body",
    ],
)
def test_what_the_standard_lets_pass_is_greeted(request_head: bytes) -> None:
    assert status_of(answer(request_head)) == 200


def test_a_head_that_fills_the_limit_is_too_large() -> None:
    assert status_of(answer((GET[:-2] + b"X: ").ljust(LIMIT, b"x"))) == 431
    assert status_of(answer((GET[:-2] + b"X: ").ljust(LIMIT - 4, b"x") + b"\r\n\r\n")) == 200


def test_every_length_that_is_told_is_the_length_of_the_body() -> None:
    for status in greeting.REASONS:
        reply = greeting.response(status)
        told = re.search(rb"\r\nContent-Length: (\d+)\r\n", reply)
        assert told is not None
        assert int(told[1]) == len(body_of(reply))
        assert b"\n" not in reply.replace(b"\r\n", b"").removesuffix(b"\n")


def test_a_shown_request_line_cannot_disturb_the_terminal() -> None:
    assert first_line(b"GET /\x1b[2J\xed\x95\x9c\x07 HTTP/1.1\r\nHost: a") == r"GET /\x1b[2J\xed\x95\x9c\x07 HTTP/1.1"
    shown = first_line(b"GET /" + b"a" * 500)
    assert len(shown) == 80
    assert shown.endswith("a...")


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


def test_the_blank_line_is_found_wherever_the_pieces_part(client: Client) -> None:
    for cut in range(1, len(GET)):
        assert not greeting.is_whole(GET[:cut], cut)
        assert greeting.is_whole(GET, len(GET) - cut)


def test_only_the_greeting_waits_for_the_delay(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_read_timeout_is_one_deadline_that_single_bytes_do_not_prolong(client: Client) -> None:
    client.serve(read_timeout=0.3)
    started = time.monotonic()
    with pytest.raises(OSError, match="Broken pipe|reset"):  # the server has given up and closed
        while time.monotonic() < started + 30:
            client.socket.sendall(b"x")
            time.sleep(0.02)
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


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "five"])
def test_a_duration_is_a_finite_number_that_is_not_negative(text: str) -> None:
    with pytest.raises(ValueError, match="|".join([text, "could not convert"])):
        service.seconds(text)
