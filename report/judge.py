"""Floor 3. Judges servers: puts each to the probes of its assignment and says what became of it, as files too.

The first probe of each is run before the others: who does not come through that is not asked more. Prints nothing.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from report import candidates, messages, plan, sanitizers
from report.candidates import Candidate
from report.errors import ClaimError, OutdatedError, ReportError, ServerError, SpecError
from report.judgement import ELSEWHERE, EXCEEDS, REPORTED, UNRECORDED, Rules
from report.planned import Planned
from report.recording import attempt_all, progress_for
from report.recording.stages import JUDGING, Limits
from report.rendering import advice, labels, scoreboard
from report.rendering import judged as judged_pages
from report.rendering.edition import evidence_of
from report.rendering.judging import Fault, Judgement, judge
from report.rendering.memory import Memory
from report.rendering.reports import Report, of_runs
from report.rendering.scoreboard import Entry
from report.rendering.verdicts import Evidence
from report.run import Identity, Run
from report.spec import LANGUAGES, Language

WAITING = 8  # times as many probes side by side as measured runs: they wait most of the time


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, what became of it, and the evidence of that."""

    candidate: Candidate
    judgement: Judgement
    evidence: Evidence

    @property
    def entry(self) -> Entry:
        """It as a line of the table that compares verdicts with what is known of the servers."""
        mistake, tool = self.candidate.mistake, self.candidate.tool
        if mistake is None:
            return Entry(self.judgement, tool=tool)
        return Entry(self.judgement, mistake.title, mistake.diagnosis, mistake.course, tool, self.reported)

    @property
    def reported(self) -> Report | None:
        """What the tool reported that led to the diagnosis, if it did."""
        named = self.judgement.diagnosis
        every = of_runs(self._runs(), named.id if named else None) if self.candidate.tool else []
        return next(iter(every), None)

    def offers(self, again: str) -> Iterator[tuple[str, str]]:
        """What else can be asked of a server in C or C++ that was accepted as it is, by its key in verdict.toml."""
        one = self.candidate
        if self.judgement.outcome != "accepted" or one.tool or not one.building:
            return
        tool = sanitizers.fitting(any(s.threads > s.processes for run in self._runs() for s in run.samples))
        if sanitizers.building(one.building, tool) != one.building:
            yield "offer_tool", f"{again} --sanitize {tool}"
        if sanitizers.compiles(one.building) and "-Wall" not in one.building:
            yield "offer_warnings", "-Wall -Wextra"

    def _runs(self) -> list[Run]:
        return [run for runs in self.evidence.runs.values() for run in runs]


def of_course(
    root: Path,
    chosen: Iterable[Rules],
    folder: Path,
    jobs: int,
    delay: float = candidates.DELAY,
    mistake: str | None = None,
    good: int = 0,
) -> list[Entry]:
    """The good servers of the course and its planted mistakes judged in the same way, or one of the mistakes alone.

    With `good` the good servers only, so many times each. Raises SpecError when there is nothing to judge.
    """
    judged = [one for rules in chosen for one in candidates.of_course(rules, delay, mistake)]
    judged = [one for one in judged if one.mistake is None] if good else judged
    if not judged:
        raise SpecError("there is nothing to judge here: no judge.toml, or no program that builds the servers")
    return [made.entry for _ in range(max(1, good)) for made in judge_all(root, judged, folder, max(1, jobs))]


def must_be_right(entries: Iterable[Entry]) -> None:
    """Raises ClaimError naming every server that was not judged as it must be."""
    if wrong := [f"{entry.judgement.assignment}/{entry.judgement.server}" for entry in entries if not entry.is_right]:
        raise ClaimError(f"not judged as it must be: {', '.join(wrong)}")


def must_be_told(tables: Mapping[str, bytes], folder: Path, *, whole: bool = True) -> None:
    """Raises OutdatedError when the tables of mistakes in this folder tell of other verdicts than these do, or of more
    where the whole course was judged."""
    for name, made in tables.items():
        path = folder / name
        told = scoreboard.unmeasured(path.read_text(encoding="utf-8") if path.is_file() else "")
        now = scoreboard.unmeasured(made.decode())
        if told != now if whole else not set(scoreboard.rows(now)) <= set(scoreboard.rows(told)):
            raise OutdatedError(f"assignments/{name}: tells of other verdicts; invoke judge, and take build/{name}")


@dataclass(slots=True)
class _Attempts:
    planned: list[Planned] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def judge_all(
    root: Path, candidates: Sequence[Candidate], folder: Path, jobs: int, limits: Limits | None = None
) -> list[Judged]:
    """What became of each, within these limits or those of judging; the evidence lies below `folder`. Raises SpecError
    before anything runs."""
    attempts = {one.place: _Attempts() for one in candidates}
    entering = [one for one in candidates if one.fault is None]
    every = {one.place: runs_of(one) for one in entering}
    for planned in (planned for runs in every.values() for planned in runs):
        shutil.rmtree(folder / planned.identity.directory, ignore_errors=True)
    with progress_for([planned for runs in every.values() for planned in runs], say=messages.here) as progress:
        for part in (slice(0, 1), slice(1, None)):
            wanted = [p for one in entering if not attempts[one.place].faults for p in every[one.place][part]]
            failed = attempt_all(root, wanted, folder, progress, jobs, limits or JUDGING) if wanted else {}
            for planned in wanted:
                mine = attempts[planned.identity.assignment, planned.identity.server]
                if (error := failed.get(planned.identity)) is not None:
                    mine.faults.append(_fault(planned, error))
                else:
                    mine.planned.append(planned)
    return [_judged(one, attempts[one.place], folder) for one in candidates]


def _judged(one: Candidate, attempts: _Attempts, folder: Path) -> Judged:
    evidence = evidence_of([one.assignment], plan.read(attempts.planned, folder))
    faults = [one.fault] if one.fault else attempts.faults
    made = judge(evidence, one.assignment, one.name, one.rules.diagnoses, faults, is_built=one.is_built)
    return Judged(one, made, evidence)


def runs_of(one: Candidate) -> list[Planned]:
    """Every probe at a speed that makes one second of it one delay of the server."""
    return [
        Planned(
            one.assignment,
            Identity(
                assignment=one.assignment.name,
                scenario=probe,
                server=one.name,
                speed=1 / one.delay,
                repetition=repetition,
            ),
            one.port,
        )
        for probe, scenario in one.assignment.scenarios.items()
        for repetition in range(1, scenario.repeat + 1)
    ]


def _fault(planned: Planned, error: ReportError) -> Fault:
    """What kept a run from being recorded; only what a server did itself is charged to it."""
    server = error if isinstance(error, ServerError) else None
    if server is None:
        return Fault(planned.identity.scenario, None, str(error))
    return Fault(planned.identity.scenario, server.stage, str(error), server.astray, server.excess)


class Words:
    """What is said of judgements in every language; raises SpecError for a diagnosis of the rules that has no texts."""

    def __init__(self, root: Path, rules: Iterable[Rules]) -> None:
        diagnoses = [diagnosis.id for one in rules for diagnosis in one.diagnoses]
        self._root, templates = root, root / "templates"
        self._advice = advice.load(templates, [*diagnoses, *REPORTED, *UNRECORDED.values(), ELSEWHERE, EXCEEDS])
        self._labels = {lang: advice.words(templates, label) for lang, label in labels.load(templates).items()}

    def lines(self, judged: Judged, language: Language, details: str, again: str) -> list[str]:
        """The verdict on one server for a terminal."""
        return list(self._speaker(judged, language, again).lines(details))

    def files(self, judged: Judged, again: str, remember: Memory) -> dict[str, bytes]:
        """The verdict on one server as Markdown and as pages, with their pictures."""
        from report.rendering.pages.appendix import Tables
        from report.rendering.pages.page import pages

        name = judged_pages.page_name
        documents = {
            language: self._speaker(judged, language, again).document(
                self._root, {other: name(other, "md") for other in LANGUAGES if other != language}, remember
            )
            for language in LANGUAGES
        }
        made = pages(self._root, documents, self._labels, name, Tables(judged.evidence), remember)
        for language, document in documents.items():
            beside = document.markdown.replace("](evidence/", "](judged/")  # where it lies; a page holds it itself
            made[name(language, "md")] = beside.encode()
        return made

    def table(self, entries: Sequence[Entry]) -> dict[str, bytes]:
        """The table of mistakes in every language, by its file."""
        return {
            f"mistakes.{language}.md": scoreboard.markdown(entries, label, self._advice[language]).encode()
            for language, label in self._labels.items()
        }

    def table_lines(self, entries: Sequence[Entry], language: Language) -> list[str]:
        """The table of mistakes for a terminal."""
        return list(scoreboard.lines(entries, self._labels[language]))

    def _speaker(self, judged: Judged, language: Language, again: str) -> judged_pages.Speaker:
        one = judged.candidate
        reported = judged.reported.lines if judged.reported else ()
        words, offers = (one.command, one.delay, one.built, again), tuple(judged.offers(again))
        case = judged_pages.Case(judged.judgement, judged.evidence, one.assignment, *words, one.tool, reported, offers)
        return judged_pages.Speaker(case, self._labels[language], self._advice[language])
