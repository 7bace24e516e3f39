"""Floor 2, pure. The report in one language as Markdown: explanations and templates filled from evidence.

Every number and sentence that claims something comes through here; every claim must be cited exactly once. Knows no
assignment by name, writes no file. What page one says stands in `overview`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from report.errors import ClaimError, EvidenceError
from report.rendering import benchmarks, filling
from report.rendering.chapter import Material, chapter
from report.rendering.illustrator import Illustrator
from report.rendering.labels import Labels
from report.rendering.overview import Overview
from report.rendering.places import Places
from report.settings import FILE
from report.spec import Language


@dataclass(frozen=True, slots=True)
class Document:
    """A report in one language: its Markdown, its pictures by their path beside it, and what its cover says."""

    language: Language
    title: str
    markdown: str
    pictures: Mapping[str, bytes]
    cover: tuple[tuple[str, str], ...] = ()


def compose(material: Material, label: Labels, other: Mapping[Language, str]) -> Document:
    """The report in the label's language; `other` names the file of each language.

    Raises ClaimError when a claim is not cited exactly once, SpecError when a template or an explanation is wrong,
    EvidenceError when there is not one run.
    """
    root, evidence = material.root, material.evidence
    environment = filling.environment(root)
    chapters = {name: chapter(material, one, label) for name, one in evidence.assignments.items()}
    if problems := [problem for one in chapters.values() for problem in one.problems]:
        raise ClaimError(problems)
    if not evidence.runs:
        raise EvidenceError("there is no run to report on; make one with: invoke run")
    overview = Overview(material.evidence, material.verdicts, material.settings, label)
    first = next(iter(evidence.assignments.values()))
    designs = Illustrator(root, Places(evidence, first, FILE), label, FILE, material.remember)
    measured = benchmarks.shown(root, material.settings.benchmarks, label.language)
    recorded = [run for reference in material.settings.overview if (run := overview.run(reference))]
    values = {
        "label": label,
        "assignments": list(evidence.assignments.values()),
        "texts": {name: one.text for name, one in chapters.items()},
        "title": overview.title(),
        "cover": overview.cover(),
        "overview": overview,
        "designs": designs.figure("designs", *material.settings.overview) if recorded else "",
        "tradeoffs": {name: one.tradeoffs for name, one in chapters.items() if one.tradeoffs},
        "benchmarks": measured.text,
        "score": material.score,
        "other": {language: file for language, file in other.items() if language in material.settings.languages},
    }
    markdown = filling.fill(environment, root, "templates/report.md.j2", values)
    pictures = {**designs.pictures, **measured.pictures}
    for one in chapters.values():
        pictures |= one.pictures
    return Document(label.language, overview.title(), tidy(markdown), pictures, overview.cover())


def tidy(markdown: str) -> str:
    """No trailing blanks and no more than one empty line in a row outside code blocks."""
    out: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        if not fence and line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        elif fence and line == fence:
            fence = ""
        if line.strip() or fence or (out and out[-1].strip()):
            out.append(line if fence else line.rstrip())
    return "\n".join(out).strip("\n") + "\n"
