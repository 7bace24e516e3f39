"""Floor 2. The stages of a run that serves: load, wait for zombies, stop and count what is left.

Knows the limits of each stage. What a server does, dying included, is evidence; ServerError is raised only where
there is nothing to record: the load script itself failed. What comes before is `report.recording.starting`.
"""

import shlex
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from report.errors import Hurdle, ServerError
from report.planned import Planned
from report.recording import build, kernel
from report.recording.cancel import Cancel
from report.recording.command import RECORD, Command, load_command
from report.recording.limits import Hold
from report.recording.outcome import parse_requests
from report.recording.process import END_LIMIT, Supervised, new_scratch
from report.recording.progress import Progress, Who
from report.recording.sampler import SHORTEST, snapshot
from report.recording.terminal import OnLine
from report.run import Bounds, Ending, Leftovers, Request

LOOK = 0.005  # seconds between looks at the kernel's state
LAST_LINES = 10
LONGEST = 400  # characters of such a line; one that never ends may be as long as all that is kept
ALL_ANSWERED, SOME_FAILED = 0, 1  # exit statuses of the load script that leave a record


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a stage may take; deadlines, so never divided by the speed. And what the server may use, if that is
    bound, and the only directory that it may write to, with all that is its own, if it is to be shut in."""

    build: float = build.LIMIT
    start: float = 15.0
    elsewhere: float = 3.0  # listening on other ports only: one of them may be a runtime's own, and come first
    load: float = 10.0  # beyond the last arrival, the timeout and one delay
    zombies: float = 2.0  # after the last answer
    orphans: float = 1.0  # after the main process ended
    stop: float = 15.0  # beyond one delay: a read timeout of 10 s, and 5 s
    bounds: Bounds | None = None
    pause: float = SHORTEST  # between samples, at least
    room: Path | None = None


LIMITS = Limits()
JUDGING = Limits(stop=3.0, bounds=Bounds(), pause=0.05)
"""Nobody's read timeout is to be waited for: a client that is silent is gone by then. Ten samples in half a second tell
all that is asked of them, and many runs side by side spend most of their time on samples."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every stage of one run needs; `doubts` gathers sentences for the reader of the evidence."""

    root: Path
    planned: Planned
    progress: Progress
    cancel: Cancel
    limits: Limits
    doubts: list[str] = field(default_factory=list)

    def listener(self, who: Who) -> OnLine:
        """Hands lines of one terminal on to the progress display."""
        return lambda line: self.progress.line(self.planned.identity, who, line)


@dataclass(slots=True)
class Started:
    """A server of which the kernel says that it listens on `port`, and when it was asked to stop.

    `network` are the words that put who speaks to it into its network, if it is another.
    """

    server: Supervised
    port: int
    command: Command
    hold: Hold
    network: Sequence[str] = ()
    asked: float | None = None
    asking: threading.Lock = field(default_factory=threading.Lock)  # a timer may ask, and the recorder itself
    looking: threading.Lock = field(default_factory=threading.Lock)  # held while its processes are being counted


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load script that has ended, and what it recorded (monotonic clock)."""

    script: Supervised
    command: Command
    exit_status: int
    requests: tuple[Request, ...]


def stop_in_time(context: Context, started: Started, stack: ExitStack) -> None:
    """Where the scenario says so, the server is asked to stop while the load goes on; reckoned from now."""
    after = context.planned.stop_after
    if after is not None:
        timer = threading.Timer(after, lambda: _ask(context, started))
        timer.daemon = True
        timer.start()
        stack.callback(timer.join)
        stack.callback(timer.cancel)


def _ask(context: Context, started: Started) -> float:
    """The server was asked to stop, once only, since a second time would mean at once; returns the grace it has.

    Not while its processes are being counted: a sample is of before or of after, however busy the machine.
    """
    grace = context.planned.delay + context.limits.stop
    with started.asking, started.looking:
        if started.asked is None:
            started.asked = monotonic()
            started.server.stop(grace)
    return grace


def load(context: Context, started: Started, on_line: OnLine, stack: ExitStack) -> Loaded:
    """Every request has its outcome; raises ServerError when the load script itself fails."""
    planned = context.planned
    name = f"{planned.identity}: the load script (not the server)"
    limit = planned.last_due + planned.scenario.load.timeout + planned.delay + context.limits.load
    scratch = new_scratch()
    command = load_command(planned, started.port, scratch)
    script = stack.enter_context(
        Supervised(name, command.words, context.root, context.cancel, on_line, scratch, network=started.network)
    )
    if not script.wait(lambda: script.exited is not None, limit) or script.exited is None:
        raise fault(name, f"did not end within {limit:g} s", script, command)
    recorded = scratch / RECORD
    if script.exited.code not in (ALL_ANSWERED, SOME_FAILED) or not recorded.is_file():
        raise fault(name, "failed", script, command)
    requests = parse_requests(recorded.read_bytes(), planned)
    script.close()
    return Loaded(script, command, script.exited.code, requests)


def zombies(context: Context, server: Supervised) -> int:
    """Zombies in the tree that are still there at the deadline: a server may need a moment to reap."""
    deadline = monotonic() + context.limits.zombies
    while (count := snapshot(server.supervisor).zombies) and monotonic() < deadline:
        server.wait(lambda: server.finished is not None, 4 * LOOK)
    return count


def stop(context: Context, started: Started, zombies: int) -> tuple[Ending, Leftovers]:
    """The server has ended: by itself, on TERM or, after the grace, by KILL; and nothing of it is left."""
    server, doubts = started.server, context.doubts
    grace = _ask(context, started)
    server.wait(lambda: server.exited is not None, grace + context.limits.orphans)
    orphans = listeners = 0
    if not server.wait(lambda: server.finished is not None, context.limits.orphans):
        orphans = snapshot(server.supervisor).processes
        listeners = kernel.listeners(started.port, server.supervisor)
    excess = started.hold.close(server)
    server.kill()
    server.wait(lambda: server.finished is not None, END_LIMIT)
    if server.exited is None or server.finished is None:
        raise fault(f"{context.planned.identity}: the server", "could not be ended", server, started.command)
    code, asked, ended = server.exited.code, started.asked or monotonic(), server.exited.time
    seconds = max(0.0, ended - asked)
    if excess:
        doubts.append(f"The server {excess}.")
    elif ended < asked:
        doubts.append(
            f"The server ended by itself ({server.exited}) before it was stopped; what came after was not served."
        )
    if code == -signal.SIGKILL and seconds >= grace:
        doubts.append(f"The server did not end within {grace:g} s of SIGTERM and was killed.")
    ending = Ending(
        exit_status=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        seconds=round(seconds, 6),
        killed=server.finished.killed,
        asked=asked,
        ended=ended,
    )
    return ending, Leftovers(zombies=zombies, orphans=orphans, listeners=listeners)


def fault(
    name: str,
    problem: str,
    ended: Supervised,
    command: Command,
    stage: Hurdle | None = None,
    elsewhere: Sequence[int] = (),
    *,
    astray: bool = False,
    excess: tuple[str, int] | None = None,
) -> ServerError:
    """The sentence, the command, how it ended (by itself, or because it had to) and its last lines."""
    by_itself = ended.exited
    lines = ended.output().lines()
    how = str(by_itself) if by_itself else "it had to be ended"
    last = [f"    {_short(line)}" for line in lines[-LAST_LINES:]] or ["    (it printed nothing)"]
    return ServerError(
        "\n".join(
            [f"{name} {problem}", f"  command: {shlex.join(command.shown)}", f"  end: {how}", "  last lines:", *last]
        ),
        stage,
        elsewhere,
        astray=astray,
        excess=excess,
    )


def _short(line: str) -> str:
    """Both ends of a line that is longer than anybody would read."""
    cut = len(line) - LONGEST
    return line if cut <= 0 else f"{line[: LONGEST // 2]} [... {cut} characters cut ...] {line[-LONGEST // 2 :]}"
