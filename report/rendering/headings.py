"""Floor 2, pure. A document's headings, and how they are addressed: by GitHub's rule, and on our page.

The two languages have the same tree of headings, so a page's anchors are made from one language's words and serve
both: that is how a reader changes language in the middle of a report.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level from 1, its text without markup, and its line from 1."""

    level: int
    text: str
    line: int


@lru_cache(maxsize=4)
def headings(markdown: str) -> list[Heading]:
    """The headings of a document in order."""
    return of_tokens(MarkdownIt("js-default").parse(markdown))


def of_tokens(tokens: Sequence[Token]) -> list[Heading]:
    """The headings among a document's tokens."""
    return [
        Heading(int(token.tag[1]), plain_text(tokens[place + 1]), (token.map or [0])[0] + 1)
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def plain_text(inline: Token) -> str:
    """The text of an inline token without its markup."""
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def github_slugs(found: Sequence[Heading]) -> list[str]:
    """The anchors that GitHub gives to headings: lower case, no punctuation, hyphens; a number after repetitions."""
    return _distinct([re.sub(r"[^\w\- ]", "", heading.text.lower()).replace(" ", "-") for heading in found])


def page_ids(found: Sequence[Heading]) -> list[str]:
    """The anchors of our page: chapters as assignment-1, and below a chapter its words, such as assignment-1-claims."""
    ids: list[str] = []
    chapter = ""
    for heading in found:
        numbered = re.match(r"(\d+)\. ", heading.text)
        own = re.sub(r"[^\w]+", "-", heading.text.lower()).strip("-") or "section"
        if heading.level <= 2:
            chapter = f"assignment-{numbered[1]}" if numbered and heading.level == 2 else own
            ids.append("top" if heading.level == 1 else chapter)
        else:
            ids.append(f"{chapter}-{own}" if chapter else own)
    return _distinct(ids)


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        out.append(f"{name}-{count}" if count else name)
    return out
