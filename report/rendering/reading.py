"""Floor 2, pure. What a document holds for a program that reads it: headings, links, pictures, words.

Made from the Markdown alone, so it may be remembered by it; whether what is referred to is there, is not asked here.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from report.rendering import headings
from report.rendering.headings import Heading
from report.rendering.memory import Memory, key
from report.rendering.pictures import fonts

_UNRENDERED = re.compile(r"\*\*|(?<![\w*])\*(?=\S)|__|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)")

Placed = tuple[int, str]  # a line from 1, and what stands there


@dataclass(frozen=True, slots=True)
class Reading:
    """Links and pictures by where they lead; faults as sentences; how many texts there are, and their letters."""

    headings: tuple[Heading, ...]
    links: tuple[Placed, ...]
    pictures: tuple[Placed, ...]
    faults: tuple[Placed, ...]
    texts: int
    letters: str


def parsed(markdown: str) -> list[Token]:
    """The document's tokens, for one who may change them."""
    return MarkdownIt("js-default", {"html": True}).parse(markdown)


def read(markdown: str, remember: Memory, parse: Callable[[str], list[Token]] = parsed) -> Reading:
    """What the document holds; faults are letters that the fonts lack, and markup that is left unrendered."""
    data = remember(key("reading", markdown), lambda: json.dumps(asdict(_read(parse(markdown)))).encode())
    found = json.loads(data)
    placed = {name: tuple((line, text) for line, text in found[name]) for name in ("links", "pictures", "faults")}
    return Reading(
        tuple(Heading(**one) for one in found["headings"]), **placed, texts=found["texts"], letters=found["letters"]
    )


def _read(tokens: Sequence[Token]) -> Reading:
    links: list[Placed] = []
    pictures: list[Placed] = []
    faults: list[Placed] = []
    letters: set[str] = set()
    texts = 0
    for line, token in _parts(tokens):
        if token.type == "link_open":
            links.append((line, str(token.attrs.get("href", ""))))
        elif token.type == "image":
            pictures.append((line, str(token.attrs.get("src", ""))))
        elif token.type in ("text", "code_inline", "fence"):
            texts += token.type == "text"
            letters |= set(token.content)
            faults += [(line, fault) for fault in _faults(token)]
    return Reading(
        tuple(headings.of_tokens(tokens)), tuple(links), tuple(pictures), tuple(faults), texts, "".join(sorted(letters))
    )


def _parts(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Blocks of code and all parts of lines of text, each with its line from 1."""
    for token in tokens:
        for part in token.children or [token]:
            yield (token.map or [0])[0] + 1, part


def _faults(token: Token) -> Iterator[str]:
    if absent := (fonts.lacking if token.type == "text" else fonts.missing)(token.content):
        yield f"the pinned fonts have no glyph for {' '.join(f'{c} (U+{ord(c):04X})' for c in absent)}"
    if token.type == "text" and (markup := _UNRENDERED.search(token.content)):
        yield f"{markup[0]} is left unrendered in {token.content.strip()[:60]!r}; reword the markup"
