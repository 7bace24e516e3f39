"""Floor 2, pure. templates/wording.toml as models: what the gates over the prose look for, and what they let through.

Knows nothing of how a text is read. Every exemption gives its reason, and a pattern that cannot be meant is told.
"""

import re
from pathlib import Path

from pydantic import field_validator

from report.models import Model, parse, validate

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
    """What every gate has: texts that it lets through."""

    exempt: tuple[Exemption, ...] = ()


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


class ComparativeRules(Gate):
    """The word forms that compare."""

    forms: tuple[str, ...]

    @field_validator("forms")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return _checked(patterns)


class Rules(Model):
    """Both gates in one language."""

    numbers: NumberRules
    comparatives: ComparativeRules


class Wording(Model):
    """Both gates in all languages."""

    ko: Rules
    en: Rules


def load(root: Path) -> Wording:
    """The rules; raises SpecError that names each faulty key."""
    return validate(parse(root / RULES, RULES), Wording, RULES)


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
