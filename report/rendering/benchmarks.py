"""Floor 2, pure. Pictures that benchmarks have published beside the sources, for the report's last pages.

They are no evidence of this report, and no claim rests on them: they are shown as they are, and said to be so.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from report import languages
from report.errors import SpecError
from report.models import near
from report.settings import FILE
from report.spec import Language

FOLDER = "benchmarks"
INDEX = f"{FOLDER}/pictures.json"  # title and alternative text of each picture, by its name and language


@dataclass(frozen=True, slots=True)
class Shown:
    """Each picture with its title as caption, as Markdown, and the SVGs by their path beside the report."""

    text: str = ""
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def shown(root: Path, names: Iterable[str], language: Language) -> Shown:
    """The pictures of these names; raises SpecError for one that was not published."""
    parts, pictures = [], {}
    for name in names:
        words = _words(root, name, language)
        path = f"figures/benchmark-{name}.{language}.svg"
        pictures[path] = _bytes(root, f"{FOLDER}/{name}.{language}.svg")
        parts.append(f"![{words['alternative']}]({path})\n\n*{words['title']}*")
    return Shown("\n\n".join(parts), pictures)


def _words(root: Path, name: str, language: Language) -> Mapping[str, str]:
    file = languages.file(INDEX, language)
    index = json.loads(_bytes(root, file))
    if name not in index or language not in index[name]:
        raise SpecError(f"{FILE}: benchmarks: {file}: there is no picture {name}{near(name, index)}")
    return dict(index[name][language])


def _bytes(root: Path, file: str) -> bytes:
    try:
        return (root / file).read_bytes()
    except OSError as error:
        raise SpecError(f"{FILE}: benchmarks: {file} cannot be read: {error.strerror}; ./inv bench --publish") from None
