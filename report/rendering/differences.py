"""Floor 2, pure. What differs between two runs, each with its repetitions: figures, lines, environment, sources.

Finds and counts; the words stand in `differing`. Whatever makes the two hard to compare is a caveat, never silence.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from report.rendering import machine, metrics, transcript
from report.rendering.display import visible
from report.rendering.labels import number
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.reasons import Reason
from report.run import Run
from report.scenario import Scenario
from report.spec import Assignment

Change = Literal["same", "within", "more", "less"]
METRICS = (
    "requests.answered", "requests.failed", "makespan.seconds", "makespan.delays",
    "latency.shortest", "latency.median", "latency.longest", "connections.together",
    "processes.peak", "threads.peak", "cpu.seconds", "switches.voluntary", "switches.forced",
    "memory.pss", "memory.rss", "memory.uss", "left.total", "exit.status",
)  # fmt: skip
MACHINE = ("processor", "cores", "memory", "machine", "system", "kernel")  # keys of an environment
_AROUND = 2  # lines on each side of one that differs


@dataclass(frozen=True, slots=True)
class Side:
    """A run by the name that it was asked for, where it lies, and all its repetitions that are looked at."""

    name: str
    folder: str
    assignment: Assignment
    scenario: Scenario
    runs: Sequence[Run]

    @property
    def first(self) -> Run:
        return self.runs[0]

    def subjects(self) -> list[Subject]:
        """Each repetition as what a metric is measured on."""
        return [Subject(self.assignment, self.scenario, run) for run in self.runs]


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric on both sides, a value for each repetition."""

    metric: str
    unit: str
    before: Sequence[float]
    after: Sequence[float]

    @property
    def delta(self) -> float:
        """How much more the median is afterwards."""
        return median(self.after) - median(self.before)

    @property
    def change(self) -> Change:
        """What is too little for the digits that are shown, and ranges of repetitions that overlap, are no change."""
        if number(median(self.before), self.unit) == number(median(self.after), self.unit):
            return "same"
        overlap = min(self.after) <= max(self.before) and min(self.before) <= max(self.after)
        if overlap and len(self.before) > 1 and len(self.after) > 1:
            return "within"
        return "more" if self.delta > 0 else "less"


@dataclass(frozen=True, slots=True)
class Caveat:
    """Why the two are hard to compare: a key of the words, and what belongs in its sentence."""

    key: str
    values: Mapping[str, str]
    reason: Reason | None = None


def figures(before: Side, after: Side) -> Iterator[Figure]:
    """Every metric that both sides have, in a fixed order, and then the greatest of each series that both declare."""
    series = [name for name in before.assignment.series if name in after.assignment.series]
    for name in (*METRICS, *(f"series.{one}.max" for one in series)):
        found = metrics.find(name)
        try:
            values = [[float(found.measure(subject)) for subject in side.subjects()] for side in (before, after)]
        except UnmeasuredError:
            continue
        yield Figure(name, found.unit, *values)


def caveats(before: Side, after: Side) -> Iterator[Caveat]:
    """All that makes the two hard to compare."""
    one, other = before.first.record, after.first.record
    if one.epoch is not None and (one.epoch, one.files) == (other.epoch, other.files):
        yield Caveat("same_run", {})
    if one.identity.speed != other.identity.speed:
        yield Caveat("speed", {"before": f"{one.identity.speed:g}", "after": f"{other.identity.speed:g}"})
    elif one.delay != other.delay:
        yield Caveat("delay", {"before": f"{one.delay:g}", "after": f"{other.delay:g}"})
    if _load(before) != _load(after):
        names = (f"{side.first.identity.scenario}: {len(side.first.requests)}" for side in (before, after))
        yield Caveat("load", dict(zip(("before", "after"), names, strict=True)))
    if machines := [row for row in environment(before, after) if row[0] in MACHINE]:
        yield Caveat("machine", {"what": ", ".join(f"{key}: {left} → {right}" for key, left, right in machines)})
    for side in (before, after):
        for subject in side.subjects():
            try:
                machine.must_suit(subject)
            except UnmeasuredError as error:
                yield Caveat("unsuited", {"name": side.name}, error.reason)
                break
    if 1 in (len(before.runs), len(after.runs)):
        yield Caveat("single", {})


def _load(side: Side) -> tuple[object, ...]:
    return len(side.first.requests), side.scenario.arrival, side.scenario.load


def environment(before: Side, after: Side) -> list[tuple[str, str, str]]:
    """What was recorded of the two environments and differs: key and both values."""
    return _differing(before.first.record.environment, after.first.record.environment)


def sources(before: Side, after: Side) -> tuple[list[tuple[str, str, str]], int]:
    """The digests of all inputs that differ, and how many are the same."""
    one, other = before.first.record.inputs, after.first.record.inputs
    return _differing(one, other), sum(other.get(key) == value for key, value in one.items())


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[tuple[str, str, str]]:
    keys = [*one, *(key for key in other if key not in one)]
    return [(key, one.get(key, ""), other.get(key, "")) for key in keys if one.get(key) != other.get(key)]


def lines(before: Side, after: Side) -> tuple[list[str], bool]:
    """A unified diff of what the servers printed, from A to B; and whether what differs each time could be masked."""
    masked = [transcript.server_lines(side.assignment, side.first) for side in (before, after)]
    is_masked = None not in masked
    raw = [[visible(line.text) for line in side.first.server_lines] for side in (before, after)]
    left, right = masked if is_masked else raw
    return [*difflib.unified_diff(left or [], right or [], "A", "B", lineterm="", n=_AROUND)], is_masked
