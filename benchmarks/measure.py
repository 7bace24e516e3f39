"""Starts what is measured, one after the other, and counts what it took: processor time and context switches.

Knows processes, resource usage (wait4(2)) and rounds. Must not know what is measured nor how results are shown.
"""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0  # seconds for anything to start or to end
Sample = dict[str, float]
Samples = dict[str, dict[str, list[float]]]  # contender → metric → one value a round


class MissingError(Exception):
    """A contender cannot be measured here; says why, and how to have it."""


class Usage(NamedTuple):
    """What a process and the children that it waited for used."""

    cpu: float  # seconds, user and system
    switches: int  # voluntary and not
    faults: int  # of pages, without reading a disk

    def __sub__(self, other: object) -> "Usage":
        assert isinstance(other, Usage)
        return Usage(self.cpu - other.cpu, self.switches - other.switches, self.faults - other.faults)


class Finished(NamedTuple):
    """What a command printed, the seconds it took as a whole process, what it used, and its memory at most."""

    said: str
    seconds: float
    used: Usage
    peak: int  # bytes, of the process itself; 0 where it was not asked for


class Started:
    """A process in a group of its own; ended, by its id, and counted by `stop`. Its output goes nowhere by default."""

    def __init__(self, command: Sequence[str], cwd: Path = ROOT, output: int | IO[bytes] = subprocess.DEVNULL) -> None:
        self.command = list(command)
        try:
            self._process = subprocess.Popen(
                self.command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output != subprocess.DEVNULL else output,
                start_new_session=True,
            )
        except OSError as error:
            raise MissingError(f"{command[0]} cannot be started: {error.strerror}") from None
        self.pid = self._process.pid
        self.exit_status: int | None = None

    def wait_for_port(self, port: int, delay: float = 0.0) -> None:
        """Until it answers or, where that takes long, accepts; MissingError if it ends before, or not in `PATIENCE`."""
        for _ in range(int(PATIENCE / 0.01)):
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                raise MissingError(f"{self} ended before it listened")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
                if delay > PATIENCE / 2:
                    return
                peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if peer.recv(65_536):
                    return
            time.sleep(0.01)
        raise MissingError(f"{self} does not listen")

    def wait(self) -> Usage:
        """What it used from first to last, when it has ended."""
        _, status, used = os.wait4(self.pid, 0)
        self.exit_status = self._process.returncode = os.waitstatus_to_exitcode(status)
        return Usage(used.ru_utime + used.ru_stime, used.ru_nvcsw + used.ru_nivcsw, used.ru_minflt)

    def stop(self, number: int = signal.SIGTERM) -> Usage:
        """Ends it by this signal, after `PATIENCE` by KILL, and what is left of its group; nothing the second time."""
        if self.exit_status is not None:
            return Usage(0.0, 0, 0)
        os.kill(self.pid, number)
        with _killed_after(PATIENCE, self.pid):
            usage = self.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return usage

    def __str__(self) -> str:
        return " ".join(Path(word).name if word.startswith("/") else word for word in self.command)


@contextlib.contextmanager
def _killed_after(seconds: float, group: int) -> Iterator[None]:
    """Within it, the group is killed when it has taken too long."""
    timer = threading.Timer(seconds, os.killpg, (group, signal.SIGKILL))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@contextlib.contextmanager
def serving(start: Callable[[int, float], Started], delay: float) -> Iterator[tuple[int, Started]]:
    """The port of a server that listens, and has ended afterwards whatever happens."""
    port = free_port()
    started = start(port, delay)
    try:
        started.wait_for_port(port, delay)
        yield port, started
    finally:
        started.stop()


def finished(
    command: Sequence[str], cwd: Path = ROOT, limit: float = 120.0, status: int = 0, peak: bool = False
) -> Finished:
    """A command run to its end; MissingError where that is not exit status 0 or this one, or does not come in time."""
    with tempfile.TemporaryFile() as output:
        begin = time.monotonic()
        started = Started(command, cwd, output)
        memory = _Peak(started.pid)
        if peak:
            memory.start()
        try:
            with _killed_after(limit, started.pid):
                used = started.wait()
        finally:
            started.stop()
        taken = time.monotonic() - begin
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if started.exit_status not in (0, status):
        raise MissingError(f"{started} ended with {started.exit_status}: {(said.split(chr(10)) or [''])[-2:][0]}")
    return Finished(said, taken, used, memory.bytes)


class _Peak(threading.Thread):
    """The most memory that a process ever had, asked for again and again while it lives.

    ru_maxrss would not do: it begins with what the process had that started it.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self.bytes = 0

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended, and has no memory any more
            while True:
                self.bytes = int(self._status.read_text().split("VmHWM:")[1].split()[0]) * 1024
                time.sleep(0.01)


@contextlib.contextmanager
def on_one_core() -> Iterator[None]:
    """What is started within it has one core: the first that this process may use."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def interleaved(
    contenders: Mapping[str, Callable[[], Sample]], metrics: Container[str], rounds: int, say: Callable[[str], None]
) -> tuple[Samples, dict[str, str]]:
    """These metrics of each contender once a round, in turn (A B A B …); and who could not be measured, and why."""
    samples: Samples = {}
    missing: dict[str, str] = {}
    for number in range(1, rounds + 1):
        for name, measure in contenders.items():
            if name in missing:
                continue
            try:
                sample = {metric: value for metric, value in measure().items() if metric in metrics}
            except MissingError as error:
                missing[name] = str(error)
                samples.pop(name, None)
                say(f"left out: {name}: {error}")
                continue
            for metric, value in sample.items():
                samples.setdefault(name, {}).setdefault(metric, []).append(value)
            say(f"round {number} of {rounds}: {name}: " + ", ".join(f"{k} {v:.5g}" for k, v in sample.items()))
    return samples, missing
