"""Floor 1. What a scenario.toml may say, as frozen, validated models: the words of the whole project.

Knows shapes and ranges only; files are read by `report.course`, and how a scenario is run, measured or shown is
not known here. Durations are seconds at speed 1. Every key is explained in assignments/README.md.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from report.diagrams import Diagram, Text
from report.languages import LANGUAGES as LANGUAGES
from report.languages import Language as Language
from report.models import Model
from report.scenario import Claim, Name, Number, Scenario

COMMAND = ("{build}/server", "{port}", "{delay}")  # of a server with a mistake, as students write theirs

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


Pattern = Annotated[str, AfterValidator(_compiles)]
OneGroup = Annotated[str, AfterValidator(_one_group)]


class Server(Model):
    """One server program: a command, in any language (contract 1); `needs` are programs it cannot be run without.

    An `optional` one is left out of the published edition, too, where it could not be run. One with a `mistake` of
    judge.toml shows what goes wrong; it runs only where a scenario names it.
    """

    command: tuple[str, ...] = Field(min_length=1)
    build: tuple[str, ...] | None = None
    directory: str = "."
    sources: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    optional: bool = False
    mistake: Name | None = None


def planted(folder: str, mistake: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a server that has this mistake of the folder's judge.toml, where it says no others itself."""
    built = {"build": build, "needs": build[:1]} if (build := mistake.get("build")) else {}
    place = f"assignments/{folder}"
    command = mistake.get("command", COMMAND)
    return built | {"command": command, "directory": place, "sources": (f"{place}/mistakes/*",)}


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


class Tradeoff(Model):
    """A row of a comparison: what textbooks say, what is measured, the claim that decides it for each kind of server.

    `finding` is what follows, and is said only while all these claims hold.
    """

    topic: Text
    textbook: Text
    measured: Text
    finding: Text
    claims: Mapping[Name, Name] = Field(min_length=1)


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
    tradeoffs: tuple[Tradeoff, ...] = ()

    def checked(self) -> Self:
        """The assignment as a check runs it, with the smaller numbers that its scenarios declare for that."""
        return self.model_copy(update={"scenarios": {name: s.checked() for name, s in self.scenarios.items()}})

    def claims(self) -> dict[str, Claim]:
        """Every claim of every scenario, by its id."""
        return {claim.id: claim for scenario in self.scenarios.values() for claim in scenario.claims}

    def servers_of(self, scenario: str) -> tuple[str, ...]:
        """Names of the servers that a scenario runs against: those it names, else all without a mistake."""
        good = tuple(name for name, server in self.servers.items() if server.mistake is None)
        return self.scenarios[scenario].servers or good


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
