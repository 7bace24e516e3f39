"""Assignment 3: a queue of ten messages, workers that come and go. Usage: queue_adds_at_seven.py PORT DELAY"""

import collections
import queue
import signal
import socket
import sys
import threading
import time

SLOTS = 10
ADD_AT = SLOTS * 8 // 10 - 1  # 80 %: the eighth slot, as slots are numbered from 0
REMOVE_AT = SLOTS * 2 // 10
MOST_WORKERS = 100
BODY = "My first web server!"
RESPONSE = (
    f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(BODY)}\r\nConnection: close\r\n\r\n{BODY}"
).encode()


class Worker(threading.Thread):
    """Sleeps until its mailbox has a connection; None sends it home."""

    def __init__(self, office: "Office", number: int) -> None:
        super().__init__(name=f"worker {number}", daemon=True)
        self.office, self.busy, self.leaving = office, False, False
        self.mailbox: queue.SimpleQueue[socket.socket | None] = queue.SimpleQueue()

    def run(self) -> None:
        while (client := self.mailbox.get()) is not None:
            try:
                self.serve(client)
            except OSError as error:
                print(self.name, error, flush=True)
            client.close()
            self.office.finished(self)

    def serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        request = b""
        while b"\r\n\r\n" not in request and len(request) < 30_000:
            piece = client.recv(30_000)
            if not piece:
                return
            request += piece
        time.sleep(self.office.delay)
        client.sendall(RESPONSE)
        print(self.name, "answered", flush=True)


class Office:
    """The message queue and the ring of workers, behind one lock."""

    def __init__(self, delay: float) -> None:
        self.delay, self.hold = delay, max(delay, 0.5)
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.messages: collections.deque[socket.socket] = collections.deque()
        self.ring: list[Worker] = []
        self.last, self.hired = -1, 0
        self.low_since = time.monotonic()
        self.hire()
        threading.Thread(target=self.manage, daemon=True).start()

    def hire(self) -> Worker:
        self.hired += 1
        worker = Worker(self, self.hired)
        self.ring.append(worker)
        worker.start()
        return worker

    def hand(self, worker: Worker, client: socket.socket) -> None:
        worker.busy, self.last = True, self.ring.index(worker)
        worker.mailbox.put(client)

    def wait_for_slot(self) -> None:
        with self.lock:
            while len(self.messages) >= SLOTS:
                self.changed.wait()

    def arrived(self, client: socket.socket) -> None:
        with self.lock:
            for step in range(1, len(self.ring) + 1):
                worker = self.ring[(self.last + step) % len(self.ring)]
                if not worker.busy and not worker.leaving:
                    self.hand(worker, client)
                    return
            self.messages.append(client)
            if len(self.messages) >= ADD_AT and len(self.ring) < MOST_WORKERS:
                self.hand(self.hire(), self.take())
            self.note()

    def take(self) -> socket.socket:
        client = self.messages.popleft()
        if len(self.messages) == REMOVE_AT:
            self.low_since = time.monotonic()
        return client

    def note(self) -> None:
        print(f"queue {len(self.messages)} workers {len(self.ring)}", flush=True)
        self.changed.notify_all()

    def finished(self, worker: Worker) -> None:
        with self.lock:
            worker.busy = False
            if worker.leaving:
                self.leave(worker)
            elif self.messages:
                self.hand(worker, self.take())
            self.note()

    def leave(self, worker: Worker) -> None:
        at = self.ring.index(worker)
        self.ring.remove(worker)
        if at <= self.last:
            self.last -= 1
        worker.mailbox.put(None)

    def manage(self) -> None:
        """Send one worker home at a time, as long as the queue has been low for long enough."""
        next_time = 0.0
        with self.lock:
            while True:
                staying = [worker for worker in self.ring[1:] if not worker.leaving]
                due = max(self.low_since + self.hold, next_time) - time.monotonic()
                if not staying or len(self.messages) > REMOVE_AT:
                    self.changed.wait()
                elif due > 0:
                    self.changed.wait(due)
                else:
                    worker = next((worker for worker in staying if not worker.busy), staying[0])
                    worker.leaving = True
                    if not worker.busy:
                        self.leave(worker)
                    self.note()
                    next_time = time.monotonic() + self.hold / 5

    def drain(self) -> None:
        with self.lock:
            while self.messages or any(worker.busy for worker in self.ring):
                self.changed.wait()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512)
    signal.signal(signal.SIGTERM, lambda *_: listener.shutdown(socket.SHUT_RDWR))
    office = Office(float(sys.argv[2]))
    while True:
        office.wait_for_slot()
        try:
            client, _ = listener.accept()
        except OSError:
            break
        office.arrived(client)
    office.drain()


main()
