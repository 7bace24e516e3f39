"""The load script for clients that are not polite: they reset, send in pieces, or the last one first.

Knows what a client can do to a server besides asking; otherwise as `assignments.accesses`, whose command line and
record it has, and whose outcomes it counts by. What only disturbs comes before the first request is due.

    python -m assignments.impolite http://127.0.0.1:8090/ --clients 3 --resets 2 --half-closed-resets 2
"""

import argparse
import contextlib
import os
import resource
import selectors
import socket
import struct
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappush
from time import monotonic
from typing import NoReturn

if not __package__:  # started by its path: Python looks for modules beside it, not where the package lies
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from assignments import accesses
from assignments.answers import WHOLE, Outcome, many, summarize
from assignments.openloop import Link, Load, say, words

RESET, HALF_CLOSED = "reset", "half-closed"
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST instead of FIN (socket(7))
OPENING = 1.0  # seconds for all to be connected, before the last one that is sends its request
EXAMPLE = "; for example: python -m assignments.impolite http://127.0.0.1:8090/ --clients 3 --resets 2"


@dataclass(frozen=True, slots=True)
class Manners:
    """What the clients do: so many of them reset, seconds between two pieces (0: in one), the last one first."""

    resets: int = 0
    half_closed: int = 0
    pieces: float = 0.0
    reverse: bool = False


class ImpoliteLoad(Load):
    """A load with manners: the disturbing connections are among `stalled`, by their own kinds.

    A reset connection sends nothing. A half-closed one sends its request and FIN before RST, so that writing to it
    is EPIPE and not ECONNRESET. Both are told as reset by us.
    """

    def __init__(
        self,
        address: tuple[str, int],
        texts: Sequence[bytes],
        offsets: Sequence[float],
        stalled: int,
        timeout: float,
        manners: Manners,
    ) -> None:
        super().__init__(address, texts, offsets, stalled, timeout)
        self._manners = manners
        number = len(offsets) + stalled
        disturbing = [(RESET, n) for n in range(1, manners.resets + 1)]
        disturbing += [(HALF_CLOSED, n) for n in range(1, manners.half_closed + 1)]
        for kind, n in disturbing:
            number += 1
            self.stalled.append(Link(number, f"{kind} {n}", 0.0, unsent=texts[0] if kind == HALF_CLOSED else b""))
        self._kept: dict[int, bytes] = {}  # what a request has not been given to send yet
        for link in self.requests if manners.reverse or manners.pieces else ():
            cut = 0 if manners.reverse else len(link.unsent) // 2
            link.unsent, self._kept[link.number] = link.unsent[:cut], link.unsent[cut:]
        self._second: deque[tuple[float, Link]] = deque()  # pieces, and when they are due
        self._first: Link | None = None  # of the reversed ones
        self._opened = False

    def _send(self, link: Link) -> None:
        if link.kind in (RESET, HALF_CLOSED):
            self._disturb(link)
            return
        super()._send(link)
        if link.number in self._kept and not link.unsent:
            link.sent = None  # not all of it
            if self._manners.pieces:
                self._wait_for_second(link)

    def _disturb(self, link: Link) -> None:
        link.connection.send(link.unsent)  # even of nothing: it raises until connected
        link.connected = monotonic()
        self._unsettled -= 1
        if link.unsent:
            link.sent = link.connected
            link.connection.shutdown(socket.SHUT_WR)
        link.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self._settle(link, Outcome.RESET, "by us")

    def _wait_for_second(self, link: Link) -> None:
        moment = monotonic() + self._manners.pieces
        self._second.append((moment, link))
        self._wake_at(moment, link)

    def _wake_at(self, moment: float, link: Link) -> None:
        # A deadline that is not the link's own passes without effect, but not without a turn of the loop.
        heappush(self._deadlines, (moment, link.number, link))

    def _open_due(self) -> None:
        super()._open_due()
        while self._second and self._second[0][0] <= monotonic():
            self._give(self._second.popleft()[1])
        if self._manners.reverse and self.requests[0].started and self._kept:
            self._go_backwards()

    def _go_backwards(self) -> None:
        now, start = monotonic(), self.requests[0].due
        if not self._opened:
            self._opened = True
            self._wake_at(start + OPENING, self.requests[0])
            self._wake_at(start + self._timeout / 2, self.requests[-1])
        connected = [link for link in self.requests if link.connected and not link.settled]
        if self._first is None:
            missing = [link for link in self.requests if not link.connected and not link.settled]
            if connected and (not missing or now >= start + OPENING):
                self._first = connected[-1]
                self._give(self._first)
        elif self._first.settled or self._first.answer.outcome in WHOLE or now >= start + self._timeout / 2:
            for link in reversed(connected):
                self._give(link)

    def _give(self, link: Link) -> None:
        """The link sends what was kept back, unless it is over."""
        text = self._kept.pop(link.number, b"")
        if text and not link.settled:
            link.unsent = text
            self._selector.modify(link.connection, selectors.EVENT_WRITE, link)
            self._advance(link)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"impolite: {message}{EXAMPLE}\n")


def parse(arguments: Sequence[str]) -> tuple[Manners, argparse.Namespace]:
    """The manners, and what else is asked for; bad usage ends the process with one sentence and status 2."""
    parser = _Parser("python -m assignments.impolite", add_help=False, allow_abbrev=False)
    parser.add_argument("--resets", type=_count, default=0, metavar="K", help="reset K connections at once first")
    parser.add_argument("--half-closed-resets", type=_count, default=0, metavar="K", help="and K after request and FIN")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--pieces", type=_seconds, default=0.0, metavar="S", help="each request in two, S seconds apart")
    ways.add_argument("--reverse", action="store_true", help="open all, then ask on the last one first")
    mine, rest = parser.parse_known_args(arguments)
    if {"-h", "--help"} & set(rest):
        print(parser.format_help())
    options = accesses.parse(rest)  # its own -h ends the process
    if mine.reverse and options.arrival:
        parser.error("--reverse needs --clients, which are all there at once")
    return Manners(mine.resets, mine.half_closed_resets, mine.pieces, mine.reverse), options


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number from 0 to 999999")
    return int(text)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < 1_000_000:
            return float(text)
    raise argparse.ArgumentTypeError(f"found {text!r}, expected seconds, more than 0")


def main(arguments: Sequence[str] | None = None) -> int:
    """The load is over and recorded: 0 all answered, 1 not all, 2 bad usage or no record, 128 + a signal."""
    manners, options = parse(sys.argv[1:] if arguments is None else arguments)
    host, address, path = options.url
    offsets = options.arrival or [0.0] * (options.clients or 10)
    say(f"sending {many(len(offsets), 'request')} to http://{host}{path}{_told(manners, options.stalled)}")
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    texts = [accesses.REQUEST.format(host=host, path=one).encode("ascii") for one in (path, *options.also)]
    load = ImpoliteLoad(address, texts, offsets, options.stalled, options.timeout, manners)
    with accesses._signals() as wake:
        load.run(wake)
    unanswered = any(request.answer.outcome is not Outcome.ANSWERED for request in load.requests)
    status = 128 + load.signal if load.signal else int(unanswered)
    try:
        if options.record:
            accesses.record(options.record, [*load.requests, *load.stalled])
    except OSError as failure:
        print(f"impolite: nothing recorded in {options.record}: {words(failure)}", file=sys.stderr)
        status = 2
    if len(load.requests) < len(offsets):
        say(f"interrupted: {many(len(offsets) - len(load.requests), 'request')} not due yet")
    say(*summarize(load.requests))
    return status


def _told(manners: Manners, stalled: int) -> str:
    first = [
        many(count, noun)
        for count, noun in (
            (stalled, "stalled connection"),
            (manners.resets, "reset connection"),
            (manners.half_closed, "half-closed and reset connection"),
        )
        if count
    ]
    told = f", {', '.join(first)} first" if first else ""
    if manners.pieces:
        told += f", in two pieces {manners.pieces:g} s apart"
    return f"{told}, the last one first" if manners.reverse else told


if __name__ == "__main__":
    sys.exit(main())
