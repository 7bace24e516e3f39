"""Floor 2. One run from start to evidence: the server starts, is loaded, watched, stopped, and all is written.

Knows the order of the stages and their limits; must not know how a report uses them. What the server does, dying
included, is evidence; ServerError is raised only where there is nothing to record.
"""

import contextlib
import fcntl
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from report import evidence, freshness
from report.errors import ServerError
from report.recording import kernel
from report.recording.build import built
from report.recording.command import RECORD, Built, Command, Planned, load_command, server_command
from report.recording.outcome import Observed, composed, parse_requests
from report.recording.process import Cancel, Supervised
from report.recording.progress import Progress
from report.recording.sampler import Sampler, snapshot
from report.recording.terminal import Captured
from report.run import Ending, Leftovers, Request, Resources, Run

LOOK = 0.005  # seconds between looks at the kernel's state
PORT_TRIES = 3
_PORT_TAKEN = re.compile(r"address already in use|EADDRINUSE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a stage may take; deadlines, so never divided by the speed."""

    build: float = 120.0
    start: float = 15.0
    load: float = 10.0  # beyond the last arrival, its timeout and one delay
    zombies: float = 2.0  # after the last answer
    orphans: float = 1.0  # after the main process ended
    stop: float = 15.0  # beyond one delay: a read timeout of 10 s, and 5 s


LIMITS = Limits()


def execute(
    root: Path,
    planned: Planned,
    evidence_root: Path,
    progress: Progress,
    cancel: Cancel,
    limits: Limits = LIMITS,
) -> Run:
    """The run as it was recorded and now lies under `evidence_root`.

    Raises ServerError when there was nothing to record, and CancelledError; then nothing was written.
    """
    cancel.check()
    begun = monotonic()
    try:
        observed = _Recording(root, planned, progress, cancel, limits).observe()
        record, files = composed(observed)
        directory = evidence_root / planned.identity.directory
        with _alone(directory.parent):
            _remove_unfinished(directory)
            evidence.write(directory, record, files)
            run = evidence.read(directory)
    except OSError as error:
        raise ServerError(f"{planned.identity}: cannot be recorded: {error}") from error
    progress.done(planned.identity, monotonic() - begun)
    return run


class _Recording:
    """The stages of one run; what each found out is kept until all is over."""

    def __init__(
        self, root: Path, planned: Planned, progress: Progress, cancel: Cancel, limits: Limits
    ) -> None:
        self._root, self._planned, self._identity = root, planned, planned.identity
        self._progress, self._cancel, self._limits = progress, cancel, limits
        self._stages: dict[str, float] = {}
        self._doubts: list[str] = []

    def observe(self) -> Observed:
        """Everything of the run, when all its processes have ended."""
        planned, identity = self._planned, self._identity
        recorded = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        inputs = freshness.inputs(self._root, planned.assignment, identity.scenario, identity.server)
        if planned.server.build:
            self._progress.stage(identity, "building")
        build = built(self._root, planned, self._cancel, self._limits.build)
        with contextlib.ExitStack() as stack:
            with self._stage("start", "starting the server"):
                server, port, command = self._start(build, stack)
            self._sampler = Sampler(server.supervisor, planned.delay)
            stack.callback(self._sampler.stop)
            self._sampler.start()
            with self._stage("load", "under load"):
                load, requests, load_words = self._load(port)
            with self._stage("drained", "waiting for zombies"):
                zombies = self._zombies(server)
            with self._stage("settle", "settling"):
                server.wait(lambda: server.finished is not None, planned.settle)
            with self._stage("stop", "stopping the server"):
                ending, leftovers = self._stop(server, port, zombies)
            self._sampler.stop()
        return Observed(
            planned=planned,
            recorded=recorded,
            inputs=inputs,
            command=command,
            load_command=load_words,
            stages=self._stages,
            ending=ending,
            leftovers=leftovers,
            resources=self._resources(server),
            load_exit_status=load.exited.code if load.exited else 0,
            requests=requests,
            samples=tuple(self._sampler.samples),
            captured={"server": self._captured(server), "client": self._captured(load)},
            doubts=tuple(self._doubts + self._sampler.doubts()),
        )

    @contextlib.contextmanager
    def _stage(self, name: str, text: str) -> Iterator[None]:
        self._progress.stage(self._identity, text)
        begun = monotonic()
        yield
        self._stages[name] = monotonic() - begun

    def _start(
        self, build: Built | None, stack: contextlib.ExitStack
    ) -> tuple[Supervised, int, Command]:
        """The server listens: the kernel says so, and that one of its own processes does."""
        for tries_left in reversed(range(PORT_TRIES)):
            port = kernel.free_port()
            command = server_command(self._planned, port, build)
            server = stack.enter_context(
                Supervised(
                    command.words,
                    self._root / self._planned.server.directory,
                    self._cancel,
                    lambda line: self._progress.line(self._identity, "server", line),
                )
            )
            deadline = monotonic() + self._limits.start
            while not (ended := server.wait(lambda: server.finished is not None, LOOK)):
                if kernel.listeners(port, server.supervisor):
                    return server, port, command
                if monotonic() > deadline:
                    limit = f"within {self._limits.start:g} s"
                    raise self._fault(server, command, f"the server did not listen on port {port} {limit}")
            server.close()
            taken = _PORT_TAKEN.search("\n".join(self._captured(server).last_lines(40)))
            if not (ended and taken and tries_left and not kernel.is_free(port)):
                break
        raise self._fault(server, command, f"the server ended before it listened on port {port}")

    def _load(self, port: int) -> tuple[Supervised, tuple[Request, ...], Command]:
        planned = self._planned

        def on_line(line: str) -> None:
            self._sampler.sweep_after(planned.busiest)  # the first line says that sending begins
            self._progress.line(self._identity, "client", line)
