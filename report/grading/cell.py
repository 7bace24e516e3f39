"""Floor 3. One submission judged for one assignment, in a directory that it has for itself: what is said, and all that
shows it.

A plain function of what can be sent to another machine, which has this project itself and refuses what is meant for
other rules. Knows no pool, no cluster and no other submission.
"""

import io
import shlex
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

from report import candidates, course, freshness, sanitizers
from report import judge as judging
from report.candidates import Candidate
from report.errors import JudgeError, SpecError
from report.evidence import canonical_json, digest
from report.exports import grades
from report.graded import Graded
from report.grading.conventions import Way
from report.grading.submissions import Files
from report.judge import Judged
from report.judgement import Probe, Rules
from report.recording import JUDGING, network, sandbox
from report.rendering import metrics
from report.rendering.judging import Judgement
from report.rendering.memory import forgetful
from report.spec import FAMILIES

VERSION = 2  # raised when the generator itself judges otherwise than before
WORTH: Mapping[str, Any] = {"claims": {"__all__": {"points", "visibility"}}}
LONGEST = 4000  # characters of what a compiler or a tool said; the page has all of it
PACKED, CASE = "evidence.tar.xz", "case.json"
MACHINE = ("processor", "cores", "memory", "kernel", "python")
COMPILERS = {"cc", "gcc", "clang", "c++", "g++", "clang++", "make"}  # that one is missing is no student's fault


@dataclass(frozen=True, slots=True)
class Task:
    """A submission for one assignment: its files, how they are built and run, and what it is judged by.

    `submission` and `rules` are digests, as in Graded. `delay` is what a server is asked to sleep that can be asked,
    `probes` how many run side by side. A verdict that will be tried again is not drawn: `again` says that it will not.
    """

    student: str
    assignment: str
    number: int
    files: Files
    way: Way
    submission: str
    rules: str
    delay: float = candidates.DELAY
    probes: int = 4
    again: bool = False

    @property
    def limit(self) -> float:
        """Seconds after which it is given up; far over all deadlines within, of which each is in delays."""
        return 300 + 150 * (self.way.delay or self.delay)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task, and files that show it, by their names."""

    graded: Graded
    files: Mapping[str, bytes]


@cache
def every_rule(root: Path) -> Mapping[str, Rules]:
    """How each assignment's servers are judged that run under no tool, by its name."""
    found = candidates.rules(root, course.load(root, metrics.problem))
    return {name: sanitizers.under(rules, None) for name, rules in found.items()}


def rules_digest(root: Path, rules: Rules, delay: float) -> str:
    """SHA-256 of what a verdict depends on besides the submission: probes with their claims (not what these are worth),
    diagnoses, what the assignment declares for its metrics, load scripts, bounds, the delay, and `VERSION` for the
    generator's own code."""
    scripts = {path: digest((root / path).read_bytes()) for path in (*freshness.LOAD_SCRIPT, freshness.IMPOLITE_SCRIPT)}
    declared = rules.assignment.model_dump(mode="json", include={*FAMILIES, "connections"})
    probes = {name: probe.model_dump(mode="json", exclude=WORTH) for name, probe in rules.probes.items()}
    diagnoses = [one.model_dump(mode="json") for one in rules.diagnoses]
    bounds = JUDGING.bounds.model_dump() if JUDGING.bounds else None
    return digest(canonical_json([VERSION, probes, diagnoses, declared, scripts, bounds, delay]))


def judge(task: Task, directory: Path, root: Path) -> Answer:
    """The verdict and its files; the directory, which is this judgement's own, is left for the caller to remove.

    Raises SpecError where this machine has other rules, JudgeError for what it lacks.
    """
    begun = monotonic()
    rules = every_rule(root)[task.assignment]
    if rules_digest(root, rules, task.delay) != task.rules:
        raise SpecError("this machine has other rules than the one that asks; give both the same checkout")
    _must_be_here(task.way.build)
    room = directory / "submission"
    written(task.files, room)
    cwd = room / task.way.directory
    try:
        one = candidates.brought(
            root,
            rules,
            task.way.command,
            task.way.build,
            cwd,
            task.way.port,
            task.way.delay or task.delay,
            room=room,
        )
    except SpecError as error:  # what the student says of the build or of the command cannot be meant
        return Answer(_graded(task, begun, "missing", told=str(error).replace(f"{cwd}", ".")), {})
    (made,) = judging.judge_all(root, [one], directory / "judged", task.probes, replace(JUDGING, room=room))
    graded = _of_judged(task, begun, made, directory)
    if graded.outcome == "rejected" and not task.again:
        return Answer(graded, {})
    return Answer(graded, _files(root, task, made, rules, directory))


def written(files: Files, folder: Path) -> None:
    """Every file lies below the folder, for nobody else to read."""
    folder.mkdir(mode=0o700)
    for path, data in files.items():
        place = folder / path
        for parent in reversed(place.relative_to(folder).parents[:-1]):
            (folder / parent).mkdir(mode=0o700, exist_ok=True)
        place.touch(mode=0o600)
        place.write_bytes(data)


def missing(student: str, assignment: str, number: int, submission: str, rules: str, told: str) -> Graded:
    """What is said of a student of whom nothing was found that could be judged."""
    names = _names(student, assignment, number, submission, rules)
    return Graded.model_validate({**names, "outcome": "missing", "told": told, "recorded": _now()})


def unjudged(task: Task, told: str) -> Graded:
    """What is said where the tool itself had trouble."""
    return _graded(task, monotonic(), "unjudged", told=told)


def _must_be_here(build: str | None) -> None:
    try:
        program = shlex.split(build or "true")[0]
    except (ValueError, IndexError):
        return  # the student's own words, which are told by who reads them
    if program in COMPILERS and shutil.which(program) is None:
        raise JudgeError(f"needs {program}")


def _names(student: str, assignment: str, number: int, submission: str, rules: str) -> dict[str, object]:
    names = ("student", "assignment", "number", "submission", "rules")
    return dict(zip(names, (student, assignment, number, submission, rules), strict=True))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _graded(task: Task, begun: float, outcome: str, **more: object) -> Graded:
    names = _names(task.student, task.assignment, task.number, task.submission, task.rules)
    spent = round(monotonic() - begun, 3)
    return Graded.model_validate({**names, "outcome": outcome, "recorded": _now(), "seconds": spent, **more})


def _of_judged(task: Task, begun: float, made: Judged, directory: Path) -> Graded:
    judgement = made.judgement
    told = "\n".join(_told(judgement)).replace(f"{directory / 'submission'}/", "").replace(f"{directory}", ".")
    cut = told if len(told) <= LONGEST else f"{told[: LONGEST // 2]}\n[...]\n{told[-LONGEST // 2 :]}"
    named = judgement.diagnosis.id if judgement.diagnosis else None
    steps, by = grades.steps(judgement), _measured_by(made)
    return _graded(task, begun, judgement.outcome, diagnosis=named, told=cut, steps=steps, measured_by=by)


def _told(judgement: Judgement) -> Iterator[str]:
    """Why it could not be judged, or what kept it from being put to a probe."""
    if judgement.outcome == "accepted":
        return
    own = judgement.outcome == "rejected"
    yield from dict.fromkeys(fault.told for fault in judgement.faults if (fault.stage is not None) is own)
    if not own:
        reasons = (f.verdict.reason for f in judgement.of("undecided") if f.verdict and f.verdict.reason)
        yield from dict.fromkeys(map(str, reasons))


def _measured_by(made: Judged) -> dict[str, str]:
    """What kept the server apart and to its bounds, and on what kind of machine; no name of one."""
    runs = [run.record for found in made.evidence.runs.values() for run in found]
    if not runs:
        return {}
    bounds = ", ".join(sorted({run.held.by for run in runs if run.held}))
    means = {"room": sandbox.version() or "none", "network": "own" if network.is_possible() else "shared"}
    machine = {key: runs[0].environment.get(key, "?") for key in MACHINE}
    return {**means, "bounds": bounds, **machine}


def _files(root: Path, task: Task, made: Judged, rules: Rules, directory: Path) -> dict[str, bytes]:
    """Both pages, and packed beside them the evidence, Markdown with its pictures, and the case."""
    again = candidates.again(made.candidate, task.way.build, Path(task.way.directory))
    files = judging.Words(root, [rules]).files(made, again, forgetful)
    pages = {name: data for name, data in files.items() if name.endswith(".html")}
    packed = {name: data for name, data in files.items() if name not in pages}
    recorded = sorted(path for path in (directory / "judged").rglob("*") if path.is_file())
    packed |= {path.relative_to(directory).as_posix(): path.read_bytes() for path in recorded}
    packed[CASE] = canonical_json(case(made.candidate, made.judgement))
    return {**pages, PACKED: archive(packed)}


def case(one: Candidate, judgement: Judgement) -> dict[str, object]:
    """What must be known besides the evidence, to judge it again."""
    faults = [[f.probe, f.stage, f.told, f.elsewhere, f.excess] for f in judgement.faults]
    return {
        "command": one.command,
        "delay": one.delay,
        "port": one.port,
        "is_built": one.is_built,
        "faults": faults,
        "probes": {name: shape(probe) for name, probe in one.rules.probes.items()},
    }


def shape(probe: Probe) -> str:
    """A digest of what a probe does, whatever is claimed of it."""
    return digest(canonical_json(probe.model_dump(mode="json", exclude={"claims", "under", "predicted"})))


def archive(files: Mapping[str, bytes]) -> bytes:
    """A tar archive, xz; the same bytes of the same files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:xz", format=tarfile.PAX_FORMAT) as packed:
        for path, data in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o644
            packed.addfile(entry, io.BytesIO(data))
    return made.getvalue()
