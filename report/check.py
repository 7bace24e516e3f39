"""Floor 3. What CI asks: fresh runs, every claim, the expected transcripts, both languages, the published edition.

Works in a folder of its own. A claim that is undecided at the speed of the check is run again more slowly; one that
fails is never tried again. Counts what it checked, and checking nothing is a failure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import plan, publish
from report.errors import ClaimError, OutdatedError, ReportError
from report.planned import Planned
from report.recording import Progress, record_all
from report.rendering.edition import Edition, edition, evidence_of
from report.rendering.memory import Memory, forgetful
from report.rendering.metrics import find
from report.rendering.transcript import difference, transcript
from report.rendering.verdicts import Verdict, bound, judge
from report.run import Run
from report.settings import Settings
from report.spec import Assignment

SPEEDS = (20.0, 5.0, 1.0)
REMEDY = "invoke publish"


@dataclass(frozen=True, slots=True)
class Counts:
    """What a check looked at; `lacking` of the claims want what is declared as needed, as `undecided` tells."""

    runs: int
    claims: int
    lacking: int
    undecided: tuple[str, ...]
    transcripts: int
    made: Edition
    published_files: int = 0
    published_claims: int = 0


def check(
    root: Path,
    assignments: Sequence[Assignment],
    settings: Settings,
    work: Path,
    progress: Progress,
    jobs: int,
    *,
    published: bool = True,
) -> Counts:
    """Everything that must hold, looked at; raises the first kind of ReportError with all problems found together.

    `published` also holds docs/ against what its evidence gives now; it is left out where only part of the course
    is checked.
    """
    problems: list[str] = []
    declared, assignments = assignments, [assignment.checked() for assignment in assignments]
    runs, verdicts = fresh(root, assignments, work, progress, jobs)
    problems += sentences(verdicts)
    transcripts, different = _transcripts(root, assignments, runs)
    problems += different
    made = None
    files = kept = 0
    try:
        evidence = evidence_of(assignments, runs, plan.lacking(assignments))
        made = edition(root, evidence, SPEEDS[0], _within(settings, assignments))
        problems += survivors(made)
        if published:
            files, kept = _published(root, declared, settings)
    except ReportError as error:
        problems += error.problems
    if problems or made is None:
        raise ClaimError(problems)
    if not (runs and verdicts and transcripts):
        raise ClaimError("the check matched no run, no claim or no transcript; a gate that matches nothing is no gate")
    lacking = [verdict for verdict in verdicts if _unneeded(verdict)]
    told = tuple(undecided(lacking))
    return Counts(len(runs), len(verdicts), len(lacking), told, transcripts, made, files, kept)


def _within(settings: Settings, assignments: Sequence[Assignment]) -> Settings:
    """The settings for a part of the course: page one shows what is in that part."""
    names = {assignment.name for assignment in assignments}
    return settings.model_copy(update={"overview": tuple(r for r in settings.overview if r.split("/")[0] in names)})


def survivors(made: Edition) -> list[str]:
    """One sentence for each bound that no change of the evidence could make fail."""
    return [f"{sentence}; such a claim proves nothing" for sentence in made.score.survivors]


def fresh(
    root: Path, assignments: Sequence[Assignment], work: Path, progress: Progress, jobs: int
) -> tuple[list[Run], list[Verdict]]:
    """New runs of everything at the fastest speed; what stays undecided runs again more slowly."""
    chosen: dict[tuple[str, str, str, int], Run] = {}
    missing = plan.lacking(assignments)
    wanted = plan.possible(plan.plan(assignments, SPEEDS[0]), missing)
    for speed in SPEEDS:
        record_all(root, wanted, work / "evidence", progress, jobs)
        chosen |= {_key(run): run for run in plan.read(wanted, work / "evidence")}
        evidence = evidence_of(assignments, chosen.values(), missing)
        verdicts = [verdict for assignment in assignments for verdict in judge(evidence, assignment, SPEEDS[0])]
        undecided = {(v.assignment, v.scenario) for v in verdicts if v.state == "undecided" and not _unneeded(v)}
        if not undecided or any(v.state == "fails" for v in verdicts):
            break
        slower = next((s for s in SPEEDS if s < speed), None)
        if slower is not None:
            every = plan.possible(plan.plan(assignments, slower), missing)
            wanted = [p for p in every if (p.identity.assignment, p.identity.scenario) in undecided]
    return list(chosen.values()), verdicts


def _key(run: Run) -> tuple[str, str, str, int]:
    identity = run.identity
    return identity.assignment, identity.scenario, identity.server, identity.repetition


def _unneeded(verdict: Verdict) -> bool:
    """Undecided for want of what is declared as needed (a program, cores, a quiet machine): stated and counted."""
    return verdict.reason is not None and verdict.reason.key in ("needs", "cores", "busy")


def sentences(verdicts: Sequence[Verdict]) -> list[str]:
    """One sentence for each verdict that does not hold."""
    return [
        f"assignments/{v.assignment}: claim {v.claim.id} {v.state} ({v.scenario} on {v.server}): "
        f"{v.claim.metric}{v.claim.beside} "
        + (f"is {v.value:g}, expected {bound(v.claim)}" if v.value is not None else f"is undecided: {v.reason}")
        + f"; see {find(v.claim.metric).table} of that run"
        for v in verdicts
        if v.state != "holds" and not _unneeded(v)
    ]


def undecided(lacking: Iterable[Verdict]) -> Iterator[str]:
    """One line for each reason in each assignment, with the claims that it leaves undecided, each once."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for v in lacking:
        told = v.claim.id if v.claim.server else f"{v.claim.id} ({v.server})"
        found.setdefault((v.assignment, str(v.reason)), {})[told] = None
    for (assignment, reason), claims in found.items():
        yield f"assignments/{assignment}: {reason}: {', '.join(claims)}"


def transcripts_of(assignments: Sequence[Assignment], runs: Sequence[Run]) -> Mapping[str, str]:
    """The transcript of each assignment that declares one, by the assignment's name."""
    by_place = {(r.identity.assignment, r.identity.scenario, r.identity.server): r for r in runs}
    return {
        a.name: transcript(a, by_place[a.name, a.transcript.scenario, a.transcript.server])
        for a in assignments
        if a.transcript and (a.name, a.transcript.scenario, a.transcript.server) in by_place
    }


def _transcripts(root: Path, assignments: Sequence[Assignment], runs: Sequence[Run]) -> tuple[int, list[str]]:
    problems = []
    found = transcripts_of(assignments, runs)
    numbers = {assignment.name: assignment.number for assignment in assignments}
    for name, text in found.items():
        path = root / "assignments" / name / "expected.txt"
        accept = f"if it is right, accept it: invoke accept --assignment {numbers[name]}"
        if not path.is_file():
            problems.append(f"assignments/{name}/expected.txt: is missing; {accept}")
        elif shown := difference(path.read_text(encoding="utf-8"), text, name):
            problems.append(f"assignments/{name}/expected.txt: the run printed something else; {accept}\n{shown}")
    return len(found), problems


def _published(root: Path, assignments: Sequence[Assignment], settings: Settings) -> tuple[int, int]:
    """Files of docs/ that are byte for byte what their evidence gives now, and claims that hold there."""
    docs = root / "docs"
    every = plan.plan(assignments, 1.0)
    planned = plan.possible(every, plan.left_out(every, docs / "evidence"))
    stale = [s for s in plan.states(root, planned, docs / "evidence", published=True) if s.reason]
    if stale:
        raise OutdatedError(f"docs/evidence/{s.planned.identity}: {s.reason}; {REMEDY}" for s in stale)
    files, made = published_files(root, assignments, settings, every, docs / "evidence")
    problems = [f"docs: {sentence}" for sentence in sentences(made.verdicts)]
    if problems:
        raise ClaimError(problems)
    return publish.compare(files, docs, REMEDY), len(made.verdicts)


def published_files(
    root: Path,
    assignments: Sequence[Assignment],
    settings: Settings,
    planned: Sequence[Planned],
    folder: Path,
    remember: Memory = forgetful,
) -> tuple[dict[str, bytes], Edition]:
    """All files of docs/: the report from the evidence in this folder, and the evidence itself."""
    missing = plan.left_out(planned, folder)
    planned = plan.possible(planned, missing)
    made = edition(root, evidence_of(assignments, plan.read(planned, folder), missing), 1.0, settings, remember)
    files = dict(made.files)
    for one in planned:
        directory = folder / one.identity.directory
        for path in sorted(directory.iterdir()):
            files[f"evidence/{one.identity.directory}/{path.name}"] = path.read_bytes()
    return files, made
