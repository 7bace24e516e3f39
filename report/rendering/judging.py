"""Floor 2, pure. One server judged: its claims as a chain of stages, and the diagnosis of what it suffers from.

What depends on a failed stage is skipped, not failed again. What the tool itself could not do is never charged to the
server: then it could not be judged. Sees evidence only, and knows no server, language or page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from report.judgement import ELSEWHERE, EXCEEDS, STAGES, UNRECORDED, Condition, Diagnosis, ProbeClaim, Stage
from report.rendering import metrics
from report.rendering.verdicts import Evidence, Verdict, decide
from report.scenario import BOUNDS, Claim
from report.spec import Assignment

State = Literal["holds", "fails", "skipped", "undecided"]
Outcome = Literal["accepted", "rejected", "unjudged"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What kept a probe from being recorded: the stage that the server did not come through, or None for trouble of
    the tool's own. `elsewhere`: it does listen, but not where it was told to; `excess`: what it used more of, and the
    bound."""

    probe: str
    stage: Stage | None
    told: str
    elsewhere: bool = False
    excess: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of the chain: a claim with its verdict, or a stage that has none (builds, starts, listens)."""

    stage: Stage
    state: State
    verdict: Verdict | None = None

    @property
    def claim(self) -> ProbeClaim | None:
        claim = self.verdict.claim if self.verdict else None
        return claim if isinstance(claim, ProbeClaim) else None


@dataclass(frozen=True, slots=True)
class Named:
    """The diagnosis: its id, and of its first condition the probe, the value that was measured and its unit."""

    id: str
    probe: str | None = None
    metric: str = ""
    value: float | None = None
    unit: str = "count"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one server: an outcome, every finding in the order of the chain, and what explains it."""

    assignment: str
    server: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    faults: tuple[Fault, ...]
    diagnosis: Named | None

    def of(self, state: State) -> tuple[Finding, ...]:
        """The findings in this state."""
        return tuple(finding for finding in self.findings if finding.state == state)

    def stages(self) -> dict[Stage, State]:
        """The state of each stage that was looked at: its worst finding."""
        order: tuple[State, ...] = ("fails", "skipped", "undecided", "holds")
        found: dict[Stage, set[State]] = {}
        for finding in self.findings:
            found.setdefault(finding.stage, set()).add(finding.state)
        return {stage: next(s for s in order if s in found[stage]) for stage in STAGES if stage in found}


def judge(
    evidence: Evidence,
    assignment: Assignment,
    server: str,
    diagnoses: Sequence[Diagnosis],
    faults: Sequence[Fault] = (),
    *,
    is_built: bool = False,
) -> Judgement:
    """The judgement of a server of this assignment, whose scenarios are the probes it was put to.

    `is_built` says that there was something to build, which is then the first stage.
    """
    entered = _entered(evidence, assignment, server, faults)
    excess = _excess(evidence, assignment, server, faults)
    findings = [
        *(f for f in entered if is_built or f.stage != "builds" or f.state == "fails"),
        *([Finding("recovers", "fails")] if excess else []),
        *_claims(evidence, assignment, server),
    ]
    failed = min((STAGES.index(f.stage) for f in findings if f.state == "fails"), default=len(STAGES))
    chained = tuple(
        finding if STAGES.index(finding.stage) <= failed else Finding(finding.stage, "skipped", finding.verdict)
        for finding in sorted(findings, key=lambda finding: STAGES.index(finding.stage))
    )
    outcome = _outcome(chained, faults)
    named = None
    if outcome == "rejected":
        named = excess or _named(evidence, assignment, server, diagnoses, chained, faults)
    return Judgement(assignment.name, server, outcome, chained, tuple(faults), named)


def _outcome(findings: Sequence[Finding], faults: Iterable[Fault]) -> Outcome:
    states = {finding.state for finding in findings if finding.claim}
    if any(finding.state == "fails" for finding in findings):
        return "rejected"
    if "holds" not in states or any(fault.stage is None for fault in faults) or any(map(_is_stretched, findings)):
        return "unjudged"
    return "accepted"


def _is_stretched(finding: Finding) -> bool:
    """Whether the machine was too slow to decide it."""
    reason = finding.verdict.reason if finding.verdict else None
    return reason is not None and reason.key == "stretched"


def _excess(evidence: Evidence, assignment: Assignment, server: str, faults: Sequence[Fault]) -> Named | None:
    """What the server was ended for, since it used more of it than it may: the bound, and the probe."""
    found = [(fault.probe, *fault.excess) for fault in faults if fault.excess]
    for probe in assignment.scenarios:
        for run in evidence.runs.get((assignment.name, probe, server), ()):
            held = run.record.held
            if held and held.exceeded:
                found.append((probe, held.exceeded, getattr(held.bounds, held.exceeded)))
    if not found:
        return None
    probe, used, bound = found[0]
    return Named(EXCEEDS, probe, used, bound, "count" if used == "tasks" else "bytes")


def _entered(evidence: Evidence, assignment: Assignment, server: str, faults: Sequence[Fault]) -> list[Finding]:
    """What comes before any answer; that a probe could be recorded shows that the server came through."""
    recorded = any((assignment.name, probe, server) in evidence.runs for probe in assignment.scenarios)
    failed = {fault.stage for fault in faults if fault.stage is not None}
    last = max((STAGES.index(stage) for stage in failed), default=len(STAGES) if recorded else -1)
    found = []
    for stage in UNRECORDED:
        passed: State = "holds" if STAGES.index(stage) < last else "undecided"
        found.append(Finding(stage, "fails" if stage in failed else passed))
    return found


def _claims(evidence: Evidence, assignment: Assignment, server: str) -> list[Finding]:
    found = []
    for probe, scenario in assignment.scenarios.items():
        for claim in scenario.claims:
            if isinstance(claim, ProbeClaim):
                verdict = decide(evidence, assignment, probe, server, claim)
                found.append(Finding(claim.stage, verdict.state, verdict))
    return found


def _named(
    evidence: Evidence,
    assignment: Assignment,
    server: str,
    diagnoses: Sequence[Diagnosis],
    findings: Iterable[Finding],
    faults: Iterable[Fault],
) -> Named | None:
    """The first diagnosis of which all conditions are met; of a server that never got so far, the one of its stage."""
    failed = next((finding.stage for finding in findings if finding.state == "fails"), None)
    if failed is not None and failed in UNRECORDED:
        elsewhere = any(fault.elsewhere for fault in faults if fault.stage == failed)
        return Named(ELSEWHERE if elsewhere else UNRECORDED[failed])
    for diagnosis in diagnoses:
        values = [_met(evidence, assignment, server, condition) for condition in diagnosis.when]
        if None not in values:
            first = diagnosis.when[0]
            unit = "ratio" if first.over else metrics.find(first.metric).unit
            return Named(diagnosis.id, first.probe, first.metric, values[0], unit)
    return None


def _met(evidence: Evidence, assignment: Assignment, server: str, condition: Condition) -> float | None:
    """The measured value if it is within the condition's bound."""
    bounds = {name: getattr(condition, name) for name in BOUNDS}
    claim = Claim(id="condition", metric=condition.metric, over=condition.over, minus=condition.minus, **bounds)
    verdict = decide(evidence, assignment, condition.probe, server, claim)
    return verdict.value if verdict.state == "holds" else None
