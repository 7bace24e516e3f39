"""Floor 1. A declared load and what is claimed of it: the scenarios of a scenario.toml, frozen and validated.

Knows shapes and ranges only. Durations are seconds at speed 1. Every key is explained in assignments/README.md.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from report.models import Model

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Clients = Annotated[int, Field(ge=1, le=10_000)]
Repeat = Annotated[int, Field(ge=1, le=25)]
Path = Annotated[str, Field(pattern=r"^/[!-~]*$")]
Reference = Annotated[str, Field(pattern=r"^(?:[a-z0-9_]+/)?[a-z0-9_-]*(?::[a-z0-9_-]+)?$", min_length=1)]


class Phase(Model):
    """A stretch of arrivals at one rate (requests per second) for some seconds."""

    rate: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
    seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class Load(Model):
    """What the load script does besides arriving; `timeout` is a deadline and is never scaled.

    With `also`, the requests ask for `path` and for these in turn. Whatever `is_impolite` is sent by another load
    script: clients that reset (before anything was sent, or after FIN), that send each request in two pieces, or the
    last one first.
    """

    stalled: int = Field(default=0, ge=0, le=1000)
    resets: int = Field(default=0, ge=0, le=1000)
    half_closed_resets: int = Field(default=0, ge=0, le=1000)
    pieces: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] | None = None
    reverse: bool = False
    path: Path = "/"
    also: tuple[Path, ...] = ()
    timeout: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 60.0
    expect: str | None = None

    @property
    def is_impolite(self) -> bool:
        """Whether clients do what a browser does not."""
        return any(getattr(self, name) for name in IMPOLITE)

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.reverse and self.pieces is not None:
            raise ValueError("needs either reverse or pieces, not both")
        return self


IMPOLITE = ("resets", "half_closed_resets", "pieces", "reverse")


class Bound(Model):
    """What a value must be: exactly one of these, each inclusive."""

    equals: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    between: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _has_one_bound(self) -> Self:
        bounds = [name for name in BOUNDS if getattr(self, name) is not None]
        if len(bounds) != 1:
            raise ValueError(f"needs exactly one bound of {', '.join(BOUNDS)}; found {' and '.join(bounds) or 'none'}")
        if self.between and self.between[0] > self.between[1]:
            raise ValueError(f"between: the first number must not exceed the second; found {self.between}")
        return self


BOUNDS = ("equals", "at_least", "at_most", "between")


class Claim(Bound):
    """A metric and one bound on it; with `relative_to` ([assignment/]scenario[:server]) the ratio is bound.

    With `over`, the metric is first divided by that one of the same run. With `minus`, what that scenario or server
    measures is then taken off, on both sides of a ratio; what the reference leaves out is each side's own. It holds
    for every server of its scenario, or for the one it names. It is asked at `only_at_speed` alone, if given;
    `check` is the bound where the scenario's `check` makes the load smaller.
    """

    id: Name
    metric: str
    server: str | None = None
    relative_to: Reference | None = None
    over: str | None = None
    minus: Reference | None = None
    only_at_speed: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    check: Bound | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether what is bound has no unit, whatever unit the metric has."""
        return self.relative_to is not None or self.over is not None

    @property
    def beside(self) -> str:
        """What the metric is held against, to be said right after its name."""
        signs = (("÷", self.over), ("–", self.minus), ("÷", self.relative_to))
        return "".join(f" {sign} {name}" for sign, name in signs if name is not None)

    def checked(self) -> Self:
        """The claim with the bound that it has in a check."""
        if self.check is None:
            return self
        return self.model_copy(update={name: getattr(self.check, name) for name in BOUNDS})


class Smaller(Model):
    """What a check changes of a scenario, so that it is quick: fewer clients, other options, fewer repetitions."""

    clients: Clients | None = None
    arrival: tuple[Phase, ...] | None = Field(default=None, min_length=1)
    settle: Seconds | None = None
    options: tuple[str, ...] | None = None
    load: Load | None = None
    repeat: Repeat | None = None


class Scenario(Model):
    """A declared load and what is claimed of it; either `clients` arrive all at once or `arrival` tells how.

    `max_speed` bounds `--speed` where a scenario says less when it is hurried further. `stop_after` is when the
    server is told to stop, in seconds after the first request was due (default: when the load is over). `quiet` and
    `cores` say what machine its times need: on another they are undecided. With `confine` the server has only so many
    cores, however many there are. With `piped` it prints into a pipe, as with `| cat`, and not on a terminal. With
    `threads`, what each thread of the server waits for is recorded, too.
    """

    delay: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
    clients: Clients | None = None
    arrival: tuple[Phase, ...] | None = Field(default=None, min_length=1)
    settle: Seconds = 0.0
    stop_after: Seconds | None = None
    options: tuple[str, ...] = ()
    servers: tuple[str, ...] | None = None
    load: Load = Load()
    exclusive: bool = False
    quiet: bool = False
    cores: Annotated[int, Field(ge=1, le=1024)] = 1
    confine: Annotated[int, Field(ge=1, le=1024)] | None = None
    piped: bool = False
    threads: bool = False
    repeat: Repeat = 1
    max_speed: Annotated[float, Field(ge=1, le=1000)] = 1000.0
    predicted: Mapping[str, Number] = {}
    check: Smaller = Smaller()
    claims: tuple[Claim, ...] = ()

    @model_validator(mode="after")
    def _arrives_one_way(self) -> Self:
        if (self.clients is None) == (self.arrival is None):
            raise ValueError("needs either clients = 10 or arrival = [ { rate = 1, seconds = 9 } ], not both")
        if self.sends < 1:
            raise ValueError("arrival: amounts to no request; rate × seconds of a phase must round to one or more")
        if self.load.reverse and self.clients is None:
            raise ValueError("load.reverse: needs clients, which are all there at once; found an arrival")
        other = "arrival" if self.clients is not None else "clients"
        if getattr(self.check, other) is not None:
            raise ValueError(f"check.{other}: the scenario itself has no {other}; change what it has")
        return self

    @property
    def sends(self) -> int:
        """Number of requests that the arrival amounts to, the same at every speed."""
        if self.clients is not None:
            return self.clients
        return sum(round(phase.rate * phase.seconds) for phase in self.arrival or ())

    def path_of(self, number: int) -> str:
        """What the request of this number, from 1, asks for."""
        paths = (self.load.path, *self.load.also)
        return paths[(number - 1) % len(paths)]

    def checked(self) -> Self:
        """The scenario as a check runs it."""
        smaller = {name: value for name in Smaller.model_fields if (value := getattr(self.check, name)) is not None}
        return self.model_copy(update=smaller | {"claims": tuple(claim.checked() for claim in self.claims)})
