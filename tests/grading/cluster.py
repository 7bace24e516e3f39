"""A real Dask scheduler with real workers in processes of their own, on loopback only."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.builders import REPOSITORY
from tests.recording.harness import wait_for

LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")


def _dask(*words: str, where: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-W", "ignore", "-m", "dask", *words]
    return subprocess.Popen(command, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def scheduler(
    folder: Path, workers: int, options: Sequence[str] = ("--resources", "slots=2"), where: Path = REPOSITORY
) -> Iterator[str]:
    """The address of a scheduler with so many workers of two threads each; all have ended afterwards."""
    note = folder / "scheduler.json"
    with contextlib.ExitStack() as stack:

        def start(*words: str) -> None:
            process = _dask(*words, where=where)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start("scheduler", *LOOPBACK, "--port", "0", "--scheduler-file", str(note))
        wait_for(lambda: note.is_file() and bool(note.read_bytes()), "the scheduler")
        address = str(json.loads(note.read_bytes())["address"])
        for number in range(workers):
            place = ("--local-directory", str(folder / str(number)))
            start("worker", address, *LOOPBACK, "--nthreads", "2", *place, *options)
        yield address
