"""Floor 2, pure. Whether each claim holds on the evidence: holds, fails, or undecided with the reason.

Knows claims and metrics; must not know languages, pages or how a run was made. A claim over several servers holds
when it holds for each; over repeated runs the median is bound, and a spread that crosses the bound is undecided.
"""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from report.rendering import machine, metrics
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.memory import key
from report.rendering.reasons import Reason
from report.run import Run
from report.scenario import Claim
from report.spec import Assignment, resolve

State = Literal["holds", "fails", "undecided"]
Place = tuple[str, str, str]  # assignment, scenario, server


@dataclass(frozen=True, slots=True)
class Verdict:
    """One claim on one server's runs: the value that was bound (None when undecided), n, and the spread.

    `witness` is the line of the metric's table, from 1, that decides the value, if one line does; it is of the run
    in the middle, which is at `place` (from 0) among the runs.
    """

    assignment: str
    scenario: str
    server: str
    claim: Claim
    state: State
    value: float | None
    lowest: float | None
    highest: float | None
    runs: int
    reason: Reason | None
    witness: int | None = None
    place: int = 0


@dataclass(frozen=True)
class Evidence:
    """All runs at one speed, by (assignment, scenario, server); each a sequence of repetitions.

    `lacking` names, by (assignment, server), the program without which a server could not be run.
    """

    assignments: Mapping[str, Assignment]
    runs: Mapping[Place, Sequence[Run]]
    lacking: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _changed: Place | None = None
    _measured: dict[tuple[Place, str], list[float] | Reason] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _witnesses: dict[tuple[Place, str, int], int | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @cached_property
    def digest(self) -> str:
        """One name for all that was declared and recorded."""
        declared = [one.model_dump(mode="json", exclude={"folder"}) for one in self.assignments.values()]
        recorded = [run.record.model_dump_json() for runs in self.runs.values() for run in runs]
        return key(declared, recorded, sorted((*place, program) for place, program in self.lacking.items()))

    def changed(self, place: Place, runs: Sequence[Run]) -> "Evidence":
        """The same but for the runs of one place; what was measured elsewhere is not measured again."""
        made = replace(self, runs={**self.runs, place: runs}, _changed=place)
        object.__setattr__(made, "_measured", self._measured)  # shared: a copy for each trial would take longer
        return made

    def values(self, assignment: str, scenario: str, server: str, metric: str) -> list[float]:
        """The metric on each repetition; raises UnmeasuredError with the reason."""
        runs = self.runs.get((assignment, scenario, server), ())
        if not runs and (assignment, server) in self.lacking:
            raise UnmeasuredError("needs", program=self.lacking[assignment, server])
        if not runs:
            raise UnmeasuredError("not_run", run=f"{assignment}/{scenario}.{server}")
        place = (assignment, scenario, server)
        if place == self._changed:
            return self._measure(place, metric, runs)
        if (place, metric) not in self._measured:
            try:
                self._measured[place, metric] = self._measure(place, metric, runs)
            except UnmeasuredError as error:
                self._measured[place, metric] = error.reason
        found = self._measured[place, metric]
        if isinstance(found, Reason):
            raise UnmeasuredError(found.key, **dict(found.values))
        return list(found)

    def _measure(self, place: Place, metric: str, runs: Sequence[Run]) -> list[float]:
        found = metrics.find(metric)
        subjects = [self._subject(*place[:2], run) for run in runs]
        for subject in subjects if found.timed else ():
            machine.must_suit(subject)
        return [float(found.measure(subject)) for subject in subjects]

    def of_claim(self, claim: Claim, assignment: str, scenario: str, server: str) -> list[float]:
        """What a claim is about on each repetition there, before it is made relative to another place."""
        values = self.values(assignment, scenario, server, claim.metric)
        if claim.over is not None:
            under = self.values(assignment, scenario, server, claim.over)
            if not all(under):
                raise UnmeasuredError("relative_to_zero", base=claim.over)
            values = [value / base for value, base in zip(values, under, strict=True)]
        if claim.minus is not None:
            folder, other, beside = resolve(claim.minus, assignment, scenario)
            less = self.values(folder, other, beside or server, claim.metric)
            values = [value - statistics.median(less) for value in values]
        return values

    def witness(self, assignment: str, scenario: str, server: str, metric: str, place: int) -> int | None:
        """The line that decides the metric, once measured, on the run at this place."""
        of = (assignment, scenario, server)
        if (of, metric, place) not in self._witnesses:
            subject = self._subject(assignment, scenario, self.runs[of][place])
            self._witnesses[of, metric, place] = metrics.find(metric).witness(subject)
        return self._witnesses[of, metric, place]

    def known(self) -> bytes:
        """All that was measured so far, to be given to `learn` where the same evidence is looked at again."""
        measured = [[of, metric, _told(found)] for (of, metric), found in self._measured.items()]
        return json.dumps([measured, [[*key, line] for key, line in self._witnesses.items()]]).encode()

    def learn(self, known: bytes) -> None:
        """Takes over what was measured on this very evidence before."""
        measured, witnesses = json.loads(known)
        for of, metric, told in measured:
            self._measured[_place(of), metric] = told if isinstance(told, list) else _reason(told)
        self._witnesses.update({(_place(of), metric, place): line for of, metric, place, line in witnesses})

    def _subject(self, assignment: str, scenario: str, run: Run) -> Subject:
        spec = self.assignments[assignment]
        return Subject(spec, spec.scenarios[scenario], run)


def _told(found: list[float] | Reason) -> object:
    return {"key": found.key, "values": found.values} if isinstance(found, Reason) else found


def _reason(told: Mapping[str, Any]) -> Reason:
    return Reason(told["key"], tuple((name, value) for name, value in told["values"]))


def _place(of: Sequence[str]) -> Place:
    assignment, scenario, server = of
    return assignment, scenario, server


def judge(evidence: Evidence, assignment: Assignment, speed: float) -> list[Verdict]:
    """A verdict for each claim that can be decided at this speed, in the order of scenario.toml."""
    return [
        _witnessed(evidence, decide(evidence, assignment, name, server, claim))
        for name, scenario in assignment.scenarios.items()
        for claim in scenario.claims
        if claim.only_at_speed in (None, speed)
        for server in ((claim.server,) if claim.server else assignment.servers_of(name))
    ]


def decide(evidence: Evidence, assignment: Assignment, scenario: str, server: str, claim: Claim) -> Verdict:
    """The verdict on one claim on one server, not yet with its witness."""
    place = (assignment.name, scenario, server)

    def verdict(state: State, values: Sequence[float] = (), reason: Reason | None = None) -> Verdict:
        middle = statistics.median(values) if values else None
        low, high = (min(values), max(values)) if values else (None, None)
        order = sorted(range(len(values)), key=lambda run: values[run])
        found = (*place, claim, state, middle, low, high, len(values), reason)
        return Verdict(*found, place=order[(len(order) - 1) // 2] if order else 0)

    try:
        values = evidence.of_claim(claim, *place)
        if claim.relative_to is not None:
            folder, other, beside = resolve(claim.relative_to, assignment.name, scenario)
            base = statistics.median(evidence.of_claim(claim, folder, other, beside or server))
            if base <= 0:
                raise UnmeasuredError("relative_to_zero", base=claim.relative_to)
            values = [value / base for value in values]
    except UnmeasuredError as error:
        return verdict("undecided", reason=error.reason)
    within = {satisfies(claim, value) for value in values}
    if len(within) > 1:
        return verdict("undecided", values, Reason("spread"))
    value = statistics.median(values)
    if satisfies(claim, value):
        return verdict("holds", values)
    reason = machine.excuse(claim, metrics.find(claim.metric).unit, evidence.runs[place], value)
    return verdict("undecided" if reason else "fails", values, reason)


def _witnessed(evidence: Evidence, made: Verdict) -> Verdict:
    if made.value is None:
        return made
    line = evidence.witness(made.assignment, made.scenario, made.server, made.claim.metric, made.place)
    return replace(made, witness=line)


def satisfies(claim: Claim, value: float) -> bool:
    """Whether a value is within the claim's one bound (bounds are inclusive)."""
    if claim.equals is not None:
        return value == claim.equals
    if claim.at_least is not None:
        return value >= claim.at_least
    if claim.at_most is not None:
        return value <= claim.at_most
    assert claim.between is not None  # a claim has exactly one bound
    return claim.between[0] <= value <= claim.between[1]


def bound(claim: Claim) -> str:
    """The bound in signs: = 3, ≥ 2.5, ≤ 1.1, 20–22."""
    if claim.equals is not None:
        return f"= {claim.equals:g}"
    if claim.at_least is not None:
        return f"≥ {claim.at_least:g}"
    if claim.at_most is not None:
        return f"≤ {claim.at_most:g}"
    assert claim.between is not None
    return f"{claim.between[0]:g}–{claim.between[1]:g}"


def worst(states: Iterable[State]) -> State:
    """The verdict over several: fails before undecided before holds."""
    found = set(states)
    order: tuple[State, ...] = ("fails", "undecided", "holds")
    return next((state for state in order if state in found), "undecided")
