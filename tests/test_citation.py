"""CITATION.cff says what the Citation File Format wants, and what pyproject.toml says."""

import re
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def test_whoever_cites_it_finds_title_authors_version_and_licence() -> None:
    text = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = dict(re.findall(r'^([a-z-]+): "?(.*?)"?$', text, re.MULTILINE))
    assert found["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert found["type"] == "software"
    assert (found["version"], found["license"]) == (project["version"], project["license"])
    assert found["abstract"] == project["description"]
    assert re.search(r'^authors:\n  - name: "[^"]+"$', text, re.MULTILINE)
