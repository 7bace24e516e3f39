"""A language that nobody speaks: the files that add French, made from the English ones, each of their texts marked."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARK = "·fr"
WORDS = ("labels", "verdict", "looking", "classroom", "welcome", "doctor", "diagnoses", "wording")
_LINE = re.compile(r'^((?:\w|-)+|"[^"]+")( = )"((?!"").*)"$', re.MULTILINE)
_CALLED = {"edition": "Édition française", "language_name": "français"}


def add(root: Path) -> None:
    """Writes them below the root; touches no file that is there."""
    templates = root / "templates"
    for name in WORDS:
        _write(templates / f"{name}.fr.toml", _table(templates / f"{name}.toml", is_marked=name != "wording"))
    for name in ("README", "COMPARISON", "assignments/TUTORIAL"):
        _write(root / f"{name}.fr.md", (root / f"{name}.md").read_text(encoding="utf-8"))
    _write(templates / "new/claims.fr.toml", _table(templates / "new/claims.toml", is_marked=False))
    _write(templates / "new/explanation.fr.md", (templates / "new/explanation.en.md").read_text(encoding="utf-8"))
    _write(templates / "new/texts.fr.toml", '"$name" = "$name"\n"Does not sleep its delay before it answers" = "x"\n')
    for file in sorted((root / "assignments").glob("*/explanation.en.md")):
        text = file.read_text(encoding="utf-8").replace("\n\n", "\n\nEn français : ", 1)
        _write(file.with_name("explanation.fr.md"), text)
    _write(root / "assignments/texts.fr.toml", "".join(_translated(root)))
    index = json.loads((root / "benchmarks/pictures.json").read_text(encoding="utf-8"))
    told = {name: {"fr": said["en"]} for name, said in index.items()}
    _write(root / "benchmarks/pictures.fr.json", json.dumps(told))
    for file in sorted((root / "benchmarks").glob("*.en.svg")):
        _write(root / f"benchmarks/{file.name.removesuffix('.en.svg')}.fr.svg", file.read_text(encoding="utf-8"))


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:  # an existing one is an error
        file.write(text)


def _table(file: Path, *, is_marked: bool) -> str:
    """The English tables of a file of words, as French ones."""
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"^(\[+)en\b", r"\1fr", re.sub(r"(?s).*?^(?=\[+en\b)", "", text, count=1, flags=re.M), flags=re.M)
    text = text.replace(".en.md", ".fr.md").replace("templates/labels.toml", "templates/labels.fr.toml")
    text = _LINE.sub(rf'\1\2"\3 {MARK}"', text) if is_marked else text
    for key, called in _CALLED.items():
        text = re.sub(rf'^{key} = ".*"$', f'{key} = "{called}"', text, flags=re.MULTILINE)
    return text


def _translated(root: Path) -> Iterator[str]:
    """A line for each English text of the TOML files."""
    files = [root / "report.toml", *sorted((root / "assignments").rglob("*.toml"))]
    texts = (text for file in files for text in _texts(tomllib.loads(file.read_text(encoding="utf-8"))))
    for text in dict.fromkeys(texts):
        yield f"{json.dumps(text, ensure_ascii=False)} = {json.dumps(f'{text} {MARK}', ensure_ascii=False)}\n"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value.keys() == {"ko", "en"} and isinstance(value["en"], str):
        yield value["en"]
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
