"""Floor 3. What is printed, in the language of who reads it: a sentence of the code by its pair in messages.toml.

Knows the catalogue and the locale only. The code goes on saying English; what has no pair stays English.
"""

import os
import re
import tomllib
from functools import cache
from string import Formatter

from report.welcome import TEMPLATES, spoken

CATALOGUE = TEMPLATES / "messages.toml"
LONGEST = 2000  # letters; what is longer is no sentence of ours alone, and stays English
_FIELD = (
    r"(?:(?!; found ).)*?(?<!:)"  # no place before a sentence, which ends with a colon, and no value that was found
)
_FIELDS = {"sentence": ".*?", "hint": r"(?: \(did you mean .*?\?\))?"}
_SUBJECT = r"(?!(?:--\S+ )?\S+: )"  # nor does a field that comes first begin with a place


@cache
def catalogue() -> dict[str, str]:
    """The Korean of each English sentence; what stands in braces is a field, as in str.format."""
    try:
        tables: dict[str, dict[str, str]] = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
        labels = tomllib.loads((TEMPLATES / "labels.toml").read_text(encoding="utf-8"))
        tables["reasons"] = {labels["en"]["reasons"][key]: korean for key, korean in labels["ko"]["reasons"].items()}
    except (OSError, ValueError, KeyError):  # the error that is to be told matters more than its language
        return {}
    return {english: korean for table in tables.values() for english, korean in table.items()}


def said(sentence: str, language: str) -> str:
    """The sentence in this language; of its further lines, those that are ours: what a program printed stays."""
    if language != "ko":
        return sentence
    first, *further = sentence.split("\n")
    return "\n".join([_korean(first), *(re.sub(r"^(  )(\w.*)", _indented, one) for one in further)])


def here(sentence: str) -> str:
    """The sentence in the language of the locale."""
    return said(sentence, spoken(os.environ))


def _indented(line: re.Match[str]) -> str:
    return line[1] + _korean(line[2])


def _korean(sentence: str) -> str:
    """By the pair that matches the whole of it, fields and all; else piece by piece, as in `file: key: reason`."""
    for pattern, korean in _pairs() if len(sentence) <= LONGEST else ():
        if match := pattern.fullmatch(sentence):
            return korean.format(**{name: _field(name, text) for name, text in match.groupdict().items()})
    before, colon, after = sentence.partition(": ")
    if not colon:
        return sentence
    place = _korean(before) if " " in before else before  # a key or a file is called as it is
    return f"{place}{colon}{_korean(after)}"


def _field(name: str, text: str) -> str:
    return text.replace(" or ", ", ") if name == "choices" else _korean(text)


@cache
def _pairs() -> list[tuple[re.Pattern[str], str]]:
    """Those with the most letters of their own first: another may match more than it means."""
    made = []
    for english, korean in catalogue().items():
        pattern = _SUBJECT if english.startswith("{") else ""
        letters = 0
        for text, name, _, _ in Formatter().parse(english):
            pattern += re.escape(text) + (f"(?P<{name}>{_FIELDS.get(name, _FIELD)})" if name else "")
            letters += len(text)
        made.append((letters, re.compile(pattern, re.DOTALL), korean))
    return [(pattern, korean) for _, pattern, korean in sorted(made, key=lambda one: -one[0])]
