"""Floor 2. The surroundings of a run: the variables its commands get, and the machine it was made on.

Knows the platform only. Nothing here may tell a path, a user or a host: evidence is published.
"""

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import psutil

from report.recording.terminal import COLUMNS


def variables(scratch: Path) -> dict[str, str]:
    """All that a command finds in its environment; of the caller's own only PATH.

    Inherited variables would hide faults (PYTHONUNBUFFERED, for one) and hand secrets to the program under test.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",  # no colours: Python 3.13 puts them into tracebacks
        "COLUMNS": str(COLUMNS),
        "PYTHONHASHSEED": "0",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
    }


@contextlib.contextmanager
def confined(cores: int | None) -> Iterator[None]:
    """What this thread starts meanwhile has only so many cores, if it is told a number; see sched_setaffinity(2)."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def machine() -> dict[str, str]:
    """What a reader of the figures must know: interpreter, kernel, processor, memory; all as text."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory:.0f} GiB" if memory >= 10 else f"{memory:.1f} GiB",
        "psutil": psutil.__version__,
    }


def _processor() -> str:
    """The model's name as the kernel gives it (x86 says `model name`, others nothing)."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return "unknown"
