"""Floor 2. What every thread of a server waits for while a run lasts, as `report.recording.watch` sees it.

Knows that program and its table. It is a process of its own, as the recorder's threads hold each other up on a busy
machine: what sleeps for a delay would be seen too seldom.
"""

import subprocess
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from report import evidence
from report.recording import watch
from report.run import Wait

PER_DELAY = 20  # looks in one delay
SHORTEST = 0.02  # seconds between two
LIMIT = 5.0  # seconds until it has told what it saw


class Watch:
    """Watches the threads of some processes for as long as `with` lasts; then `waits` are what they waited for, by
    thread and in order of time."""

    def __init__(self, pids: Iterable[int], delay: float) -> None:
        self.waits: tuple[Wait, ...] = ()
        words = [str(max(delay / PER_DELAY, SHORTEST)), *map(str, pids)]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", watch.__file__, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,  # out of reach of the terminal: it ends when its input does
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            told, _ = self._process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return
        if told:
            self.waits = evidence.parse_rows(told, Wait, evidence.WAITS)

    @property
    def ended(self) -> bool:
        """Whether the program is there no more."""
        return self._process.poll() is not None
