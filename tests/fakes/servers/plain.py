"""What the fake servers share: a port, a listening socket, and right answers after a delay. Standard library only."""

import argparse
import os
import socket
import sys
import time

GREETING = b"My first web server!"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 20\r\nConnection: close\r\n\r\n" + GREETING
)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--tag", default="", help="no meaning: by it a test finds the process")
    return parser.parse_args()


def say(text: str) -> None:
    os.write(sys.stdout.fileno(), text.encode() + b"\n")


def listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    say(f"listening on {port}")
    return listener


def answer(connection: socket.socket, delay: float = 0.0) -> None:
    with connection:
        if connection.recv(30_000):
            time.sleep(delay)
            connection.sendall(ANSWER)
    say("answered")


def serve(listener: socket.socket, delay: float = 0.0) -> None:
    while True:
        answer(listener.accept()[0], delay)
