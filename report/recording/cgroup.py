"""Floor 2. A control group for one server, where this user may make one: the kernel itself then keeps it to its bounds,
which a server that forks faster than anybody looks would outrun.

Knows cgroups(7), versions 1 and 2. That none can be made is no fault. Who starts the server (the supervisor) enters
it, leaves it again and removes it, where it sees it.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from report.run import Bounds, Used

PLACE, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
SWAP = ("memory.swap.max", "memory.memsw.limit_in_bytes")  # not every kernel has one
PREFIX = "report-"
Version = Literal["cgroup v1", "cgroup v2"]
EVENTS: Mapping[Version, tuple[tuple[str, str, Used], ...]] = {
    "cgroup v1": (("pids.events", "max", "tasks"), ("memory.oom_control", "oom_kill", "memory")),
    "cgroup v2": (("pids.events", "max", "tasks"), ("memory.events", "oom", "memory")),
}
"""How often a bound was met: in which file, under which word, and of what."""


@dataclass(frozen=True, slots=True)
class Group:
    """Its directories, and those of the groups that this process is in, to which who enters it goes back."""

    version: Version
    directories: tuple[Path, ...]
    homes: tuple[Path, ...]

    def lists(self) -> tuple[int, ...]:
        """Descriptors of the lists of processes, to be closed: of each group, and after it of the one to go back to.

        Who has them may enter and leave without seeing the groups themselves. Raises OSError where that is not allowed.
        """
        opened: list[int] = []
        try:
            for directory in (one for way in zip(self.directories, self.homes, strict=True) for one in way):
                descriptor = os.open(directory / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
                opened.append(descriptor)
        except OSError:
            for descriptor in opened:
                os.close(descriptor)
            raise
        return tuple(opened)

    def exceeded(self) -> Used | None:
        """What the kernel has refused to give, or has ended a process for."""
        for directory in self.directories:
            for name, word, used in EVENTS[self.version]:
                with contextlib.suppress(OSError, ValueError):  # an old kernel does not count
                    words = (directory / name).read_text(encoding="ascii").split()
                    if int(words[words.index(word) + 1]):
                        return used
        return None

    def remove(self) -> None:
        """It is gone, if nobody is in it."""
        for directory in self.directories:
            with contextlib.suppress(OSError):
                directory.rmdir()


def name() -> str:
    """A name that no other group has, and that tells whose it is."""
    return f"{PREFIX}{os.getpid()}-{uuid4().hex}"


def make(name: str, bounds: Bounds, place: Path = PLACE, own: Path = OWN) -> Group | None:
    """A new group of this name, near this process's own, with these bounds on memory and tasks; None if none can be."""
    with contextlib.suppress(OSError):
        for group, values in _candidates(name, bounds, place, own.read_text(encoding="utf-8")):
            try:
                for directory in group.directories:
                    _sweep(directory.parent)
                    directory.mkdir()
                for path, value in values.items():
                    if path.name not in SWAP or path.exists():
                        _set(path, value)
            except OSError:
                group.remove()
            else:
                return group
    return None


def _sweep(parent: Path) -> None:
    """What is left there of recorders that were killed is gone, where nobody is in it."""
    for left in parent.glob(f"{PREFIX}*-*"):
        if not Path("/proc", left.name.removeprefix(PREFIX).partition("-")[0]).exists():
            with contextlib.suppress(OSError):
                left.rmdir()


def _candidates(name: str, bounds: Bounds, place: Path, own: str) -> Iterator[tuple[Group, dict[Path, int]]]:
    """Of version 2 below its own group, and beside it, since one that has processes hands no controllers on; of version
    1 below its own."""
    rows = [line.split(":", 2) for line in own.splitlines()]
    mine = {controller: path.lstrip("/") for _, controllers, path in rows for controller in controllers.split(",")}
    unified = place / "unified" if (place / "unified").is_dir() else place
    home = unified / mine.get("", "")
    for parent in (home, home.parent) if home != unified else (home,):
        values = {"memory.max": bounds.memory, "memory.swap.max": 0, "pids.max": bounds.tasks}
        yield Group("cgroup v2", (parent / name,), (home,)), {parent / name / key: values[key] for key in values}
    if {"memory", "pids"} <= mine.keys():
        memory, pids = (place / controller / mine[controller] for controller in ("memory", "pids"))
        sizes = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        limits = {memory / name / key: bounds.memory for key in sizes} | {pids / name / "pids.max": bounds.tasks}
        yield Group("cgroup v1", (memory / name, pids / name), (memory, pids)), limits


def _set(path: Path, value: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)  # never to be created: that is the kernel's to do
    try:
        os.write(descriptor, str(value).encode())
    finally:
        os.close(descriptor)
