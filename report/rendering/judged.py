"""Floor 2, pure. The verdict on one server in words: as Markdown with its pictures, and as lines for a terminal.

Every outside text (commands, what a server or compiler printed) passes the display filter and is fenced where it
enters. Knows no assignment by name; writes no file.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.judgement import EXCEEDS
from report.rendering import filling, metrics
from report.rendering.advice import Advice
from report.rendering.display import fence, visible
from report.rendering.document import Document, tidy
from report.rendering.illustrator import Illustrator
from report.rendering.judging import Finding, Judgement
from report.rendering.labels import Labels
from report.rendering.memory import Memory, forgetful
from report.rendering.pictures import fonts
from report.rendering.places import Places
from report.rendering.verdicts import Evidence, bound
from report.run import Run
from report.scenario import BOUNDS, Claim
from report.spec import Assignment, Language

TEMPLATE = "templates/verdict.md.j2"
MOST_SHOWN = 2  # probes of which the page shows timeline and terminals
SIGNS = {"holds": "○", "fails": "×", "skipped": "–", "undecided": "△"}


@dataclass(frozen=True, slots=True)
class Case:
    """A judgement with all that is said of it: the evidence, the command as it was given, what the build printed, the
    words with which it is judged again; the tool under which it ran, what that reported, and what else is offered (by
    keys of verdict.toml, each with a command)."""

    judgement: Judgement
    evidence: Evidence
    assignment: Assignment
    command: str
    delay: float
    built: str = ""
    again: str = ""
    tool: str | None = None
    reported: Sequence[str] = ()
    offers: Sequence[tuple[str, str]] = ()


class Speaker:
    """Says one case in one language; `advice` are the texts of diagnoses by their id."""

    def __init__(self, case: Case, label: Labels, advice: Mapping[str, Advice]) -> None:
        self._case, self._label, self._advice = case, label, advice
        self._judgement = case.judgement

    def document(self, root: Path, others: Mapping[Language, str], remember: Memory = forgetful) -> Document:
        """The whole verdict; `others` are the files of the other languages."""
        case, label = self._case, self._label
        shows = Illustrator(root, Places(case.evidence, case.assignment, TEMPLATE), label, TEMPLATE, remember)
        runs = self._runs()
        title = label("verdict_of", assignment=getattr(case.assignment.title, label.language))
        values: dict[str, Any] = {
            "label": label,
            "title": title,
            "command": _code(case.command),
            "verdict": f"{self._sign()} {label(self._judgement.outcome)}",
            "delay": f"{case.delay:g}",
            "machine": bool(runs),
            "recorded": max((run.record.recorded for run in runs), default="").replace("T", " ").removesuffix("Z"),
            "others": others,
            "summary": self.summary(),
            "advice": self.advice(),
            "unnamed": self._judgement.outcome == "rejected",
            "told": [(heading, _fenced(text)) for heading, text in self._told()],
            "stages": {label(stage): self._state(state) for stage, state in self._judgement.stages().items()},
            "claims": [self._row(finding) for finding in self._judgement.findings if finding.claim],
            "shown": [self._probe(shows, probe) for probe in self._probes()],
            "again": case.again,
            "offers": list(self._offers()),
        }
        markdown = filling.fill(filling.environment(root), root, TEMPLATE, values)
        return Document(label.language, title, tidy(markdown), dict(shows.pictures))

    def lines(self, details: str) -> Iterator[str]:
        """What a terminal shows: verdict, chain, the failing claims, the diagnosis; `details` is the page's file."""
        label, title = self._label, getattr(self._case.assignment.title, self._label.language)
        yield f"{self._sign()} {label(self._judgement.outcome)}: {title}"
        yield f"  {label('command')}: {visible(self._case.command)}"
        yield f"  {self.summary()}"
        yield ""
        yield "  " + "  ".join(f"{SIGNS[state]} {label(stage)}" for stage, state in self._judgement.stages().items())
        for finding in (*self._judgement.of("fails"), *self._judgement.of("undecided")):
            if finding.claim:
                stage, probe, claim, metric, limit, measured, _ = self._cells(finding)
                yield f"  {SIGNS[finding.state]} {stage}, {probe}: {claim}: {metric}: {measured} ({limit})"
        yield ""
        advice = self.advice()
        if advice:
            yield f"{label('diagnosis')}: {advice.title}"
            for key in ("expected", "happened", "why", "cause", "see"):
                first, *rest = getattr(advice, key).splitlines() or [""]
                yield f"  {label(key)}: {first}"
                yield from (f"    {line}" for line in rest)
        elif self._judgement.outcome == "rejected":
            yield label("no_diagnosis")
        for heading, text in self._told():
            yield f"{heading}:"
            yield from (f"  {visible(line)}" for line in text.split("\n"))
        yield from self._offers()
        yield label("details", file=details)

    def summary(self) -> str:
        """The verdict in a sentence or three."""
        label = self._label
        claims = [finding for finding in self._judgement.of("fails") if finding.claim]
        said = []
        if self._judgement.outcome == "accepted":
            said.append(label("accepted_text", holds=sum(f.claim is not None for f in self._judgement.of("holds"))))
        elif self._judgement.outcome == "unjudged":
            said.append(label("unjudged_text"))
        elif claims:
            said.append(label("rejected_claims", fails=len(claims)))
        else:
            said.append(label("rejected_stage", stage=label(self._judgement.of("fails")[0].stage)))
        if undecided := self._judgement.of("undecided"):
            said.append(label("some_undecided", undecided=len(undecided)))
        if skipped := self._judgement.of("skipped"):
            said.append(label("some_skipped", skipped=len(skipped)))
        if self._case.tool:
            said.append(label(f"under_{self._case.tool}"))
        return " ".join(said)

    def advice(self) -> Advice | None:
        """The texts of the diagnosis with the measured value in them, if there is a diagnosis."""
        named = self._judgement.diagnosis
        if named is None:
            return None
        value = "" if named.value is None else self._label.value(named.value, named.unit)
        if named.id == EXCEEDS:
            value = self._label(f"exceeded_{named.metric}", value=value)
        return self._advice[named.id].with_value(value)

    def _sign(self) -> str:
        return {"accepted": "○", "rejected": "×", "unjudged": "△"}[self._judgement.outcome]

    def _state(self, state: str) -> str:
        return f"{SIGNS[state]}\u00a0{self._label(state)}"

    def _cells(self, finding: Finding) -> list[str]:
        verdict, claim = finding.verdict, finding.claim
        assert verdict is not None
        assert claim is not None
        unit = "ratio" if claim.is_ratio else metrics.find(claim.metric).unit
        reason = self._label.reason(verdict.reason) if verdict.reason else ""
        value = "" if verdict.value is None else self._label.value(verdict.value, unit)
        measured = f"{value} ({reason})" if value and reason else value or reason
        metric = self._label.metric(claim.metric) + claim.beside
        shown = "–" if finding.state == "skipped" else measured
        return [
            self._label(finding.stage),
            verdict.scenario,
            claim.id,
            metric,
            limit(claim, unit),
            shown,
            finding.state,
        ]

    def _row(self, finding: Finding) -> list[str]:
        stage, probe, claim, metric, limit, measured, state = self._cells(finding)
        said, verdict = self._state(state), finding.verdict
        runs = self._case.evidence.runs.get((verdict.assignment, verdict.scenario, verdict.server)) if verdict else None
        if runs and verdict and state != "skipped":
            table = metrics.find(verdict.claim.metric).table
            said = f"{SIGNS[state]}\u00a0[{self._label(state)}](evidence/{runs[0].identity.directory}/{table})"
        return [stage, f"`{probe}`", f"`{claim}`", metric, limit, measured.replace("|", "\\|"), said]

    def _told(self) -> Iterator[tuple[str, str]]:
        """Texts from outside, by headings; what kept probes from being recorded is said once, the tool's own apart."""
        faults = self._judgement.faults
        own, other = ({f.told: None for f in faults if (f.stage is not None) is mine} for mine in (True, False))
        texts = {"told": own, "trouble": other, "reported": self._case.reported, "build_output": [self._case.built]}
        for heading, lines in texts.items():
            if text := "\n".join(lines):
                yield self._label(heading), text

    def _offers(self) -> Iterator[str]:
        for key, command in self._case.offers:
            yield self._label(key, command=_code(command))

    def _runs(self) -> list[Run]:
        return [run for runs in self._case.evidence.runs.values() for run in runs]

    def _probes(self) -> list[str]:
        """What is worth showing: the probe of the diagnosis, those of failing claims, else the largest that
        shows how many are served together."""
        named = self._judgement.diagnosis
        wanted = [named.probe] if named and named.probe else []
        wanted += [finding.verdict.scenario for finding in self._judgement.of("fails") if finding.verdict]
        if not wanted:
            scenarios = self._case.assignment.scenarios
            together = [f.verdict.scenario for f in self._judgement.findings if f.verdict and f.stage == "together"]
            others = [f.verdict.scenario for f in self._judgement.findings if f.verdict]
            wanted = sorted(together, key=lambda probe: -scenarios[probe].sends)[:1] or others[:1]
        place = (self._case.assignment.name, self._judgement.server)
        there = [probe for probe in wanted if (place[0], probe, place[1]) in self._case.evidence.runs]
        return list(dict.fromkeys(there))[:MOST_SHOWN]

    def _probe(self, shows: Illustrator, probe: str) -> dict[str, str]:
        server = self._judgement.server
        run = self._case.evidence.runs[self._case.assignment.name, probe, server][0]
        commands = "\n".join(visible(shlex.join(words)) for words in (run.record.command, run.record.load_command))
        marks = fence(commands)
        return {
            "name": probe,
            "timeline": shows.figure("timeline", probe, server=server),
            "server": shows.terminal(probe, "server", server),
            "client": shows.terminal(probe, "client", server),
            "commands": f"{marks}sh\n{commands}\n{marks}",
        }


def page_name(language: Language, kind: str) -> str:
    """The verdict's file of a language: kind is md or html."""
    return f"verdict.{language}.{kind}"


def limit(claim: Claim, unit: str) -> str:
    """The bound in signs; of bytes, in MiB."""
    if unit != "bytes":
        return bound(claim)
    between = claim.between and (claim.between[0] / 2**20, claim.between[1] / 2**20)
    one = {name: value / 2**20 for name in BOUNDS if name != "between" and (value := getattr(claim, name)) is not None}
    return f"{bound(claim.model_copy(update=one | {'between': between}))} MiB"


def _code(text: str) -> str:
    """Text as code within a line."""
    shown = visible(text)
    marks = fence(shown)
    return f"{marks} {shown} {marks}" if "`" in shown else f"`{shown}`"


def _fenced(text: str) -> str:
    shown = "\n".join(visible(line, fonts.missing(line)) for line in text.split("\n"))
    marks = fence(shown)
    return f"{marks}text\n{shown}\n{marks}"
