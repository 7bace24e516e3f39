"""Floor 3. The first words, in the language of who types them: what can be done here and where the last report lies.

Knows the standard library only, as `doctor` does: it must speak, too, where no pinned package is installed.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from report import languages
from report.errors import SpecError
from report.languages import LANGUAGES, TEMPLATES

COMMANDS = {
    "report": "./inv report",
    "run": "./inv run --assignment 3",
    "own": './inv run --assignment 1 --command "./a.out {port} {delay}"',
    "doctor": "./inv doctor",
}
_LOCALE = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def spoken(environment: Mapping[str, str], wanted: str | None = None) -> str:
    """The language that is wanted, or that of the locale, which is looked up as Python's gettext does; else English."""
    if wanted not in (None, *LANGUAGES):
        raise SpecError(f"--language {wanted}: expected {' or '.join(LANGUAGES)}")
    said = wanted or next(filter(None, (environment.get(name) for name in _LOCALE)), "")
    names = (re.split(r"[_.@]", one)[0] for one in said.split(":"))
    return next((name for name in names if name in LANGUAGES), "en")


class Words:
    """The words of one language from a file in templates/; one that is missing is a SpecError that names the key."""

    def __init__(self, name: str, language: str, templates: Path = TEMPLATES) -> None:
        self._place = f"templates/{languages.file(name, language)}: {language}"
        beside = languages.words if language in languages.ADDED else languages.read
        self._words: Any = beside(templates, name, of=("en", language))[language]

    def __call__(self, key: str, **values: object) -> str:
        """The text with {…} filled in; dots in the key lead into tables."""
        found = self._words
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if not isinstance(found, str):
            raise SpecError(f"{self._place}.{key}: is missing")
        for name, value in values.items():
            found = found.replace(f"{{{name}}}", str(value))
        return found


def greeting(root: Path, language: str) -> Iterator[str]:
    """What is printed when nothing is asked for."""
    words = Words("welcome.toml", language)
    yield from (words("lead"), "")
    for key, command in COMMANDS.items():
        yield from (f"  {command}", f"      {words(key)}")
    yield ""
    made = last(root, language)
    yield words("made" if made.startswith("build/") else "published", report=made)
    yield words("more")


def last(root: Path, language: str) -> str:
    """Where the newest report lies: in build/ if it was made here, in this language if there is one."""
    for folder in ("build", "docs"):
        found = sorted((root / folder).glob("report.*.html"), key=lambda path: path.name != f"report.{language}.html")
        if found:
            return f"{folder}/{found[0].name}"
    return f"docs/report.{language}.html"
