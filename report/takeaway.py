"""Floor 3. What is taken away: runs and verdicts in other tools' formats, and the bundle that is handed in.

Reads evidence and sources from disk for `report.exports`, which makes the bytes. Writes and prints nothing.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import evidence, plan
from report.errors import EvidenceError
from report.evidence import Chunk
from report.exports import bundle, cases, crate, verify
from report.exports.cast import cast
from report.exports.gradescope import results
from report.exports.har import har
from report.exports.junit import junit
from report.exports.summary import summary
from report.exports.trace import trace
from report.jobs import Course
from report.planned import Planned
from report.rendering import advice, labels
from report.rendering.edition import evidence_of
from report.rendering.judging import Judgement
from report.rendering.verdicts import Evidence, Verdict, judge
from report.run import Run
from report.spec import Language
from report.stamp import INPUTS, files

GENERATOR = (
    *INPUTS, "tasks.py", "inv", "pyproject.toml", "requirements.in", "requirements-dev.in", "requirements-dev.txt",
    "requirements-cluster.in", "requirements-cluster.txt",
    "README.md", "README.ko.md", "COMPARISON.md", "COMPARISON.ko.md", "CHANGELOG.md", "CITATION.cff", "LICENSE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Material:
    """All evidence below a folder that the course asks for, and the verdicts on it; `planned` are its runs."""

    planned: Sequence[Planned]
    evidence: Evidence
    verdicts: Sequence[Verdict]

    @property
    def runs(self) -> list[Run]:
        return [run for runs in self.evidence.runs.values() for run in runs]


def material(course: Course, folder: Path) -> Material:
    """What there is of the course's runs at its own speed; raises EvidenceError for what was changed."""
    there, found = recorded(course, folder)
    return Material(there, found, [v for one in course.assignments for v in judge(found, one, 1.0)])


def recorded(course: Course, folder: Path) -> tuple[list[Planned], Evidence]:
    """The same without the verdicts, which take longer to find than to read what they are on."""
    every = plan.plan(course.assignments, 1.0)
    there = [one for one in every if evidence.find(folder / one.identity.directory) is not None]
    return there, evidence_of(course.assignments, plan.read(there, folder), plan.lacking(course.assignments))


def exported(
    root: Path, of: Material, wanted: Sequence[Planned], folder: Path, language: Language, points: float | None
) -> Iterator[tuple[str, bytes]]:
    """Every run that is wanted and there in each format of runs, and then their verdicts in each format of verdicts.

    Raises EvidenceError when there is none.
    """
    chosen = [one for one in wanted if one in of.planned]
    if not chosen:
        raise EvidenceError(f"{folder.name}: has no run of these; make one with: invoke run")
    label, version = labels.load(root / "templates")[language], _software(root)["version"]
    runs = {run.identity: run for run in of.runs}
    for planned in chosen:
        run, directory = runs[planned.identity], planned.identity.directory
        for name, data in _of_run(run, planned, folder, version):
            yield f"{directory}/{name}", data
    places = {(one.identity.assignment, one.identity.scenario, one.identity.server) for one in chosen}
    judged = [v for v in of.verdicts if (v.assignment, v.scenario, v.server) in places]
    suites = cases.of_verdicts(of.evidence, judged, label)
    yield "junit.xml", junit(suites, label("title"))
    yield "results.json", results(suites, label, points)
    yield "summary.md", summary(suites, label, label("title"))


def _of_run(run: Run, planned: Planned, folder: Path, version: str) -> Iterator[tuple[str, bytes]]:
    place = evidence.find(folder / run.identity.directory)
    assert place is not None  # it was read from there
    data = {name: (place / name).read_bytes() for name in evidence.FILES}
    yield from ((name, data[name]) for name in ("requests.csv", "samples.csv"))
    chunks = {who: evidence.parse_rows(data[f"{who}.times.csv"], Chunk, str(place)) for who in ("server", "client")}
    start = min((chunk.seconds for printed in chunks.values() for chunk in printed), default=0.0)
    for who, printed in chunks.items():
        yield f"{who}.cast", cast(run.record, who, data[f"{who}.log"], printed, start)
    yield "trace.json", trace(run, planned.assignment)
    yield "load.har", har(run, planned.scenario, version)


def of_judged(
    root: Path, judgement: Judgement, on: Evidence, said: Sequence[str], language: Language, points: float | None
) -> dict[str, bytes]:
    """The verdict on one server in each format of verdicts, by its file; `said` is what a terminal shows of it."""
    label = advice.words(root / "templates", labels.load(root / "templates")[language])
    suites = [cases.of_judgement(judgement, on, label)]
    title = label("verdict_of", assignment=suites[0].title)
    return {"verdict.junit.xml": junit(suites, title), "verdict.results.json": results(suites, label, points, said)}


def bundled(root: Path, course: Course, of: Material, folder: Path, report: Path, made: Iterable[str]) -> bytes:
    """The bundle of a report, of which `made` are the files below the folder `report`; raises EvidenceError."""
    if not of.runs:
        raise EvidenceError(f"{folder.name}: has no run to hand in; make them with: invoke report")
    packed = {f"docs/{path}": (report / path).read_bytes() for path in made}
    for planned in of.planned:
        directory = planned.identity.directory
        place = evidence.find(folder / directory)
        assert place is not None  # it was read from there
        for name in ("run.json", *evidence.FILES):
            packed[f"{verify.EVIDENCE}/{directory}/{name}"] = (place / name).read_bytes()
    for name in GENERATOR:
        packed |= {path.relative_to(root).as_posix(): path.read_bytes() for path in files(root / name)}
    packed["verify.py"] = Path(verify.__file__).read_bytes()
    packed["verdicts.json"] = bundle.verdicts(of.evidence, of.verdicts)
    packed["environment.json"] = bundle.environments(of.runs)
    label = labels.load(root / "templates")[course.settings.languages[0]]
    packed[crate.METADATA] = crate.metadata(packed, of.runs, course.settings, label, _software(root))
    return bundle.archive(packed)


def _software(root: Path) -> dict[str, str]:
    """The generator's name, version and description."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {key: str(project[key]) for key in ("name", "version", "description")}
