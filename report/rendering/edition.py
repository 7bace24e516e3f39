"""Floor 2, pure. All files of a report in both languages, from runs and sources: the whole of rendering in one call.

Holds the languages against each other: what one explanation calls, in that order, the other must call too.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report.errors import ClaimError
from report.rendering import labels
from report.rendering.document import Document, compose
from report.rendering.verdicts import Evidence, Verdict, judge
from report.run import Run
from report.spec import LANGUAGES, Assignment, Language


@dataclass(frozen=True, slots=True)
class Edition:
    """The files by their path in the report's folder, the verdicts, and how many calls both languages share."""

    files: Mapping[str, bytes]
    verdicts: tuple[Verdict, ...]
    parity: int


def evidence_of(assignments: Iterable[Assignment], runs: Iterable[Run]) -> Evidence:
    """Runs by what was run, in the order of the assignments and of their scenario.toml."""
    found: dict[tuple[str, str, str], list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.identity.repetition):
        found.setdefault((run.identity.assignment, run.identity.scenario, run.identity.server), []).append(run)
    known = {assignment.name: assignment for assignment in assignments}
    order = [(a.name, s, server) for a in known.values() for s in a.scenarios for server in a.servers_of(s)]
    return Evidence(known, {key: tuple(found[key]) for key in order if key in found})


def edition(root: Path, evidence: Evidence, speed: float) -> Edition:
    """The report from this evidence, made at this nominal speed.

    Raises SpecError for templates and explanations that are wrong, ClaimError for claims that are not cited exactly
    once and for languages that do not match.
    """
    verdicts = {name: judge(evidence, assignment, speed) for name, assignment in evidence.assignments.items()}
    words = labels.load(root / "templates")
    names: dict[Language, str] = {language: f"report.{language}.md" for language in LANGUAGES}
    documents = [compose(root, evidence, verdicts, words[language], names) for language in LANGUAGES]
    parity = _parity(documents)
    from report.rendering.page import page  # only here: markdown-it is not needed to judge

    files: dict[str, bytes] = {}
    for document in documents:
        files[names[document.language]] = document.markdown.encode()
        files[f"report.{document.language}.html"] = page(root, document).encode()
        files |= document.pictures
    return Edition(files, tuple(v for of in verdicts.values() for v in of), parity)


def _parity(documents: Sequence[Document]) -> int:
    """How many calls and headings were compared; raises ClaimError with file and the first difference of each."""
    first, *others = documents
    problems = []
    compared = 0
    for other in others:
        for name, trail in first.trails.items():
            compared += len(trail)
            if difference := _difference(trail, other.trails[name]):
                problems.append(f"assignments/{name}/explanation.{other.language}.md: {difference}")
        levels, beside = _headings(first.markdown), _headings(other.markdown)
        compared += len(levels)
        if difference := _difference(levels, beside):
            problems.append(f"report.{other.language}.md: headings: {difference}")
    if problems:
        raise ClaimError(problems)
    return compared


def _difference(expected: Sequence[str], found: Sequence[str]) -> str:
    for kind, a, b, c, d in difflib.SequenceMatcher(None, expected, found, autojunk=False).get_opcodes():
        if kind != "equal":
            here = ", ".join(found[c:d]) or "nothing"
            return f"has {here} where the other language has {', '.join(expected[a:b]) or 'nothing'}"
    return ""


def _headings(markdown: str) -> list[str]:
    """Levels of the headings outside code blocks, such as '##'."""
    outside = re.sub(r"(?ms)^(`{3,})[^`\n]*\n.*?^\1$", "", markdown)
    return re.findall(r"(?m)^(#{1,6}) ", outside)
