"""Floor 2, pure. Why a value is not there: a key and what belongs in its sentence; the words are in labels.toml.

Knows keys only, so that a reason can be said in either language. Printed, it is English.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

ReasonKey = Literal[
    "never_sampled",
    "no_answer",
    "no_expect",
    "no_line",
    "no_number",
    "no_pss",
    "not_run",
    "relative_to_zero",
    "spread",
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
    from report.rendering import labels  # only here: labels know the metrics, and these know reasons

    return labels.load(TEMPLATES)["en"].reason(reason)
