"""Floor 2. What a server that is judged may use, and the end of one that uses more.

Knows bounds, samples and control groups; must not know stages. The number of tasks is not bound by RLIMIT_NPROC, which
counts all that a user has and lets root pass, nor memory by RLIMIT_AS, with which Go, Java and the sanitizers cannot
start: both are watched over the whole tree, and where a control group can be made the kernel bounds them too. The
server runs in the directory that it is brought in, and may write there what its user may, unless it is in a room.
"""

import os
import re
import resource
import signal
from pathlib import Path
from time import monotonic

from report.recording import cgroup, kernel
from report.recording.process import Supervised
from report.recording.sampler import snapshot
from report.run import Bounds, Held, Sample, Used

PAUSE = 0.5  # seconds between two sums of memory, which are dear
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


class Hold:
    """Keeps one server to its bounds, if it has any; `excess` is what it used more of, with the bound."""

    def __init__(self, bounds: Bounds | None) -> None:
        self.excess: tuple[Used, int] | None = None
        self.group = cgroup.make(cgroup.name(), bounds) if bounds else None
        self.descriptors: tuple[int, ...] = ()
        if self.group:
            try:
                self.descriptors = self.group.lists()
            except OSError:  # it can be made, but not entered or left: samples must do
                self.group.remove()
                self.group = None
        self._bounds, self._closed = bounds, False
        self._next = 0.0

    @property
    def words(self) -> list[str]:
        """What the supervisor is told: limits of each process, then each control group and `descriptors`, the way into
        it and back."""
        if self._bounds is None:
            return []
        limits = ((resource.RLIMIT_NOFILE, self._bounds.descriptors), (resource.RLIMIT_FSIZE, self._bounds.file))
        directories, lists = self.group.directories if self.group else (), iter(self.descriptors)
        ways = ((directory, next(lists), next(lists)) for directory in directories)
        return [*(_lowered(*limit) for limit in limits), *(str(word) for way in ways for word in way)]

    def look(self, server: Supervised, sample: Sample | None = None) -> None:
        """A server of which a sample, or the kernel, says that it used more is ended, with all that came of it."""
        if self._bounds is None or self.excess is not None or self._closed:
            return
        used = self._exceeded(server, self._bounds, sample or snapshot(server.supervisor))
        if used and not self._closed:
            self._exceed(self._bounds, used)
            server.kill()

    def told(self) -> str:
        """What it used more of, as the end of a sentence; empty while it did not."""
        if self.excess is None:
            return ""
        used, bound = self.excess
        mebibytes = f"{bound / 2**20:g} MiB"
        amounts = {
            "memory": f"{mebibytes} of memory",
            "tasks": f"{bound} processes and threads",
            "file": f"{mebibytes} in one file",
        }
        return f"used more than {amounts[used]} and was ended, with all that came of it"

    def held(self, server: Supervised) -> Held | None:
        """As evidence, once the server has ended."""
        if self._bounds is None:
            return None
        by = self.group.version if self.group and server.grouped else "samples"
        return Held(bounds=self._bounds, by=by, exceeded=self.excess[0] if self.excess else None)

    def close(self, server: Supervised) -> str:
        """The last look, at what the kernel has counted and at how the server ended; what is told then.

        To be had before an order to kill, with which the kernel refuses every fork, and counts it.
        """
        self._closed = True
        if self._bounds is not None and self.excess is None:
            if self.group and (used := self.group.exceeded()):
                self._exceed(self._bounds, used)
            elif server.exited and server.exited.code == -signal.SIGXFSZ:
                self._exceed(self._bounds, "file")
        return self.told()

    def remove(self) -> None:
        """The control group is gone, if its supervisor could not see to that."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()
        if self.group:
            self.group.remove()

    def _exceed(self, bounds: Bounds, used: Used) -> None:
        self.excess = used, getattr(bounds, used)

    def _exceeded(self, server: Supervised, bounds: Bounds, sample: Sample) -> Used | None:
        if sample.threads + sample.zombies > bounds.tasks:
            return "tasks"
        if sample.rss > bounds.memory and monotonic() >= self._next:
            used = memory(server.supervisor)
            self._next = monotonic() + PAUSE
            if used > bounds.memory:
                return "memory"
        return self.group.exceeded() if self.group else None


def _lowered(kind: int, most: int) -> str:
    """The limit in words; what is lower already stays so."""
    soft, hard = (most if old == resource.RLIM_INFINITY else min(old, most) for old in resource.getrlimit(kind))
    return f"{kind} {soft} {hard}"


def memory(root: int) -> int:
    """Bytes of the tree below `root`; a page that several share is divided among them (proc_pid_smaps(5)).

    So a hundred children that share what their parent has do not count a hundred times.
    """
    total = 0
    for process in kernel.descendants(root):
        try:
            found = _PSS.search(Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii"))
        except PermissionError:  # it does not want to be looked into
            total += process.rss
        except OSError:  # it has ended meanwhile
            continue
        else:
            total += 1024 * int(found[1]) if found else 0
    return total
