"""An extra assignment, an event loop: a single thread serves all connections, since it never waits for one of them.

It knows what a connection waits for, one thing after the other; how a thread waits for many is `loop.py`'s.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Generator

from assignments.epoll.loop import FOR_EVER, NOTHING, READ, WRITE, Loop, Task, Wait
from assignments.greeting import LIMIT, answer, first_line, is_whole, response
from assignments.service import (
    PATIENCE,
    PAUSE,
    STOP_SIGNALS,
    Connection,
    Connections,
    Handle,
    Lesson,
    Options,
    Socket,
    StopAtOnce,
    discard_rest,
    main,
    say,
)


def serve(connections: Connections, handle: Handle, options: Options) -> None:
    """Serve every connection in this one thread: N clients take about one delay, as long as no handler computes.

    The other servers' `handle` sleeps and waits for its client. Here that would hold up everybody, so that a
    connection is served by `converse`, which says what it waits for and lets the loop go on.
    """
    loop, listener, stop = Loop(), connections.listener, stop_signals()
    loop.start(listener.fileno(), accept(loop, listener, options))
    loop.start(stop, end_accepting(loop, listener))
    loop.run()


def accept(loop: Loop, listener: socket.socket, options: Options) -> Task:
    """Take each connection that comes, and start to serve it beside all the others."""
    number, lesson = 0, lessons(options)
    while True:
        yield READ, FOR_EVER
        try:
            peer, (host, port) = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # the peer has left the backlog
            continue
        except OSError as error:  # EMFILE, say: the peer stays in the backlog, and the others are served meanwhile
            say("server", f"cannot accept ({error.strerror}), trying again")
            yield NOTHING, time.monotonic() + PAUSE / 1000
            continue
        number += 1
        peer.setblocking(False)
        connection = Connection(peer, number, f"{host}:{port}")
        connection.say(f"accepted from {connection.peer}")
        loop.start(peer.fileno(), converse(connection, options, lesson))


def converse(connection: Connection, options: Options, lesson: Lesson | None) -> Task:
    """Serve one connection to its end and close it. At each `yield` the thread is free for all the others."""
    try:
        request, in_time = yield from read_request(connection.socket, options.read_timeout)
        if request:
            connection.say(f"request {first_line(request)}, {len(request)} bytes")
        elif in_time:
            connection.say("client left without a request")
            return
        reply = answer(request) if in_time else response(408)
        if reply[9:12] == b"200" and options.delay:
            yield NOTHING, time.monotonic() + options.delay  # sleeps, without holding up anybody
        elif reply[9:12] == b"404" and lesson:
            reply = lesson(connection, request)  # computes, and nobody else is served until it has done so
        yield from write(connection, reply)
    except Exception:  # a fault of ours costs this connection, not the server
        sys.excepthook(*sys.exc_info())
    finally:
        connection.socket.close()
        connection.say("closed")


def read_request(peer: Socket, timeout: float) -> Generator[Wait, bool, tuple[bytes, bool]]:
    """What came until the blank line, the limit or the peer's end, and whether within `timeout` seconds."""
    deadline, request = time.monotonic() + timeout, b""
    while len(request) < LIMIT:
        if not (yield READ, deadline):
            return request, False
        try:
            chunk = peer.recv(LIMIT - len(request))
        except OSError:  # reset by the peer
            chunk = b""
        request += chunk
        if not chunk or is_whole(request, len(chunk)):
            break
    return request, True


def write(connection: Connection, reply: bytes) -> Task:
    """Send the whole reply, as fast as the peer takes it, and read away what it sent beyond its request."""
    peer, status, size = connection.socket, int(reply[9:12]), len(reply.partition(b"\r\n\r\n")[2])
    try:
        while reply := reply[peer.send(reply) :]:
            if not (yield WRITE, time.monotonic() + PATIENCE):
                raise TimeoutError
    except OSError:
        connection.say("client left before the answer")
        return
    connection.say(f"answered {status}, {size} bytes")
    if status in (200, 404):
        discard_rest(peer, 0.0)
        return
    deadline = time.monotonic() + PATIENCE
    try:
        peer.shutdown(socket.SHUT_WR)  # a refused peer may still be sending: it gets our end, and time to leave
        while (yield READ, deadline) and peer.recv(65_536):
            pass
    except OSError:
        return


def end_accepting(loop: Loop, listener: socket.socket) -> Task:
    """Wait for a stop signal; then nobody is accepted any more, and the loop ends with the last connection."""
    yield READ, FOR_EVER
    loop.cancel(listener.fileno())
    listener.close()
    say("server", "stopping")


def stop_signals() -> int:
    """A descriptor that can be read once a stop signal has come, as a loop can wait for nothing else; a second signal
    raises StopAtOnce wherever the thread is."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    came: list[int] = []

    def on_signal(number: int, _frame: object) -> None:
        came.append(number)
        if len(came) > 1:
            raise StopAtOnce(128 + number)

    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in STOP_SIGNALS:
        signal.signal(number, on_signal)
    return reader


def lessons(options: Options) -> Lesson | None:
    """What other paths than `/` mean, if that was asked for."""
    if not options.lessons:
        return None
    from assignments.lessons import Lessons

    return Lessons(options.delay, options.ballast)


if __name__ == "__main__":
    main(serve)
