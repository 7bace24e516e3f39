"""Floor 3. What may stand after an option, for a shell whose Tab is pressed: names from the TOML files, and choices.

`python -m report.completing WORDS` prints them, one a line; with exit code 1 where no such value is wanted. It runs at
each press of a key, so it knows the standard library and `languages` only; what cannot be read offers nothing.
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from report.languages import LANGUAGES

TABLES = {"scenario": ("scenario.toml", "scenarios"), "server": ("scenario.toml", "servers")}
TABLES |= {"mistake": ("judge.toml", "mistakes")}
CHOICES: Mapping[str, Sequence[str]] = {
    "language": LANGUAGES,
    "format": ("html", "pdf"),
    "sanitize": ("thread", "address", "valgrind", "helgrind", "wakeups", "refusals"),
    "only": ("servers", "load", "sleepers", "report", "recorder", "whole"),
}
NUMBERED = ("assignment", "from")  # options that name an assignment


def offered(root: Path, words: Sequence[str]) -> list[str] | None:
    """What the last word, which may be empty or half, can become; None where it is no value that is known here."""
    *before, word = words or [""]
    if word.startswith("--") and "=" in word:  # a shell that leaves --option=value together
        option, _, value = word.partition("=")
        found = offered(root, [*before, option, value])
        return found and [f"{option}={one}" for one in found]
    if word == "=":  # one that parts them
        word = ""
    elif word.startswith("--"):  # an option itself: its values are offered, of which a shell that is in it takes none
        before, word = [*before, word], ""
    said = [part for one in before for part in (one.split("=") if one.startswith("--") else [one]) if part != "="]
    option = said[-1].removeprefix("--") if said and said[-1].startswith("--") else ""
    listed = word.rpartition(",")[0]  # of several, with commas between, those that are complete
    if option in CHOICES:
        every: Sequence[str] = CHOICES[option]
    elif option in TABLES:
        wanted = said[said.index("--assignment") + 1] if "--assignment" in said[:-2] else ""
        every = [name for folder in _folders(root, wanted) for name in _names(folder, *TABLES[option])]
    elif option in NUMBERED:
        every = [name for folder, number in _numbers(root).items() for name in (number, folder.name)]
    else:
        return None
    return list(dict.fromkeys(f"{listed},{one}" if listed else one for one in every))


def _numbers(root: Path) -> dict[Path, str]:
    found = {file.parent: _read(file).get("number") for file in (root / "assignments").glob("*/scenario.toml")}
    known = sorted((number, folder) for folder, number in found.items() if isinstance(number, int))
    return {folder: str(number) for number, folder in known}


def _folders(root: Path, wanted: str) -> Iterator[Path]:
    """Those of the assignments that are wanted, by number or name, with commas between; else of all."""
    asked = wanted.split(",") if wanted else []
    for folder, number in _numbers(root).items():
        if not asked or number in asked or folder.name in asked:
            yield folder


def _names(folder: Path, file: str, table: str) -> list[str]:
    found = _read(folder / file).get(table)
    return [*found] if isinstance(found, dict) else []


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}


if __name__ == "__main__":
    if (values := offered(Path(), sys.argv[1:])) is None:
        sys.exit(1)
    print(*values, sep="\n", end="\n" * bool(values))
