"""Floor 2, pure. What a finished report refers to is there: anchors, pictures, evidence, source lines; and its
emphasis is rendered, by CommonMark's rules, which are GitHub's too.

Reads the documents as a reader's program does; must not know how they were made.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from report.rendering import headings

_UNRENDERED = re.compile(r"\*\*|(?<![\w*])\*(?=\S)|__|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)")
_LINES = re.compile(r"L(\d+)(?:-L(\d+))?")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and a sentence for each fault."""

    links: int
    pictures: int
    texts: int
    problems: tuple[str, ...]


def check(root: Path, files: Mapping[str, bytes], evidence: Mapping[str, int]) -> Checked:
    """Every report.*.md among the files and every page; `evidence` gives the number of lines of each evidence file."""
    links = pictures = texts = 0
    problems: list[str] = []
    for name, data in sorted(files.items()):
        if name.endswith(".md"):
            tokens = MarkdownIt("js-default", {"html": True}).parse(data.decode())
            slugs = set(headings.github_slugs(headings.of_tokens(tokens)))
            for line, token in _inlines(tokens):
                problem = None
                if token.type == "link_open":
                    links += 1
                    problem = _link(root, str(token.attrs.get("href", "")), slugs, files, evidence)
                elif token.type == "image":
                    pictures += 1
                    source = str(token.attrs.get("src", ""))
                    problem = None if source in files else f"there is no picture {source}"
                elif token.type == "text":
                    texts += 1
                    if found := _UNRENDERED.search(token.content):
                        problem = f"{found[0]} is left unrendered in {token.content.strip()[:60]!r}; reword the markup"
                if problem:
                    problems.append(f"{name}:{line}: {problem}")
        elif name.endswith(".html"):
            page = data.decode()
            ids = re.findall(r'\sid="([^"]+)"', page)
            problems += [f"{name}: the anchor {one} stands there twice" for one in sorted(_twice(ids))]
            known = set(ids)
            for target in re.findall(r'\shref="#([^"]+)"', page):
                links += 1
                if target not in known:
                    problems.append(f"{name}: a link leads to #{target}, which is not on the page")
    return Checked(links, pictures, texts, tuple(problems))


def _twice(names: list[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]


def _inlines(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    for token in tokens:
        for child in token.children or ():
            yield (token.map or [0])[0] + 1, child


def _link(
    root: Path, target: str, slugs: set[str], files: Mapping[str, bytes], evidence: Mapping[str, int]
) -> str | None:
    """What is wrong with a link of a document, or None."""
    if re.match(r"https?://", target):
        return None
    path, _, fragment = target.partition("#")
    if not path:
        from urllib.parse import unquote

        return None if unquote(fragment) in slugs else f"a link leads to #{unquote(fragment)}, which no heading has"
    if path in files:
        return None
    if path in evidence:
        lines = evidence[path]
    elif path.startswith("../") and (root / path[3:]).is_file():
        lines = len((root / path[3:]).read_text(encoding="utf-8").split("\n"))
    else:
        return f"a link leads to {path}, which is not there"
    wanted = _LINES.fullmatch(fragment) if fragment else None
    if fragment and wanted is None:
        return f"a link leads to {target}; expected #L12 or #L12-L30 after a file"
    last = int(wanted[2] or wanted[1]) if wanted else 0
    return f"a link leads to line {last} of {path}, which has {lines}" if last > lines else None
