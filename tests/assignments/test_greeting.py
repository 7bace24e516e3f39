"""The pure half of the service: which bytes answer which."""

import re

import pytest

from assignments import greeting
from assignments.greeting import LIMIT, answer, first_line
from tests.servers import GET, body_of, status_of


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


def test_the_blank_line_is_found_wherever_the_pieces_part() -> None:
    for cut in range(1, len(GET)):
        assert not greeting.is_whole(GET[:cut], cut)
        assert greeting.is_whole(GET, len(GET) - cut)
