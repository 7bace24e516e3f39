"""Floor 2. One run, from its start to the evidence on disk.

Knows the order of the stages; how each is done is known in `report.recording.stages`, the formats in
`report.recording.outcome` and `report.evidence`. Whatever happens, no process of the run outlives `execute`.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, time

from report import evidence, freshness
from report.errors import ReportError, ServerError
from report.planned import Planned
from report.recording import kernel, stages, starting
from report.recording.build import built
from report.recording.cancel import Cancel
from report.recording.control import Control
from report.recording.others import Others
from report.recording.outcome import Observed, composed
from report.recording.process import Supervised
from report.recording.progress import Progress
from report.recording.sampler import Memory, Sampler
from report.recording.stages import LIMITS, Context, Limits, Started
from report.recording.terminal import Captured, OnLine
from report.recording.waits import Watch
from report.run import Resources, Run


def execute(
    root: Path,
    planned: Planned,
    evidence_root: Path,
    progress: Progress,
    cancel: Cancel,
    limits: Limits = LIMITS,
) -> Run:
    """The run as it was recorded and now lies under `evidence_root`.

    Raises ServerError when there was nothing to record, and CancelledError; then nothing was written. What fails
    while a cancelled run is being ended is no news of the server: that is CancelledError too.
    """
    begun = monotonic()
    cancel.check()
    try:
        record, files = composed(_observe(Context(root, planned, progress, cancel, limits)))
        directory = evidence_root / planned.identity.directory
        with _alone(directory):
            evidence.write(directory, record, files)
            run = evidence.read(directory)
    except ReportError:
        cancel.check()
        raise
    except OSError as error:
        cancel.check()
        raise ServerError(f"{planned.identity}: cannot be recorded: {error}") from error
    progress.done(planned.identity, monotonic() - begun)
    return run


def _observe(context: Context) -> Observed:
    planned, identity, times = context.planned, context.planned.identity, dict[str, float]()

    @contextlib.contextmanager
    def stage(name: str, text: str) -> Iterator[None]:
        context.progress.stage(identity, text)
        begun = monotonic()
        yield
        times[name] = monotonic() - begun

    recorded, epoch = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), time() - monotonic()
    inputs = freshness.inputs(context.root, planned.assignment, identity.scenario, identity.server)
    if planned.server.build:
        context.progress.stage(identity, "building")
    build = built(context.root, planned.assignment, identity.server, context.cancel, context.limits.build)
    others = Others()
    with contextlib.ExitStack() as stack:
        with stage("start", "starting"):
            started = starting.start(context, build, stack)
        sampler, control, watch = _beside(context, started, stack)
        with stage("load", "under load"):
            loaded = stages.load(context, started, _sending(context, started, sampler, control, stack), stack)
            slept = control.stop()
        with stage("drained", "waiting for zombies"):
            zombies = stages.zombies(context, started.server)
        with stage("settle", "settling"):
            started.server.wait(lambda: started.server.finished is not None, planned.settle)
        with stage("stop", "stopping"):
            sampler.take()
            ending, leftovers = stages.stop(context, started, zombies)
    return Observed(
        planned=planned,
        recorded=recorded,
        epoch=epoch,
        inputs=inputs,
        command=started.command,
        load_command=loaded.command,
        stages=times,
        ending=ending,
        leftovers=leftovers,
        resources=_resources(started.server, sampler.memory, others.cores()),
        load_exit_status=loaded.exit_status,
        requests=loaded.requests,
        samples=tuple(sorted(sampler.samples, key=lambda sample: sample.time)),
        captured=_captured(context, {"server": started.server, "client": loaded.script}),
        doubts=(*context.doubts, *sampler.doubts()),
        waits=watch.waits if watch else None,
        held=started.hold.held(started.server),
        control=slept,
    )


def _beside(context: Context, started: Started, stack: contextlib.ExitStack) -> tuple[Sampler, Control, Watch | None]:
    """Who watches the server while the run lasts, and its threads if that is asked for; who sleeps beside it if it is
    judged."""
    planned, server, hold = context.planned, started.server, started.hold
    sampler = Sampler(
        server.supervisor,
        planned.delay,
        started.looking,
        lambda sample: hold.look(server, sample),
        context.limits.pause,
    )
    stack.enter_context(sampler)
    control = Control(planned.scenario.sends if context.limits.bounds and planned.delay else 0, planned.delay)
    stack.callback(control.stop)
    if not planned.scenario.threads:
        return sampler, control, None
    pids = [process.pid for process in kernel.descendants(server.supervisor)]
    return sampler, control, stack.enter_context(Watch(pids, planned.delay))


def _sending(
    context: Context, started: Started, sampler: Sampler, control: Control, stack: contextlib.ExitStack
) -> OnLine:
    """Takes the load script's lines; the first says that sending begins, from which what is timed is reckoned."""
    tell = context.listener("client")
    begun = False

    def on_line(line: str) -> None:
        nonlocal begun
        if not begun:
            begun = True
            control.start()
            sampler.sweep_after(context.planned.busiest)
            stages.stop_in_time(context, started, stack)
        tell(line)

    return on_line


def _resources(server: Supervised, memory: Memory | None, others_cores: float) -> Resources:
    spent = server.finished
    if spent is None:
        raise ServerError("the server's accounting is missing; record the run again")
    return Resources(
        user_seconds=round(spent.user_seconds, 6),
        system_seconds=round(spent.system_seconds, 6),
        voluntary_switches=spent.voluntary_switches,
        involuntary_switches=spent.involuntary_switches,
        others_cores=round(others_cores, 3),
        **_swept(memory),
    )


def _swept(memory: Memory | None) -> dict[str, int]:
    if memory is None:
        return {}
    swept = {f"{kind}_bytes": getattr(memory, kind) for kind in Memory.KINDS}
    return swept | {"pss_processes": memory.processes}


def _captured(context: Context, commands: Mapping[str, Supervised]) -> dict[str, Captured]:
    captured = {who: command.output() for who, command in commands.items()}
    for who, command in commands.items():
        if not command.drained:
            context.doubts.append(
                f"The {who}'s terminal is held open by a process outside its tree; its end may be missing."
            )
    return captured


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """No other recorder writes beside `directory`, and what one left unfinished when it was killed is gone."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(directory.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in directory.parent.glob(f".{directory.name}.*"):
            if not path.name.endswith(".previous"):
                shutil.rmtree(path, ignore_errors=True)
        yield
    finally:
        os.close(lock)
