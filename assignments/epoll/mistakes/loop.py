"""An event loop as a student writes it, with the one mistake that the first word chooses; with "none" it is right.

    python mistakes/loop.py sleeps-in-loop 8090 5

What stands under `if MISTAKE == ...` is the mistake, and the comment there says what an observer sees who knows only
the socket, the processes and the terminal.
"""

import selectors
import signal
import socket
import sys
import time

MISTAKE, PORT, DELAY = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
LIMIT = 30_000  # bytes of a request: the course's buffer
HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\nConnection: close\r\n\r\n"
ANSWER = HEADER + b"My first web server!"

selector = selectors.DefaultSelector()
requests: dict[socket.socket, bytes] = {}  # what has come so far
sleeping: list[tuple[float, socket.socket]] = []  # when each is to be answered; all sleep equally long, so in order
stopping = False


def accept(listener: socket.socket) -> None:
    client, _ = listener.accept()
    print("accepted", client.fileno(), flush=True)
    client.setblocking(False)
    requests[client] = b""
    selector.register(client, selectors.EVENT_READ)


def read(client: socket.socket) -> None:
    try:
        chunk = client.recv(LIMIT)
    except OSError:  # the client is gone
        chunk = b""
    requests[client] += chunk
    whole = b"\r\n\r\n" in requests[client] or len(requests[client]) >= LIMIT
    if MISTAKE == "reads-once":  # whose request comes in two pieces is answered before the second one has come
        whole = bool(chunk)
    if not chunk or whole:
        selector.unregister(client)
    if whole and MISTAKE == "sleeps-in-loop":  # eight clients take eight delays: nobody else is even read meanwhile
        time.sleep(DELAY)
        answer(client)
    elif whole:
        sleeping.append((time.monotonic() + DELAY, client))
    elif not chunk:
        del requests[client]
        client.close()


def answer(client: socket.socket) -> None:
    try:
        client.send(ANSWER)
        print("answered", client.fileno(), flush=True)
    except OSError:
        print("gone", client.fileno(), flush=True)
    if MISTAKE != "never-closes":  # otherwise the answer is whole, and its end never comes
        del requests[client]
        client.close()


def stop(_number: int, _frame: object) -> None:
    global stopping
    stopping = True


def main() -> None:
    wake_up, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())  # a signal makes select() return
    signal.signal(signal.SIGTERM, stop)
    selector.register(wake_up, selectors.EVENT_READ)
    listener = socket.create_server(("127.0.0.1", PORT), backlog=4096)
    selector.register(listener, selectors.EVENT_READ)
    while not stopping or sleeping:
        left = max(0.0, sleeping[0][0] - time.monotonic()) if sleeping else None
        for key, _ in selector.select(left):
            if key.fileobj is listener:
                accept(listener)
            elif key.fileobj is wake_up:
                selector.unregister(wake_up)
                selector.unregister(listener)
                listener.close()
            elif isinstance(key.fileobj, socket.socket):
                read(key.fileobj)
        while sleeping and sleeping[0][0] <= time.monotonic():
            answer(sleeping.pop(0)[1])


main()
