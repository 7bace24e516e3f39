"""Floor 3. Directories in which submissions are built and run: nobody else looks into them, and nothing of them stays.

Knows what a hostile program may make of its own directory; must not know what runs there.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import sleep

PREFIX = "grade-"
DISK, ENTRIES = 2**30, 50_000  # bytes and files that a submission may write, its builds and its scratch files too
REMOVING = 20  # times that a directory is removed, in which somebody who is being ended still writes


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """A directory that nobody else may look into; afterwards it is gone, and so are those of who died.

    Who uses one holds a lock on it.
    """
    _sweep()
    lock = None
    while lock is None:
        made = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        lock = _locked(made)
    try:
        yield made
    finally:
        remove(made)
        os.close(lock)


def _sweep() -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if (lock := _locked(left)) is not None:
            remove(left)
            os.close(lock)


def _locked(place: Path) -> int | None:
    """A descriptor that holds the lock; None where another has it, or the directory is gone or somebody else's."""
    try:
        lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_uid == os.getuid() and place.exists():
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def is_small(place: Path) -> bool:
    """Whether what lies in the directory is within `DISK` and `ENTRIES`; who fills a disk harms everybody."""
    size = count = 0
    waiting = [str(place)]
    while waiting and size <= DISK and count <= ENTRIES:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:  # it may be gone or closed by now
            for entry in entries:
                count += 1
                size += 512 * entry.stat(follow_symlinks=False).st_blocks
                waiting += [entry.path] if entry.is_dir(follow_symlinks=False) else []
    return size <= DISK and count <= ENTRIES


def remove(place: Path) -> None:
    """It is gone, whatever a program made of its own directory: without rights, too deep, or still being written to."""
    for _ in range(REMOVING):
        with contextlib.suppress(OSError, RecursionError):
            shutil.rmtree(place)
        if not place.exists():
            return
        for words in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*words, "--", str(place)], check=False, capture_output=True)
        if not place.exists():
            return
        sleep(0.1)
