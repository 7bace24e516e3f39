"""Floor 2. The accounts of a supervised command: how it ended, and what it spent. Knows nothing of how it is told."""

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exited:
    """How and when the main process ended: `code` as of a shell's child, -15 for death by SIGTERM."""

    code: int
    time: float

    def __str__(self) -> str:
        return f"exit status {self.code}" if self.code >= 0 else f"signal {signal.Signals(-self.code).name}"


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing is left: how many processes needed KILL, and what all of them spent (wait4(2))."""

    killed: int
    user_seconds: float
    system_seconds: float
    voluntary_switches: int
    involuntary_switches: int
