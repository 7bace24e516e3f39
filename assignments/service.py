"""What all servers share: the serving of one connection, and the accepting of connections.

It knows sockets and signals, and nothing about who serves whom: no fork, no thread, no queue; that is each
`server.py`'s. It imports little, since every import makes a forked child dearer (more pages to copy).
"""

import contextlib
import functools
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator

from assignments.greeting import LIMIT, answer, first_line, is_whole, response
from assignments.options import AddArguments, Options, parse

BACKLOG = 4096  # the kernel cuts it to net.core.somaxconn; too small, and clients connect whole seconds late
PATIENCE = 1.0  # seconds that a peer has to take its answer
PAUSE = 100  # milliseconds until the next try when the kernel was out of descriptors, memory or processes
Socket = socket.SocketType  # without what socket.socket adds in Python: pages that a forked child would copy
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def say(actor: str, event: str) -> None:
    """Print one event as one whole line: a single write(2), so that lines of many processes never mix."""
    try:
        os.write(1, f"{actor}: {event}\n".encode())
    except OSError:  # nobody reads them any more: no reason to stop serving
        return


class Connection:
    """An accepted socket, its number in accept order, its peer, and who serves it (`actor`)."""

    def __init__(self, socket: Socket, number: int, peer: str) -> None:
        self.socket, self.number, self.peer, self.actor = socket, number, peer, "server"

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
        if delay:  # time.sleep(0) would take some 50 microseconds
            time.sleep(delay)
    elif reply[9:12] == b"404" and lesson:  # only with --lessons: another path may mean one
        reply = lesson(connection, request)
    status, body = int(reply[9:12]), reply.partition(b"\r\n\r\n")[2]
    try:
        connection.socket.sendall(reply)  # Python ignores SIGPIPE, which would end a C server here
    except OSError:
        connection.say("client left before the answer")
        return
    connection.say(f"answered {status}, {len(body)} bytes")
    discard_rest(connection.socket, 0.0 if status in (200, 404) else PATIENCE)


def read_request(peer: Socket, timeout: float) -> tuple[bytes, bool]:
    """What came until the blank line, the limit or the peer's end, and whether within `timeout` seconds.

    read(2) returns what is there, perhaps a single byte: hence the loop, and one deadline for all its turns.
    """
    deadline = time.monotonic() + timeout
    request = b""
    while len(request) < LIMIT:
        try:
            chunk = peer.recv(LIMIT - len(request))
        except BlockingIOError:
            return request, False
        except OSError:  # reset by the peer
            chunk = b""
        request += chunk
        if not chunk or is_whole(request, len(chunk)):
            break
        if (left := deadline - time.monotonic()) <= 0:
            return request, False
        limit(peer, socket.SO_RCVTIMEO, left)  # the first turn had the listener's
    return request, True


def limit(peer: Socket, which: int, seconds: float) -> None:
    """Let recv(2) or send(2) wait so long, then fail with EAGAIN; `settimeout()` would poll(2) before every call."""
    microseconds = max(1, int(min(seconds, 1e9) * 1_000_000))  # 0 would be for ever
    peer.setsockopt(socket.SOL_SOCKET, which, struct.pack("ll", *divmod(microseconds, 1_000_000)))


def discard_rest(peer: Socket, patience: float) -> None:
    """Read away what the peer sent beyond its request, for `patience` seconds at most.

    close(2) on unread bytes sends RST, which can destroy our answer on its way (RFC 9112, 9.6). A refused
    peer may still be sending: it gets our end (FIN) and time to leave. Otherwise the server closes first.
    """
    deadline = time.monotonic() + patience
    with contextlib.suppress(OSError):
        if patience:
            peer.shutdown(socket.SHUT_WR)
        for _ in range(100):
            if patience:
                limit(peer, socket.SO_RCVTIMEO, deadline - time.monotonic())
            if not peer.recv(65_536, 0 if patience else socket.MSG_DONTWAIT):
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
        self.listener = listener
        self.room: Callable[[], bool] = lambda: True  # asked before every accept, and again after `wake()`
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
                descriptor, (host, port) = self.listener._accept()  # type: ignore[attr-defined]
            except (BlockingIOError, ConnectionAbortedError):  # the peer has left the backlog
                continue
            except OSError as error:  # EMFILE, say: the peer stays in the backlog
                say("server", f"cannot accept ({error.strerror}), trying again")
                self.pause()
                continue
            number += 1  # made by hand, as accept() takes enums on the way: 30 pages more for each fork to copy
            accepted = Socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
            connection = Connection(accepted, number, f"{host}:{port}")
            connection.say(f"accepted from {connection.peer}")
            yield connection
        self.listener.close()
        say("server", "stopping")

    def _wait(self, poller: select.poll, milliseconds: int | None = None) -> bool:
        """Sleep until something happens, run what signals asked for; true if a client is to be accepted."""
        ready = dict(poller.poll(milliseconds))
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


Handle = Callable[[Connection], None]
Lesson = Callable[[Connection, bytes], bytes]  # takes the request, gives the response
Serve = Callable[[Connections, Handle, Options], None]


def main(serve: Serve, add_arguments: AddArguments = lambda _: None) -> None:
    """Run a server from its command line. Exit status 0 after a stop signal, 128 + its number after a second one."""
    options = parse(add_arguments)
    lesson: Lesson | None = None
    if options.lessons:  # imported only now: a plain server stays plain
        from assignments.lessons import Lessons

        lesson = Lessons(options.delay, options.ballast)
    try:
        listener = open_listener((options.host, options.port))
    except (OSError, OverflowError) as error:
        sys.exit(f"server: cannot listen on {options.host}:{options.port} ({error}); choose another --port?")
    limit(listener, socket.SO_RCVTIMEO, options.read_timeout)  # accepted sockets inherit both
    limit(listener, socket.SO_SNDTIMEO, PATIENCE)
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
