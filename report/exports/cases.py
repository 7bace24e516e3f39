"""Floor 3, pure. Verdicts as test tools count them: suites of cases, each with its state and a sentence.

Knows claims and judgements; must not know a file format, which `junit`, `gradescope` and `summary` each do.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from report.judgement import Visibility
from report.rendering import metrics
from report.rendering.judged import limit
from report.rendering.judging import Finding, Judgement
from report.rendering.labels import Labels
from report.rendering.verdicts import Evidence, Verdict
from report.run import Run

State = Literal["holds", "fails", "undecided", "skipped", "error"]


@dataclass(frozen=True, slots=True)
class Case:
    """One claim on one server: where, its name, its state, what was measured or why nothing was, and as data.

    `points` weigh it against the others; `visibility` is as Gradescope names it.
    """

    place: tuple[str, ...]
    name: str
    state: State
    told: str
    data: Mapping[str, object]
    points: float = 1.0
    visibility: Visibility = "visible"


@dataclass(frozen=True, slots=True)
class Suite:
    """All cases of one assignment; `recorded` is when the first of its runs began, `seconds` how long all took."""

    number: int
    name: str
    title: str
    recorded: str
    seconds: float
    cases: tuple[Case, ...]

    def count(self, state: State) -> int:
        return Counter(case.state for case in self.cases)[state]


def of_verdicts(evidence: Evidence, verdicts: Iterable[Verdict], label: Labels) -> list[Suite]:
    """A suite for each assignment that has verdicts, in the order of these."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.assignment, []).append(verdict)
    suites = []
    for name, own in found.items():
        assignment = evidence.assignments[name]
        places = dict.fromkeys((v.assignment, v.scenario, v.server) for v in own)
        runs = [run for place in places for run in evidence.runs.get(place, ())]
        cases = tuple(Case((v.scenario, v.server), v.claim.id, v.state, told(v, label), _data(v)) for v in own)
        suites.append(Suite(assignment.number, name, getattr(assignment.title, label.language), *_spent(runs), cases))
    return suites


def of_judgement(judgement: Judgement, evidence: Evidence, label: Labels) -> Suite:
    """The suite of a server that was judged. That it could not be judged is an error, which is no failure of its."""
    failed = next((label("rejected_stage", stage=label(finding.stage)) for finding in judgement.of("fails")), "")
    cases = [_of_finding(finding, failed, label) for finding in judgement.findings]
    if judgement.outcome == "unjudged":
        why = " ".join([label("unjudged_text"), *dict.fromkeys(f.told for f in judgement.faults if not f.stage)])
        cases.append(Case((judgement.server,), "judged", "error", why, {}))
    assignment = evidence.assignments[judgement.assignment]
    runs = [run for found in evidence.runs.values() for run in found]
    title = getattr(assignment.title, label.language)
    return Suite(assignment.number, judgement.assignment, title, *_spent(runs), tuple(cases))


def _of_finding(finding: Finding, failed: str, label: Labels) -> Case:
    """A finding; one that was skipped is told by the stage that `failed`."""
    verdict = finding.verdict
    if verdict is None:
        return Case(
            (finding.stage,), finding.stage, finding.state, f"{label(finding.stage)}: {label(finding.state)}", {}
        )
    said = f"{label('skipped')}: {failed}" if finding.state == "skipped" else told(verdict, label)
    return Case((finding.stage, verdict.scenario), verdict.claim.id, finding.state, said, _data(verdict))


def told(verdict: Verdict, label: Labels) -> str:
    """What was measured, and its bound; or why it is undecided."""
    claim = verdict.claim
    unit = "ratio" if claim.is_ratio else metrics.find(claim.metric).unit
    value = [] if verdict.value is None else [label.value(verdict.value, unit)]
    why = [label.reason(verdict.reason)] if verdict.reason else []
    said = ": ".join(value + why)
    return f"{label.metric(claim.metric)}{claim.beside}: {said} ({label('bound')}: {limit(claim, unit)})"


def _data(verdict: Verdict) -> dict[str, object]:
    claim = verdict.claim
    bound = claim.model_dump(include={"equals", "at_least", "at_most", "between"}, exclude_none=True)
    return {"metric": claim.metric + claim.beside, "value": verdict.value, "runs": verdict.runs, **bound}


def _spent(runs: Sequence[Run]) -> tuple[str, float]:
    """When the first of these runs began, and the seconds that all of them took."""
    seconds = sum(sum(run.record.stages.values()) for run in runs)
    return min((run.record.recorded for run in runs), default=""), round(seconds, 3)
