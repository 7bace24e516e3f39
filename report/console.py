"""Floor 3. What tasks print, as plain lines: states of runs, verdicts, tallies. Knows no file and starts nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from report.plan import State
from report.rendering.labels import number
from report.rendering.metrics import find
from report.rendering.verdicts import Verdict, bound
from report.spec import Assignment

if TYPE_CHECKING:
    from report.rendering.edition import Edition

SIGNS = {"holds": "○", "fails": "×", "undecided": "△"}
UNITS = {
    "seconds": " s",
    "microseconds": " us",
    "delays": " delays",
    "bytes": " MiB",
    "ratio": " times",
    "per_request": " a request",
    "count": "",
}


def listing(assignments: Sequence[Assignment], states: Iterable[State]) -> Iterator[str]:
    """Every assignment with its runs, and for each whether it is fresh or why it is stale."""
    by_name: dict[str, list[State]] = {}
    for state in states:
        by_name.setdefault(state.planned.identity.assignment, []).append(state)
    for assignment in assignments:
        yield f"{assignment.number}  {assignment.name}: {assignment.title.ko} / {assignment.title.en}"
        for state in by_name.get(assignment.name, []):
            yield f"     {state.planned.identity}: {freshness(state)}"


def freshness(state: State) -> str:
    """`fresh`, `not run yet`, or `stale:` with the reason."""
    if state.reason is None:
        return "fresh"
    return state.reason if state.reason.startswith("not run") else f"stale: {state.reason}"


def verdicts(found: Iterable[Verdict]) -> Iterator[str]:
    """A line for each verdict: sign, word, claim, what was measured, the bound."""
    for v in found:
        unit = "ratio" if v.claim.is_ratio else find(v.claim.metric).unit
        value = f"{number(v.value, unit)}{UNITS[unit]}" if v.value is not None else v.reason
        beside = v.claim.beside
        place = f"{v.assignment}/{v.scenario}.{v.server}"
        yield f"{SIGNS[v.state]} {v.state:9} {place}: {v.claim.id}: {v.claim.metric}{beside} {value} ({bound(v.claim)})"


def tally(found: Iterable[Verdict]) -> str:
    """How many verdicts of each kind."""
    counts = Counter(v.state for v in found)
    return f"{counts['holds']} hold, {counts['fails']} fail, {counts['undecided']} undecided"


def gates(made: "Edition") -> str:
    """What the report's gates looked at."""
    score, seen = made.score, made.gates
    return (
        f"gates: {score.claims} claims bound, {score.caught} of {score.crossings} crossed bounds caught; "
        f"{seen.pieces} pieces alike in both languages, {seen.numbers} numbers brought, "
        f"{seen.sentences} sentences read, {seen.links} links, {seen.pictures} pictures, {seen.texts} texts "
        f"and {seen.glyphs} different letters checked"
    )
