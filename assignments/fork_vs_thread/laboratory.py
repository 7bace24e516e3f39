"""A server that does one experiment on this process when the first client comes, and prints what it found.

It knows two experiments on fork(2) and threads: what creating them costs (`creation`), and what becomes of a lock
that another thread holds at a fork (`inherit`). Afterwards it serves one client after the other; how to serve is
`service.py`'s. A student reads the two as they stand; neither knows the other.
"""

import argparse
import contextlib
import logging
import mmap
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NoReturn

from assignments.options import count, seconds
from assignments.service import Connections, Handle, Options, main, say

MIB = 2**20
LEAST_PATIENCE = 1.0  # seconds: a child that could go on has gone on by then, even on a busy machine
Act = Callable[[], object]


def serve(connections: Connections, handle: Handle, options: Options) -> None:
    """Do the experiment when the first connection is there, then serve the connections one after the other."""
    for connection in connections:
        if connection.number == 1:
            EXPERIMENTS[options.experiment](options)
        handle(connection)


# ---- creation: what a fork and a thread cost, by the memory that the parent has written ------------------------


def creation(options: Options) -> None:
    """Time forks and threads with more and more memory: fork copies the page tables, a thread shares them."""
    for size in options.sizes:
        try:
            with written_memory(size):
                say("laboratory", f"page tables of {size} MiB are {page_tables()} KiB")
                for name, create in (("fork", fork_and_reap), ("thread", start_and_join)):
                    took = median_microseconds(create, options.times)
                    say("laboratory", f"{name} with {size} MiB took {took} us (median of {options.times})")
        except (OSError, MemoryError) as error:
            say("laboratory", f"{size} MiB could not be had ({getattr(error, 'strerror', 'no memory')})")


def written_memory(size: int) -> mmap.mmap:
    """So many MiB of memory in pages of 4 KiB, each of them written; OSError if there is not so much.

    Private, since fork(2) leaves a shared mapping's page tables to be filled later. No huge pages: with them there
    are hardly any page tables to copy.
    """
    memory = mmap.mmap(-1, size * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # EINVAL: a kernel without huge pages
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    for offset in range(0, len(memory), mmap.PAGESIZE):
        memory[offset] = 1
    return memory


def page_tables() -> int:
    """KiB of this process's page tables (VmPTE of proc(5))."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmPTE:"))


def fork_and_reap() -> None:
    """A child's whole life, which is as short as can be."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def start_and_join() -> None:
    """A thread's whole life, which is as short as can be."""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def median_microseconds(create: Act, times: int) -> int:
    """The median duration of so many calls, one after the other."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        create()
        took.append(time.perf_counter() - begin)
    took.sort()
    return round((took[(times - 1) // 2] + took[times // 2]) / 2 * 1e6)


# ---- inherit: a fork while another thread holds a lock ---------------------------------------------------------


def inherit(options: Options) -> None:
    """Fork while a thread holds a lock: the child has the lock, held, and not the thread that would let it go."""
    lock, reentrant, renewed = threading.Lock(), threading.RLock(), Renewed()
    running, writing = RunningQueue(), RunningHandler()
    patience = max(options.delay, LEAST_PATIENCE) if options.patience is None else options.patience
    cases: tuple[tuple[str, Callable[[Act], object], Act], ...] = (
        ("Lock", lambda keep: hold(lock, keep), lock.acquire),
        ("RLock", lambda keep: hold(reentrant, keep), reentrant.acquire),
        ("queue.Queue", running.put, lambda: running.put(int)),
        ("logging", writing.write, lambda: writing.write(int)),
        ("renewed Lock", lambda keep: hold(renewed.lock, keep), lambda: renewed.lock.acquire()),
    )
    for name, take, use in cases:
        with held_by_a_thread(take):
            say("laboratory", f"child {ending_of_child(use, patience).format(name)}")


def hold(lock: AbstractContextManager[Any], act: Act) -> None:
    """Act with the lock held."""
    with lock:
        act()


class RunningQueue(queue.Queue[Act]):
    """A queue that runs what is put into it: under its mutex, where a thread in the middle of a put is."""

    def _put(self, item: Act) -> None:
        item()


class RunningHandler(logging.Handler):
    """A log's handler that runs what is written to it: under its lock, where a thread in the middle of a line is.

    The logging module replaces its locks in every child (os.register_at_fork), as glibc does malloc's and stdio's.
    """

    def write(self, act: Act) -> None:
        self.handle(logging.makeLogRecord({"act": act}))

    def emit(self, record: logging.LogRecord) -> None:
        record.__dict__["act"]()


class Renewed:
    """A lock of our own that every child gets as a new one.

    What it guards may be half changed then. To copy it whole, take the lock `before` the fork and let it go
    `after_in_parent` and `after_in_child`, as pthread_atfork(3) advises.
    """

    def __init__(self) -> None:
        self.renew()
        os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.lock = threading.Lock()


@contextlib.contextmanager
def held_by_a_thread(take: Callable[[Act], object]) -> Iterator[None]:
    """Another thread is in the middle of `take` all the while."""
    taken, done = threading.Event(), threading.Event()

    def keep() -> None:
        taken.set()
        done.wait()

    thread = threading.Thread(target=take, args=(keep,))
    thread.start()
    taken.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


def ending_of_child(use: Act, patience: float) -> str:
    """What a child found that uses something within `patience` seconds, to be filled in with its name.

    Since version 3.12 Python warns of this very fork (DeprecationWarning): the process has another thread.
    """
    pid = os.fork()
    if pid == 0:
        run_child(use, patience)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {0: "got through {}", -signal.SIGALRM: "found {} stuck"}.get(status, f"failed at {{}}, exit status {status}")


def run_child(use: Act, patience: float) -> NoReturn:
    """Use it and leave. The alarm's default action ends whoever hangs, whatever it hangs in."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(patience, 0.001))  # 0 would mean: never
        use()
        os._exit(0)
    finally:
        os._exit(1)


# ---- The command line ------------------------------------------------------------------------------------------

EXPERIMENTS: dict[str, Callable[[Options], None]] = {"creation": creation, "inherit": inherit}


def positive(text: str) -> int:
    """A whole number over 0, otherwise ValueError."""
    value = count(text)
    if value == 0:
        raise ValueError(text)
    return value


def sizes(text: str) -> list[int]:
    """Some whole numbers over 0 with commas between them, otherwise ValueError."""
    return [positive(word) for word in text.split(",")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--experiment", default="creation", choices=EXPERIMENTS, help="what to do")
    parser.add_argument("--sizes", default="1,16,64,256", type=sizes, metavar="MIB,MIB", help="creation: memory")
    parser.add_argument("--times", default=20, type=positive, metavar="N", help="creation: forks and threads each")
    longest = f"inherit: until a child counts as stuck; the delay unless given, at least {LEAST_PATIENCE:g} s"
    parser.add_argument("--patience", type=seconds, metavar="S", help=longest)


if __name__ == "__main__":
    main(serve, add_arguments)
