"""Floor 2. How much of the machine other programs use, while runs that measure time are being made.

Knows the kernel's accounting of all processors (proc_stat(5)) and that of this process and its children (times(2));
what the one has more than the other was spent by programs that are none of ours.
"""

import os
from time import monotonic

_TICK = os.sysconf("SC_CLK_TCK")
_BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal: not idle and not waiting for a disk


class Others:
    """Counts from when it is made. Children count as ours once they were waited for, with all that they waited for."""

    def __init__(self) -> None:
        self._begun, self._busy, self._own = monotonic(), _busy(), _own()

    def cores(self) -> float:
        """Cores that other programs used on average, never below 0."""
        lasted = max(monotonic() - self._begun, 1 / _TICK)
        return max(0.0, (_busy() - self._busy) - (_own() - self._own)) / lasted


def _busy() -> float:
    """Seconds that all processors were busy since the machine started."""
    with open("/proc/stat", "rb", buffering=0) as file:
        fields = file.readline().split()[1:]
    return sum(int(fields[place]) for place in _BUSY) / _TICK


def _own() -> float:
    """Seconds of this process and of its children that were waited for."""
    return sum(os.times()[:4])
