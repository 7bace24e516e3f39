"""Floor 3. Has anything changed since a report was made? Told from the bytes of all that goes in and all that came out.

Asked before anything of the generator is loaded: when nothing changed, nothing needs to be read, judged or drawn.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from report.publish import write_file

INPUTS = ("assignments", "report", "templates", "benchmarks", "report.toml", "requirements.txt")


def inputs(root: Path, evidence: Path, *choices: str) -> str:
    """One digest of the sources, the evidence, the interpreter and what was asked for."""
    found = hashlib.sha256("\n".join([sys.version, *choices]).encode())
    for place in [*(root / name for name in INPUTS), evidence]:
        for file in files(place):
            found.update(f"{file.relative_to(place)}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def files(place: Path) -> Iterable[Path]:
    """The files of a place that are no by-products, in order."""
    if place.is_file():
        return [place]
    return sorted(f for f in place.rglob("*") if f.is_file() and "__pycache__" not in f.parts)


def write(stamp: Path, made_from: str, folder: Path, outputs: Iterable[str], said: Sequence[str]) -> None:
    """Remembers what was made from what, and the lines that told of it."""
    digests = {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in sorted(outputs)}
    told = json.dumps({"inputs": made_from, "outputs": digests, "said": list(said)}, indent=1) + "\n"
    write_file(stamp, told.encode(), lasting=False)


def unchanged(stamp: Path, made_from: str, folder: Path) -> list[str] | None:
    """The lines that told of the report, when it is still made from this and lies there whole; else None."""
    try:
        found: Mapping[str, object] = json.loads(stamp.read_bytes())
        outputs, said = found["outputs"], found["said"]
        if found["inputs"] != made_from or not isinstance(outputs, dict) or not isinstance(said, list):
            return None
        for path, digest in outputs.items():
            if hashlib.sha256((folder / path).read_bytes()).hexdigest() != digest:
                return None
    except (OSError, ValueError, KeyError):
        return None
    return [str(line) for line in said]


def outputs(stamp: Path) -> list[str]:
    """The paths of what was made when the stamp was written."""
    return [*json.loads(stamp.read_bytes())["outputs"]]
