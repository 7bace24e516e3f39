"""Clients of which each makes the server sleep: how long all of them take together, and what one waiting costs."""

import contextlib
import functools
import signal
import time

import psutil

from benchmarks import script
from benchmarks.contenders import Start, ours, peer
from benchmarks.measure import MissingError, Sample, Started, serving
from benchmarks.parts import Part, Table, Target, Words

DELAY = 0.5
WAITING = 1000  # clients whose memory is counted
_LONG = 60.0  # seconds of sleep: nobody wakes while memory is counted
CONTENDERS = {
    "fork": ours("fork", "python"),
    "fork (C)": ours("fork", "c"),
    "socketserver.ForkingTCPServer": peer("socketserver.ForkingTCPServer"),
    "thread": ours("thread", "python"),
    "thread (C)": ours("thread", "c"),
    "socketserver.ThreadingTCPServer": peer("socketserver.ThreadingTCPServer"),
    "http.server.ThreadingHTTPServer": peer("http.ThreadingHTTPServer"),
}
OURS = ("fork", "fork (C)", "thread", "thread (C)")


def _asleep(start: Start, clients: int) -> Sample:
    """All come at once and sleep; what the same number take that need not sleep is the cost of creation."""
    load = ["--clients", str(clients), "--timeout", "60"]
    with serving(start, 0.0) as (port, _):
        awake, _ = script.recorded(port, *load)
    with serving(start, DELAY) as (port, _):
        sample, _ = script.recorded(port, *load)
    delays = {"makespan": sample["makespan"] / DELAY, "creation": awake["makespan"] / DELAY}
    sample["failed"] += awake["failed"]
    return sample | delays | {"beyond": delays["makespan"] - delays["creation"]}


def _memory(start: Start) -> Sample:
    """PSS of the whole tree while all wait, less that of the idle server, for each of the clients."""
    with serving(start, _LONG) as (port, server), contextlib.ExitStack() as stack:
        tree = psutil.Process(server.pid)
        idle = _pss(tree)
        client = Started(script.command(port, "--clients", str(WAITING), "--timeout", "60"))
        stack.callback(client.stop)
        stack.callback(server.stop, signal.SIGKILL)  # politely, it would let them all sleep to the end
        end = time.monotonic() + _LONG / 2
        while _tasks(tree) <= WAITING:  # itself and one for each
            if time.monotonic() > end:
                raise MissingError(f"it does not have {WAITING:,} clients waiting within {_LONG / 2:g} s")
            time.sleep(0.1)
        return {"waiting": (_pss(tree) - idle) / WAITING}


def _tasks(tree: psutil.Process) -> int:
    """Processes and threads, which are the same to Linux."""
    return sum(process.num_threads() for process in _processes(tree))


def _pss(tree: psutil.Process) -> int:
    return sum(process.memory_full_info().pss for process in _processes(tree))


def _processes(tree: psutil.Process) -> list[psutil.Process]:
    return [tree, *tree.children(recursive=True)]


def _makespan(clients: int) -> Table:
    at_once = f"{clients:,}"
    return Table(
        f"makespan-{clients}",
        Words(f"잠드는 클라이언트 {at_once}명의 총 소요 시간", f"Makespan of {at_once} sleeping clients"),
        f"{at_once} clients of our load script at once, delay {DELAY:g} s; all in delays. `creation` is the makespan "
        "of as many clients that do not sleep (the load script's own time included), `beyond` what is above it. A SYN "
        "is sent again, a second later, when the backlog (4,096, or less where the kernel says so) was full.",
        ["makespan", "creation", "beyond", "retries", "failed"],
        {name: functools.partial(_asleep, start, clients) for name, start in CONTENDERS.items()},
        [
            *(Target(name, "beyond", bound=1.15) for name in OURS),
            *(Target(name, "failed", bound=0) for name in OURS),
            *(Target(name, "retries", bound=0) for name in OURS if clients <= 4096),
        ],
    )


PART = Part(
    "sleepers",
    "Sleeping clients",
    [
        _makespan(1000),
        _makespan(5000),
        Table(
            "memory",
            Words(
                f"기다리는 클라이언트 하나의 메모리 ({WAITING:,}명)", f"Memory of one waiting client, of {WAITING:,}"
            ),
            f"PSS of the server's whole tree with {WAITING:,} clients waiting, less that of the idle server, a client.",
            ["waiting"],
            {name: functools.partial(_memory, start) for name, start in CONTENDERS.items()},
            [
                Target("fork", "waiting", "socketserver.ForkingTCPServer", 1),
                Target("fork", "waiting", "fork (C)"),
                Target("thread", "waiting", "socketserver.ThreadingTCPServer", 1),
                Target("thread", "waiting", "thread (C)"),
            ],
            most_rounds=3,
        ),
    ],
    programs=("cc",),
)
