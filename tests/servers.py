"""Starts the course's servers as real processes for the tests, asks them things, and stops them by process id.

It knows their command line and the kernel's tables. It must not know how any of them works inside.
"""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = ("iterative", "fork", "thread", "message_queue")
TOGETHER = ("fork", "thread", "message_queue")  # which may serve several at a time
ACTORS = {  # who serves
    "iterative": r"server",
    "fork": r"child \d+",
    "thread": r"thread \d+",
    "message_queue": r"worker \d+",
}
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
GREETING = b"My first web server!"
DEADLINE = 60.0  # seconds after which a test gives up waiting; none passes faster or slower because of it
LISTENING = "0A"  # state TCP_LISTEN in proc(5)'s tcp table


def wait_for(true: Callable[[], bool], what: str) -> None:
    """Return as soon as it is true; AssertionError at the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline, f"waited {DEADLINE:g} s in vain for {what}"
        time.sleep(0.01)


def free_port() -> int:
    """A port that nobody has, outside the kernel's ephemeral range, so that no connection takes it either."""
    low, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    while True:
        port = random.randrange(10_000, max(low, 20_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """A running server: its process, its port, and the lines that it has printed so far."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, output: Path) -> None:
        self.process = process
        self.port = port
        self._output = output

    @property
    def lines(self) -> list[str]:
        return self._output.read_text().splitlines()

    def count(self, pattern: str) -> int:
        return sum(re.search(pattern, line) is not None for line in self.lines)

    def first(self, pattern: str) -> int:
        """The place of the first such line."""
        return next(place for place, line in enumerate(self.lines) if re.search(pattern, line))

    def wait_for_lines(self, pattern: str, count: int = 1) -> None:
        wait_for(lambda: self.count(pattern) >= count, f"{count} lines like {pattern!r}")

    def is_listening(self) -> bool:
        """True once the kernel's table has a listening socket on the port that this process holds."""
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        wanted = f"0100007F:{self.port:04X}"
        sockets = {f"socket:[{row[9]}]" for row in rows if row[1] == wanted and row[3] == LISTENING}
        descriptors = Path(f"/proc/{self.process.pid}/fd")
        with contextlib.suppress(OSError):
            return any(str(entry.readlink()) in sockets for entry in descriptors.iterdir())
        return False

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def ask(self, request: bytes = GET) -> bytes:
        """The whole of what the server sends back until it closes."""
        with self.connect() as client:
            client.sendall(request)
            return read_all(client)

    def session(self) -> list[int]:
        """The processes of the server's session that have not ended: itself, its children, its orphans."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.process.pid and state != "Z":
                    found.append(int(entry.name))
        return found

    def children(self) -> list[int]:
        """Its child processes, zombies included."""
        return [int(pid) for pid in self._own("task", str(self.process.pid), "children").read_text().split()]

    def threads(self) -> int:
        return len(list(self._own("task").iterdir()))

    def descriptors(self) -> int:
        return len(list(self._own("fd").iterdir()))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and wait for the exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)

    def kill_all(self) -> None:
        """Whatever of its session is left."""
        for pid in self.session():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(DEADLINE)

    def _own(self, *parts: str) -> Path:
        return Path("/proc", str(self.process.pid), *parts)


@contextlib.contextmanager
def running(
    name: str, folder: Path, *options: str, prelude: str = "", delay: float = 0, read_timeout: float = 30
) -> Iterator[Server]:
    """A server that listens, in a session of its own; `prelude` is Python code that runs in it beforehand."""
    arguments = ["--delay", str(delay), "--read-timeout", str(read_timeout), *options]
    server = start(name, folder, prelude, arguments)
    try:
        while not becomes_ready(server):  # somebody took the port meanwhile
            server = start(name, folder, prelude, arguments)
        yield server
        assert "Traceback" not in "\n".join(server.lines), server.lines
    finally:
        server.kill_all()


def start(name: str, folder: Path, prelude: str, arguments: list[str]) -> Server:
    """Python's warnings are errors in it (fork in a process with threads, say), and show as a traceback."""
    port = free_port()
    module = f"assignments.{name}.server"
    code = f"{prelude}\nimport runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-W", "error", "-c", code, "--port", str(port), *arguments]
    output = folder / f"{name}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    return Server(process, port, output)


def becomes_ready(server: Server) -> bool:
    """True once it listens, False if its port was taken; AssertionError if it ends for another reason."""
    wait_for(lambda: server.is_listening() or server.process.poll() is not None, "the server to listen")
    if server.process.poll() is None:
        return True
    assert "Address already in use" in "\n".join(server.lines), server.lines
    return False


def read_all(client: socket.socket) -> bytes:
    """Everything up to the peer's end of the stream."""
    return b"".join(iter(lambda: client.recv(65_536), b""))


def status_of(reply: bytes) -> int:
    return int(reply.split(b" ", 2)[1])


def body_of(reply: bytes) -> bytes:
    return reply.partition(b"\r\n\r\n")[2]
