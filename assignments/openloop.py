"""An open loop of requests: each is sent when it is due, whatever the others do, and its outcome is told.

Knows plain sockets, one `selectors` loop and one clock (CLOCK_MONOTONIC, in seconds). Must not judge an answer,
which `assignments.answers` does, nor know how a load is asked for or kept, which `assignments.accesses` does.
"""

import contextlib
import errno
import heapq
import math
import os
import selectors
import socket
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from time import monotonic

from assignments.answers import WHOLE, Access, Outcome, judge

BATCH = 16  # connections opened before the answers that have come are looked at again
LINGER = 1.0  # seconds a whole answer waits for the server's close, which also leaves TIME_WAIT to the server
PIECE = 16_384  # bytes asked of one recv


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
    has `timeout` seconds from when it was due to its last byte. They take the bytes of `texts` in turn.
    """

    def __init__(
        self, address: tuple[str, int], texts: Sequence[bytes], offsets: Sequence[float], stalled: int, timeout: float
    ) -> None:
        self.requests = [
            Link(n, f"request {n}", due, unsent=text) for n, (due, text) in enumerate(zip(offsets, cycle(texts)), 1)
        ]
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
                if not (link.unsent or link.settled):
                    self._selector.modify(link.connection, selectors.EVENT_READ, link)
            else:
                self._receive(link)
        except BlockingIOError:
            pass  # the selector tells when to go on
        except OSError as failure:
            reset = link.connected or failure.errno in (errno.ECONNRESET, errno.EPIPE)
            outcome = link.answer.outcome or (Outcome.RESET if reset else Outcome.REFUSED)
            self._settle(link, outcome, words(failure))

    def _open(self, link: Link) -> None:
        link.started = monotonic()
        self._set_deadline(link, link.due + self._timeout)
        link.connection = socket.socket(type=socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        error = link.connection.connect_ex(self._address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, os.strerror(error))
        link.local_port = link.connection.getsockname()[1]
        event = selectors.EVENT_WRITE
        with contextlib.suppress(BlockingIOError):  # on loopback it is connected by now, if the backlog had room
            self._send(link)
            event = selectors.EVENT_WRITE if link.unsent else selectors.EVENT_READ
        if not link.settled:
            self._selector.register(link.connection, event, link)

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

    def _receive(self, link: Link) -> None:
        data = link.connection.recv(PIECE)
        now = monotonic()
        if data:
            link.first_byte = link.first_byte or now
            link.received += data
        elif link.answer.outcome:  # it was whole before it was closed
            self._settle(link, link.answer.outcome)
            return
        link.answer = judge(bytes(link.received), closed=not data)
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


def words(failure: OSError) -> str:
    """The system's words for it, such as `Connection reset by peer`."""
    return failure.strerror or type(failure).__name__
