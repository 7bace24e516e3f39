"""Floor 3, a module and a program of its own. Judgements in processes of their own: one that hangs is ended with all
that came of it, one that dies is told, and neither takes another with it.

Knows tasks and answers only. Such a process judges one submission after the other and ends with whom it works for; it
has a main thread, which judging needs for its signals, wherever that other one calls from.
"""

import contextlib
import ctypes
import os
import pickle
import queue
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import IO

from report.errors import JudgeError, ReportError
from report.grading import cell, private
from report.grading.cell import Answer, Task
from report.recording.supervisor import PR_SET_CHILD_SUBREAPER, children

CODE = Path(__file__).resolve().parents[2]
GRACE = 15.0  # seconds that it has to end a judgement: as long as a supervisor has, and a little
LOOK = 1.0  # seconds between looks at what it has written
_SIZE = struct.Struct("!Q")
Judge = Callable[[Task, Path, Path], Answer]


class Worker:
    """The process, from outside."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "report.grading.apart"],
            cwd=CODE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, judge: Judge, task: Task, directory: Path, root: Path) -> Answer:
        """The answer; raises JudgeError when it dies, takes too long or had trouble. Then it is to be ended."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            _send(self._process.stdin, (judge, task, directory, root))
        answer = self._heard(task.limit, directory)
        if isinstance(answer, Answer):
            return answer
        raise JudgeError(str(answer))

    def _heard(self, limit: float, directory: Path) -> object:
        assert self._process.stdout is not None
        descriptor, deadline, data, size = self._process.stdout.fileno(), monotonic() + limit, b"", _SIZE.size
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while len(data) < size:
            if not poll.poll(max(0.0, min(LOOK, deadline - monotonic())) * 1000):
                if monotonic() >= deadline:
                    raise JudgeError(f"was not judged within {limit:g} s")
                if not private.is_small(directory):
                    raise JudgeError(
                        f"wrote more than {private.DISK / 2**20:g} MiB or {private.ENTRIES} files, and was ended"
                    )
                continue
            chunk = os.read(descriptor, 1 << 20)
            if not chunk:
                raise JudgeError("the process that judged it was ended")
            data += chunk
            if len(data) >= _SIZE.size:
                size = _SIZE.size + _SIZE.unpack_from(data)[0]
        return pickle.loads(data[_SIZE.size :])

    def end(self) -> None:
        """Nothing of it is left; what it had started ends with it."""
        process = self._process
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


_idle: list[Worker] = []
_every: set[Worker] = set()
_taking = threading.Lock()


def judged(root: Path | None, task: Task, judge: Judge = cell.judge) -> Answer:
    """The task's answer, from a process of its own; by the rules of this checkout, or of that at `root`.

    Raises JudgeError for whatever kept it from being judged.
    """
    with _taking:
        worker = _idle.pop() if _idle else Worker()
        _every.add(worker)
    try:
        with private.directory() as directory:
            try:
                answer = worker.call(judge, task, directory, root or CODE)
            except BaseException:
                worker.end()  # before its directory is removed
                raise
    except BaseException:
        with _taking:
            _every.discard(worker)
        raise
    with _taking:
        if worker in _every:
            _idle.append(worker)
    return answer


def close() -> None:
    """No such process of this one is left, busy or not."""
    with _taking:
        workers = [*_every]
        _every.clear()
        _idle.clear()
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGTERM)  # all at once; each is waited for then
    for worker in workers:
        worker.end()


def _send(pipe: IO[bytes], what: object) -> None:
    data = pickle.dumps(what)
    pipe.write(_SIZE.pack(len(data)) + data)
    pipe.flush()


def _orders(pipe: IO[bytes], into: "queue.SimpleQueue[bytes]") -> None:
    """Hands over what is asked, and ends this process with whom it works for, whatever it is doing then."""
    while len(head := pipe.read(_SIZE.size)) == _SIZE.size:
        into.put(pipe.read(_SIZE.unpack(head)[0]))
    os.kill(os.getpid(), signal.SIGTERM)


def _reap() -> None:
    """Nothing that came of a judgement is left: what has lost its supervisor is a child of this process by now."""
    while children():
        for pid in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: what is being ended now must not be left halfway
    raise KeyboardInterrupt


def main() -> None:
    """Whoever it worked for is gone."""
    signal.signal(signal.SIGTERM, _interrupt)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what judging tells of its progress is for one who watches
    threading.Thread(target=_orders, args=(sys.stdin.buffer, orders), daemon=True).start()
    directory = None
    try:
        while True:
            judge, task, directory, root = pickle.loads(orders.get())
            tempfile.tempdir = str(directory)  # scratch directories are looked after, too
            try:
                answer: object = judge(task, directory, root)
            except Exception as error:  # of whatever kind, it is no fault of the submission's
                answer = str(error) if isinstance(error, ReportError) else f"{type(error).__name__}: {error}"
            _reap()
            _send(out, answer)
    except KeyboardInterrupt:
        _reap()
        if directory:
            private.remove(directory)
        os._exit(1)  # a thread still reads what nobody says any more


if __name__ == "__main__":
    main()
