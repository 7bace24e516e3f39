"""Floor 2, pure. The numbers of a figure that compares places: every repetition's values, or the reason for none.

Gathered apart from the drawing: they are all that such a figure depends on, and what is remembered needs no library.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from report.errors import SpecError
from report.rendering import lines, metrics
from report.rendering.labels import Labels
from report.rendering.measure import UnmeasuredError
from report.rendering.places import Places
from report.rendering.reasons import Reason
from report.spec import FAMILIES, Assignment, declared_names

KINDS = ("bars", "growth")
FAR = 50  # times; values that differ by more are not told from nothing on a linear axis


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was measured; its scenario is empty where a line leads through several."""

    number: int
    assignment: str
    scenario: str
    server: str


@dataclass(frozen=True, slots=True)
class Values:
    """A number over all repetitions (`at`: for this much of something else); `reason` says why there is none."""

    place: Place
    values: tuple[float, ...] = ()
    reason: Reason | None = None
    at: float = 0.0

    @property
    def median(self) -> float:
        """The number in the middle."""
        return statistics.median(self.values)


@dataclass(frozen=True, slots=True)
class Bars:
    """One metric at several places, in the order they were asked for."""

    metric: str
    unit: str
    rows: tuple[Values, ...]
    log: bool

    @property
    def repeated(self) -> bool:
        """Whether any value is a median."""
        return any(len(row.values) > 1 for row in self.rows)


@dataclass(frozen=True, slots=True)
class Line:
    """A line's points in the order of `at`; `by` is what the server's lines call it, if they do."""

    place: Place
    by: str
    points: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Growth:
    """How y grows with x: names of groups of an event, or (with a unit) the requests sent and a metric."""

    x: str
    y: str
    unit: str
    curves: tuple[Line, ...]
    lacking: tuple[Values, ...]

    @property
    def repeated(self) -> bool:
        """Whether any value is a median."""
        return any(len(point.values) > 1 for line in self.curves for point in line.points)


@dataclass(frozen=True)
class Asked:
    """What an explanation asked for: places, and the names of what is read there; errors tell `file` and `call`."""

    file: str
    call: str
    places: Places
    references: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)

    def fault(self, problem: str) -> SpecError:
        """What is wrong with the call, to be raised."""
        return SpecError(f"{self.file}: {self.call}: {problem}")

    def only(self, *sets: tuple[str, ...]) -> tuple[str, ...]:
        """The set of options that was given; raises SpecError that tells which there are."""
        given = {name for name, value in self.options.items() if value and isinstance(value, str)}
        if given != set(self.options):
            raise self.fault(f"{', '.join(sorted(set(self.options) - given))}: must be a name in quotes")
        for names in sets:
            if given == set(names):
                return names
        choice = " or ".join(", ".join(f"{name}=…" for name in names) for names in sets)
        raise self.fault(f"needs {choice}; found {', '.join(sorted(given)) or 'none'}")

    def found(self) -> list[tuple[Assignment, Place]]:
        """Each reference as the place it names."""
        resolved = (self.places.resolve(reference, self.call) for reference in self.references)
        return [(found, Place(found.number, found.name, scenario, server)) for found, scenario, server in resolved]

    def metric(self) -> str:
        """The unit of the metric, which every assignment that is asked must have."""
        for assignment, _ in self.found():
            declared = declared_names({family: getattr(assignment, family) for family in FAMILIES})
            if problem := metrics.problem(self.options["metric"], declared):
                raise self.fault(f"{problem}")
        return metrics.find(self.options["metric"]).unit

    def measured(self, place: Place, at: float = 0.0) -> Values:
        """The metric at a place, over all its repetitions."""
        try:
            where = (place.assignment, place.scenario, place.server)
            return Values(place, tuple(self.places.evidence.values(*where, self.options["metric"])), at=at)
        except UnmeasuredError as error:
            return Values(place, reason=error.reason, at=at)


def bars(asked: Asked, log: bool) -> Bars:
    """One value for each place; a logarithmic axis only where it was asked for and values are far apart."""
    asked.only(("metric",))
    unit = asked.metric()
    rows = tuple(asked.measured(place) for _, place in asked.found())
    every = [value for row in rows for value in row.values]
    far = bool(every) and min(every) > 0 and max(every) > FAR * min(every)
    return Bars(asked.options["metric"], unit, rows, log and far)


def growth(asked: Asked) -> Growth:
    """Lines through what the server's lines tell of each place, or through a metric by the requests that were sent."""
    if asked.only(("event", "x", "y", "by"), ("event", "x", "y"), ("metric",)) == ("metric",):
        return _by_requests(asked)
    curves: list[Line] = []
    lacking: list[Values] = []
    for assignment, place in asked.found():
        _check(asked, assignment)
        try:
            curves += _captured(asked, assignment, place)
        except UnmeasuredError as error:
            lacking.append(Values(place, reason=error.reason))
    return Growth(asked.options["x"], asked.options["y"], "", tuple(curves), tuple(lacking))


def _check(asked: Asked, assignment: Assignment) -> None:
    names = declared_names({family: getattr(assignment, family) for family in FAMILIES})["events"]
    event = asked.options["event"]
    for key in ("x", "y", "by"):
        group = asked.options.get(key)
        if group and f"{event}.{group}" not in names:
            known = ", ".join(sorted(name for name in names if "." in name)) or "none"
            raise asked.fault(f"{key}: no event {event} with a group {group}; there are {known}")


def _captured(asked: Asked, assignment: Assignment, place: Place) -> list[Line]:
    """A line for each `by`; all that was told for the same x, in whichever repetition, are values of one point."""
    found: dict[str, dict[float, list[float]]] = {}
    event, x, y, by = (asked.options.get(key, "") for key in ("event", "x", "y", "by"))
    for run in asked.places.repetitions(assignment, place.scenario, place.server):
        for index, _, groups in lines.events(run.server_lines, assignment.events[event]):
            points = found.setdefault((groups[by] or "") if by else "", {})
            points.setdefault(lines.number(groups[x], index), []).append(lines.number(groups[y], index))
    if not found:
        raise UnmeasuredError("no_line", pattern=f"events.{event}")
    return [
        Line(place, name, tuple(Values(place, tuple(values), at=at) for at, values in sorted(points.items())))
        for name, points in found.items()
    ]


def _by_requests(asked: Asked) -> Growth:
    unit = asked.metric()
    curves: dict[Place, list[Values]] = {}
    lacking: list[Values] = []
    seen: set[tuple[Place, float]] = set()
    for assignment, place in asked.found():
        measured = asked.measured(place, at=assignment.scenarios[place.scenario].sends)
        line = Place(place.number, place.assignment, "", place.server)
        points = curves.setdefault(line, [])
        if (line, measured.at) in seen:
            raise asked.fault(f"two scenarios of {place.server} send {measured.at:g} requests")
        seen.add((line, measured.at))
        (lacking if measured.reason else points).append(measured)
    drawn = (Line(place, "", tuple(sorted(points, key=lambda p: p.at))) for place, points in curves.items() if points)
    return Growth("requests", asked.options["metric"], unit, tuple(drawn), tuple(lacking))


def names(places: Sequence[Place]) -> list[tuple[str, str]]:
    """What tells places apart: the group that a place belongs to (none, where there are no groups), and its name."""
    several = len({place.server for place in places}) > 1
    outer = [_parts(place, places)[:-1] for place in places]
    if several and 1 < len(set(map(tuple, outer))) < len(places):
        return [(" ".join(group), place.server) for group, place in zip(outer, places, strict=True)]
    shown = [[*group, place.server] if several else group for group, place in zip(outer, places, strict=True)]
    return [("", " ".join(parts) or place.server) for parts, place in zip(shown, places, strict=True)]


def _parts(place: Place, beside: Sequence[Place]) -> list[str]:
    """The assignment and the scenario, each only where they differ, and the server."""
    folders = {one.assignment for one in beside}
    scenarios = {one.scenario for one in beside if one.assignment == place.assignment}
    parts = [f"#{place.number}"] if len(folders) > 1 else []
    if len(scenarios) > 1 or (len({one.scenario for one in beside}) > 1 and place.scenario):
        parts.append(place.scenario)
    return [*parts, place.server]


def shared(places: Sequence[Place]) -> str:
    """What places have in common, for a title: the assignment's number, the scenario, the server."""
    numbers = sorted({place.number for place in places})
    scenarios, servers = {place.scenario for place in places} - {""}, {place.server for place in places}
    parts = [", ".join(f"#{number}" for number in numbers)]
    parts += list(scenarios) if len(scenarios) == 1 else []
    return " ".join(parts) + (f" ({servers.pop()})" if len(servers) == 1 else "")


def caption(table: Bars | Growth, places: Sequence[Place], label: Labels) -> str:
    """What the figure shows, of what, and how its signs are read."""
    title = shared(places)
    if isinstance(table, Bars):
        told = [label("caption_bars", metric=label.metric(table.metric), title=title)]
        told += [label("caption_points")] if table.log else []
    else:
        x, y = (label(table.x), label.metric(table.y)) if table.unit else (label.name(table.x), label.name(table.y))
        told = [label("caption_growth", x=x, y=y, title=title), label("caption_lines")]
    return " ".join([*told, *([label("caption_spread")] if table.repeated else [])])
