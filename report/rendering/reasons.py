"""Floor 2, pure. Why a value is not there: a key and what belongs in its sentence; the words are in labels.toml.

Knows keys only, so that a reason can be said in either language. Printed, it is English.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

ReasonKey = Literal[
    "busy",
    "cores",
    "ended",
    "needs",
    "never_full",
    "never_sampled",
    "no_answer",
    "no_delay",
    "no_expect",
    "no_line",
    "no_number",
    "no_pss",
    "no_sample",
    "no_turns",
    "nobody_left",
    "not_kept",
    "not_run",
    "own_descriptors",
    "relative_to_zero",
    "spread",
    "stretched",
    "undeclared",
    "unseen_peak",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with the values of its sentence by name."""

    key: ReasonKey
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return _english(self)


@cache
def _english(reason: Reason) -> str:
    words = tomllib.loads((TEMPLATES / "labels.toml").read_text(encoding="utf-8"))["en"]["reasons"]
    return fill(str(words[reason.key]), dict(reason.values))


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with {…} filled in; a name that has no value stays as it stands."""
    return re.sub(r"\{(\w+)\}", lambda place: str(values.get(place[1], place[0])), text)
