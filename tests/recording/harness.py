"""What the tests of recording share: runs of fake servers, a display that only remembers, waiting with a deadline."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from report.planned import Planned
from report.recording import Limits
from report.recording.progress import Who
from report.run import Identity
from report.scenario import Load, Scenario
from report.spec import Assignment, Server, Text

ROOT = Path(__file__).parents[2]
FAKES = "tests/fakes/servers"
DEADLINE = 60.0  # seconds after which a test gives up waiting; none passes faster or slower because of it


def wait_for(true: Callable[[], bool], what: str) -> None:
    """Returns as soon as it is true; AssertionError at the deadline."""
    deadline = monotonic() + DEADLINE
    while not true():
        assert monotonic() < deadline, f"waited {DEADLINE:g} s in vain for {what}"
        sleep(0.01)


def fake(name: str, *options: str) -> Server:
    """A fake server's command."""
    words = ("{python}", f"{FAKES}/{name}.py", "--port", "{port}", "--delay", "{delay}", *options)
    return Server(command=words, sources=(f"{FAKES}/{name}.py",))


def scenario(**values: object) -> Scenario:
    """Two clients at once, a short delay and a timeout that is never reached, unless it says otherwise."""
    defaults: dict[str, object] = {"delay": 0.1, "load": Load(timeout=30.0)}
    if "arrival" not in values:
        defaults["clients"] = 2
    return Scenario.model_validate(defaults | values)


def planned(server: Server, spec: Scenario | None = None, speed: float = 1.0, name: str = "fake") -> Planned:
    """One run of a server in a scenario."""
    assignment = Assignment(
        name=name,
        folder=ROOT / "assignments" / name,
        number=9,
        title=Text(ko="가짜", en="fake"),
        servers={"one": server},
        scenarios={"only": spec or scenario()},
    )
    return Planned(assignment, Identity(assignment=name, scenario="only", server="one", speed=speed))


class Remembering:
    """A progress display that shows nothing and remembers everything."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []  # (what, run, text)
        self.most_at_once = 0
        self._under_way: set[Identity] = set()
        self._lock = threading.Lock()

    def stage(self, identity: Identity, text: str) -> None:
        with self._lock:
            self._under_way.add(identity)
            self.most_at_once = max(self.most_at_once, len(self._under_way))
            self.events.append(("stage", identity.assignment, text))

    def line(self, identity: Identity, who: Who, text: str) -> None:
        self.events.append((who, identity.assignment, text))

    def done(self, identity: Identity, seconds: float) -> None:
        self._end("done", identity, "")

    def failed(self, identity: Identity, sentence: str) -> None:
        self._end("failed", identity, sentence)

    def of(self, what: str) -> list[tuple[str, str]]:
        return [(run, text) for event, run, text in self.events if event == what]

    def _end(self, what: str, identity: Identity, text: str) -> None:
        with self._lock:
            self._under_way.discard(identity)
            self.events.append((what, identity.assignment, text))


def processes_with(tag: str) -> list[int]:
    """Processes that have not ended and whose command line holds `tag`."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if tag.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def arguments_of(pid: int) -> list[str]:
    """The words of a process's command; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


SHORT = Limits(start=3.0, load=10.0, zombies=0.3, orphans=0.3, stop=0.3)
"""Limits for faults that last: what is looked for stays, however long one waits."""
