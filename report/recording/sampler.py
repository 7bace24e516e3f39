"""Floor 2. Samples the process tree while a run lasts, and sweeps its memory once, while it is busiest.

Knows processes and time; must not know requests or lines. Sampling slows itself down rather than the machine.
"""

import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic, thread_time
from types import TracebackType
from typing import ClassVar, Self

import psutil

from report.recording import kernel
from report.run import Sample

SHORTEST, LONGEST = 0.02, 0.25  # seconds between samples
PER_DELAY = 50  # samples in one delay
FEWEST = 10  # in one delay, before the reader is told
SHARE = 8  # the pause is at least so many times what the last sample cost of the processor: not what it waited for it


def snapshot(root: int) -> Sample:
    """The tree below `root` now (monotonic clock): sums over its processes; a zombie counts only as one."""
    time = monotonic()
    tree = kernel.descendants(root)
    living = [process for process in tree if not process.zombie]
    return Sample(
        time=time,
        processes=len(living),
        threads=sum(process.threads for process in living),
        zombies=len(tree) - len(living),
        rss=sum(process.rss for process in living),
        descriptors=sum(kernel.descriptors(process.pid) for process in living),
        cpu=sum(process.cpu for process in tree),
    )


@dataclass(frozen=True, slots=True)
class Memory:
    """The tree's memory at one instant, in bytes summed over its processes: see `report.run.Resources`."""

    KINDS: ClassVar = ("pss", "rss", "uss")
    processes: int
    pss: int
    rss: int
    uss: int


class Sampler:
    """Samples the tree below `root` for as long as `with` lasts, about fifty times in a delay, `shortest` seconds apart
    at least.

    `looking` is held while a sample is taken: what is done by one who holds it is in the middle of none. `heed` is
    called with each. Leaving `with` raises OSError when samples could not be taken.
    """

    def __init__(
        self,
        root: int,
        delay: float,
        looking: AbstractContextManager[object] | None = None,
        heed: Callable[[Sample], None] = lambda _: None,
        shortest: float = SHORTEST,
    ) -> None:
        self.interval = min(max(delay / PER_DELAY, shortest), LONGEST)
        self.longest_pause = 0.0
        self._tolerable = max(2 * self.interval, delay / FEWEST)
        self.samples: list[Sample] = []
        self._looking, self._heed = looking or threading.Lock(), heed
        self.memory: Memory | None = None
        self._root = root
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._sweep: threading.Timer | None = None
        self._fault: OSError | None = None

    def __enter__(self) -> Self:
        self.take()  # before the load, on however busy a machine
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep.join()
        self._thread.join()
        if self._fault is not None and kind is None:
            raise self._fault

    def take(self) -> Sample:
        """One more sample, now; each has been taken to its end before the next begins."""
        with self._looking:
            self.samples.append(snapshot(self._root))
            return self.samples[-1]

    def sweep_after(self, seconds: float) -> None:
        """Memory is to be summed then, once, in a thread of its own: it is dear."""
        if self._sweep is None and not self._stopping.is_set():
            self._sweep = threading.Timer(seconds, self._sum_memory)
            self._sweep.daemon = True
            self._sweep.start()

    def doubts(self) -> list[str]:
        """What a reader of the samples should know: that there were fewer than ten in a delay, say."""
        if self.longest_pause <= self._tolerable:
            return []
        return [
            f"Samples were up to {self.longest_pause:.3f} s apart where {self.interval:.3f} s was meant, since one of "
            "many processes, or on a busy machine, takes long: shorter peaks may be missed."
        ]

    def _run(self) -> None:
        pause, before = 0.0, monotonic()
        while not self._stopping.wait(pause):
            self.longest_pause = max(self.longest_pause, monotonic() - before)
            before, spent = monotonic(), thread_time()
            try:
                sample = self.take()
                self._heed(sample)
            except OSError as error:  # no descriptor is left: samples would be missing, and nobody would know
                self._fault = error
                return
            pause = max(self.interval, SHARE * (thread_time() - spent))

    def _sum_memory(self) -> None:
        """Of every process (smaps_rollup, proc_pid_smaps(5)); nothing is told unless all could be read."""
        found = []
        try:
            for process in kernel.descendants(self._root):
                if self._stopping.is_set():
                    return
                with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
                    if not process.zombie:
                        found.append(psutil.Process(process.pid).memory_full_info())
        except (psutil.AccessDenied, OSError):
            return
        if found:
            self.memory = Memory(len(found), *(sum(getattr(one, kind) for one in found) for kind in Memory.KINDS))
