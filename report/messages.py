"""Floor 3. What is printed, in the language of who reads it: a sentence of the code by its pair in messages.toml,
or in the messages.XX.toml of a language that has one.

Knows the catalogue and the locale only. The code goes on saying English; what has no pair stays English.
"""

import os
import re
import tomllib
from functools import cache
from string import Formatter

from report import languages
from report.errors import SpecError
from report.welcome import TEMPLATES, spoken

CATALOGUE = TEMPLATES / "messages.toml"
HELP = TEMPLATES / "help.toml"
LONGEST = 2000  # letters; what is longer is no sentence of ours alone, and stays English
_FIELD = (
    r"(?:(?!; found ).)*?(?<!:)"  # no place before a sentence, which ends with a colon, and no value that was found
)
_FIELDS = {"sentence": ".*?", "hint": r"(?: \(did you mean .*?\?\))?"}
_SUBJECT = r"(?!(?:--\S+ )?\S+: )"  # nor does a field that comes first begin with a place


@cache
def catalogue(language: str = "ko") -> dict[str, str]:
    """What each English sentence is in a language; what stands in braces is a field, as in str.format."""
    try:
        file = CATALOGUE if language == "ko" else TEMPLATES / languages.file(CATALOGUE.name, language)
        tables: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
        labels = languages.read(TEMPLATES, "labels.toml", of=("en", language))
        tables["reasons"] = {labels["en"]["reasons"][key]: text for key, text in labels[language]["reasons"].items()}
    except (OSError, ValueError, KeyError, SpecError):  # what is to be told matters more than its language
        return {}
    return {english: text for table in tables.values() for english, text in table.items()}


def helped(language: str) -> dict[str, str]:
    """What each docstring and help text of a task is in a language; empty where it has none, as English has."""
    try:
        file = HELP if language == "ko" else TEMPLATES / languages.file(HELP.name, language)
        tables = tomllib.loads(file.read_text(encoding="utf-8")) if language != "en" else {}
        return {english: str(text) for table in tables.values() for english, text in table.items()}
    except (OSError, ValueError, AttributeError):  # as above
        return {}


def said(sentence: str, language: str) -> str:
    """The sentence in this language; of its further lines, those that are ours: what a program printed stays."""
    if language == "en":
        return sentence

    def indented(line: re.Match[str]) -> str:
        return line[1] + _translated(line[2], language)

    first, *further = sentence.split("\n")
    return "\n".join([_translated(first, language), *(re.sub(r"^(  )(\w.*)", indented, one) for one in further)])


def here(sentence: str) -> str:
    """The sentence in the language of the locale."""
    return said(sentence, spoken(os.environ))


def _translated(sentence: str, language: str) -> str:
    """By the pair that matches the whole of it, fields and all; else piece by piece, as in `file: key: reason`."""
    for pattern, text in _pairs(language) if len(sentence) <= LONGEST else ():
        if match := pattern.fullmatch(sentence):
            return text.format(**{name: _field(name, found, language) for name, found in match.groupdict().items()})
    before, colon, after = sentence.partition(": ")
    if not colon:
        return sentence
    place = _translated(before, language) if " " in before else before  # a key or a file is called as it is
    return f"{place}{colon}{_translated(after, language)}"


def _field(name: str, text: str, language: str) -> str:
    return text.replace(" or ", ", ") if name == "choices" else _translated(text, language)


@cache
def _pairs(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Those with the most letters of their own first: another may match more than it means."""
    made = []
    for english, text in catalogue(language).items():
        pattern = _SUBJECT if english.startswith("{") else ""
        letters = 0
        for own, name, _, _ in Formatter().parse(english):
            pattern += re.escape(own) + (f"(?P<{name}>{_FIELDS.get(name, _FIELD)})" if name else "")
            letters += len(own)
        made.append((letters, re.compile(pattern, re.DOTALL), text))
    return [(pattern, text) for _, pattern, text in sorted(made, key=lambda one: -one[0])]
