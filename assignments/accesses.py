"""The load script: sends each request when it is due, whatever the others do, and tells what became of it.

Knows plain sockets, one `selectors` loop and one clock (CLOCK_MONOTONIC, in seconds). Must not judge an answer,
which `assignments.answers` does, nor know which server it talks to; and it talks to this machine only.

    python -m assignments.accesses http://127.0.0.1:8090/ --arrival 1x10,4x20 --record requests.csv
"""

import argparse
import contextlib
import csv
import errno
import heapq
import math
import os
import re
import resource
import selectors
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import NoReturn, TypeVar

from assignments.answers import COLUMNS, WHOLE, Access, Outcome, judge, many, summarize

_T = TypeVar("_T")

BATCH = 16  # connections opened before the answers that have come are looked at again
LINGER = 1.0  # seconds a whole answer waits for the server's close, which also leaves TIME_WAIT to the server
PIECE = 16_384  # bytes asked of one recv
MOST = 999_999  # requests: beyond it a schedule is a slip of the pen
EXAMPLE = "; for example: python -m assignments.accesses http://127.0.0.1:8090/ --clients 10"
REQUEST = "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: accesses\r\nAccept: */*\r\nConnection: close\r\n\r\n"


@dataclass(slots=True, eq=False)
class Link(Access):
    """An access under way: its socket, what is still to be sent, and what has come."""

    unsent: bytes = b""  # nothing from the start: a stalled connection
    connection: socket.socket = field(init=False)
    deadline: float = math.inf
    received: bytearray = field(default_factory=bytearray)
    settled: bool = False  # the answer's outcome is the last word


class Load:
    """Requests due at `offsets` (ascending, seconds from t = 0), sent to `address` over one connection each.

    `stalled` connections that send nothing are opened before t = 0 and closed after the last outcome. A request
    has `timeout` seconds from when it was due to its last byte.
    """

    def __init__(
        self, address: tuple[str, int], request: bytes, offsets: Sequence[float], stalled: int, timeout: float
    ) -> None:
        self.requests = [Link(n, f"request {n}", due, unsent=request) for n, due in enumerate(offsets, 1)]
        self.stalled = [Link(len(offsets) + n, f"stalled {n}", 0.0) for n in range(1, stalled + 1)]
        self.signal = 0  # the one that ended it
        self._address, self._timeout = address, timeout
        self._selector = selectors.DefaultSelector()
        self._waiting: deque[Link] = deque()  # not opened yet, in due order
        self._deadlines: list[tuple[float, int, Link]] = []  # a heap; some entries no longer hold
        self._unsettled = 0  # stalled connections not connected or, later, requests without outcome
        self._lines: list[str] = []  # to be printed at the end of the turn

    def run(self, wake: socket.socket) -> None:
        """Every access that came due has an outcome, and its line is out in the same turn of the loop.

        A byte on `wake`, the number of a signal, ends the load early.
        """
        with self._selector:
            self._selector.register(wake, selectors.EVENT_READ)
            for links in (self.stalled, self.requests):
                start = monotonic()
                for link in links:
                    link.due += start
                self._waiting.extend(links)
                self._unsettled = len(links)
                while self._unsettled and not self.signal:
                    self._turn()
            self._end()

    def _turn(self) -> None:
        due = self._waiting[0].due if self._waiting else math.inf
        moment = min(due, self._deadlines[0][0] if self._deadlines else math.inf)
        for key, _ in self._selector.select(None if moment == math.inf else max(0.0, moment - monotonic())):
            if key.data:
                self._advance(key.data)
            else:
                self.signal = os.read(key.fd, 1)[0]
            self._open_due()  # here too: thousands of events must not delay what is due
        self._open_due()
        while self._deadlines and self._deadlines[0][0] <= monotonic():
            moment, _, link = heapq.heappop(self._deadlines)
            if not link.settled and link.deadline == moment:
                self._give_up(link, link.answer.detail if link.connected else "not connected")
        self._print()

    def _open_due(self) -> None:
        for _ in range(BATCH):
            if not self._waiting or self._waiting[0].due > monotonic():
                break
            self._advance(self._waiting.popleft())

    def _advance(self, link: Link) -> None:
        try:
            if not link.started:
                self._open(link)
            elif not link.connected or link.unsent:
                self._send(link)
            else:
                self._receive(link)
        except BlockingIOError:
            pass  # the selector tells when to go on
        except OSError as failure:
            reset = link.connected or failure.errno in (errno.ECONNRESET, errno.EPIPE)
            outcome = link.answer.outcome or (Outcome.RESET if reset else Outcome.REFUSED)
            self._settle(link, outcome, _words(failure))

    def _open(self, link: Link) -> None:
        link.started = monotonic()
        self._set_deadline(link, link.due + self._timeout)
        link.connection = socket.socket()
        link.connection.setblocking(False)
        self._selector.register(link.connection, selectors.EVENT_WRITE, link)
        error = link.connection.connect_ex(self._address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, os.strerror(error))
        link.local_port = link.connection.getsockname()[1]
        self._send(link)  # on loopback the handshake is over by now, if the backlog had room

    def _send(self, link: Link) -> None:
        count = link.connection.send(link.unsent)  # even of nothing: it raises until connected
        now = monotonic()
        if not link.connected:
            link.connected = now
            if link.kind == "stalled":
                link.deadline = math.inf
                self._unsettled -= 1
                self._lines.append(f"{link.name}: connected, sends nothing")
        if link.unsent and count == len(link.unsent):
            link.sent = now
        link.unsent = link.unsent[count:]
        if not link.unsent:
            self._selector.modify(link.connection, selectors.EVENT_READ, link)

    def _receive(self, link: Link) -> None:
        data = link.connection.recv(PIECE)
        now = monotonic()
        if data:
            link.first_byte = link.first_byte or now
            link.received += data
        elif link.answer.outcome:  # it was whole before it was closed
            self._settle(link, link.answer.outcome)
            return
        link.answer = judge(link.received, closed=not data)
        if link.answer.outcome in WHOLE:
            link.done = now
        if data and link.answer.outcome in WHOLE:
            self._set_deadline(link, now + LINGER)
        elif link.answer.outcome:
            self._settle(link, link.answer.outcome, link.answer.detail)

    def _set_deadline(self, link: Link, moment: float) -> None:
        link.deadline = moment
        heapq.heappush(self._deadlines, (moment, link.number, link))

    def _give_up(self, link: Link, why: str) -> None:
        whole = link.answer.outcome
        self._settle(link, whole or Outcome.LATE, "left open by the server" if whole else why)

    def _settle(self, link: Link, outcome: Outcome, detail: str = "") -> None:
        if hasattr(link, "connection"):
            with contextlib.suppress(KeyError):  # it may have failed before it was registered
                self._selector.unregister(link.connection)
            link.connection.close()
        if link.kind == "request" or not link.connected:
            self._unsettled -= 1
        if outcome not in WHOLE:
            link.done = monotonic()
        if (outcome, detail) != (link.answer.outcome, link.answer.detail):
            link.answer = replace(link.answer, outcome=outcome, detail=detail)
        link.settled = True
        link.received.clear()
        self._lines.append(str(link))

    def _end(self) -> None:
        now = monotonic()
        self.requests = [request for request in self.requests if request.due <= now]
        for link in (*self.requests, *self.stalled):
            if link.kind == "stalled" and link.connected and not link.answer.outcome:
                self._settle(link, Outcome.STALLED)
            elif not link.settled:
                self._give_up(link, "interrupted")
        self._print()

    def _print(self) -> None:
        say(*self._lines)
        self._lines.clear()


def say(*lines: str) -> None:
    """The lines are out, unless nobody reads any more: then they go nowhere, and the record still counts."""
    try:
        print(*(f"{line}\n" for line in lines), sep="", end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def record(path: str, accesses: Sequence[Access]) -> None:
    """The file at `path` holds `COLUMNS` and a row for each access: all of it, or what it held before."""
    part = f"{path}.{os.getpid()}.part"
    with open(part, "w", encoding="ascii", newline="") as file:
        file.write(f"{COLUMNS}\n")
        csv.writer(file, lineterminator="\n").writerows(access.row() for access in accesses)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    # A handler cannot end `select`, which Python starts again: hence the byte. A second signal ends the process.
    wake, waker = socket.socketpair()
    with wake, waker:
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: signal.signal(number, signal.SIG_DFL))
        try:
            yield wake
        finally:
            signal.set_wakeup_fd(-1)


def _words(failure: OSError) -> str:
    return failure.strerror or type(failure).__name__


def _found(text: str, expected: str, example: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"found {text.strip()!r}, expected {expected}, for example {example}")


def _value(kind: Callable[[str], _T], pattern: str, expected: str, example: str) -> Callable[[str], _T]:
    def convert(text: str) -> _T:
        if not re.fullmatch(pattern, text):
            raise _found(text, expected, example)
        return kind(text)

    return convert


def _url(text: str) -> tuple[str, tuple[str, int], str]:
    # Host field, address and path. Never another machine: a load script must not be pointed at other people's.
    match = re.fullmatch(r"http://((localhost|127(?:\.[0-9]{1,3}){3}):([0-9]{1,5}))(/[!-\"$-~]*)?", text)
    with contextlib.suppress(OSError):
        if match and 0 < int(match[3]) < 65_536:
            ip = "127.0.0.1" if match[2] == "localhost" else match[2]
            socket.inet_pton(socket.AF_INET, ip)
            return match[1], (ip, int(match[3])), match[4] or "/"
    raise _found(text, "a URL on this machine (127.0.0.0/8 or localhost) with its port", "http://127.0.0.1:8090/")


def _offsets(text: str) -> list[float]:
    offsets: list[float] = []
    begin = 0.0
    decimal = r"([0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?)"
    for phase in text.strip().split(","):
        match = re.fullmatch(f"{decimal}x{decimal}", phase)
        rate, seconds = (float(match[1]), float(match[2])) if match else (math.nan, math.nan)
        if not (0 < seconds < math.inf and len(offsets) + rate * seconds <= MOST):
            break
        offsets += [begin + place / rate for place in range(round(rate * seconds))]
        begin += seconds
    else:
        if offsets:
            return offsets
    raise _found(text, f"phases of RATExSECONDS (rate 0 is a pause), of 1 to {MOST} requests", "1x10,4x20,0.2x25")


def _file(text: str) -> str:
    special = os.path.exists(text) and not os.path.isfile(text)  # renaming a file onto /dev/null would end it
    if special or not os.access(os.path.dirname(text) or ".", os.W_OK):
        raise _found(text, "an ordinary file in a folder that can be written to", "--record requests.csv")
    return text


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"accesses: {message}{'' if 'for example' in message else EXAMPLE}\n")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for; one that cannot be meant ends the process with one sentence and status 2."""
    parser = _Parser("python -m assignments.accesses", description="Sends requests and tells what became of them.")
    parser.add_argument("url", type=_url, metavar="URL", help="where to: http://127.0.0.1:8090/")
    clients = _value(int, r"0*[1-9][0-9]{0,5}", "a whole number from 1 to 999999", "--clients 10")
    load = parser.add_mutually_exclusive_group()
    load.add_argument("--clients", type=clients, metavar="N", help="N requests at once (10)")
    load.add_argument("--arrival", type=_offsets, metavar="1x10,4x20", help="1 a second for 10 s, then 4 for 20 s")
    stalled = _value(int, r"[0-9]{1,6}", "a whole number from 0 to 999999", "--stalled 1")
    parser.add_argument("--stalled", type=stalled, default=0, metavar="K", help="open K silent connections first")
    seconds = _value(float, r"(?=.*[1-9])[0-9]{1,6}(\.[0-9]+)?", "seconds, more than 0", "--timeout 30")
    parser.add_argument("--timeout", type=seconds, default=30.0, metavar="S", help="for a whole answer (30)")
    parser.add_argument("--record", type=_file, metavar="FILE", help="write a table of all connections (CSV)")
    # argparse takes -1x3 for an option, and would say nothing of what is wrong with it; not so with a space.
    return parser.parse_args([f" {word}" if re.match(r"-[0-9.]+x", word) else word for word in arguments])


def main(arguments: Sequence[str] | None = None) -> int:
    """The load is over and recorded: 0 all answered, 1 not all, 2 bad usage or no record, 128 + a signal."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    host, address, path = options.url
    offsets = options.arrival or [0.0] * (options.clients or 10)
    first = f", {many(options.stalled, 'stalled connection')} first" if options.stalled else ""
    say(f"sending {many(len(offsets), 'request')} to http://{host}{path}{first}")
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with _signals() as wake:
        request = REQUEST.format(host=host, path=path).encode("ascii")
        load = Load(address, request, offsets, options.stalled, options.timeout)
        load.run(wake)
    unanswered = any(request.answer.outcome is not Outcome.ANSWERED for request in load.requests)
    status = 128 + load.signal if load.signal else int(unanswered)
    try:
        if options.record:
            record(options.record, [*load.requests, *load.stalled])
    except OSError as failure:
        print(f"accesses: nothing recorded in {options.record}: {_words(failure)}", file=sys.stderr)
        status = 2
    if len(load.requests) < len(offsets):
        say(f"interrupted: {many(len(offsets) - len(load.requests), 'request')} not due yet")
    say(*summarize(load.requests))
    return status


if __name__ == "__main__":
    sys.exit(main())
