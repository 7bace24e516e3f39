"""Floor 2, pure. One assignment's explanation filled in from evidence, remembered by all that it is made from.

That is all evidence and declarations, the words, the explanation itself, and the files that its excerpts show. A
chapter that takes in other templates is made anew each time.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.rendering import filling
from report.rendering.gates.mutation import Score
from report.rendering.labels import Labels
from report.rendering.memory import Memory, content, forgetful, key
from report.rendering.narrator import Narrator
from report.rendering.verdicts import Evidence, Verdict
from report.settings import Settings
from report.spec import Assignment

_TAKES_IN = re.compile(r"\{%[-+]?\s*(?:include|import|from|extends)\b")


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made from, the same for every language."""

    root: Path
    evidence: Evidence
    verdicts: Mapping[str, Sequence[Verdict]]
    settings: Settings
    score: Score
    remember: Memory = forgetful


@dataclass(frozen=True, slots=True)
class Chapter:
    """An explanation as Markdown, its pictures, its table of trade-offs if it declares one, and its faults."""

    text: str
    pictures: Mapping[str, bytes]
    tradeoffs: str
    problems: tuple[str, ...]


def chapter(material: Material, assignment: Assignment, label: Labels) -> Chapter:
    """The assignment's chapter; raises SpecError when the explanation is wrong."""
    file = f"assignments/{assignment.name}/explanation.{label.language}.md"
    try:
        alone = not _TAKES_IN.search((material.root / file).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # told where the template is filled in
        alone = False
    if not alone:
        return _chapter(_made(material, assignment, label, file))
    judged = [[v.assignment, v.claim.id, v.server, v.state] for of in material.verdicts.values() for v in of]
    made_from = ["chapter", material.evidence.digest, judged, label.language, label.digest, file]
    made_from.append(content(material.root / file))
    made: list[Mapping[str, Any]] = []  # at most once

    def make() -> Mapping[str, Any]:
        if not made:
            made.append(_made(material, assignment, label, file))
        return made[0]

    shown = json.loads(material.remember(key("shown", made_from), lambda: json.dumps(make()["shown"]).encode()))
    read = [content(material.root / path) for path in shown]
    return _chapter(json.loads(material.remember(key(made_from, read), lambda: json.dumps(make()).encode())))


def _made(material: Material, assignment: Assignment, label: Labels, file: str) -> Mapping[str, Any]:
    """The chapter, and which files its excerpts show, as what JSON can say."""
    root, verdicts = material.root, material.verdicts[assignment.name]
    narrator = Narrator(root, material.evidence, assignment, verdicts, label, file, material.remember)
    text = filling.fill(filling.environment(root), root, file, narrator.calls())
    return {
        "text": text,
        "pictures": {path: svg.decode() for path, svg in narrator.pictures.items()},
        "tradeoffs": narrator.tradeoffs_table() if assignment.tradeoffs else "",
        "problems": _citations(assignment, narrator.cited, file),
        "shown": sorted(narrator.shown),
    }


def _chapter(said: Mapping[str, Any]) -> Chapter:
    pictures = {path: svg.encode() for path, svg in said["pictures"].items()}
    return Chapter(said["text"], pictures, said["tradeoffs"], tuple(said["problems"]))


def _citations(assignment: Assignment, cited: Sequence[str], file: str) -> list[str]:
    counts = Counter(cited)
    wanted = [claim.id for scenario in assignment.scenarios.values() for claim in scenario.claims]
    problems = [
        f'{file}: claim("{one}") is cited {counts[one]} times; once is right' for one in wanted if counts[one] > 1
    ]
    problems += [f'{file}: claim("{one}") of scenario.toml is never cited' for one in wanted if not counts[one]]
    return problems
