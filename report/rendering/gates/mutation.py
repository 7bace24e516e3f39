"""Floor 2, pure. Whether claims can fail at all: evidence is changed until each bound is crossed, and judged again.

Knows claims and verdicts; how evidence can be changed stands in `mutators`. It is the evidence that changes, never a
metric's value: what was changed goes through the file format and is then judged as any run is.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, product, takewhile
from typing import Literal, TypeVar

from report.evidence import WAITS, Chunk, canonical_json, parse_rows, rows, split_lines
from report.rendering import metrics
from report.rendering.gates.mutators import STRENGTHS, changes
from report.rendering.measure import Subject
from report.rendering.verdicts import Evidence, Verdict, bound, decide
from report.run import LogLine, Record, Request, Run, Sample, Wait
from report.scenario import Claim

T = TypeVar("T")
Side = Literal["below", "above"]
Found = dict[tuple[str, Side], tuple[int, int]]  # strength and place of a change, by what it changed


@dataclass(frozen=True, slots=True)
class Score:
    """What came of the trials.

    `claims` looked at, each on each server where it holds; `crossings` of a side of a bound that were tried; in how
    many the claim then failed, `caught`; and a sentence for each other one, `survivors`.
    """

    claims: int
    crossings: int
    caught: int
    survivors: tuple[str, ...]


NOTHING = Score(0, 0, 0, ())


def total(scores: Iterable[Score]) -> Score:
    """What came of all the trials."""
    every = list(scores)
    claims, crossings, caught = (sum(getattr(one, part) for one in every) for part in ("claims", "crossings", "caught"))
    return Score(claims, crossings, caught, tuple(survivor for one in every for survivor in one.survivors))


def score(evidence: Evidence, verdicts: Iterable[Verdict]) -> Score:
    """Tries each side of the bound of each claim that holds.

    A side where no evidence has a value, such as below zero of a count, is not tried; a claim that has no other side
    cannot fail and survives.
    """
    holding = [verdict for verdict in verdicts if verdict.state == "holds"]
    crossings = 0
    survivors: list[str] = []
    found: Found = {}
    for verdict in holding:
        sides = _sides(verdict.claim)
        crossings += len(sides) or 1
        survivors += [_survivor(verdict, *side) for side in sides if not _fails(evidence, verdict, *side, found)]
        if not sides:
            survivors.append(f"{_place(verdict)}: its bound {bound(verdict.claim)} holds whatever the evidence")
    return Score(len(holding), crossings, crossings - len(survivors), tuple(survivors))


def _sides(claim: Claim) -> list[tuple[Side, float]]:
    """The sides of the bound, each with its number, on which there can be a value."""
    low, high = claim.between or (claim.equals, claim.equals)
    low = claim.at_least if low is None else low
    high = claim.at_most if high is None else high
    least = 0.0 if claim.is_ratio else metrics.find(claim.metric).least
    if claim.minus:
        least = -math.inf
    sides: list[tuple[Side, float]] = [("below", low)] if low is not None and low > least else []
    return sides if high is None else [*sides, ("above", high)]


def _fails(evidence: Evidence, verdict: Verdict, side: Side, limit: float, found: Found) -> bool:
    """Whether some change of the evidence takes the value across this side, and the claim then fails.

    What did so for the same metric before, in `found`, is tried first, then the same at other strengths: one change
    is enough, whichever.
    """
    assignment = evidence.assignments[verdict.assignment]
    key = (verdict.assignment, verdict.scenario, verdict.server)
    runs = evidence.runs[key]
    table = metrics.find(verdict.claim.metric).table
    subject = Subject(assignment, assignment.scenarios[verdict.scenario], runs[0])
    others = [run for place, of in evidence.runs.items() if place[0] == verdict.assignment for run in of]
    ways = changes(subject, verdict.claim.metric, side == "above", others)

    def fails(changed: Sequence[Run]) -> bool:
        altered = evidence.changed(key, changed)
        again = decide(altered, assignment, verdict.scenario, verdict.server, verdict.claim)
        if again.state != "fails" or again.value is None:
            return False
        return again.value < limit if side == "below" else again.value > limit

    trials = [*product(STRENGTHS, range(len(ways)))]
    likely = found.get((verdict.claim.metric, side), trials[0])
    for trial in sorted(trials, key=lambda trial: (trial != likely, trial[1] != likely[1])):
        strength, way = trial
        changed = [ways[way](run, strength) for run in runs]
        if fails(changed) and fails([_filed(*pair, table) for pair in zip(changed, runs, strict=True)]):
            found[verdict.claim.metric, side] = trial
            return True
    return False


def _filed(run: Run, before: Run, table: str) -> Run:
    """The run with this table as it is after having been written and read."""
    if table == "requests.csv":
        return replace(run, requests=_again(run.requests, before.requests, partial(_rows, Request)))
    if table == "samples.csv":
        return replace(run, samples=_again(run.samples, before.samples, partial(_rows, Sample)))
    if table == WAITS:
        return replace(run, waits=_again(run.waits, before.waits, partial(_rows, Wait)))
    if table == "run.json":
        return replace(run, record=Record.model_validate_json(canonical_json(run.record.model_dump(mode="json"))))
    return replace(run, server_lines=_again(run.server_lines, before.server_lines, _captured))


def _again(changed: Sequence[T], before: Sequence[T], file: Callable[[Sequence[T]], tuple[T, ...]]) -> tuple[T, ...]:
    """The records with all that changed written and read, and what stands beside it; the others were read before."""
    first = max(0, _alike(changed, before) - 1)
    after = max(0, _alike(changed[first:][::-1], before[first:][::-1]) - 1)
    last = len(changed) - after
    return (*changed[:first], *file(changed[first:last]), *changed[last:])


def _alike(some: Sequence[T], others: Sequence[T]) -> int:
    """How many at the beginning are the very same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(some, others, strict=False)))


def _rows(kind: type[T], records: Sequence[T]) -> tuple[T, ...]:
    return parse_rows(rows(records, kind), kind, kind.__name__)


def _captured(lines: Sequence[LogLine]) -> tuple[LogLine, ...]:
    """The lines as a terminal's bytes with the time of each, split again."""
    captured = [line.text.encode() + b"\r\n" for line in lines]
    offsets = accumulate(map(len, captured), initial=0)
    chunks = [Chunk(offset, line.time) for offset, line in zip(offsets, lines, strict=False)]
    times = parse_rows(rows(chunks, Chunk), Chunk, "server.times.csv")
    return split_lines(b"".join(captured), [(chunk.offset, chunk.seconds) for chunk in times])


def _survivor(verdict: Verdict, side: Side, limit: float) -> str:
    claim = verdict.claim
    table = metrics.find(claim.metric).table
    return f"{_place(verdict)}: no change of {table} that was tried takes {claim.metric}{claim.beside} {side} {limit:g}"


def _place(verdict: Verdict) -> str:
    where = f"{verdict.scenario} on {verdict.server}"
    return f"assignments/{verdict.assignment}: claim {verdict.claim.id} ({where})"
