"""Floor 2. A pseudo-terminal whose whole output is kept, with times; bounded, however much is printed.

Knows bytes and when they came; must not know who prints them or what they mean. It is drained for as long as
anybody may write, so that nothing that runs on it is ever held up.
"""

import contextlib
import errno
import os
import select
import termios
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from report.evidence import Chunk, split_lines

COLUMNS = 120
ROWS = 40
HEAD = 4 * 1024 * 1024  # bytes kept of the beginning
TAIL = 4 * 1024 * 1024  # and of the end
LONGEST_LINE = 65_536  # bytes handed on as one line while it runs; the capture itself is not cut there
LOOK = 0.2  # seconds between looks at whether to give up waiting for an end of file

OnLine = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Captured:
    """What a terminal printed: `data` as kept (with one marker line where it was cut), `chunks` by offset in it."""

    data: bytes
    chunks: tuple[Chunk, ...]
    printed: int
    cut: int

    def lines(self) -> list[str]:
        """Its lines, with whatever a terminal would obey made visible."""
        texts = (line.text for line in split_lines(self.data, []))
        return ["".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text) for text in texts]


class Kept:
    """Bounded memory of a stream: its first HEAD and last TAIL bytes and the count of those between."""

    def __init__(self, head: int = HEAD, tail: int = TAIL) -> None:
        self._head, self._tail = head, tail
        self._first = bytearray()
        self._chunks: list[Chunk] = []
        self._last: deque[tuple[float, bytes]] = deque()
        self._last_size = 0
        self._printed = 0

    def add(self, data: bytes, seconds: float) -> None:
        """`data` has arrived at `seconds`; costs the same however much came before."""
        self._printed += len(data)
        room = self._head - len(self._first)
        if room > 0:
            self._chunks.append(Chunk(len(self._first), seconds))
            self._first += data[:room]
            data = data[room:]
        if data:
            self._last.append((seconds, data))
            self._last_size += len(data)
            while self._last_size - len(self._last[0][1]) >= self._tail:
                self._last_size -= len(self._last.popleft()[1])

    def captured(self) -> Captured:
        """All that is kept; where something was cut, a line says exactly how much."""
        pieces = list(self._last)
        excess = max(0, self._last_size - self._tail)
        if excess:
            seconds, data = pieces[0]
            pieces[0] = (seconds, data[excess:])
        cut = self._printed - len(self._first) - sum(len(data) for _, data in pieces)
        kept, chunks = bytearray(self._first), list(self._chunks)
        if cut:
            kept += f"\n[... {cut} bytes cut ...]\n".encode()
        for seconds, piece in pieces:
            chunks.append(Chunk(len(kept), seconds))
            kept += piece
        return Captured(bytes(kept), tuple(chunks), self._printed, cut)


class Terminal:
    """A pseudo-terminal: 120 columns, no echo, each line end as CR LF; its other end, `slave`, is to be inherited.

    `on_line` is called with each line from the thread that drains it. What it raises is raised by `finish`.
    """

    def __init__(self, on_line: OnLine) -> None:
        self._kept = Kept()
        self._on_line: OnLine | None = on_line
        self._fault: BaseException | None = None
        self._partial = bytearray()
        self._gave_up = threading.Event()
        self._master, self.slave = os.openpty()
        _make_plain(self.slave)
        self._thread = threading.Thread(target=self._drain, name="terminal", daemon=True)

    def start(self) -> None:
        """The other end has been inherited: from now on its last closing is the end of file."""
        os.close(self.slave)
        self.slave = -1
        self._thread.start()

    def finish(self, seconds: float) -> tuple[Captured, bool]:
        """All that was printed, and whether the end of file came within `seconds` (someone else may hold it)."""
        self._thread.join(seconds)
        whole = not self._thread.is_alive()
        self._gave_up.set()
        self._thread.join()
        self._close()
        if self._fault is not None:
            raise self._fault
        return self._kept.captured(), whole

    def abandon(self) -> None:
        """Nothing is open, when no command was started on it."""
        os.close(self.slave)
        self._close()

    def _close(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _drain(self) -> None:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        while not self._gave_up.is_set():
            if not poll.poll(LOOK * 1000):
                continue
            try:
                data = os.read(self._master, 65_536)
            except OSError as error:
                if error.errno != errno.EIO:  # EIO: every descriptor of the other end is closed (pty(7))
                    self._fault = error
                return
            self._kept.add(data, monotonic())
            self._hand_on(data)

    def _hand_on(self, data: bytes) -> None:
        if self._on_line is None:
            return
        *lines, rest = (self._partial + data).split(b"\n")
        self._partial = bytearray(rest[-LONGEST_LINE:])
        try:
            for line in lines:
                self._on_line(line.removesuffix(b"\r").decode("utf-8", "replace"))
        except BaseException as error:  # a fault of who listens must not stop the draining
            self._fault, self._on_line = error, None


def _make_plain(descriptor: int) -> None:
    attributes = termios.tcgetattr(descriptor)
    attributes[1] |= termios.OPOST | termios.ONLCR
    attributes[3] &= ~(termios.ECHO | termios.ECHONL)
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    with contextlib.suppress(termios.error):
        termios.tcsetwinsize(descriptor, (ROWS, COLUMNS))
