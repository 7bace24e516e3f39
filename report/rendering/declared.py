"""Floor 2, pure. Metrics of what an assignment declares: series, shares, events, held levels, rings.

Each family makes the metric of one declared name; which names there are stands in scenario.toml, not here.
"""

from collections.abc import Callable, Mapping

from report.rendering import lines
from report.rendering.measure import Metric, Subject, UnmeasuredError


def _series(name: str, what: str) -> Metric:
    pick: Mapping[str, Callable[[list[float]], float]] = {
        "min": min, "max": max, "first": lambda values: values[0], "last": lambda values: values[-1],
    }  # fmt: skip

    def measure(subject: Subject) -> float:
        values = [point.value for point in lines.series(subject.run.server_lines, subject.assignment.series[name])]
        if not values:
            raise UnmeasuredError(f"the server prints no line that matches series.{name}")
        return pick[what](values)

    return Metric("count", measure, "server.log")


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
            raise UnmeasuredError(f"the server prints no line that matches shares.{name}")
        return pick[what](list(counts.values()))

    return Metric("count", measure, "server.log")


def _events(name: str, what: str) -> Metric:
    group, _, extreme = what.partition(".")

    def measure(subject: Subject) -> float:
        found = lines.events(subject.run.server_lines, subject.assignment.events[name])
        if what == "count":
            return len(found)
        if not found:
            raise UnmeasuredError(f"the server prints no line that matches events.{name}")
        values = [lines.number(groups[group], index) for index, _, groups in found]
        return min(values) if extreme == "min" else max(values)

    return Metric("count", measure, "server.log")


def _held(name: str, _: str) -> Metric:
    def measure(subject: Subject) -> float:
        spec = subject.assignment.held[name]
        captured = subject.run.server_lines
        at = [(i, line) for i, line, _ in lines.events(captured, subject.assignment.events[spec.at])]
        if not at:
            raise UnmeasuredError(f"the server prints no line that matches events.{spec.at}")
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
