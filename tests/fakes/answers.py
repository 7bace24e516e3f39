"""Servers for the load script: one function for each way to answer, right or wrong, and what serves them.

A way to answer gets an accepted connection and is free to do with it what it likes; it is closed afterwards.
Nothing here waits by the clock: who stays silent stays so until the client leaves.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

Answering = Callable[[socket.socket], None]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 20\r\nConnection: close\r\n\r\n"
BODY = b"My first web server!"


def answers(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD + BODY)


def answers_byte_by_byte(connection: socket.socket) -> None:
    read_request(connection)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in HEAD + BODY:
        connection.sendall(bytes([byte]))


def answers_and_stays(connection: socket.socket) -> None:
    answers(connection)
    wait_for_the_client_to_leave(connection)


def answers_and_resets(connection: socket.socket) -> None:
    answers(connection)
    reset(connection)


def answers_without_length(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + BODY)


def answers_an_empty_body(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def does_not_find_it(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found")


def sends_too_little(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD + BODY[:12])


def sends_too_much(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD + BODY + b"\0")


def sends_one_more_later(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers(connection)
    connection.sendall(b"\n")
    wait_for_the_client_to_leave(connection)


def ends_lines_in_bare_line_feeds(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall((HEAD + BODY).replace(b"\r\n", b"\n"))
    wait_for_the_client_to_leave(connection)


def forgets_a_colon(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD.replace(b"Length:", b"Length") + BODY)


def talks_something_else(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"220 mail.example \x1b[1mESMTP\r\n")
    wait_for_the_client_to_leave(connection)


def floods(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(bytes(65_536))


def stops_inside_the_head(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD[:30])


def closes(connection: socket.socket) -> None:
    read_request(connection)


def resets(connection: socket.socket) -> None:
    read_request(connection)
    reset(connection)


def resets_halfway(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD + BODY[:12])
    reset(connection)


def stays_silent(connection: socket.socket) -> None:
    wait_for_the_client_to_leave(connection)


def stops_halfway(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD + BODY[:12])
    wait_for_the_client_to_leave(connection)


def complains_of_silence(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 5\r\n\r\nlate\n")


def read_request(connection: socket.socket) -> bytes:
    """What a client sent up to its blank line, or up to its leaving."""
    request = b""
    while b"\r\n\r\n" not in request and (piece := connection.recv(4096)):
        request += piece
    return request


def wait_for_the_client_to_leave(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            pass


def reset(connection: socket.socket) -> None:
    """The connection ends in RST instead of FIN: socket(7), SO_LINGER with a time of zero."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def together(count: int) -> Answering:
    """Answers nobody before `count` requests are there: proof that none of them waited for another."""
    everybody = threading.Barrier(count)

    def answers_together(connection: socket.socket) -> None:
        read_request(connection)
        everybody.wait(timeout=60)
        connection.sendall(HEAD + BODY)

    return answers_together


@contextlib.contextmanager
def serving(answering: Answering) -> Iterator[int]:
    """The port of a server that answers like that, every connection in a thread of its own."""
    threads: list[threading.Thread] = []

    def answer(connection: socket.socket) -> None:
        with connection:
            answering(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listener was shut down
            while True:
                threads.append(threading.Thread(target=answer, args=(listener.accept()[0],)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join(timeout=60)


@contextlib.contextmanager
def refusing() -> Iterator[int]:
    """A port that is taken, so that nobody else comes to listen on it, and refuses every connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextlib.contextmanager
def full_backlog() -> Iterator[socket.socket]:
    """A listener whose backlog has no room left: a further SYN is dropped, and sent again a second later."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):  # the kernel takes one more than asked, listen(2); the rest hang
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener
