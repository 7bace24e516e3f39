"""Assignment 1: a child process for each connection. Usage: fork_reaps_one.py PORT DELAY"""

import os
import signal
import socket
import sys
import time

BODY = "My first web server!"


def read_request(client: socket.socket) -> bytes:
    client.settimeout(5)
    request = b""
    while b"\r\n\r\n" not in request and len(request) < 30_000:
        piece = client.recv(30_000 - len(request))
        if not piece:
            return b""
        request += piece
    return request


def child(client: socket.socket, delay: float) -> None:
    try:
        request = read_request(client)
        if request:
            print(f"[{os.getpid()}]", request.split(b"\r\n")[0].decode("latin-1"), flush=True)
            time.sleep(delay)
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(BODY)}\r\nConnection: close\r\n"
            )
            client.sendall(f"{head}\r\n{BODY}".encode())
    except OSError as error:
        print(f"[{os.getpid()}]", error, flush=True)
    finally:
        client.close()


def collect_finished_child() -> None:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        pass


def main(port: int, delay: float) -> None:
    server = socket.create_server(("127.0.0.1", port), backlog=128)
    signal.signal(signal.SIGTERM, lambda *_: server.shutdown(socket.SHUT_RDWR))
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            break
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            server.close()
            child(client, delay)
            os._exit(0)
        client.close()
        collect_finished_child()
    server.close()
    try:
        while True:
            os.wait()
    except ChildProcessError:
        print("all children are done", flush=True)


main(int(sys.argv[1]), float(sys.argv[2]))
