"""Floor 2, pure. What is said of a diagnosis in each language, from templates/diagnoses.toml or an assignment's own,
and of a judgement, from templates/verdict.toml.

A diagnosis without its texts, a text without its diagnosis' keys, or a word that one language lacks is told with all
others at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from report import languages
from report.errors import SpecError
from report.rendering.labels import Labels
from report.rendering.reasons import fill
from report.spec import LANGUAGES, Language

DIAGNOSES = "diagnoses.toml"
WORDS = "verdict.toml"


@dataclass(frozen=True, slots=True)
class Advice:
    """A diagnosis in one language: its name, what was expected, what happened (`{value}` is what was measured), why it
    matters, what usually causes it, and the command that shows it."""

    title: str
    expected: str
    happened: str
    why: str
    cause: str
    see: str

    def with_value(self, value: str) -> "Advice":
        """The same with the measured value in its place."""
        return Advice(**{one.name: fill(getattr(self, one.name), {"value": value}) for one in fields(self)})


KEYS = tuple(one.name for one in fields(Advice))


def load(templates: Path, wanted: Iterable[str]) -> dict[Language, dict[str, Advice]]:
    """The texts of every wanted diagnosis, common ones and those that a folder of assignments/ brings.

    Raises SpecError with each key that is missing or is no text, and each diagnosis that has its texts twice.
    """
    names, places, problems = list(dict.fromkeys(wanted)), _places(templates), []
    tables = {where: languages.read(folder, DIAGNOSES, where) for where, folder in places.items()}
    has = {where: {name for table in own.values() for name in table} for where, own in tables.items()}
    found: dict[Language, dict[str, Advice]] = {language: {} for language in LANGUAGES}
    for name in names:
        first, *others = [where for where, own in has.items() if name in own] or places
        there = f"{first}/{DIAGNOSES}"
        if others and name in has[first]:
            problems += [f"{where}/{DIAGNOSES}: {name}: has its texts in {there} already" for where in others]
        for language, known in found.items():
            at = f"{first}/{languages.file(DIAGNOSES, language)}: {language}.{name}"
            texts = tables[first][language].get(name)
            texts = texts if isinstance(texts, dict) else {}
            lacking = [key for key in KEYS if not isinstance(texts.get(key), str)]
            unknown = [key for key in texts if key not in KEYS]
            problems += [f"{at}.{key}: is missing" for key in lacking]
            problems += [f"{at}.{key}: unknown key; there are {', '.join(KEYS)}" for key in unknown]
            if not lacking and not unknown:
                known[name] = Advice(**{key: str(texts[key]).strip() for key in KEYS})
    if problems:
        raise SpecError(problems)
    return found


def _places(templates: Path) -> dict[str, Path]:
    """The folders that hold texts of diagnoses, as they are called: the common ones' first."""
    own = sorted(templates.parent.glob(f"assignments/*/{DIAGNOSES}"))
    return {"templates": templates} | {f"assignments/{file.parent.name}": file.parent for file in own}


def words(templates: Path, label: Labels, file: str = WORDS) -> Labels:
    """The report's own words and those of a verdict (or of another file), in the label's language; raises SpecError
    for what is missing."""
    return label.and_these(languages.words(templates, file)[label.language])
