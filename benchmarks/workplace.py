"""A copy of the project to make reports in, and the same Markdown for other tools; both are removed at the end.

The copy's evidence is the newest there is, declared fresh: what is timed is the making of a report, not the runs.
"""

import atexit
import functools
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ROOT, MissingError
from report import course, evidence, freshness, plan
from report.planned import Planned
from report.rendering import metrics

SOURCES = (
    "assignments",
    "report",
    "templates",
    "benchmarks",
    "tasks.py",
    "report.toml",
    "requirements.txt",
    "requirements.in",
)
EVIDENCE = ("build/evidence", "docs/evidence")  # the newest first
INVOKE = (sys.executable, "-m", "invoke")
LANGUAGES = ("ko", "en")
EDITED = "assignments/iterative/explanation.en.md"
_ADDED = " This sentence is new."
_SPHINX = 'project = "report"\nextensions = ["myst_parser"]\nsuppress_warnings = ["myst", "misc", "image"]\n'
_TOC = "# Report\n\n```{toctree}\nreport.ko\nreport.en\n```\n"
_MKDOCS = "site_name: report\ntheme: material\ndocs_dir: source\nsite_dir: mkdocs\n"


def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bench-report-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def without_evidence() -> Path:
    """A new copy in which nothing was run yet."""
    folder = _temporary()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@functools.cache
def copy() -> Path:
    """The copy; MissingError where a run has no evidence."""
    folder = without_evidence()
    assignments = course.load(folder, metrics.problem)
    for planned in plan.possible(plan.plan(assignments, 1.0), plan.lacking(assignments)):
        _bring(planned, folder)
    return folder


def _bring(planned: Planned, folder: Path) -> None:
    place = planned.identity.directory
    found = next((ROOT / e / place for e in EVIDENCE if (ROOT / e / place / "run.json").is_file()), None)
    if found is None:
        raise MissingError(f"there is no evidence of {place}; record it with: invoke report")
    shutil.copytree(found, to := folder / "build" / "evidence" / place)
    now = freshness.inputs(folder, planned.assignment, planned.identity.scenario, planned.identity.server)
    record = evidence.read_record(to).model_copy(update={"inputs": now})
    (to / "run.json").write_bytes(evidence.canonical_json(record.model_dump(mode="json")))


def forget() -> None:
    """What reports were made of and into is gone, as before the first."""
    build = copy() / "build"
    for place in build.iterdir():
        if place.name != "evidence":
            shutil.rmtree(place) if place.is_dir() else place.unlink()


def edit() -> None:
    """The first plain paragraph of an English chapter gets a sentence, or loses it again."""
    file = copy() / EDITED
    text = file.read_text(encoding="utf-8")
    paragraph = re.search(r"^[A-Z][^{}\n]*(?:\n[^{}\n#|`-][^{}\n]*)*\.$", text, re.MULTILINE)
    if paragraph is None:
        raise MissingError(f"{EDITED} has no plain paragraph")
    end = paragraph.end()
    changed = text.replace(_ADDED, "") if _ADDED in text else text[:end] + _ADDED + text[end:]
    file.write_text(changed, encoding="utf-8")


@functools.cache
def markdown() -> Path:
    """A folder with the published report's Markdown in both languages, without pictures, as each tool wants it."""
    folder = _temporary()
    source = folder / "source"
    source.mkdir()
    for language in LANGUAGES:
        text = (ROOT / "docs" / f"report.{language}.md").read_text(encoding="utf-8")
        text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("!["))
        (source / f"report.{language}.md").write_text(text, encoding="utf-8")
        parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
        cells = [_cell(number, part) for number, part in enumerate(parts)]
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        (folder / f"report.{language}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (source / "conf.py").write_text(_SPHINX)
    (source / "index.md").write_text(_TOC)
    (folder / "mkdocs.yml").write_text(_MKDOCS)
    return folder


def _cell(number: int, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": f"c{number}", "metadata": {}, "source": text}
