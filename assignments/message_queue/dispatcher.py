"""The rule of assignment 3: which worker gets which message, when a worker is added, and when one is removed.

It knows messages (connections), workers and one lock; every change happens under that lock, and is printed
there with depth and worker count, so the lines tell the true order. It starts no thread and reads no socket;
the clock is given to it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from assignments.service import Connection, say


@dataclass(frozen=True)
class Rule:
    """The numbers of the rule: messages, workers, and seconds."""

    capacity: int
    max_workers: int
    add_at: int
    remove_at: int
    hold: float
    cooldown: float


class Worker:
    """A server logic: idle without a message, and told to leave or gone from the ring by flags of its own.

    So the wish to stop is never mistaken for a message, nor a message for it. Its condition variable shares
    the dispatcher's lock: what concerns this worker wakes this worker and no other.
    """

    def __init__(self, number: int, lock: threading.Lock) -> None:
        self.number = number
        self.message: Connection | None = None
        self.leaving = False
        self.gone = False
        self.ready = threading.Condition(lock)


class Dispatcher:
    """The message queue, the ring of its workers, and who is next.

    `start` starts a worker's thread (RuntimeError if there is none to be had), `freed` is called when a full
    queue has a free slot again.
    """

    def __init__(
        self,
        rule: Rule,
        start: Callable[[Worker], None],
        freed: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._rule, self._start, self._freed, self._clock = rule, start, freed, clock
        self.lock = threading.Lock()
        self._waiting: deque[Connection] = deque()  # the message queue, oldest first
        self._workers: list[Worker] = []  # the ring, in order of addition, so of their numbers
        self._count = 0  # workers ever added: numbers are not used again
        self._last = 0  # number of the worker served last
        self._low_since: float | None = clock()  # since when the depth has been `remove_at` or less
        self._next_removal = clock()  # not before: one removal per cooldown
        self._low = threading.Condition(self.lock)  # told when the depth begins to be low
        self._stopping = False

    # ---- Called by the accept loop -------------------------------------------------------------------------

    def add_first_worker(self) -> None:
        """The worker that never leaves. RuntimeError if there is no thread to be had."""
        with self.lock:
            self._append_worker()

    def has_room(self) -> bool:
        """True if a slot of the queue is free."""
        with self.lock:
            return len(self._waiting) < self._rule.capacity

    def put(self, message: Connection) -> None:
        """A message arrives: an idle worker gets it at once, otherwise it queues, which may add a worker."""
        with self.lock:
            if not self._waiting:  # otherwise nobody is idle: no need to look
                idle = next((worker for worker in self._in_turn() if worker.message is None), None)
                if idle is not None:
                    self._hand(message, idle)
                    return
            self._waiting.append(message)
            self._watch_depth()
            self._say("server", f"#{message.number} queued")
            if len(self._waiting) >= self._rule.add_at and len(self._workers) < self._rule.max_workers:
                self._add_worker()

    def stop(self) -> None:
        """No more messages will come: who is idle, or becomes so, ends."""
        with self.lock:
            self._stopping = True
            self._low.notify()
            for worker in self._workers:
                worker.ready.notify()

    # ---- Called by a worker's thread -----------------------------------------------------------------------

    def take(self, worker: Worker) -> Connection | None:
        """The message handed to the worker, after waiting for it; None if the worker is to end.

        pthread_cond_wait(3) releases the lock and sleeps in one step, so no hand-over goes unnoticed between
        looking and sleeping; the loop looks again after every wake-up.
        """
        with self.lock:
            while worker.message is None and not worker.gone and not self._stopping:
                worker.ready.wait()
            return worker.message

    def finish(self, worker: Worker, message: Connection) -> None:
        """The worker is done with its message: it leaves if told so, or gets the oldest one that waits."""
        with self.lock:
            worker.message = None
            self._say(f"worker {worker.number}", f"#{message.number} done")
            if worker.leaving:
                self._remove(worker)
            elif self._waiting:
                self._hand(self._pop(), worker)

    # ---- Called by the scaler's thread ---------------------------------------------------------------------

    def remove_while_low(self) -> None:
        """Tell a worker to leave whenever that is due, until the stop; in between it sleeps."""
        with self.lock:
            while not self._stopping:
                self._low.wait(self.remove_if_due())

    # ---- Called with the lock held -------------------------------------------------------------------------

    def remove_if_due(self) -> float | None:
        """Tell one worker to leave if the depth has been low for long; seconds until the next may be due."""
        due = self._removal_due()
        if due is not None and due <= self._clock():
            self._tell_one_to_leave()
            due = self._removal_due()
        return None if due is None else max(0.0, due - self._clock())

    def _in_turn(self) -> list[Worker]:
        """Round-robin: the ring from the worker after the one served last, all the way round."""
        after = [worker for worker in self._workers if worker.number > self._last]
        return after + [worker for worker in self._workers if worker.number <= self._last]

    def _hand(self, message: Connection, worker: Worker) -> None:
        worker.message = message
        self._last = worker.number
        self._say("server", f"#{message.number} handed to worker {worker.number}")
        worker.ready.notify()

    def _pop(self) -> Connection:
        if len(self._waiting) == self._rule.capacity:
            self._freed()
        message = self._waiting.popleft()
        self._watch_depth()
        return message

    def _watch_depth(self) -> None:
        """Start the clock of the hold when the depth becomes low; forget it when it is not low any more."""
        if len(self._waiting) > self._rule.remove_at:
            self._low_since = None
        elif self._low_since is None:
            self._low_since = self._clock()
            self._low.notify()

    def _add_worker(self) -> None:
        """Add one worker, which gets the oldest message at once: so nobody is ever added for nothing."""
        try:
            worker = self._append_worker()
        except RuntimeError as error:
            self._say("server", f"no new worker ({error})")
            return
        self._say("server", f"worker {worker.number} added")
        self._hand(self._pop(), worker)

    def _append_worker(self) -> Worker:
        worker = Worker(self._count + 1, self.lock)
        self._start(worker)
        self._count += 1
        self._workers.append(worker)
        return worker

    def _removable(self) -> list[Worker]:
        """Who can be told to leave, in turn: anybody but the first worker, and once."""
        return [worker for worker in self._in_turn() if worker.number != 1 and not worker.leaving]

    def _removal_due(self) -> float | None:
        """When the next worker is to be told to leave, by the clock; None as long as nothing asks for it."""
        if self._low_since is None or not self._removable():
            return None
        return max(self._low_since + self._rule.hold, self._next_removal)

    def _tell_one_to_leave(self) -> None:
        """An idle worker leaves at once; if all are busy, the next in turn leaves after its message."""
        candidates = self._removable()
        worker = next((worker for worker in candidates if worker.message is None), candidates[0])
        worker.leaving = True
        self._next_removal = self._clock() + self._rule.cooldown
        self._say("server", f"worker {worker.number} told to leave")
        if worker.message is None:
            self._remove(worker)

    def _remove(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.gone = True
        self._say("server", f"worker {worker.number} removed")
        worker.ready.notify()

    def _say(self, actor: str, event: str) -> None:
        say(actor, f"{event}, queue {len(self._waiting)}/{self._rule.capacity}, workers {len(self._workers)}")
