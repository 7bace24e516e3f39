"""Floor 2. The recorder's side of a supervised command: start it, hear of it, order its end, keep what it printed.

Knows the two pipes to `report.recording.supervisor` and the terminal; must not know what a server, a load or a run
is. Every wait has an end in time and can be cancelled.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from report.errors import ServerError
from report.recording import kernel, sandbox, supervisor
from report.recording.accounts import Exited, Finished
from report.recording.cancel import Cancel, CancelledError
from report.recording.environment import variables
from report.recording.terminal import Captured, OnLine, Terminal

END_LIMIT = 10.0  # seconds for the supervisor to end everything after LAST_GRACE: KILL takes effect at once
DRAIN_LIMIT = 2.0  # seconds for the terminal's end of file once nobody is left


def new_scratch() -> Path:
    """An empty directory, to be given to a Supervised, which removes it."""
    return Path(tempfile.mkdtemp(prefix="report-"))


@contextlib.contextmanager
def _held_back(numbers: Iterable[int]) -> Iterator[None]:
    """What is started meanwhile is born with these signals blocked: one sent to all waits until it can be handled."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose ends are closed with these."""
    ends = os.pipe()
    reader.callback(os.close, ends[0])
    writer.callback(os.close, ends[1])
    return ends


class NotStartedError(ServerError):
    """The command itself cannot be started: there is no such program, or it may not be executed."""


class Supervised:
    """A command under its supervisor, on a terminal of its own; at the end of `with` nothing of it is left.

    `name` begins the sentence of every ServerError; one is raised when the command cannot be started. `scratch`
    is the command's home and is removed with it, even when the recorder is killed; so are the control groups of `hold`,
    which is told to the supervisor as it stands, with the descriptors that it names (`grouped` says that the command is
    in them). `network` are words of `report.recording.network` for another network than this process's. With a `room`
    the command may write to that directory and its scratch only, where `report.recording.sandbox` can shut it in. Times
    are monotonic.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        directory: Path,
        cancel: Cancel,
        on_line: OnLine = lambda _: None,
        scratch: Path | None = None,
        hold: Sequence[str] = (),
        descriptors: Sequence[int] = (),
        network: Sequence[str] = (),
        room: Path | None = None,
    ) -> None:
        self.grouped = False
        self.exited: Exited | None = None
        self.finished: Finished | None = None
        self.drained = True
        self._name, self._program, self._cancel = name, command[0], cancel
        self._output: Captured | None = None
        self._failure: str | None = None
        self._started = self._closed = False
        self._main, self._partial = 0, b""
        undo = contextlib.ExitStack()  # closes what was opened for a command that then cannot be started
        try:
            with contextlib.ExitStack() as theirs, _held_back(supervisor.ENDING):
                self._scratch = scratch or new_scratch()
                undo.callback(shutil.rmtree, self._scratch, ignore_errors=True)
                self._terminal = Terminal(on_line)
                undo.callback(self._terminal.abandon)
                control, self._control = _pipe(theirs, undo)
                self._report, report = _pipe(undo, theirs)
                inherited = (control, report, self._terminal.slave)
                apart = sandbox.words(room, self._scratch, Path(supervisor.__file__)) if room else []
                self._is_apart, self._first = bool(apart), 0
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    # By its file: `-m` would first import this package, and with it much that costs time.
                    [*network, *apart, sys.executable, "-I", "-S", supervisor.__file__]
                    + [str(word) for word in (*inherited, "\n".join(hold), self._scratch, directory, *command)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=variables(self._scratch),
                    pass_fds=(*inherited, *descriptors),
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            undo.close()
            raise ServerError(f"{name}: cannot start {command[0]}: {error}") from error
        self._terminal.start()

    @property
    def pid(self) -> int:
        """Process id of what was started, which is in the command's network: the supervisor, or what shuts it in."""
        return self._process.pid

    @property
    def supervisor(self) -> int:
        """Process id of the supervisor, as it is known here, of which everything that the command starts descends."""
        if self._is_apart and self._started and not self._first:
            born = (process.pid for process in kernel.descendants(self.pid) if process.parent == self.pid)
            self._first = next(born, 0)
        return self._first or self.pid

    def __enter__(self) -> Self:
        try:
            self.wait(lambda: self._started or self._failure is not None, END_LIMIT)
            if self._failure is not None:
                raise NotStartedError(f"{self._name}: cannot start {self._program}: {self._failure}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """`until` has come true; False when it has not within `seconds`. Raises CancelledError, whatever is true."""
        self._cancel.check()
        return self._wait(until, seconds, [self._cancel.descriptor])

    def stop(self, grace: float) -> None:
        """TERM to the main process, and KILL if it is still there after `grace` seconds."""
        self._order(f"stop {grace}")

    def kill(self) -> None:
        """KILL to all that is left."""
        self._order("kill")

    def output(self) -> Captured:
        """All that was printed by what has now ended altogether."""
        self.close()
        if self._output is None:
            raise ServerError(f"{self._name}: what it printed could not be kept; record the run again")
        return self._output

    def close(self) -> None:
        """Nothing of the command is left, and all that it printed is kept; the second time nothing happens."""
        if self._closed:
            return
        self._closed = True
        os.close(self._control)  # to the supervisor this is the recorder's end: it ends what there is
        try:
            over = self._wait(self._is_over, END_LIMIT, [])
        finally:
            os.close(self._report)
            try:
                self._process.wait(END_LIMIT)
            except subprocess.TimeoutExpired:
                self._kill_tree()
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._output, self.drained = self._terminal.finish(DRAIN_LIMIT)  # last, since it raises what a listener did
        if not over:
            raise ServerError(f"{self._name}: KILL did not end it within {END_LIMIT:g} s; see ps")

    def _is_over(self) -> bool:
        return self.finished is not None or self._failure is not None

    def _kill_tree(self) -> None:
        """The last resort: KILL to all that the supervisor should have ended, and then to itself."""
        deadline = monotonic() + END_LIMIT
        while (left := [p.pid for p in kernel.descendants(self.pid) if not p.zombie]) and monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def _order(self, order: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # it died; the next wait says so
            os.write(self._control, f"{order}\n".encode())

    def _wait(self, until: Callable[[], bool], seconds: float, cancelling: list[int]) -> bool:
        deadline = monotonic() + seconds
        poll = select.poll()
        for descriptor in (self._report, *cancelling):
            poll.register(descriptor, select.POLLIN)
        while not until():
            left = max(0.0, deadline - monotonic())
            ready = poll.poll(left * 1000)  # at least once: what was reported already counts
            if not ready and not left:
                return False
            for descriptor, _ in ready:
                if descriptor != self._report:
                    raise CancelledError
                if not self._read():
                    poll.unregister(self._report)  # nothing more will be told
        return True

    def _read(self) -> bool:
        data = os.read(self._report, 65_536)
        if not data and self.finished is None and self._failure is None:
            self._supervisor_died()
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))
        return bool(data)

    def _hear(self, report: dict[str, Any]) -> None:
        match report["event"]:
            case "failed":
                self._failure = report["reason"]
            case "started":
                self._started, self._main, self.grouped = True, report["pid"], report["grouped"]
            case "exited":
                self.exited = Exited(report["code"], report["time"])
            case "finished":
                self.finished = Finished(report["killed"], *report["usage"])

    def _supervisor_died(self) -> None:
        if self._started and self.exited is None and not self._is_apart:  # or the kernel has ended all in there
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._main, signal.SIGKILL)  # the best that is left: the main process's own session
        self._failure = "its supervisor was killed"
        raise ServerError(f"{self._name}: {self._failure}; record the run again")
