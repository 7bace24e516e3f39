"""An event loop: one thread that waits for many sockets and many clocks at once, and for none of them alone.

It knows epoll(7), times and generators. It must not know what is said on a socket.
"""

import heapq
import math
import select
import time
from collections.abc import Generator

READ, WRITE, NOTHING = select.EPOLLIN, select.EPOLLOUT, 0
FOR_EVER = math.inf
Wait = tuple[int, float]  # what is to happen on the descriptor, and when to go on without it (monotonic clock)
Task = Generator[Wait, bool, None]  # yields what it waits for, and is told whether that came in time


class Loop:
    """The tasks under way, each with a descriptor of its own; it runs until there is none."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._waiting: dict[int, tuple[Task, Wait]] = {}  # by descriptor
        self._clock: list[tuple[float, int]] = []  # a heap of (when, descriptor); some of them have gone on before

    def start(self, descriptor: int, task: Task) -> None:
        """Run the task until it waits for the first time."""
        self._put(descriptor, task, next(task, None))

    def cancel(self, descriptor: int) -> None:
        """Forget the task that waits with this descriptor."""
        _, (event, _) = self._waiting.pop(descriptor)
        if event:
            self._epoll.unregister(descriptor)

    def run(self) -> None:
        """Wait for the next event or the next moment, and let go on whoever waited for it; again and again."""
        while self._waiting:
            for descriptor, _ in self._epoll.poll(self._timeout()):
                self._resume(descriptor, came=True)
            while self._clock and self._clock[0][0] <= time.monotonic():
                moment, descriptor = heapq.heappop(self._clock)
                if descriptor in self._waiting and self._waiting[descriptor][1][1] == moment:
                    self._resume(descriptor, came=False)

    def _timeout(self) -> float | None:
        """Seconds until the earliest moment; None if no task waits for one."""
        return max(0.0, self._clock[0][0] - time.monotonic()) if self._clock else None

    def _resume(self, descriptor: int, *, came: bool) -> None:
        if descriptor not in self._waiting:  # one that went on before it has cancelled it
            return
        task, _ = self._waiting[descriptor]
        self.cancel(descriptor)
        try:
            self._put(descriptor, task, task.send(came))
        except StopIteration:
            return

    def _put(self, descriptor: int, task: Task, wait: Wait | None) -> None:
        if wait is None:  # it is done
            return
        self._waiting[descriptor] = task, wait
        event, moment = wait
        if event:
            self._epoll.register(descriptor, event)
        if moment < FOR_EVER:
            heapq.heappush(self._clock, (moment, descriptor))
