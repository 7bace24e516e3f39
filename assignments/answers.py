"""What came back: the outcome of one answer's bytes, and the line, the row and the summary that tell it.

Pure: bytes in, outcome out. Knows the grammar of an answer to one GET on a connection that is closed afterwards
(RFC 9112) and our rule of counting. Must not know sockets, clocks, or in which pieces the bytes came.
"""

import codecs
import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

CAP = 1 << 20  # bytes of a head or a body: far above any answer of the course, far below our memory
SHOWN = 60  # bytes of a body, or of a faulty line, that are worth showing
COLUMNS = (
    "number,kind,due,started,connected,sent,first_byte,done,"
    "status,content_type,content_length,bytes,body,outcome,detail,local_port"
)

# RFC 9112 sections 4 and 5: the space after the status code stays even without a reason; a field's name is a
# token, and its colon follows at once. One star each: two in a row would make a long faulty line quadratic.
_STATUS_LINE = re.compile(rb"HTTP/1\.\d ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*")
_FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")
_LENGTH = re.compile(rb"\d{1,15}")
_BLANK_LINE = b"\r\n\r\n"

# Looked up now: Python reads a codec's file when it is first asked for, and then no descriptor may be free.
_escape = codecs.getencoder("unicode_escape")


class Outcome(StrEnum):
    """How a connection ended, by our rule of counting: always exactly one of these."""

    ANSWERED = "answered"  # 2xx, valid and whole
    OTHER_STATUS = "other status"  # valid and whole, not 2xx
    INCOMPLETE = "incomplete"  # shorter than its Content-Length
    INVALID = "invalid"  # not HTTP, longer than its Content-Length, or over the cap
    CLOSED = "closed"  # without one byte
    RESET = "reset"
    REFUSED = "refused"  # no connection came about
    LATE = "late"  # not whole at the deadline
    STALLED = "stalled"  # silent, as it was meant to be


WHOLE = frozenset({Outcome.ANSWERED, Outcome.OTHER_STATUS})


@dataclass(frozen=True, slots=True)
class Answer:
    """What was received; `outcome` is None while the answer may still become whole."""

    outcome: Outcome | None
    detail: str = ""  # what is wrong or, while there is no outcome, how far it has come
    status: int | None = None
    content_type: str = ""
    content_length: str = ""  # as sent; empty where the field is absent
    size: int = 0  # bytes of the body
    body: str = ""  # the first of them, see `visible`

    def __str__(self) -> str:
        told = str(self.outcome)
        if self.outcome in WHOLE:
            told += f" {self.status}, {many(self.size, 'byte')}"
            if self.size:
                told += f', "{self.body}{"..." if self.size > SHOWN else ""}"'
        return f"{told} ({self.detail})" if self.detail else told


NOTHING = Answer(None, "no answer")


@dataclass(slots=True, eq=False)
class Access:
    """What is known of one connection: moments in seconds of one clock, None where they never came."""

    number: int
    name: str  # "request 1", or "stalled 1": that one connects and sends nothing
    due: float
    started: float | None = None
    connected: float | None = None
    sent: float | None = None
    first_byte: float | None = None
    done: float | None = None  # the last byte of a whole answer, otherwise when the outcome was known
    local_port: int | None = None
    answer: Answer = NOTHING

    @property
    def kind(self) -> str:
        """`request` or `stalled`."""
        return self.name.partition(" ")[0]

    @property
    def latency(self) -> float:
        """Seconds from when it was due, whatever delayed it: no coordinated omission."""
        return 0.0 if self.done is None else self.done - self.due

    def __str__(self) -> str:
        if self.answer.outcome is Outcome.STALLED:
            return f"{self.name}: closed by us"
        if self.answer.outcome is Outcome.CLOSED and self.kind == "stalled":
            return f"{self.name}: closed by the server"
        return f"{self.name}: {self.answer}, after {self.latency:.3f} s"

    def row(self) -> list[object]:
        """The values of `COLUMNS`: moments to the microsecond, text as printable ASCII."""
        moments = (self.due, self.started, self.connected, self.sent, self.first_byte, self.done)
        times = ["" if moment is None else f"{moment:.6f}" for moment in moments]
        told = self.answer
        came = [told.status, told.content_type, told.content_length, told.size, told.body]
        return [self.number, self.kind, *times, *came, told.outcome, told.detail, self.local_port]


def summarize(requests: Sequence[Access]) -> Iterator[str]:
    """The last lines printed; what failed is counted, and kept out of the latencies."""
    latencies = sorted(request.latency for request in requests if request.answer.outcome is Outcome.ANSWERED)
    begin, end = (min(r.due for r in requests), max(r.due + r.latency for r in requests)) if requests else (0, 0)
    sent, answered = len(requests), len(latencies)
    yield f"{sent} sent, {answered} answered, {sent - answered} failed, in {end - begin:.3f} s"
    if latencies:
        median = (latencies[(answered - 1) // 2] + latencies[answered // 2]) / 2
        yield f"latency: shortest {latencies[0]:.3f} s, median {median:.3f} s, longest {latencies[-1]:.3f} s"
    lag = max((request.started - request.due for request in requests if request.started), default=0.0)
    yield f"behind schedule: at most {lag:.3f} s"


@functools.lru_cache(maxsize=8)  # most answers of a load are the same
def judge(received: bytes, closed: bool) -> Answer:
    """`received`, all bytes of one connection so far, are an answer with this outcome.

    `closed` says that nothing can follow. A whole answer that is not closed yet may still turn out invalid: by
    more bytes than its Content-Length.
    """
    if not received:
        return Answer(Outcome.CLOSED, "without a byte") if closed else NOTHING
    end = received.find(_BLANK_LINE)
    try:
        if end < 0:
            return _judge_unfinished_head(received, closed)
        status_line, *lines = received[:end].split(b"\r\n")
        status, fields = _status(status_line), _fields(lines)
    except ValueError as error:
        return Answer(Outcome.INVALID, str(error))
    start = end + len(_BLANK_LINE)
    size, length = len(received) - start, fields.get(b"content-length", b"")
    return Answer(
        *_judge_body(status, length, size, closed),
        status=status,
        content_type=visible(fields.get(b"content-type", b"")),
        content_length=visible(length),
        size=size,
        body=visible(received[start : start + SHOWN]),
    )


def visible(data: bytes | bytearray) -> str:
    """`data` as printable ASCII: any other byte, and the backslash, is a Python escape."""
    return _escape(data.decode("latin-1"))[0].decode("ascii")


def many(count: int, noun: str) -> str:
    """The count and its noun, which takes an s unless there is one."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _judge_unfinished_head(received: bytes, closed: bool) -> Answer:
    # A faulty line is named as soon as it has come: its sender may never send a blank line, nor close.
    *lines, rest = received.split(b"\r\n")
    if b"\n" in rest:
        lines.append(rest)
    if lines:
        _status(lines[0])
        _fields(lines[1:])
    if closed:
        return Answer(Outcome.INVALID, f"closed before the blank line, after {many(len(received), 'byte')}")
    if len(received) > CAP:
        return Answer(Outcome.INVALID, f"a head of over {CAP} bytes")
    return Answer(None, f"{many(len(received), 'byte')}, no blank line")


def _judge_body(status: int, declared: bytes, size: int, closed: bool) -> tuple[Outcome | None, str]:
    whole = Outcome.ANSWERED if 200 <= status < 300 else Outcome.OTHER_STATUS
    bodyless = status < 200 or status in (204, 304)  # whatever the Content-Length says: RFC 9112 section 6.3
    if size > CAP:
        return Outcome.INVALID, f"a body of over {CAP} bytes"
    if not declared and not bodyless:
        return (whole, "") if closed else (None, f"{many(size, 'byte')}, not closed")
    length = 0 if bodyless else int(declared)
    if size > length:
        return Outcome.INVALID, f"a body longer than its {many(length, 'byte')}"
    if size < length:
        return Outcome.INCOMPLETE if closed else None, f"{size} of {many(length, 'byte')}"
    return whole, ""


def _status(line: bytes) -> int:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise ValueError(_fault(line, "not a status line:"))
    return int(match[1])


def _fields(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for line in lines:
        match = _FIELD_LINE.fullmatch(line)
        if match is None:
            raise ValueError(_fault(line, "not a header line:"))
        name, value = match[1].lower(), match[2].strip(b" \t")
        if name == b"content-length" and (name in fields or not _LENGTH.fullmatch(value)):
            raise ValueError(_fault(line, "not the one length of a body:"))
        if name == b"transfer-encoding":
            raise ValueError(_fault(line, "not understood here:"))
        fields[name] = value
    return fields


def _fault(line: bytes, fault: str) -> str:
    before, newline, _ = line.partition(b"\n")
    return f'{"a bare LF after" if newline else fault} "{visible(before[:SHOWN])}"'
