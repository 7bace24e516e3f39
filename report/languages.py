"""Floor 1. The languages: Korean, English, and each other whose labels lie beside theirs, as templates/labels.XX.toml.

FILE.toml holds the words of both, FILE.XX.toml those of another one, in a table of its name: a language is added by
files alone (CONTRIBUTING.md says by which). Knows the standard library only.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from report.errors import SpecError

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
TEXTS = "texts.toml"  # under assignments/ or a folder there: what texts of TOML files are in an added language
BOTH = ("ko", "en")
_CODE = re.compile(r"labels\.([a-z]{2,3})\.toml")


def added(templates: Path) -> tuple[str, ...]:
    """The codes of the languages whose labels lie there besides those of both."""
    codes = {found[1] for file in templates.glob("labels.*.toml") if (found := _CODE.fullmatch(file.name))}
    return tuple(sorted(codes - {*BOTH}))


ADDED = added(TEMPLATES)
LANGUAGES: tuple[str, ...] = (*BOTH, *ADDED)
if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[LANGUAGES]  # models refuse any other


def file(name: str, language: Language) -> str:
    """FILE.toml, or FILE.XX.toml for a language that was added."""
    stem, dot, kind = name.rpartition(".")
    return name if language in BOTH else f"{stem}.{language}{dot}{kind}"


def read(folder: Path, name: str, where: str = "templates", of: Iterable[Language] = ()) -> dict[str, Any]:
    """The table of each language (or of those named) from FILE.toml and what lies beside it; empty where it has none.

    Raises SpecError for each file that cannot be read, or whose name is that of no language.
    """
    expected = file(name, "XX")
    tables: dict[str, Any] = {language: {} for language in of or LANGUAGES}
    problems = [
        f"{where}/{other.name}: is of no language; expected {expected}, XX as in templates/labels.XX.toml"
        for other in sorted(folder.glob(file(name, "*")))
        if other.name.split(".")[1] not in added(TEMPLATES)
    ]
    for one in dict.fromkeys(file(name, language) for language in tables):
        try:
            raw = tomllib.loads((folder / one).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            problems.append(f"{where}/{one}: cannot be read: {error}")
            continue
        tables |= {lang: raw[lang] for lang in tables if file(name, lang) == one and isinstance(raw.get(lang), dict)}
    if problems:
        raise SpecError(problems)
    return tables


def words(folder: Path, name: str, of: Iterable[Language] = ()) -> dict[str, Any]:
    """The same of a file in which all languages have the same keys, and those that were added the fields of English.

    Raises SpecError with file and key of each word that a language lacks or has too many.
    """
    tables = read(folder, name, of=of)
    keys = {language: _keys(table) for language, table in tables.items()}
    every: dict[str, str] = {}
    for both in BOTH:
        every |= keys.get(both, {})
    problems = []
    for language, own in keys.items():
        at = f"templates/{file(name, language)}: {language}"
        problems += [f"{at}.{key}: is missing" for key in sorted(every.keys() - own.keys())]
        problems += [f"{at}.{key}: is no key of English" for key in sorted(own.keys() - every.keys())]
        for key in sorted(own.keys() & every.keys()) if language in ADDED else ():
            fields, found = _fields(every[key]), _fields(own[key])
            if fields != found:
                problems.append(
                    f"{at}.{key}: expected the fields of English, {fields or 'none'}; found {found or 'none'}"
                )
    if problems:
        raise SpecError(problems)
    return tables


def texts(root: Path, folder: str = "") -> dict[Language, dict[str, Any]]:
    """What texts of TOML files are in each added language, by their English: of assignments/ and of a folder there.

    Raises SpecError for a file that is no TOML.
    """
    found: dict[Language, dict[str, Any]] = {language: {} for language in ADDED}
    for language, known in found.items():
        for place in dict.fromkeys(("assignments", f"assignments/{folder}".rstrip("/"))):
            path = root / place / file(TEXTS, language)
            try:
                known |= tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            except (OSError, ValueError, RecursionError) as error:
                raise SpecError(f"{place}/{path.name}: cannot be read: {error}") from None
    return found


def _keys(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Each word by its dotted key."""
    keys: dict[str, str] = {}
    for key, value in table.items():
        keys |= _keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: str(value)}
    return keys


def _fields(text: str) -> str:
    return ", ".join(sorted(re.findall(r"\{\w+\}", text)))
