"""Floor 2, pure. All files of a report in its languages, from runs and sources: the whole of rendering in one call.

Both languages are always composed and held against each other, even where only one is written. Every gate counts
what it looked at, and having looked at nothing is a failure.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from report.errors import ClaimError, SpecError
from report.rendering import headings, labels
from report.rendering.document import Document, Material, compose
from report.rendering.gates import mutation, parity, references, wording
from report.rendering.memory import Memory, forgetful, key
from report.rendering.pages import appendix
from report.rendering.verdicts import Evidence, Verdict, judge
from report.run import Run
from report.settings import Settings
from report.spec import LANGUAGES, Assignment, Language


@dataclass(frozen=True, slots=True)
class Gates:
    """What each gate looked at: pieces alike in both languages, numbers, sentences, links, pictures, texts, glyphs,
    bounds."""

    pieces: int
    numbers: int
    sentences: int
    links: int
    pictures: int
    texts: int
    glyphs: int
    bounds: int


@dataclass(frozen=True, slots=True)
class Edition:
    """The files by their path in the report's folder, the verdicts, the documents, and what the gates looked at."""

    files: Mapping[str, bytes]
    verdicts: tuple[Verdict, ...]
    documents: tuple[Document, ...]
    score: mutation.Score
    gates: Gates


def evidence_of(
    assignments: Iterable[Assignment], runs: Iterable[Run], lacking: Mapping[tuple[str, str], str] | None = None
) -> Evidence:
    """Runs by what was run, in the order of the assignments and of their scenario.toml; `lacking` as in Evidence."""
    found: dict[tuple[str, str, str], list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.identity.repetition):
        found.setdefault((run.identity.assignment, run.identity.scenario, run.identity.server), []).append(run)
    known = {assignment.name: assignment for assignment in assignments}
    order = [(a.name, s, server) for a in known.values() for s in a.scenarios for server in a.servers_of(s)]
    return Evidence(known, {key: tuple(found[key]) for key in order if key in found}, lacking or {})


def edition(
    root: Path,
    evidence: Evidence,
    speed: float,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    remember: Memory = forgetful,
) -> Edition:
    """The report from this evidence, made at this nominal speed.

    Raises SpecError for templates and explanations that are wrong, ClaimError for whatever a gate finds: claims not
    cited exactly once, languages that differ, numbers typed by hand, comparisons outside a claim, links that lead
    nowhere.
    """
    verdicts = {name: judge(evidence, assignment, speed) for name, assignment in evidence.assignments.items()}
    score = _score(evidence, [verdict for of in verdicts.values() for verdict in of], remember)
    words = labels.load(root / "templates")
    names: dict[Language, str] = {language: f"report.{language}.md" for language in LANGUAGES}
    material = Material(root, evidence, verdicts, settings, score, remember)
    documents = {language: compose(material, words[language], names) for language in LANGUAGES}
    pieces = _parity(root, tuple(evidence.assignments))
    said = wording.check(root, _sources(evidence))
    written = {language: documents[language] for language in settings.languages}
    files, looked = _write(material, written, documents, words, names)
    seen = (looked.links, looked.pictures, looked.texts, looked.glyphs)
    gates = Gates(pieces, said.numbers, said.sentences, *seen, bounds=score.crossings)
    if not all(astuple(gates)):
        nothing = ", ".join(field.name for field in fields(gates) if not getattr(gates, field.name))
        raise ClaimError(f"the report's gates looked at no {nothing}; a gate that matches nothing is no gate")
    return Edition(files, tuple(v for of in verdicts.values() for v in of), tuple(written.values()), score, gates)


def prepare(root: Path, evidence: Evidence, settings: Settings, remember: Memory) -> None:
    """Has the memory hold the first language's pictures and the mutation score, which are what takes long."""
    verdicts = {name: judge(evidence, assignment, 1.0) for name, assignment in evidence.assignments.items()}
    score = _score(evidence, [verdict for of in verdicts.values() for verdict in of], remember)
    compose(Material(root, evidence, verdicts, settings, score, remember), labels.load(root / "templates")["ko"], {})


def _score(evidence: Evidence, verdicts: Sequence[Verdict], remember: Memory) -> mutation.Score:
    """The mutation score, tried again only when evidence or a claim changed."""
    made_from = [
        [assignment.model_dump(mode="json", exclude={"folder"}) for assignment in evidence.assignments.values()],
        [[str(run.identity), dict(run.record.files)] for runs in evidence.runs.values() for run in runs],
        [[v.assignment, v.server, v.claim.id, v.state] for v in verdicts],
    ]
    made = remember(key("score", made_from), lambda: json.dumps(asdict(mutation.score(evidence, verdicts))).encode())
    found = json.loads(made)
    return mutation.Score(**found | {"survivors": tuple(found["survivors"])})


def _write(
    material: Material,
    written: Mapping[Language, Document],
    documents: Mapping[Language, Document],
    words: Mapping[Language, labels.Labels],
    names: Mapping[Language, str],
) -> tuple[dict[str, bytes], references.Checked]:
    """The files of the written languages, and what was looked at in them."""
    from report.rendering.pages.page import Neighbours, page  # only here: what pages need is not needed to judge

    ids = headings.page_ids(headings.headings(documents["en"].markdown))
    tables = appendix.tables(material.evidence)
    files: dict[str, bytes] = {}
    for language, document in written.items():
        files[names[language]] = document.markdown.encode()
        other = next((one for one in written if one != language), None)
        beside = Neighbours(ids, other, f"report.{other}.html" if other else "")
        files[f"report.{language}.html"] = page(
            material.root, document, words[language], beside, tables, material.remember
        ).encode()
        files |= document.pictures
    lines = {path: len(table.lines) for path, table in tables.items()}
    looked = references.check(material.root, files, lines)
    if looked.problems:
        raise ClaimError(looked.problems)
    return files, looked


def _sources(evidence: Evidence) -> dict[str, Language]:
    return {f"assignments/{name}/explanation.{lang}.md": lang for name in evidence.assignments for lang in LANGUAGES}


def _parity(root: Path, assignments: Sequence[str]) -> int:
    """How many pieces are alike in every language; raises ClaimError with file and line of each that is not."""
    problems: list[str] = []
    compared = 0
    first, *others = LANGUAGES
    for name in assignments:
        file = f"assignments/{name}/explanation.{{}}.md"
        expected = _pieces(root, file.format(first))
        compared += len(expected)
        for other in others:
            found = _pieces(root, file.format(other))
            problems += parity.differences(file.format(other), found, file.format(first), expected)
    if problems:
        raise ClaimError(problems)
    return compared


def _pieces(root: Path, file: str) -> list[parity.Piece]:
    try:
        return parity.pieces((root / file).read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{file}: cannot be read: {error.strerror}") from None
