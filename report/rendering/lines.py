"""Floor 2, pure. What captured lines tell, by the patterns an assignment declares; knows no assignment by name.

Order of lines is trusted only as far as the server prints them in true order (see the server contract).
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from report.rendering.measure import UnmeasuredError
from report.run import LogLine
from report.spec import Connections, Held, Ring, Series


@dataclass(frozen=True, slots=True)
class Point:
    """A number read off a line; `time` in seconds since the first request was due, `index` of the line."""

    time: float
    index: int
    value: float


@dataclass(frozen=True, slots=True)
class Course:
    """One connection as the server's lines tell it; times are None for what was not printed."""

    connection: int
    port: int | None
    actor: str
    accepted: float | None
    begun: float | None
    answered: float | None


@dataclass(frozen=True, slots=True)
class Together:
    """How many connections were in progress at once, when so many first were, and since when the first of them.

    `index` is that of the line which made them so many; -1 where none was ever in progress.
    """

    count: int
    time: float
    since: float
    index: int = -1


@dataclass(frozen=True, slots=True)
class Turns:
    """Replay of a ring: `turns` choices with two or more free members, and each choice out of turn."""

    turns: int
    violations: tuple[str, ...]


def series(lines: Sequence[LogLine], spec: Series) -> tuple[Point, ...]:
    """Every value of a series in the order of the lines."""
    return _points(lines, spec.pattern)


def events(lines: Sequence[LogLine], pattern: str) -> list[tuple[int, LogLine, Mapping[str, str]]]:
    """The lines that an event's pattern finds: (index of the line, line, named groups)."""
    compiled = re.compile(pattern)
    found = ((i, line, compiled.search(line.text)) for i, line in enumerate(lines))
    return [(i, line, match.groupdict()) for i, line, match in found if match]


def shares(lines: Sequence[LogLine], pattern: str) -> dict[str, int]:
    """How often each value of the pattern's group was printed, in order of first appearance."""
    counts: dict[str, int] = {}
    compiled = re.compile(pattern)
    for line in lines:
        if (match := compiled.search(line.text)) and match.group(1) is not None:
            counts[match.group(1)] = counts.get(match.group(1), 0) + 1
    return counts


def held(points: Iterable[Point], spec: Held, at: Iterable[tuple[int, LogLine]]) -> list[float]:
    """For each event, how many seconds the series had stood at or under the level, unbroken, when it came.

    A series that was never above it before the event has stood so since its own first value.
    """
    values = sorted(points, key=lambda point: point.index)
    spans = []
    for index, line in at:
        since: float | None = None
        for point in values:
            if point.index >= index:
                break
            if point.value > spec.at_most:
                since = None
            elif since is None:
                since = point.time
        spans.append(line.time - since if since is not None else 0.0)
    return spans


def turns(lines: Sequence[LogLine], ring: Ring) -> Turns:
    """Replays who was free and whose turn it was: after the member served last, in order of joining, the next free.

    A member that is told to leave takes nothing more, so it is out of turn at once.
    """
    patterns = [(kind, re.compile(getattr(ring, kind))) for kind in ("join", "free", "leave", "take")]
    order = list(ring.members)
    busy: set[str] = set()
    gone: set[str] = set()
    last: str | None = None
    count = 0
    violations: list[str] = []
    for kind, who, text in _ring_steps(lines, patterns):
        if kind == "join":
            order.append(who)
        elif kind == "free":
            busy.discard(who)
        elif kind == "leave":
            gone.add(who)
        else:
            free = [member for member in order if member not in busy and member not in gone]
            count += len(free) > 1
            expected = _next(order, free, last)
            if who != expected:
                violations.append(f"{text!r}: it was the turn of {expected or 'nobody'}")
            busy.add(who)
            last = who
    return Turns(count, tuple(violations))


def _ring_steps(
    lines: Sequence[LogLine], patterns: Sequence[tuple[str, re.Pattern[str]]]
) -> Iterator[tuple[str, str, str]]:
    for line in lines:
        for kind, pattern in patterns:
            if (match := pattern.search(line.text)) and match.group(1) is not None:
                yield kind, match.group(1), line.text
                break


def _next(order: Sequence[str], free: Sequence[str], last: str | None) -> str | None:
    start = order.index(last) + 1 if last in order else 0
    return next((member for member in [*order[start:], *order[:start]] if member in free), None)


def courses(lines: Sequence[LogLine], spec: Connections) -> tuple[Course, ...]:
    """Each connection's course, in order of its number."""

    def found(pattern: str) -> Iterator[tuple[int, int, LogLine, Mapping[str, str]]]:
        return ((int(number(g["connection"], i)), i, line, g) for i, line, g in events(lines, pattern))

    accepted = {one: (line.time, int(number(g["port"], i))) for one, i, line, g in found(spec.accepted)}
    begun = {one: (line.time, g["actor"] or "") for one, _, line, g in found(spec.begun)}
    answered = {one: line.time for one, _, line, _ in found(spec.answered)}
    return tuple(
        Course(
            one,
            accepted[one][1] if one in accepted else None,
            begun[one][1] if one in begun else "",
            accepted[one][0] if one in accepted else None,
            begun[one][0] if one in begun else None,
            answered.get(one),
        )
        for one in sorted(accepted.keys() | begun.keys() | answered.keys())
    )


def most_together(lines: Sequence[LogLine], spec: Connections) -> Together:
    """The largest number of connections begun and not yet answered, by the order of lines: needs no clock."""
    begun, answered = re.compile(spec.begun), re.compile(spec.answered)
    open_now: dict[str, float] = {}
    most = Together(0, 0.0, 0.0)
    for index, line in enumerate(lines):
        if match := begun.search(line.text):
            open_now.pop(match.group("connection"), None)
            open_now[match.group("connection")] = line.time  # last in order
            if len(open_now) > most.count:
                most = Together(len(open_now), line.time, next(iter(open_now.values())), index)
        elif match := answered.search(line.text):
            open_now.pop(match.group("connection"), None)
    return most


def _points(lines: Sequence[LogLine], pattern: str) -> tuple[Point, ...]:
    compiled = re.compile(pattern)
    found = ((i, line, compiled.search(line.text)) for i, line in enumerate(lines))
    return tuple(Point(line.time, i, number(match.group(1), i)) for i, line, match in found if match)


def number(taken: str | None, index: int) -> float:
    """The number that a pattern took from the line of this index; raises UnmeasuredError when it is none."""
    try:
        value = float(taken or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UnmeasuredError("no_number", line=index + 1)
    return value
