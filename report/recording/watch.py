"""Floor 2, a program of its own. Looks again and again at what every thread of some processes waits for.

Knows /proc (proc_pid_status(5), proc_pid_wchan(5)) and no other module of this project, so that it starts at once.
As long as a thread's count of voluntary context switches stays, and it does not run, it is in one and the same wait.

    python -I -S watch.py SECONDS PID...      until the end of its input; then it tells all waits as a table
"""

import os
import select
import sys
from collections.abc import Iterator
from time import monotonic

COLUMNS = "thread,place,first,last"
SWITCHES = b"\nvoluntary_ctxt_switches:"
MOST = 100_000  # waits: beyond it somebody makes threads and nothing else
RUNNING = "0"  # what wchan says of who waits for nothing
Wait = tuple[int, str, float, float]  # thread, place, and the times of `watch`
Seen = dict[int, tuple[str, int, float, float]]  # by thread: place, switches, times


def threads(pid: str) -> Iterator[tuple[int, str, int]]:
    """Each thread: its id, the function of the kernel that it sleeps in, and how often it went to sleep so far."""
    try:
        names = [entry.name for entry in os.scandir(f"/proc/{pid}/task")]
    except OSError:  # the process ended
        return
    for name in names:
        try:
            switches = int(read(f"/proc/{pid}/task/{name}/status").partition(SWITCHES)[2].split(maxsplit=1)[0])
            place = read(f"/proc/{pid}/task/{name}/wchan").decode()
        except (OSError, IndexError):  # the thread ended
            continue
        yield int(name), "" if place == RUNNING else place, switches


def read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def watch(pids: list[str], pause: float) -> list[Wait]:
    """Every wait that was seen, with times between which it certainly lasted, until the input ends."""
    found: list[Wait] = []
    now: Seen = {}
    over = False
    while not over:  # one look at least
        before, now = now, {}
        looked = monotonic()
        for pid in pids:
            for thread, place, switches in threads(pid):
                seen = monotonic()
                if before.get(thread, ())[:2] == (place, switches):
                    now[thread] = (place, switches, before.pop(thread)[2], looked)
                else:
                    now[thread] = (place, switches, seen, seen)
                looked = seen
        found += _as_waits(before)
        over = bool(select.select([0], [], [], pause)[0]) or len(found) > MOST
    return sorted([*found, *_as_waits(now)], key=lambda wait: (wait[0], wait[2]))


def _as_waits(seen: Seen) -> list[Wait]:
    return [(thread, place, first, last) for thread, (place, _, first, last) in seen.items()]


def main(arguments: list[str]) -> None:
    pause, *pids = arguments
    rows = [f"{thread},{place},{first:.6f},{last:.6f}" for thread, place, first, last in watch(pids, float(pause))]
    print("\n".join([COLUMNS, *rows]))


if __name__ == "__main__":
    main(sys.argv[1:])
