"""Floor 2, pure. The page of a class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from report.graded import Graded
from report.rendering import advice, labels
from report.rendering.labels import Labels
from report.spec import Language, Text

WORDS = "classroom.toml"


@dataclass(frozen=True, slots=True)
class Row:
    """One result as it is shown: under a name, which may be a pseudonym, with links to files beside the page.

    Links are by what they lead to: `verdict` (the page in the language of this one), `results`, `evidence`.
    """

    graded: Graded
    name: str
    links: Mapping[str, str] = field(default_factory=dict)


def words(root: Path, language: Language) -> Labels:
    """The words of reports, verdicts and classes in one language; exports take them, too."""
    templates = root / "templates"
    return advice.words(templates, advice.words(templates, labels.load(templates)[language]), WORDS)


def overview(
    root: Path,
    rows: Sequence[Row],
    assignments: Mapping[str, Text],
    diagnoses: Mapping[str, str],
    language: Language,
    other: str,
) -> bytes:
    """The page in one language: titles by assignment, diagnoses by id; `other` is the file of the other language."""
    raise NotImplementedError
