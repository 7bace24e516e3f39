"""Floor 1. What a scenario.toml may say, as frozen, validated models: the words of the whole project.

Knows shapes and ranges only; files are read by `report.course`, and how a scenario is run, measured or shown is
not known here. Durations are seconds at speed 1. Every key is explained in assignments/README.md.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from report.diagrams import Diagram, Text
from report.models import Model

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
_NO_PATTERN = (re.error, OverflowError, RecursionError)  # what re.compile raises


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except _NO_PATTERN as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


def _one_group(pattern: str) -> str:
    if re.compile(_compiles(pattern)).groups != 1:
        raise ValueError(f"must have exactly one group ( ), the part that is taken; found {pattern!r}")
    return pattern


Reference = Annotated[str, Field(pattern=r"^(?:[a-z0-9_]+/)?[a-z0-9_-]*(?::[a-z0-9_-]+)?$", min_length=1)]
Pattern = Annotated[str, AfterValidator(_compiles)]
OneGroup = Annotated[str, AfterValidator(_one_group)]


class Server(Model):
    """One server program: a command, in any language (contract 1); `needs` are programs it cannot be run without."""

    command: tuple[str, ...] = Field(min_length=1)
    build: tuple[str, ...] | None = None
    directory: str = "."
    sources: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()


class Phase(Model):
    """A stretch of arrivals at one rate (requests per second) for some seconds."""

    rate: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
    seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class Load(Model):
    """What the load script does besides arriving; `timeout` is a deadline and is never scaled."""

    stalled: int = Field(default=0, ge=0, le=1000)
    path: str = Field(default="/", pattern=r"^/[!-~]*$")
    timeout: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 60.0
    expect: str | None = None


class Claim(Model):
    """A metric and one bound on it; with `relative_to` ([assignment/]scenario[:server]) the ratio is bound.

    It holds for every server of its scenario, or for the one it names. It is asked at `only_at_speed` alone, if given.
    """

    id: Name
    metric: str
    equals: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    between: tuple[Number, Number] | None = None
    server: str | None = None
    relative_to: Reference | None = None
    only_at_speed: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _has_one_bound(self) -> Self:
        bounds = [name for name in BOUNDS if getattr(self, name) is not None]
        if len(bounds) != 1:
            raise ValueError(f"needs exactly one bound of {', '.join(BOUNDS)}; found {' and '.join(bounds) or 'none'}")
        if self.between and self.between[0] > self.between[1]:
            raise ValueError(f"between: the first number must not exceed the second; found {self.between}")
        return self


BOUNDS = ("equals", "at_least", "at_most", "between")


class Scenario(Model):
    """A declared load and what is claimed of it; either `clients` arrive all at once or `arrival` tells how.

    `max_speed` bounds `--speed` where a scenario says less when it is hurried further.
    """

    delay: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]
    clients: Annotated[int, Field(ge=1, le=10_000)] | None = None
    arrival: tuple[Phase, ...] | None = Field(default=None, min_length=1)
    settle: Seconds = 0.0
    options: tuple[str, ...] = ()
    servers: tuple[str, ...] | None = None
    load: Load = Load()
    exclusive: bool = False
    repeat: int = Field(default=1, ge=1, le=25)
    max_speed: Annotated[float, Field(ge=1, le=1000)] = 1000.0
    predicted: Mapping[str, Number] = {}
    claims: tuple[Claim, ...] = ()

    @model_validator(mode="after")
    def _arrives_one_way(self) -> Self:
        if (self.clients is None) == (self.arrival is None):
            raise ValueError("needs either clients = 10 or arrival = [ { rate = 1, seconds = 9 } ], not both")
        if self.sends < 1:
            raise ValueError("arrival: amounts to no request; rate × seconds of a phase must round to one or more")
        return self

    @property
    def sends(self) -> int:
        """Number of requests that the arrival amounts to, the same at every speed."""
        if self.clients is not None:
            return self.clients
        return sum(round(phase.rate * phase.seconds) for phase in self.arrival or ())


class Series(Model):
    """A number over time, read off the server's lines; `marks` are levels that a figure shows."""

    pattern: OneGroup
    marks: tuple[Number, ...] = ()


class Ring(Model):
    """Lines that tell who takes turns: joining, taking, being free again, leaving (one group each: who)."""

    join: OneGroup
    take: OneGroup
    free: OneGroup
    leave: OneGroup
    members: tuple[str, ...] = ()


class Connections(Model):
    """Lines that tell a connection's course; groups are named connection, port and actor."""

    accepted: Pattern
    begun: Pattern
    answered: Pattern

    @model_validator(mode="after")
    def _groups_are_named(self) -> Self:
        for key, group in (("accepted", "port"), ("begun", "actor"), ("answered", "actor")):
            missing = {"connection", group} - set(re.compile(getattr(self, key)).groupindex)
            if missing:
                raise ValueError(f"{key}: needs the named group (?P<{min(missing)}>...)")
        return self


class Held(Model):
    """How long `series` had stood at or under `at_most`, without a break, when event `at` was printed."""

    series: str
    at_most: Number
    at: str


class Mask(Model):
    """A volatile value: the group of `pattern` becomes <name>.

    `numbered` labels tell values apart (<pid 1>, <pid 2>: the same value, the same label). With `between` only
    values in that range are masked, as <name 1..4>; any other stays and makes the transcript differ.
    """

    pattern: OneGroup
    numbered: bool = False
    between: tuple[int, int] | None = None


class Transcript(Model):
    """How one run's captured lines are made comparable (contract 5)."""

    scenario: str
    server: str = "python"
    connection: OneGroup = r"#(\d+)"
    actor: OneGroup = r"^(\w+)"
    vary: tuple[Pattern, ...] = ()
    masks: Mapping[Name, Mask] = {}


class Assignment(Model):
    """A folder under assignments/; `name` and `folder` come from where it lies, the rest from scenario.toml."""

    name: str
    folder: Path
    number: Annotated[int, Field(ge=0, le=99)]
    title: Text
    asked: Text | None = None
    servers: Mapping[Name, Server] = {}
    scenarios: Mapping[Name, Scenario] = {}
    connections: Connections | None = None
    series: Mapping[Name, Series] = {}
    shares: Mapping[Name, OneGroup] = {}
    events: Mapping[Name, Pattern] = {}
    held: Mapping[Name, Held] = {}
    rings: Mapping[Name, Ring] = {}
    diagrams: Mapping[Name, Diagram] = {}
    transcript: Transcript | None = None

    def servers_of(self, scenario: str) -> tuple[str, ...]:
        """Names of the servers that a scenario runs against: those it names, else all of the folder."""
        return self.scenarios[scenario].servers or tuple(self.servers)


def resolve(reference: str, assignment: str, scenario: str) -> tuple[str, str, str | None]:
    """`[assignment/][scenario][:server]` as the three names; what it leaves out is the place it stands in."""
    place, _, server = reference.partition(":")
    folder, slash, name = place.rpartition("/")
    return (folder if slash else assignment), (name or scenario), (server or None)


FAMILIES = ("series", "shares", "events", "held", "rings")


def declared_names(tables: Mapping[str, Mapping[str, object]]) -> dict[str, frozenset[str]]:
    """The names that tables of scenario.toml declare, by family; events also as `name.group` for each named group."""
    names = {family: frozenset(table) for family, table in tables.items()}
    groups = {f"{name}.{group}" for name, pattern in tables["events"].items() for group in _named_groups(pattern)}
    return names | {"events": names["events"] | groups}


def _named_groups(pattern: object) -> list[str]:
    try:
        return list(re.compile(pattern).groupindex) if isinstance(pattern, str) else []
    except _NO_PATTERN:
        return []  # told as a fault of the pattern itself
