"""Floor 3. What differs between two runs that lie on disk: found by name or path, said in a terminal and as a page.

Prints nothing; the words are made in `report.rendering.differing`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from report import evidence, judgement, latest
from report.errors import EvidenceError
from report.rendering import advice, labels, metrics
from report.rendering.differences import Side
from report.rendering.differing import Speaker
from report.scenario import Scenario
from report.show import WORDS
from report.spec import LANGUAGES, Assignment, Language

if TYPE_CHECKING:
    from rich.console import RenderableType


class Difference:
    """Two runs and their repetitions, each named as `invoke list` prints it or by its directory.

    Raises SpecError for a name that no run has, EvidenceError for one that was changed or that nothing declares.
    """

    def __init__(self, root: Path, assignments: Sequence[Assignment], before: str, after: str) -> None:
        self._root, templates = root, root / "templates"
        self._before, self._after = _side(root, assignments, before), _side(root, assignments, after)
        found = labels.load(templates)
        self._labels = {language: advice.words(templates, label, WORDS) for language, label in found.items()}

    def pieces(self, language: Language) -> Iterator["RenderableType"]:
        """What differs, for a terminal."""
        return self._speaker(language).pieces(f"build/{page_name(language, 'html')}")

    def files(self) -> dict[str, bytes]:
        """What differs, as Markdown and as pages, with their pictures."""
        from report.rendering.pages.page import pages

        documents = {
            language: self._speaker(language).document(
                self._root, {other: page_name(other, "md") for other in LANGUAGES if other != language}
            )
            for language in LANGUAGES
        }
        made = pages(self._root, documents, self._labels, page_name, {})
        return made | {page_name(one, "md"): document.markdown.encode() for one, document in documents.items()}

    def _speaker(self, language: Language) -> Speaker:
        return Speaker(self._before, self._after, self._labels[language])


def page_name(language: Language, kind: str) -> str:
    """The difference's file of a language: kind is md or html."""
    return f"diff.{language}.{kind}"


def _side(root: Path, assignments: Sequence[Assignment], name: str) -> Side:
    directories = latest.repetitions(name, latest.folders(root))
    runs = [evidence.read(directory) for directory in directories]
    identity = runs[0].identity
    folder = directories[0].resolve().parents[1]
    place = folder.relative_to(root.resolve()) if folder.is_relative_to(root.resolve()) else folder
    for assignment in assignments:
        if assignment.name == identity.assignment:
            scenario = assignment.scenarios.get(identity.scenario) or _probe(root, assignment, identity.scenario)
            if scenario is not None:
                return Side(name.rstrip("/"), str(place), assignment, scenario, runs)
    raise EvidenceError(
        f"{name}: is of {identity.assignment}/{identity.scenario}, which no scenario.toml and no judge.toml declares"
    )


def _probe(root: Path, assignment: Assignment, name: str) -> Scenario | None:
    """What servers that are judged are put to by this name."""
    rules = judgement.load(root, [assignment], metrics.problem).get(assignment.name)
    return rules.probes.get(name) if rules else None
