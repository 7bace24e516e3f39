"""Floor 1. A Run: everything that one execution of a scenario did, in the field's words.

The one vocabulary that recording and rendering share: recording makes a Run, rendering reads it. Knows no file, no
process and no picture. Times are seconds since the first request was due (negative before it), on one monotonic
clock; sizes are bytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = 1
T = TypeVar("T")
Used = Literal["memory", "tasks", "file"]  # what there may be too much of


def _is_none(value: Any) -> bool:
    return value is None


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Identity(_Model):
    """What was executed: a fast check never takes the place of the evidence made at speed 1."""

    assignment: str
    scenario: str
    server: str
    speed: float = 1.0
    repetition: int = 1

    @property
    def directory(self) -> str:
        """Relative directory of the run, the same for the same identity."""
        speed = "" if self.speed == 1 else f".x{self.speed:g}"
        repetition = "" if self.repetition == 1 else f".r{self.repetition}"
        return f"{self.assignment}/{self.scenario}.{self.server}{speed}{repetition}"

    def __str__(self) -> str:
        return self.directory


class Ending(_Model):
    """How the server ended: `exit_status`, or `signal` that killed it; `killed` processes needed KILL.

    `asked` is when it was asked to stop and `ended` when its main process had ended, earlier if it ended by itself;
    evidence from before they were kept has neither.
    """

    exit_status: int | None
    signal: int | None
    seconds: float
    killed: int
    asked: float | None = None
    ended: float | None = None


class Leftovers(_Model):
    """What was still there at a polled deadline: zombies after the last answer; the others after the stop."""

    zombies: int
    orphans: int
    listeners: int


class Resources(_Model):
    """Exit accounting of the server's tree (wait4), and its memory swept once while it was busiest.

    Sums over the tree: `rss_bytes` counts a shared page in every process, `pss_bytes` divides it among them,
    `uss_bytes` leaves it out. `others_cores` is how many cores programs outside the run used, on average.
    """

    user_seconds: float
    system_seconds: float
    voluntary_switches: int
    involuntary_switches: int
    pss_bytes: int | None = None
    pss_processes: int | None = None
    rss_bytes: int | None = None
    uss_bytes: int | None = None
    others_cores: float | None = None


class Bounds(_Model):
    """What a server that is judged may use: bytes of memory and processes with their threads, in its whole tree; open
    descriptors of one process; bytes of one file. Far more than any server of the course needs."""

    memory: int = 2**30
    tasks: int = 4096
    descriptors: int = 4096
    file: int = 2**28


class Held(_Model):
    """How a server was held to its bounds, by samples of its tree alone or by the kernel too (cgroups(7)), and which of
    them it exceeded."""

    bounds: Bounds
    by: Literal["samples", "cgroup v1", "cgroup v2"]
    exceeded: Used | None = None


class Control(_Model):
    """Sleepers that did nothing else while the load was under way: how many, and the seconds by which one of them woke
    too late, at most. So much did this machine, at that moment, stretch any sleep."""

    sleepers: int
    late: float


class Capture(_Model):
    """A captured terminal: bytes printed, bytes kept, and the digest of those kept."""

    printed: int
    kept: int
    sha256: str


class Record(_Model):
    """run.json: identity, digests of every input, environment, and how each stage went.

    `epoch` is the Unix time of the moment from which times count; evidence from before it was kept has none.
    """

    schema_version: int = SCHEMA
    identity: Identity
    delay: float
    command: tuple[str, ...]
    load_command: tuple[str, ...]
    recorded: str
    inputs: Mapping[str, str]
    environment: Mapping[str, str]
    stages: Mapping[str, float]
    ending: Ending
    load_exit_status: int | None
    leftovers: Leftovers
    resources: Resources
    captures: Mapping[str, Capture]
    caveats: tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    held: Held | None = Field(default=None, exclude_if=_is_none)  # only of servers that are judged
    control: Control | None = Field(default=None, exclude_if=_is_none)
    epoch: float | None = Field(default=None, exclude_if=_is_none)


@dataclass(frozen=True, slots=True)
class Request:
    """One connection of the load script, in due order; times are None when that point was never reached."""

    number: int
    kind: str
    due: float
    started: float | None
    connected: float | None
    sent: float | None
    first_byte: float | None
    done: float | None
    status: int | None
    content_type: str
    content_length: int | None
    bytes: int
    body: str
    outcome: str
    detail: str
    local_port: int | None


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's process tree at one instant; `processes` counts living ones, never zombies."""

    time: float
    processes: int
    threads: int
    zombies: int
    rss: int
    descriptors: int
    cpu: float


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait of a thread, between times when it certainly lasted, and the function of the kernel that it slept in
    (empty: it ran)."""

    thread: int
    place: str
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class LogLine:
    """A captured line without its line end; `time` is when its end arrived."""

    time: float
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of assignment × scenario × server, as it was recorded."""

    record: Record
    requests: Sequence[Request]
    samples: Sequence[Sample]
    server_lines: Sequence[LogLine]
    client_lines: Sequence[LogLine]
    waits: Sequence[Wait] = ()  # where the scenario asks for them

    @property
    def identity(self) -> Identity:
        return self.record.identity


class Unread(Sequence[T]):
    """Records that are read when the first is asked for; `source`: the bytes of a table that has just these."""

    def __init__(self, read: Callable[[], tuple[T, ...]], source: bytes | None = None) -> None:
        self.source = source
        self._read: Callable[[], tuple[T, ...]] | None = read
        self._records: tuple[T, ...] = ()

    def _all(self) -> tuple[T, ...]:
        if self._read is not None:
            self._records, self._read = self._read(), None
        return self._records

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self._all()[place]

    def __iter__(self) -> Iterator[T]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, Unread) else other)

    def __repr__(self) -> str:
        return repr(self._all())
