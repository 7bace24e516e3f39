"""Floor 3. What `invoke run` tells when it is done: figures that matter, verdicts, where the evidence is, what next.

As lines for a terminal, or as one JSON document for programs. Knows no file but the paths that it names.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from report import console
from report.planned import Planned
from report.rendering.labels import number
from report.rendering.measure import UnmeasuredError
from report.rendering.verdicts import Evidence, Verdict
from report.run import Identity

FIGURES = ("requests.answered", "makespan.delays", "latency.longest")
MOST = 12  # runs of which each has its line; of more the verdicts tell


@dataclass(frozen=True, slots=True)
class Made:
    """Runs that were wanted, those of them that were recorded now, and what was found of them."""

    wanted: Sequence[Planned]
    recorded: Sequence[Planned]
    evidence: Evidence
    verdicts: Sequence[Verdict]

    def figures(self, identity: Identity) -> dict[str, float | None]:
        """Each of `FIGURES`, the median of the repetitions; None where it cannot be measured."""
        found: dict[str, float | None] = {}
        for metric in FIGURES:
            try:
                values = self.evidence.values(identity.assignment, identity.scenario, identity.server, metric)
            except UnmeasuredError:
                values = []
            found[metric] = sorted(values)[len(values) // 2] if values else None
        return found


def lines(made: Made, folder: str, *, quiet: bool) -> Iterator[str]:
    """What a person wants to read; if `quiet` only what does not hold, and the tally."""
    if not quiet:
        for one in made.wanted:
            if one not in made.recorded:
                yield f"fresh: {one.identity} (run it again with --force)"
    yield from console.verdicts(v for v in made.verdicts if not quiet or v.state != "holds")
    places = {one.identity.model_copy(update={"repetition": 1}): one for one in made.wanted}
    if not quiet and len(places) <= MOST:
        for identity, one in places.items():
            yield _figures(identity, one.scenario.sends, made.figures(identity))
    yield f"{console.tally(made.verdicts)}; evidence in {folder}"
    if not quiet and made.wanted:
        yield f"next: invoke report, or invoke show --assignment {made.wanted[0].assignment.number}"


def _figures(identity: Identity, sends: int, found: Mapping[str, float | None]) -> str:
    answered, makespan, longest = (found[metric] for metric in FIGURES)
    told = [f"{number(answered, 'count')} of {sends} answered" if answered is not None else f"{sends} sent"]
    told += [f", makespan {number(makespan, 'delays')} delays"] if makespan is not None else []
    told += [f", slowest answer {number(longest, 'seconds')} s"] if longest is not None else []
    return f"{identity}: {''.join(told)}"


def document(made: Made, folder: str) -> str:
    """The same as JSON; numbers as measured, None where they could not be."""
    runs = [
        {
            "assignment": one.identity.assignment,
            "scenario": one.identity.scenario,
            "server": one.identity.server,
            "speed": one.identity.speed,
            "repetition": one.identity.repetition,
            "recorded_now": one in made.recorded,
            "evidence": f"{folder}/{one.identity.directory}",
            "figures": made.figures(one.identity),
        }
        for one in made.wanted
    ]
    whole = {"runs": runs, "verdicts": [_verdict(v) for v in made.verdicts], "tally": console.tally(made.verdicts)}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    place = {name: getattr(verdict, name) for name in ("assignment", "scenario", "server")}
    reason = None if verdict.reason is None else str(verdict.reason)
    return place | {
        "claim": verdict.claim.id,
        "metric": verdict.claim.metric,
        "state": verdict.state,
        "value": verdict.value,
        "reason": reason,
    }
