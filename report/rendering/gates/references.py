"""Floor 2, pure. What a finished report refers to is there: anchors, pictures, evidence, source lines; its emphasis
is rendered, by CommonMark's rules, which are GitHub's too; and the pinned fonts have its letters.

Reads the documents as a reader's program does; must not know how they were made.
"""

import re
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from report.rendering import headings
from report.rendering.memory import Memory, forgetful
from report.rendering.reading import Reading, read

_LINES = re.compile(r"L(\d+)(?:-L(\d+))?")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and a sentence for each fault."""

    links: int
    pictures: int
    texts: int
    glyphs: int
    problems: tuple[str, ...]


def check(
    root: Path, files: Mapping[str, bytes], evidence: Mapping[str, Sized], remember: Memory = forgetful
) -> Checked:
    """Every report.*.md among the files and every page; `evidence` gives the lines of each evidence file."""
    found = _Found(root, files, evidence)
    for name, data in sorted(files.items()):
        if name.endswith(".md"):
            found.document(name, read(data.decode(), remember))
        elif name.endswith(".html"):
            found.page(name, data.decode())
    return Checked(found.links, found.pictures, found.texts, len(found.letters), tuple(found.problems))


class _Found:
    """What was looked at so far."""

    def __init__(self, root: Path, files: Mapping[str, bytes], evidence: Mapping[str, Sized]) -> None:
        self.links = self.pictures = self.texts = 0
        self.letters: set[str] = set()
        self.problems: list[str] = []
        self._root, self._files, self._evidence = root, files, evidence

    def document(self, name: str, document: Reading) -> None:
        """Links, pictures, markup and letters of a Markdown document."""
        slugs = set(headings.github_slugs(document.headings))
        self.links += len(document.links)
        self.pictures += len(document.pictures)
        self.texts += document.texts
        self.letters |= set(document.letters)
        problems = list(document.faults)
        for line, target in document.links:
            if problem := _link(self._root, target, slugs, self._files, self._evidence):
                problems.append((line, problem))
        problems += [(at, f"there is no picture {one}") for at, one in document.pictures if one not in self._files]
        self.problems += [f"{name}:{line}: {problem}" for line, problem in sorted(problems)]

    def page(self, name: str, text: str) -> None:
        """Anchors of a page, and the links that lead to them."""
        ids = re.findall(r'\sid="([^"]+)"', text)
        known = set(ids)
        self.problems += [f"{name}: the anchor {one} stands there twice" for one in sorted(_twice(ids))]
        for target in re.findall(r'\shref="#([^"]+)"', text):
            self.links += 1
            if target not in known:
                self.problems.append(f"{name}: a link leads to #{target}, which is not on the page")


def _twice(names: list[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]


def _link(
    root: Path, target: str, slugs: set[str], files: Mapping[str, bytes], evidence: Mapping[str, Sized]
) -> str | None:
    """What is wrong with a link of a document, or None."""
    if re.match(r"https?://", target):
        return None
    path, _, fragment = target.partition("#")
    if not path:
        return None if unquote(fragment) in slugs else f"a link leads to #{unquote(fragment)}, which no heading has"
    if path in files:
        return None
    if path in evidence:
        lines = len(evidence[path])
    elif path.startswith("../") and (root / path[3:]).is_file():
        lines = len((root / path[3:]).read_text(encoding="utf-8").split("\n"))
    else:
        return f"a link leads to {path}, which is not there"
    wanted = _LINES.fullmatch(fragment) if fragment else None
    if fragment and wanted is None:
        return f"a link leads to {target}; expected #L12 or #L12-L30 after a file"
    last = int(wanted[2] or wanted[1]) if wanted else 0
    return f"a link leads to line {last} of {path}, which has {lines}" if last > lines else None
