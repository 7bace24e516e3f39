"""Floor 2, pure. All files of a report in its languages, from runs and sources: the whole of rendering in one call.

All languages are always composed and held against each other, even where only one is written. Every gate counts
what it looked at, and having looked at nothing is a failure.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

from report import languages
from report.errors import ClaimError, SpecError
from report.rendering import labels
from report.rendering.chapter import Material, chapter
from report.rendering.document import Document, compose
from report.rendering.gates import mutation, parity, references, wording
from report.rendering.memory import Beside, Memory, alone, content, forgetful, key, once
from report.rendering.overview import Overview
from report.rendering.pages.pages import Pages
from report.rendering.verdicts import Evidence, Verdict, judge
from report.run import Run
from report.settings import Settings
from report.spec import LANGUAGES, Assignment, Language

NAMES: Mapping[Language, str] = {language: f"report.{language}.md" for language in LANGUAGES}


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
    beside: Beside = alone,
) -> Edition:
    """The report from this evidence, made at this nominal speed; half of the work may be done `beside` the other.

    Raises SpecError for templates and explanations that are wrong, ClaimError for whatever a gate finds: claims not
    cited exactly once, languages that differ, numbers typed by hand, comparisons outside a claim, links that lead
    nowhere.
    """
    words = labels.load(root / "templates")
    remember = once(remember)
    first, *others = words.values()
    verdicts = _judged(evidence, speed, settings, first, remember)
    material = Material(root, evidence, verdicts, settings, mutation.NOTHING, remember)
    with beside(lambda: _part(material, others)):
        _part(material, [first])
    material = replace(material, score=mutation.total(_score(material, name) for name in verdicts))
    documents = {language: compose(material, words[language], NAMES) for language in LANGUAGES}
    pieces = _parity(root, tuple(evidence.assignments), remember)
    said = _wording(root, evidence, remember)
    written = {language: documents[language] for language in settings.languages}
    pages = Pages(material, documents, words)
    with beside(pages.others):
        pages.first()
    files = pages.files()
    looked = references.check(root, files, pages.tables, remember)
    if looked.problems:
        raise ClaimError(looked.problems)
    seen = (looked.links, looked.pictures, looked.texts, looked.glyphs)
    gates = Gates(pieces, said.numbers, said.sentences, *seen, bounds=material.score.crossings)
    if not all(astuple(gates)):
        nothing = ", ".join(field.name for field in fields(gates) if not getattr(gates, field.name))
        raise ClaimError(f"the report's gates looked at no {nothing}; a gate that matches nothing is no gate")
    every = tuple(verdict for of in verdicts.values() for verdict in of)
    return Edition(files, every, tuple(written.values()), material.score, gates)


def _judged(
    evidence: Evidence, speed: float, settings: Settings, label: labels.Labels, remember: Memory
) -> Mapping[str, Sequence[Verdict]]:
    """The verdicts by assignment; evidence that was measured before need not even be looked into.

    What page one says of each run is measured along with them, since that is asked each time too.
    """

    def judged() -> dict[str, list[Verdict]]:
        return {name: judge(evidence, assignment, speed) for name, assignment in evidence.assignments.items()}

    def measured() -> bytes:
        Overview(evidence, judged(), settings, label).runs()
        return evidence.known()

    evidence.learn(remember(key("measured", evidence.digest, speed), measured))
    return judged()


def _part(material: Material, of: Sequence[labels.Labels]) -> None:
    """Has the memory hold these languages' chapters with their pictures, and half of what is alike in all."""
    root, assignments, is_first = material.root, [*material.evidence.assignments], of[0].language == LANGUAGES[0]
    for label in of:
        for assignment in material.evidence.assignments.values():
            chapter(material, assignment, label)
            _pieces(root, f"assignments/{assignment.name}/explanation.{label.language}.md", material.remember)
    for name in assignments[0 if is_first else 1 :: 2]:
        _score(material, name)
    if not is_first:
        _wording(root, material.evidence, material.remember)


def _score(material: Material, name: str) -> mutation.Score:
    """The mutation score of one assignment's claims, tried again only when evidence or a claim changed."""
    verdicts = material.verdicts[name]
    states = [[verdict.server, verdict.claim.id, verdict.state] for verdict in verdicts]

    def made() -> bytes:
        return json.dumps(asdict(mutation.score(material.evidence, verdicts))).encode()

    found = json.loads(material.remember(key("score", material.evidence.digest, name, states), made))
    return mutation.Score(**found | {"survivors": tuple(found["survivors"])})


def _wording(root: Path, evidence: Evidence, remember: Memory) -> wording.Counts:
    """What the gates over the prose counted; raises ClaimError with all that they find."""
    files = _sources(evidence)
    own = (languages.file(name, lang) for name in (wording.LABELS, wording.RULES) for lang in LANGUAGES)
    made_from = {file: content(root / file) for file in (*files, *wording.SHARED, *own)}

    def made() -> bytes:
        return json.dumps(asdict(wording.check(root, files, remember))).encode()

    return wording.Counts(**json.loads(remember(key("wording", made_from), made)))


def _sources(evidence: Evidence) -> dict[str, Language]:
    return {f"assignments/{name}/explanation.{lang}.md": lang for name in evidence.assignments for lang in LANGUAGES}


def _parity(root: Path, assignments: Sequence[str], remember: Memory) -> int:
    """How many pieces are alike in every language; raises ClaimError with file and line of each that is not."""
    problems: list[str] = []
    compared = 0
    first, *others = LANGUAGES
    for name in assignments:
        file = f"assignments/{name}/explanation.{{}}.md"
        expected = _pieces(root, file.format(first), remember)
        compared += len(expected)
        for other in others:
            found = _pieces(root, file.format(other), remember)
            problems += parity.differences(file.format(other), found, file.format(first), expected)
    if problems:
        raise ClaimError(problems)
    return compared


def _pieces(root: Path, file: str, remember: Memory) -> list[parity.Piece]:
    try:
        source = (root / file).read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{file}: cannot be read: {error.strerror}") from None
    made = remember(key("pieces", source), lambda: json.dumps([*map(astuple, parity.pieces(source))]).encode())
    return [parity.Piece(*piece) for piece in json.loads(made)]
