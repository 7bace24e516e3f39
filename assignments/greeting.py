"""The pure half of the service: a request's bytes in, the response's bytes out.

It knows HTTP (RFC 9110, RFC 9112) and the course's greeting. It must not know sockets, clocks or files.
"""

import functools
import re

GREETING = b"My first web server!"
LIMIT = 30_000  # bytes of a request's head: the course's buffer
SHOWN = 80  # characters of a request line in the log

REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
}
# RFC 9112, sections 2 to 5: a line may end without the CR; a field's name stands right before its colon.
BLANK_LINE = re.compile(rb"[^\r\n]\r?\n\r?\n")
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
HEAD = re.compile(rb"(%b) ([!-~]+) HTTP/1\.(\d)((?:\r?\n%b:[^\0\r\n]*)*)\r?\n\r?\n" % (TOKEN, TOKEN))
HOST = re.compile(rb"(?i)\nhost:")


def is_whole(request: bytes, news: int) -> bool:
    """True if the head has its blank line, which the last `news` bytes must have completed."""
    begin = max(0, len(request) - news - 4)
    at_the_end = BLANK_LINE.search(request, max(begin, len(request) - 5))  # most often: so look there first
    return (at_the_end or BLANK_LINE.search(request, begin)) is not None


def answer(request: bytes) -> bytes:
    """The whole response to a request: the greeting for `/`, otherwise a refusal.

    What fills the limit without a blank line is too large; what ends before one, or is not HTTP, malformed.
    """
    head = HEAD.match(request.lstrip(b"\r\n"))
    if head is None:
        return response(431 if len(request) >= LIMIT and not is_whole(request, len(request)) else 400)
    method, target, minor_version, fields = head.groups()
    hosts = len(HOST.findall(fields))
    if hosts > 1 or (hosts == 0 and minor_version != b"0"):  # RFC 9112, 3.2: exactly one since HTTP/1.1
        return response(400)
    if method not in (b"GET", b"HEAD"):
        return response(405)
    if target[:7].lower() == b"http://":  # the form that a client sends to a proxy
        target = b"/" + target[7:].partition(b"/")[2]
    status = 400 if target[:1] != b"/" else 200 if target.partition(b"?")[0] == b"/" else 404
    return response(status, method == b"GET")


@functools.cache  # there are only a few
def response(status: int, with_body: bool = True) -> bytes:
    """A response's bytes; the answer to HEAD names the length of a body that it leaves out."""
    body = GREETING if status == 200 else f"{status} {REASONS[status]}\n".encode()
    fields = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": len(body),
        "Connection": "close",
    }
    if status == 405:
        fields["Allow"] = "GET, HEAD"
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (body if with_body else b"")


def first_line(request: bytes) -> str:
    """A request's first line, fit for a terminal: what is not printable ASCII escaped, a long line cut."""
    line = request.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    shown = ascii(line.decode("latin-1"))[1:-1]
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."
