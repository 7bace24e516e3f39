"""Follows what the message queue's server printed with a model of its own, and objects to the first wrong line.

It knows the rule of assignment 3 and the form of the lines. It must not know the server's code.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

LINE = re.compile(r"(?P<actor>server|worker \d+): (?P<event>.*), queue (?P<depth>\d+)/\d+, workers (?P<workers>\d+)")
EVENTS = {
    "queued": re.compile(r"#(?P<message>\d+) queued"),
    "handed": re.compile(r"#(?P<message>\d+) handed to worker (?P<worker>\d+)"),
    "done": re.compile(r"#(?P<message>\d+) done"),
    "added": re.compile(r"worker (?P<worker>\d+) added"),
    "told": re.compile(r"worker (?P<worker>\d+) told to leave"),
    "removed": re.compile(r"worker (?P<worker>\d+) removed"),
}


@dataclass(frozen=True)
class Limits:
    """The numbers of the rule that the lines can be checked against."""

    capacity: int = 10
    max_workers: int = 100
    add_at: int = 8
    remove_at: int = 2


COURSE = Limits()


class Model:
    """Queue and ring as the lines told so far say they are; one method for each kind of line."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.queue: deque[int] = deque()
        self.ring, self.idle, self.leaving = [1], {1}, set[int]()
        self.serving: dict[int, int] = {}  # worker → message
        self.last, self.highest = 0, 1

    def queued(self, message: int, _worker: int) -> None:
        assert not self.idle
        self.queue.append(message)

    def handed(self, message: int, worker: int) -> None:
        assert not self.queue or self.queue.popleft() == message
        in_turn = sorted(self.ring, key=lambda one: (one <= self.last, one))
        assert worker == next(one for one in in_turn if one in self.idle)
        self.idle.remove(worker)
        self.serving[worker] = message
        self.last = worker

    def done(self, message: int, worker: int) -> None:
        assert self.serving.pop(worker) == message
        if worker not in self.leaving:
            self.idle.add(worker)

    def added(self, _message: int, worker: int) -> None:
        assert len(self.queue) >= self.limits.add_at
        assert len(self.ring) < self.limits.max_workers
        assert worker == self.highest + 1
        self.highest = worker
        self.ring.append(worker)
        self.idle.add(worker)

    def told(self, _message: int, worker: int) -> None:
        assert worker in self.ring
        assert worker != 1
        assert worker in self.idle or not self.idle - {1}
        assert len(self.queue) <= self.limits.remove_at
        self.leaving.add(worker)
        self.idle.discard(worker)

    def removed(self, _message: int, worker: int) -> None:
        assert worker in self.leaving
        assert worker not in self.serving
        self.ring.remove(worker)


def replay(lines: Iterable[str], limits: Limits = COURSE) -> Counter[str]:
    """How often each kind of event was told; AssertionError with the first line that breaks the rule."""
    model, counts = Model(limits), Counter[str]()
    for line in lines:
        told = LINE.fullmatch(line)
        if told is None:
            continue
        ((event, match),) = ((name, found) for name, form in EVENTS.items() if (found := form.fullmatch(told["event"])))
        named = match.groupdict()
        worker = named.get("worker") or told["actor"].rpartition(" ")[2].replace("server", "0")
        try:
            getattr(model, event)(int(named.get("message", 0)), int(worker))
            assert len(model.queue) <= limits.capacity
            assert (int(told["depth"]), int(told["workers"])) == (len(model.queue), len(model.ring))
        except (AssertionError, KeyError, ValueError) as fault:
            raise AssertionError(f"against the rule: {line}") from fault
        counts[event] += 1
    return counts
