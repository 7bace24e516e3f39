"""As little as a design can be: accepts, forks or starts a thread, reads once, answers, ends. No server to use.

    python benchmarks/bare.py fork PORT

Nothing is parsed or printed, a request in two pieces is answered too early, and nothing can fail: it is the floor
below which this interpreter does not get.
"""

import _socket as socket
import os
import signal
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\nMy first web server!"


def answer(descriptor: int) -> None:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    connection.recv(30_000)
    connection.sendall(ANSWER)
    connection.close()


def fork(listener: socket.socket) -> None:
    while True:
        descriptor, _ = listener._accept()  # type: ignore[attr-defined]
        if os.fork() == 0:
            answer(descriptor)
            os._exit(0)
        os.close(descriptor)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass


def thread(listener: socket.socket) -> None:
    from threading import Thread

    while True:
        descriptor, _ = listener._accept()  # type: ignore[attr-defined]
        Thread(target=answer, args=(descriptor,), daemon=True).start()


def listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(4096)
    return listener


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    {"fork": fork, "thread": thread}[sys.argv[1]](listen(int(sys.argv[2])))
