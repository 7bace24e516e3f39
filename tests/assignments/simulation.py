"""Drives the message queue's dispatcher on a clock of its own, without threads, sockets or waiting."""

import heapq
import re
import socket
from collections import deque
from collections.abc import Iterable
from typing import cast

import pytest

from assignments.message_queue import dispatcher as module
from assignments.message_queue.dispatcher import Dispatcher, Rule, Worker
from assignments.service import Connection

COURSE = Rule(capacity=10, max_workers=100, add_at=8, remove_at=2, hold=5, cooldown=1)
DELAY = 5.0


class Simulation:
    """A dispatcher whose workers take DELAY seconds for a message, on a clock that jumps from event to event."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rule: Rule = COURSE) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.times: list[float] = []
        self.freed = 0
        self.startable = True
        monkeypatch.setattr(module, "say", self._say)
        self.dispatcher = Dispatcher(rule, self._start, self._on_freed, lambda: self.now)
        self.dispatcher.add_first_worker()
        self.workers: list[Worker]
        self._rule = rule

    def put(self, *numbers: int) -> None:
        for number in numbers:
            assert self.dispatcher.has_room()
            self.dispatcher.put(Connection(cast(socket.socket, None), number, "peer"))

    def finish(self, number: int) -> None:
        """The worker of this number is done with its message."""
        worker = self.worker(number)
        assert worker.message is not None
        self.dispatcher.finish(worker, worker.message)

    def look(self, at: float) -> float | None:
        """What the scaler does when it wakes up at this time."""
        self.now = at
        with self.dispatcher.lock:
            return self.dispatcher.remove_if_due()

    def worker(self, number: int) -> Worker:
        return self.workers[number - 1]

    def run(self, arrivals: Iterable[float]) -> float:
        """Everything until nothing is left to do; the time of the last answer."""
        due = [(time, 1, number) for number, time in enumerate(arrivals, 1)]
        backlog: deque[int] = deque()
        busy: set[int] = set()
        answered = 0.0
        while True:
            removal = self.look(self.now)
            if removal is not None and (not due or self.now + removal < due[0][0]):
                self.now += removal + 1e-9
                continue
            if not due:
                return answered
            self.now, is_arrival, number = heapq.heappop(due)
            if is_arrival:
                backlog.append(number)
            else:
                busy.remove(number)
                self.finish(number)
                answered = self.now
            while backlog and self.dispatcher.has_room():
                self.put(backlog.popleft())
            for worker in self.workers:
                if worker.message is not None and worker.number not in busy:
                    busy.add(worker.number)
                    heapq.heappush(due, (self.now + DELAY, 0, worker.number))

    def largest(self, what: str) -> int:
        return max(int(re.findall(rf"{what} (\d+)", line)[-1]) for line in self.lines)

    def time_of(self, pattern: str, which: int = 0) -> float:
        return [at for at, line in zip(self.times, self.lines, strict=True) if re.search(pattern, line)][which]

    def _say(self, actor: str, event: str) -> None:
        self.lines.append(f"{actor}: {event}")
        self.times.append(self.now)

    def _start(self, worker: Worker) -> None:
        if not self.startable:
            raise RuntimeError("can't start new thread")
        self.workers = [*getattr(self, "workers", []), worker]

    def _on_freed(self) -> None:
        self.freed += 1
