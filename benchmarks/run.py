"""Takes the parts in turn and writes results, tables and pictures; each part's as soon as there are any."""

import json
import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import environment, load, recorder, report, servers, sleepers, tables, whole
from benchmarks.measure import ROOT, interleaved
from benchmarks.parts import Part
from benchmarks.pictures import pictures, told
from report.welcome import spoken

PARTS: Mapping[str, Part] = {
    part.name: part for part in (servers.PART, load.PART, sleepers.PART, report.PART, recorder.PART, whole.PART)
}
PUBLISHED = Path(__file__).parent
TRIED = ROOT / "build" / "bench"
RESULTS = "results.json"
INDEX = "pictures.json"  # what the report says of each picture
DEFAULT = [name for name in PARTS if name != "whole"]  # which takes as long as recording everything does


def run(names: Sequence[str], rounds: int, folder: Path, say: Callable[[str], None]) -> None:
    """The parts of these names are measured in so many rounds, and what the folder holds of them is from now."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # servers and clients inherit it
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process would compile anew what it imports
    environment.prepare(say)
    for name in names:
        results = read(folder)
        results[name] = _taken(PARTS[name], rounds, say)
        write(results, folder)
    say(f"tables: {folder / 'results.md'}")


def _taken(part: Part, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    begun = time.monotonic()
    found: dict[str, Any] = {}
    for table in part.tables:
        say(f"{part.name}: {table.title.ko if spoken(os.environ) == 'ko' else table.title.en}")
        samples, left_out = interleaved(table.contenders, table.metrics, min(rounds, table.most_rounds), say)
        found[table.name] = {"samples": samples, "left_out": left_out}
    say(f"{part.name}: {time.monotonic() - begun:.0f} s")
    versions = environment.versions(part.packages, part.programs)
    return {"taken": time.strftime("%Y-%m-%d"), "versions": versions, "tables": found}


def publish() -> list[str]:
    """What was measured last takes the place of what is published; gives the names of its parts."""
    results = read(TRIED)
    for old in [*PUBLISHED.glob("*.svg"), PUBLISHED / "results.md"]:
        old.unlink(missing_ok=True)
    write(results, PUBLISHED)
    return [*results]


def read(folder: Path) -> dict[str, Any]:
    """What was measured before, by part."""
    file = folder / RESULTS
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def write(results: Mapping[str, Any], folder: Path) -> None:
    """Results, and what is made of them."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, ensure_ascii=False, indent=1) + "\n"
    for path, data in {RESULTS: text.encode(), **made(results)}.items():
        (folder / path).write_bytes(data)


def made(results: Mapping[str, Any]) -> dict[str, bytes]:
    """The tables and pictures of results, by file name: the same bytes for the same numbers."""
    taken = {name: part for name, part in PARTS.items() if name in results}
    drawn = {name: dict(pictures(part, results[name]["tables"])) for name, part in taken.items()}
    sections = [tables.markdown(part, results[name], [*drawn[name]]) for name, part in taken.items()]
    text = "\n".join(["# Measured", "", *sections]).encode()
    words: dict[str, Any] = {}
    for name, part in taken.items():
        words |= told(part, results[name]["tables"])
    index = (json.dumps(words, ensure_ascii=False, indent=1) + "\n").encode()
    return {"results.md": text, INDEX: index} | {path: svg for one in drawn.values() for path, svg in one.items()}
