"""Floor 3. Work that a copy of this process does beside it, into a memory that both of them know.

A help, never a need: whatever goes wrong in the copy is met again, and told, where the report is made. The copy is
forked, so that what was loaded and read is there already; where other threads run, or with one core, nothing is.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Has the work done meanwhile; returns when it is done."""
    # One of several threads could hold a lock for ever, in the copy; on one core two take longer than one.
    if threading.active_count() > 1 or len(os.sched_getaffinity(0)) == 1:
        yield
        return
    copy = os.fork()
    if not copy:
        _work(work)
    try:
        yield
    except BaseException:
        os.kill(copy, signal.SIGKILL)
        raise
    finally:
        os.waitpid(copy, 0)


def _work(work: Callable[[], object]) -> None:
    """Does the work and ends the process: nothing of what called it goes on here, and nothing is printed twice."""
    try:
        with open(os.devnull, "w") as nowhere:
            sys.stdout = sys.stderr = nowhere
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            work()
    finally:
        os._exit(0)
