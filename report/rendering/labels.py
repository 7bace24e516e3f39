"""Floor 2, pure. The report's words in one language: labels, units, the names of metrics; formats of numbers."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from report import languages
from report.errors import SpecError
from report.rendering.metrics import METRICS
from report.rendering.reasons import Reason, fill
from report.spec import Language

EDITIONS = "editions"  # among every language's words: what each language says of these keys of its own
CALLED = ("edition", "language_name")


class Labels:
    """Words of one language, from templates/labels.toml; a word that is missing is a SpecError that names the key."""

    def __init__(self, language: Language, words: Mapping[str, Any]) -> None:
        self.language = language
        self._words = words
        self._place = f"templates/{languages.file('labels.toml', language)}: {language}"
        self.digest = hashlib.sha256(json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def __call__(self, key: str, **values: object) -> str:
        """The label with {…} filled in."""
        try:
            text = str(self._words[key])
        except KeyError:
            raise SpecError(f"{self._place}.{key}: is missing") from None
        return fill(text, values)

    def first(self, *keys: str, otherwise: str, **values: object) -> str:
        """The first of these labels that there is, with {…} filled in; else what is to be said otherwise."""
        known = next((key for key in keys if key in self._words), None)
        return self(known, **values) if known else otherwise

    def and_these(self, words: Mapping[str, Any]) -> "Labels":
        """The same with other words besides, which take the place of those of the same key."""
        return Labels(self.language, {**self._words, **words})

    def all(self) -> list[str]:
        """Every label, for those who must know all letters that can appear; and what other languages are called."""
        own = [text for key, text in self._words.items() if key not in CALLED and isinstance(text, str)]
        others = [called for one, called in self._words.get(EDITIONS, {}).items() if one != self.language]
        return [*own, *(text for called in others for text in called.values())]

    def edition(self, language: Language, key: str = "edition") -> str:
        """What the report in this language, or by another key the language, calls itself."""
        return str(self._words[EDITIONS][language][key])

    def name(self, declared: str) -> str:
        """What a declared series, share or event is called; its own name where no word is given."""
        return str(self._words.get("names", {}).get(declared, declared))

    def metric(self, metric: str) -> str:
        """A metric's name in this language."""
        key, name, group = metric, "", ""
        if metric not in METRICS:
            family, name, what = metric.split(".", 2)
            group, _, extreme = what.rpartition(".")
            key = f"{family}.{extreme or what}"
        try:
            text = str(self._words["metrics"][key])
        except KeyError:
            raise SpecError(f'{self._place}.metrics."{key}": is missing') from None
        return fill(text, {"name": self.name(name), "group": self.name(group)})

    def reason(self, reason: Reason) -> str:
        """Why a value is not there, in words."""
        try:
            text = str(self._words["reasons"][reason.key])
        except KeyError:
            raise SpecError(f"{self._place}.reasons.{reason.key}: is missing") from None
        return fill(text, dict(reason.values))

    def mark(self, state: str) -> str:
        """The sign of a verdict; the word always stands beside it, so that no sign carries meaning alone."""
        return {"holds": "○", "fails": "×"}.get(state, "△")

    def value(self, value: float, unit: str) -> str:
        """A measured value with its unit."""
        return self.counted(number(value, unit), unit)

    def counted(self, digits: str, unit: str) -> str:
        """Digits with their unit, in the singular where a language has one."""
        single = f"{unit}_one"
        return self(single if digits == "1" and single in self._words else unit, value=digits)


def load(templates: Path) -> dict[Language, Labels]:
    """The labels of every language; raises SpecError when one language has a key that another lacks."""
    tables = languages.words(templates, "labels.toml")
    editions = {one: {key: table.get(key, one) for key in CALLED} for one, table in tables.items()}
    return {one: Labels(one, {**table, EDITIONS: editions}) for one, table in tables.items()}


def number(value: float, unit: str) -> str:
    """The digits worth showing: counts whole, seconds to a hundredth (below one: a thousandth), bytes in MiB."""
    if unit in ("count", "microseconds"):
        return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
    if unit == "bytes":
        return f"{value / 2**20:.1f}" if value >= 2**20 else f"{value / 2**20:.3f}"
    return f"{value:.3f}" if unit == "seconds" and abs(value) < 1 else f"{value:.2f}"
