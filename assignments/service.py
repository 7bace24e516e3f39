"""What all servers share: the serving of one connection, and the accepting of connections.

It knows sockets and signals, and nothing about who serves whom: no fork, no thread, no queue; that is each
`server.py`'s. It imports little, since every import makes a forked child dearer (more pages to copy).
"""

import argparse
import contextlib
import functools
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator

from assignments.greeting import LIMIT, answer, first_line, is_whole, response
from assignments.options import count, seconds

BACKLOG = 4096  # the kernel cuts it to net.core.somaxconn; too small, and clients connect whole seconds late
PATIENCE = 1.0  # seconds that a peer has to take its answer
PAUSE = 100  # milliseconds until the next try when the kernel was out of descriptors, memory or processes
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def say(actor: str, event: str) -> None:
    """Print one event as one whole line: a single write(2), so that lines of many processes never mix."""
    with contextlib.suppress(OSError):  # nobody reads them any more: no reason to stop serving
        os.write(1, f"{actor}: {event}\n".encode())


class Connection:
    """An accepted socket, its number in accept order, its peer, and who serves it (`actor`)."""

    def __init__(self, socket: socket.socket, number: int, peer: str) -> None:
        self.socket, self.number, self.peer = socket, number, peer
        self.actor = "server"

    def say(self, event: str) -> None:
        """Print what its actor did with it."""
        say(self.actor, f"#{self.number} {event}")


def handle(connection: Connection, *, delay: float, read_timeout: float, lesson: "Lesson | None" = None) -> None:
    """Serve one connection to its end and close it (durations: seconds). The peer may vanish at any point."""
    try:
        converse(connection, delay, read_timeout, lesson)
    except Exception:  # a fault of ours costs this connection, not the server
        sys.excepthook(*sys.exc_info())
    finally:
        connection.socket.close()
        connection.say("closed")


def converse(connection: Connection, delay: float, read_timeout: float, lesson: "Lesson | None") -> None:
    """Read the request, sleep if it earned the greeting, answer."""
    request, in_time = read_request(connection.socket, read_timeout)
    if request:
        connection.say(f"request {first_line(request)}, {len(request)} bytes")
    elif in_time:
        connection.say("client left without a request")
        return
    reply = answer(request) if in_time else response(408)
    if reply[9:12] == b"200":
        time.sleep(delay)
    elif reply[9:12] == b"404" and lesson:  # only with --lessons: another path may mean one
        reply = lesson(connection, request)
    status, body = int(reply[9:12]), reply.partition(b"\r\n\r\n")[2]
    try:
        connection.socket.settimeout(PATIENCE)
        connection.socket.sendall(reply)  # Python ignores SIGPIPE, which would end a C server here
    except OSError:
        connection.say("client left before the answer")
        return
    connection.say(f"answered {status}, {len(body)} bytes")
    discard_rest(connection.socket, 0.0 if status in (200, 404) else PATIENCE)


def read_request(peer: socket.socket, timeout: float) -> tuple[bytes, bool]:
    """What came until the blank line, the limit or the peer's end, and whether within `timeout` seconds.

    read(2) returns what is there, perhaps a single byte: hence the loop, and one deadline for all its turns.
    """
    deadline = time.monotonic() + timeout
    request = b""
    while len(request) < LIMIT:
        try:
            peer.settimeout(max(0.0, deadline - time.monotonic()))
            chunk = peer.recv(LIMIT - len(request))
        except (TimeoutError, BlockingIOError):
            return request, False
        except OSError:  # reset by the peer
            chunk = b""
        request += chunk
        if not chunk or is_whole(request, len(chunk)):
            break
    return request, True


def discard_rest(peer: socket.socket, patience: float) -> None:
    """Read away what the peer sent beyond its request, for `patience` seconds at most.

    close(2) on unread bytes sends RST, which can destroy our answer on its way (RFC 9112, 9.6). A refused
    peer may still be sending: it gets our end (FIN) and time to leave. Otherwise the server closes first.
    """
    deadline = time.monotonic() + patience
    with contextlib.suppress(OSError):
        if patience:
            peer.shutdown(socket.SHUT_WR)
        for _ in range(100):
            peer.settimeout(max(0.0, deadline - time.monotonic()))
            if not peer.recv(65_536):
                break


class StopAtOnce(BaseException):
    """The server is to end now, with work undone; its argument is the exit status."""


class Connections:
    """The accepted connections in order, numbered from 1; iteration ends at SIGTERM or SIGINT.

    It sleeps in poll(2) on the listening socket and on a pipe to which every signal and every `wake()` adds a
    byte: so nothing slips in between looking and sleeping. A second stop signal raises StopAtOnce wherever
    the main thread is, the way Python's own SIGINT handler raises KeyboardInterrupt.
    """

    def __init__(self, listener: socket.socket) -> None:
        self.room: Callable[[], bool] = lambda: True  # asked before every accept, and again after `wake()`
        self.listener = listener
        self._stopping = False
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._wake_ups, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._only_wake_ups, self._anything = select.poll(), select.poll()
        self._only_wake_ups.register(self._wake_ups, select.POLLIN)
        self._anything.register(self._wake_ups, select.POLLIN)
        self._anything.register(listener, select.POLLIN)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop_signal)

    def on_signal(self, number: int, callback: Callable[[], None]) -> None:
        """Call back in the main loop, not in the handler, soon after each such signal."""
        self._callbacks[number] = callback
        signal.signal(number, lambda *_: None)

    def wake(self) -> None:
        """Make the main loop look again; any thread may say so."""
        with contextlib.suppress(BlockingIOError):  # full of wake-ups: one more would change nothing
            os.write(self._waker, b"\0")

    def pause(self) -> None:
        """Wait until a signal, a wake-up, or the next try is due."""
        self._wait(self._only_wake_ups, PAUSE)

    def __iter__(self) -> Iterator[Connection]:
        number = 0
        while not self._stopping:
            if not self._wait(self._anything if self.room() else self._only_wake_ups):
                continue
            try:
                accepted, (host, port) = self.listener.accept()
            except (BlockingIOError, ConnectionAbortedError):  # the peer has left the backlog
                continue
            except OSError as error:  # EMFILE, say: the peer stays in the backlog
                say("server", f"cannot accept ({error.strerror}), trying again")
                self.pause()
                continue
            number += 1
            connection = Connection(accepted, number, f"{host}:{port}")
            connection.say(f"accepted from {connection.peer}")
            yield connection
        self.listener.close()
        say("server", "stopping")

    def _wait(self, poller: select.poll, milliseconds: int | None = None) -> bool:
        """Sleep until something happens, run what signals asked for; true if a client is to be accepted."""
        ready = [descriptor for descriptor, _ in poller.poll(milliseconds)]
        if self._wake_ups in ready:
            for number in set(os.read(self._wake_ups, 65_536)) & self._callbacks.keys():
                self._callbacks[number]()
        return self.listener.fileno() in ready and not self._stopping

    def _on_stop_signal(self, number: int, _frame: object) -> None:
        if self._stopping:
            raise StopAtOnce(128 + number)  # the status by which a shell names a death by signal
        self._stopping = True


def ignore_stop_signals() -> None:
    """From here on SIGTERM and SIGINT do nothing to this process."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def open_listener(address: tuple[str, int]) -> socket.socket:
    """A listening socket: socket(2), bind(2), listen(2); OSError if the address is not to be had.

    SO_REUSEADDR: an earlier run's connections in TIME_WAIT do not hold the port. Non-blocking: accept(2)
    does not wait if the client that poll(2) saw has gone.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


Options = argparse.Namespace
Handle = Callable[[Connection], None]
Lesson = Callable[[Connection, bytes], bytes]  # takes the request, gives the response
Serve = Callable[[Connections, Handle, Options], None]


def main(serve: Serve, add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None) -> None:
    """Run a server from its command line. Exit status 0 after a stop signal, 1 if it cannot listen.

    The first stop signal lets it finish what it accepted, a second one ends it at once (128 + its number).
    """
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", default=8090, type=int, help="port to listen on")
    parser.add_argument("--delay", default=5, type=seconds, help="seconds of sleep before the greeting")
    parser.add_argument("--read-timeout", default=10, type=seconds, help="seconds a client has for its request")
    parser.add_argument("--lessons", action="store_true", help="also answer the paths of lessons.py")
    parser.add_argument("--ballast", default=0, type=count, metavar="MIB", help="memory for the lesson /touch to read")
    add_arguments(parser)
    options = parser.parse_args()
    lesson: Lesson | None = None
    if options.lessons:  # imported only now: a plain server stays plain
        from assignments.lessons import Lessons

        lesson = Lessons(options.delay, options.ballast)
    try:
        listener = open_listener((options.host, options.port))
    except (OSError, OverflowError) as error:
        sys.exit(f"server: cannot listen on {options.host}:{options.port} ({error}); choose another --port?")
    connections = Connections(listener)
    say("server", "listening on {}:{}, delay {:g} s".format(*listener.getsockname(), options.delay))
    handle_one = functools.partial(handle, delay=options.delay, read_timeout=options.read_timeout, lesson=lesson)
    try:
        serve(connections, handle_one, options)
        ignore_stop_signals()
        say("server", "stopped")
    except StopAtOnce as stop:
        ignore_stop_signals()
        say("server", "stopped at once")
        os._exit(stop.args[0])
