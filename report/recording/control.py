"""Floor 2. A control beside a load: sleepers that do nothing else, and so show what the machine itself adds to a sleep.

Knows time and threads only. It costs a few thousandths of a second of the processor, however long the load lasts.
"""

import threading
from time import monotonic

from report import run

MOST = 8  # sleepers, as many as there are clients up to this
SHORTEST = 0.1  # seconds of one sleep


class Control:
    """Sleeps from `start` until `stop`, which says by how much one of the sleepers was late at most."""

    def __init__(self, clients: int, delay: float) -> None:
        self._sleepers, self._delay = min(clients, MOST), max(delay, SHORTEST)
        self._over = threading.Event()
        self._late: list[float] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """All of them sleep one delay after the other, the first reckoned from now: to be made takes time too."""
        begun = monotonic()
        self._threads = [
            threading.Thread(target=self._sleep, args=(begun,), name="control", daemon=True)
            for _ in range(self._sleepers)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> run.Control | None:
        """None when no sleep has come to its end."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return run.Control(sleepers=self._sleepers, late=round(max(self._late), 6)) if self._late else None

    def _sleep(self, begun: float) -> None:
        while not self._over.wait(max(0.0, begun + self._delay - monotonic())):
            woken = monotonic()
            self._late.append(woken - begun - self._delay)
            begun = woken
