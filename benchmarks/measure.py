"""Starts what is measured, one after the other, and counts what it took: processor time and context switches.

Knows processes, resource usage (wait4(2)) and rounds. Must not know what is measured nor how results are shown.
"""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0  # seconds for anything to start or to end
Sample = dict[str, float]
Samples = dict[str, dict[str, list[float]]]  # contender → metric → one value a round
_T = TypeVar("_T")


class Missing(Exception):
    """A contender cannot be measured here; says why, and how to have it."""


class Usage(NamedTuple):
    """What a process and the children that it waited for used."""

    cpu: float  # seconds, user and system
    switches: int  # voluntary and not

    def __sub__(self, other: object) -> "Usage":
        assert isinstance(other, Usage)
        return Usage(self.cpu - other.cpu, self.switches - other.switches)


class Started:
    """A process in a group of its own, whose output goes nowhere; ended, by its id, and counted by `stop`."""

    def __init__(self, command: Sequence[str], cwd: Path = ROOT, environment: Mapping[str, str] | None = None) -> None:
        self.command = list(command)
        try:
            self._process = subprocess.Popen(
                self.command,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise Missing(f"{command[0]} cannot be started: {error.strerror}") from None
        self.pid = self._process.pid

    def wait_for_port(self, port: int) -> None:
        """Until it takes connections; Missing if it ends before, or takes none in `PATIENCE`."""
        for _ in range(int(PATIENCE / 0.01)):
            if self._process.poll() is not None:
                raise Missing(f"{' '.join(self.command)} ended with {self._process.returncode} before it listened")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as peer:
                peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if peer.recv(65_536):
                    return
            time.sleep(0.01)
        raise Missing(f"{' '.join(self.command)} does not listen")

    def stop(self) -> Usage:
        """Ends it politely, then not, with its whole group; what it used from first to last."""
        usage = Usage(0.0, 0)
        if self._process.returncode is not None:
            return usage
        for end, number in ((os.kill, signal.SIGTERM), (os.killpg, signal.SIGKILL)):
            with contextlib.suppress(ProcessLookupError):
                end(self.pid, number)
            limit = time.monotonic() + PATIENCE
            while self._process.returncode is None and time.monotonic() < limit:
                pid, status, used = os.wait4(self.pid, os.WNOHANG)
                if pid:
                    self._process.returncode = os.waitstatus_to_exitcode(status)
                    usage = _usage(used)
                else:
                    time.sleep(0.005)
        return usage


def _usage(used: resource.struct_rusage) -> Usage:
    return Usage(used.ru_utime + used.ru_stime, used.ru_nvcsw + used.ru_nivcsw)


@contextlib.contextmanager
def running(command: Sequence[str], port: int, cwd: Path = ROOT) -> Iterator[Started]:
    """A server that listens, and has ended afterwards whatever happens."""
    started = Started(command, cwd)
    try:
        started.wait_for_port(port)
        yield started
    finally:
        started.stop()


def finished(command: Sequence[str], cwd: Path = ROOT, limit: float = 120.0) -> tuple[str, float, Usage]:
    """What a command printed, the seconds it took as a whole process, and what it used."""
    before = _usage(resource.getrusage(resource.RUSAGE_CHILDREN))
    begin = time.monotonic()
    try:
        done = subprocess.run(list(command), cwd=cwd, capture_output=True, text=True, timeout=limit, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{' '.join(command)}: {error}") from None
    taken = time.monotonic() - begin
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"{' '.join(command)} ended with {done.returncode}: {said[-1] if said else 'no word'}")
    return done.stdout, taken, _usage(resource.getrusage(resource.RUSAGE_CHILDREN)) - before


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def interleaved(
    contenders: Mapping[str, Callable[[], Sample]], rounds: int, say: Callable[[str], None]
) -> tuple[Samples, dict[str, str]]:
    """Each contender measured once a round, in turn (A B A B …); and who could not be, with the reason."""
    samples: Samples = {}
    missing: dict[str, str] = {}
    for number in range(1, rounds + 1):
        for name, measure in contenders.items():
            if name in missing:
                continue
            try:
                sample = measure()
            except Missing as error:
                missing[name] = str(error)
                samples.pop(name, None)
                say(f"left out: {name}: {error}")
                continue
            for metric, value in sample.items():
                samples.setdefault(name, {}).setdefault(metric, []).append(value)
            say(f"round {number} of {rounds}: {name}: " + ", ".join(f"{k} {v:.5g}" for k, v in sample.items()))
    return samples, missing
