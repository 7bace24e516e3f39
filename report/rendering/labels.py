"""Floor 2, pure. The report's words in one language: labels, units, the names of metrics; formats of numbers."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from report.errors import SpecError
from report.rendering.metrics import METRICS
from report.rendering.reasons import Reason, fill
from report.spec import LANGUAGES, Language


class Labels:
    """Words of one language, from templates/labels.toml; a word that is missing is a SpecError that names the key."""

    def __init__(self, language: Language, words: Mapping[str, Any]) -> None:
        self.language = language
        self._words = words
        self.digest = hashlib.sha256(json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def __call__(self, key: str, **values: object) -> str:
        """The label with {…} filled in."""
        try:
            text = str(self._words[key])
        except KeyError:
            raise SpecError(f"templates/labels.toml: {self.language}.{key}: is missing") from None
        return fill(text, values)

    def and_these(self, words: Mapping[str, Any]) -> "Labels":
        """The same with other words besides, which take the place of those of the same key."""
        return Labels(self.language, {**self._words, **words})

    def all(self) -> list[str]:
        """Every label, for those who must know all letters that can appear."""
        return [str(text) for text in self._words.values() if isinstance(text, str)]

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
            raise SpecError(f'templates/labels.toml: {self.language}.metrics."{key}": is missing') from None
        return fill(text, {"name": self.name(name), "group": self.name(group)})

    def reason(self, reason: Reason) -> str:
        """Why a value is not there, in words."""
        try:
            text = str(self._words["reasons"][reason.key])
        except KeyError:
            raise SpecError(f"templates/labels.toml: {self.language}.reasons.{reason.key}: is missing") from None
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
    where = templates / "labels.toml"
    try:
        raw = tomllib.loads(where.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"templates/labels.toml: cannot be read: {error}") from None
    keys = {language: _keys(raw.get(language, {})) for language in LANGUAGES}
    every = set().union(*keys.values())
    lacking = [
        f"templates/labels.toml: {language}.{key}: is missing"
        for language in LANGUAGES
        for key in sorted(every - keys[language])
    ]
    if lacking:
        raise SpecError(lacking)
    return {language: Labels(language, raw[language]) for language in LANGUAGES}


def _keys(table: Mapping[str, Any], prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for key, value in table.items():
        keys |= _keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key}
    return keys


def number(value: float, unit: str) -> str:
    """The digits worth showing: counts whole, seconds to a hundredth (below one: a thousandth), bytes in MiB."""
    if unit in ("count", "microseconds"):
        return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
    if unit == "bytes":
        return f"{value / 2**20:.1f}" if value >= 2**20 else f"{value / 2**20:.3f}"
    return f"{value:.3f}" if unit == "seconds" and abs(value) < 1 else f"{value:.2f}"
