"""Floor 2, pure. Metrics of what an assignment declares: series, shares, events, held levels, rings.

Each family makes the metric of one declared name; which names there are stands in scenario.toml, not here.
"""

from collections.abc import Callable, Mapping, Sequence

from report.rendering import lines
from report.rendering.lines import Point
from report.rendering.measure import Metric, Subject, UnmeasuredError

UNITS = ("seconds", "microseconds", "bytes")


def _series(name: str, what: str) -> Metric:
    pick: Mapping[str, Callable[[Sequence[Point]], Point]] = {
        "min": lambda points: min(points, key=lambda point: point.value),
        "max": lambda points: max(points, key=lambda point: point.value),
        "first": lambda points: points[0],
        "last": lambda points: points[-1],
    }

    def decisive(subject: Subject) -> Point:
        points = lines.series(subject.run.server_lines, subject.assignment.series[name])
        if not points:
            raise UnmeasuredError("no_line", pattern=f"series.{name}")
        return pick[what](points)

    return Metric("count", lambda s: decisive(s).value, "server.log", lambda s: decisive(s).index + 1)


def _shares(name: str, what: str) -> Metric:
    pick: Mapping[str, Callable[[list[int]], float]] = {
        "total": sum,
        "actors": len,
        "largest": max,
        "smallest": min,
    }

    def measure(subject: Subject) -> float:
        counts = lines.shares(subject.run.server_lines, subject.assignment.shares[name])
        if not counts:
            raise UnmeasuredError("no_line", pattern=f"shares.{name}")
        return pick[what](list(counts.values()))

    return Metric("count", measure, "server.log", least=1)


def _events(name: str, what: str) -> Metric:
    group, _, extreme = what.partition(".")

    def count(subject: Subject) -> float:
        return len(lines.events(subject.run.server_lines, subject.assignment.events[name]))

    def decisive(subject: Subject) -> tuple[float, int]:
        found = lines.events(subject.run.server_lines, subject.assignment.events[name])
        if not found:
            raise UnmeasuredError("no_line", pattern=f"events.{name}")
        values = [(lines.number(groups[group], index), index) for index, _, groups in found]
        return min(values) if extreme == "min" else max(values, key=lambda one: one[0])

    if what == "count":
        return Metric("count", count, "server.log")
    unit = group if group in UNITS else "count"  # a group named after a unit has it
    return Metric(unit, lambda s: decisive(s)[0], "server.log", lambda s: decisive(s)[1] + 1)


def _held(name: str, _: str) -> Metric:
    def measure(subject: Subject) -> float:
        if not subject.run.record.delay:
            raise UnmeasuredError("no_delay")
        spec = subject.assignment.held[name]
        captured = subject.run.server_lines
        at = [(i, line) for i, line, _ in lines.events(captured, subject.assignment.events[spec.at])]
        if not at:
            raise UnmeasuredError("no_line", pattern=f"events.{spec.at}")
        points = lines.series(captured, subject.assignment.series[spec.series])
        return min(lines.held(points, spec, at)) / subject.run.record.delay

    return Metric("delays", measure, "server.log")


def _rings(name: str, what: str) -> Metric:
    def measure(subject: Subject) -> float:
        replay = lines.turns(subject.run.server_lines, subject.assignment.rings[name])
        return replay.turns if what == "turns" else len(replay.violations)

    return Metric("count", measure, "server.log")


FAMILIES: Mapping[str, tuple[tuple[str, ...], Callable[[str, str], Metric]]] = {
    "series": (("min", "max", "first", "last"), _series),
    "shares": (("total", "actors", "largest", "smallest"), _shares),
    "events": (("count", "GROUP.min", "GROUP.max"), _events),
    "held": (("shortest",), _held),
    "rings": (("turns", "violations"), _rings),
}
