"""Floor 2, pure. templates/wording.toml as models: what the gates over the prose look for, and let through.

Knows nothing of how a text is read. Every exemption gives its reason, and a pattern that cannot be meant is told.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import create_model, field_validator, model_validator

from report import languages
from report.errors import SpecError
from report.models import Model, parse, validate
from report.spec import LANGUAGES, Language

RULES = "templates/wording.toml"


class Exemption(Model):
    """An exact text that a gate lets through, and why. `files` are files or folders, each of which must need it.

    Inside a claim it counts only if it names that claim.
    """

    text: str
    reason: str
    files: tuple[str, ...] = ()
    claim: str = ""

    @field_validator("text", "reason")
    @classmethod
    def _said(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("must not be empty")
        return text

    def covers(self, file: str) -> bool:
        """Whether it speaks of this file."""
        return not self.files or any(within(file, place) for place in self.files)


class Gate(Model):
    """What every gate has: texts that it lets through, or why it looks for nothing in this language."""

    exempt: tuple[Exemption, ...] = ()
    unchecked: str = ""


class NumberRules(Gate):
    """Which words are numbers, and beside which words a number is one that was measured or chosen.

    `units` follow digits and `words`, and `alone` are numbers in themselves. In a claim every number counts, with a
    unit or without, and there also those `in_claims`.
    """

    words: tuple[str, ...]
    units: tuple[str, ...]
    alone: tuple[str, ...]
    in_claims: tuple[str, ...]

    @field_validator("words", "units", "alone", "in_claims")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return _checked(patterns)

    @model_validator(mode="after")
    def _is_told_where_empty(self) -> Self:
        _said_why(self.units, "units", self.unchecked)
        return self


class ComparativeRules(Gate):
    """The word forms that compare."""

    forms: tuple[str, ...]

    @field_validator("forms")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return _checked(patterns)

    @model_validator(mode="after")
    def _is_told_where_empty(self) -> Self:
        _said_why(self.forms, "forms", self.unchecked)
        return self


class Rules(Model):
    """Both gates in one language."""

    numbers: NumberRules
    comparatives: ComparativeRules


def load(root: Path) -> Mapping[Language, Rules]:
    """The rules of each language; raises SpecError that names each faulty key."""
    found: dict[Language, Rules] = {}
    problems: list[str] = []
    for file in dict.fromkeys(languages.file(RULES, language) for language in LANGUAGES):
        own = [language for language in LANGUAGES if languages.file(RULES, language) == file]
        try:
            made = validate(parse(root / file, file), _of(own), file)
        except SpecError as error:
            problems += error.problems
        else:
            found |= {language: getattr(made, language) for language in own}
    if problems:
        raise SpecError(problems)
    return found


def _of(own: list[Language]) -> type[Model]:
    """A file's tables: both gates in each of these languages."""
    keys: dict[str, Any] = dict.fromkeys(own, (Rules, ...))
    return create_model("Wording", __base__=Model, **keys)


def within(file: str, place: str) -> bool:
    """Whether the file is this place or lies in it."""
    return file == place or file.startswith(f"{place.rstrip('/')}/")


def _checked(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            empty = re.search(pattern, "") is not None
        except re.error as error:
            raise ValueError(f"not a regular expression: {pattern}: {error}") from None
        if empty:
            raise ValueError(f"matches the empty text: {pattern!r}")
    return patterns


def _said_why(patterns: tuple[str, ...], key: str, why: str) -> None:
    if not patterns and not why.strip():
        raise ValueError(f"{key}: there is none; say in unchecked why nothing is looked for in this language")
