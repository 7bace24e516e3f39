"""Does to the recorder what `--does` names: floods it, talks nonsense to it, ends what it should not; never gently."""

import argparse
import os
import signal
import socket
import sys
import time
from collections.abc import Callable

from plain import ANSWER, GREETING, listen, say, serve

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
MEGABYTE = 1_000_000
UGLY = (
    "서버를 시작합니다".encode("cp949"),
    b"\xff\xfe\x80\x81 no text \xc3\x28",
    b"\x1b[2J\x1b[31;1mred\x1b]0;title\x07\x1b[999;999H\x9b5m\x0c\x08\x08",
    "right \u202e to left \u2066 isolate \u200b nothing \ufeff mark \u0000".encode(),
    b"</pre></details><script>alert(1)</script><img src=x onerror=alert(1)>&amp;&lt;",
    b"```` {{ 7 * 7 }} {% raw %} ${7*7} #{7*7} <%= 7 %> $\\frac{1}{2}$ _a_ **b** | c | \\input{x}",
    b"[bold red]markup[/] :smile: %s %n {0} ../../etc/passwd ' \" ` ;",
    b"#1 accepted from 127.0.0.1:notaport, queue 99999999999999999999999/10, workers -1",
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--tag", default="", help="no meaning: by it a test finds the process")
    parser.add_argument("--megabytes", type=int, default=1)
    parser.add_argument("--does", choices=[*PRINTING, *REPLYING, *ENDING], required=True)
    return parser.parse_args()


def replying(reply: Callable[[socket.socket], None]) -> None:
    listener = listen(chosen.port)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(30_000)
            try:
                reply(connection)
            except OSError:
                say("the client left")


def print_much(line: bytes) -> None:
    block = line * (MEGABYTE // len(line) + 1)
    for _ in range(chosen.megabytes):
        written = 0
        while written < len(block):
            written += os.write(1, block[written:])


def print_and_serve(*lines: bytes) -> None:
    for line in lines:
        os.write(1, line + b"\n")
    serve(listen(chosen.port), chosen.delay)


def endless_headers(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    while True:
        connection.sendall(b"X-More: " + b"a" * 4000 + b"\r\n")


def one_endless_header(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"X-More: ")
    while True:
        connection.sendall(b"a" * 65_536)


def byte_a_second(connection: socket.socket) -> None:
    for byte in ANSWER:
        connection.sendall(bytes([byte]))
        time.sleep(1)


def much(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (200 * MEGABYTE))
    for _ in range(200):
        connection.sendall(bytes(MEGABYTE))


def says(reply: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(reply)


def length(value: bytes) -> Callable[[socket.socket], None]:
    return says(HEAD + b"Content-Length: " + value + b"\r\n\r\n" + GREETING)


def flood() -> None:
    print_much(b"a line of no use whatever" * 160 + b"\n")
    serve(listen(chosen.port), chosen.delay)


def one_line() -> None:
    print_much(b"no end of line ")
    serve(listen(chosen.port), chosen.delay)


def one_line_and_end() -> None:
    print_much(b"no end of line ")
    sys.exit(5)


def read_input() -> None:
    say(f"read {len(sys.stdin.read())} characters")
    serve(listen(chosen.port), chosen.delay)


def stop_at_once() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    serve(listen(chosen.port), chosen.delay)


def kill_group() -> None:
    listener = listen(chosen.port)
    listener.accept()[0].recv(30_000)
    os.killpg(0, signal.SIGKILL)


def allocate_at_once() -> None:
    kept = [b"x" * (64 * 2**20) for _ in range(8)]
    time.sleep(60 + len(kept))


def kill_parent() -> None:
    listener = listen(chosen.port)
    listener.accept()[0].recv(30_000)
    os.kill(os.getppid(), signal.SIGKILL)
    serve(listener, chosen.delay)


PRINTING: dict[str, Callable[[], None]] = {
    "flood": flood,
    "one-line": one_line,
    "ugly": lambda: print_and_serve(*UGLY),
}


def forks(connection: socket.socket) -> None:
    """Twice as many with every step; by itself it ends at 1,024."""
    for _ in range(10):
        os.fork()
    time.sleep(60)


def forks_in_sessions(connection: socket.socket) -> None:
    """A chain of 120 processes, each the leader of its own session and process group."""
    for _ in range(120):
        if os.fork():
            break
        os.setsid()
    time.sleep(60)


def allocates(connection: socket.socket) -> None:
    """In touched steps of 64 MiB; by itself it ends at 512."""
    kept = []
    for _ in range(8):
        kept.append(b"x" * (64 * 2**20))
        time.sleep(0.05)
    time.sleep(60)


def opens(connection: socket.socket) -> None:
    """As many descriptors as it may have, at most 10,000, and then it answers."""
    kept: list[int] = []
    try:
        kept.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(10_000))
    except OSError as error:
        say(f"{len(kept)} opened: {error.strerror}")
    connection.sendall(ANSWER)
    time.sleep(60)


def writes(connection: socket.socket) -> None:
    """A file of 16 MiB in its own directory, with what SIGXFSZ does to a program in C."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with open("big", "wb", 0) as file:
        for _ in range(16):
            file.write(bytes(2**20))
    connection.sendall(ANSWER)


REPLYING: dict[str, Callable[[socket.socket], None]] = {
    "garbage": says(bytes(range(256)) * 40),
    "markup": says(
        b"HTTP/1.1 200 <script>alert(1)</script>\r\nContent-Type: <b>\r\n\r\n</pre>{{ 1 }}|\x1b[31m\r\n" * 2
    ),
    "endless-headers": endless_headers,
    "endless-header": one_endless_header,
    "byte-a-second": byte_a_second,
    "much": much,
    "length-short": length(b"5"),
    "length-long": length(b"5000"),
    "length-negative": length(b"-20"),
    "length-huge": length(b"9" * 5000),
    "length-word": length(b"twenty"),
    "length-twice": length(b"20\r\nContent-Length: 20"),
    "forks": forks,
    "forks-in-sessions": forks_in_sessions,
    "allocates": allocates,
    "opens": opens,
    "writes": writes,
}
ENDING: dict[str, Callable[[], None]] = {
    "one-line-and-end": one_line_and_end,
    "read-input": read_input,
    "stop-at-once": stop_at_once,
    "kill-group": kill_group,
    "kill-parent": kill_parent,
    "allocate-at-once": allocate_at_once,
}

chosen = options()
if chosen.does in REPLYING:
    replying(REPLYING[chosen.does])
else:
    (PRINTING | ENDING)[chosen.does]()
