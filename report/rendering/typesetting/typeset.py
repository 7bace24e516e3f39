"""Floor 2, pure. A report's Markdown as Typst source for the PDF; the house style stands in templates/report.typ.

What the page folds away is left out, since its picture stands above it. Every outside text goes in as a Typst string.
"""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from report.errors import SpecError
from report.rendering import headings
from report.rendering.document import Document
from report.rendering.labels import Labels
from report.rendering.pictures import theme
from report.rendering.typesetting import typefaces
from report.rendering.typesetting.blocks import Blocks, joined
from report.rendering.typesetting.inlines import array, string

_FAMILIES = re.compile(r"""font-family\s*(?:=\s*(?:"[^"]*"|'[^']*')|:[^;}<>]*)""")


def source(document: Document, label: Labels) -> str:
    """The document as Typst source, to be compiled beside `report.typ` and the document's pictures.

    Raises SpecError when the Markdown names a picture there is not, or holds a character that no font of the PDF has.
    """
    tokens = MarkdownIt("js-default", {"html": True}).parse(document.markdown)
    nodes = _unfolded(SyntaxTreeNode(tokens).children)
    _check_glyphs(document, nodes)
    found = headings.of_tokens(tokens)
    anchors = {slug: heading.line for slug, heading in zip(headings.github_slugs(found), found, strict=True)}
    blocks = Blocks(document.pictures, anchors, label("server"))
    start = next((place for place, node in enumerate(nodes) if node.type == "heading" and node.tag != "h1"), 0)
    body = blocks.write(nodes[start:])
    return "\n".join(
        [*_opening(document, label, blocks.write(_lead(document, nodes[:start]))), *map("#{}".format, body), ""]
    )


def drawing(svg: bytes) -> bytes:
    """A picture as the PDF takes it: in light colours, and with fonts by the names that their files give."""
    text = re.sub(r"@font-face\s*\{[^}]*\}", "", theme.plain(svg).decode())
    return _FAMILIES.sub(lambda families: re.sub(r"\bReport( Mono)?\b", _family, families[0]), text).encode()


def _family(name: re.Match[str]) -> str:
    return "DejaVu Sans Mono" if name[1] else "NanumGothic"


def _opening(document: Document, label: Labels, lead: Sequence[str]) -> list[str]:
    """The call of the house style, with all that it asks for."""
    values = {
        "language": string(document.language),
        "title": string(document.title),
        "author": array(string(value) for what, value in document.cover if what == label("author")),
        "date": _date(document),
        "cover": array(array([string(what), string(value)]) for what, value in document.cover),
        "lead": joined(lead) if lead else "none",
        "contents": string(label("contents")),
    }
    pairs = [f"  {name}: {value}," for name, value in values.items()]
    return ['#import "report.typ": *', "#show: report.with(", *pairs, ")"]


def _lead(document: Document, nodes: Sequence[SyntaxTreeNode]) -> list[SyntaxTreeNode]:
    """What stands before the first chapter, without the title and the list that the cover shows in its own way."""
    said = "\n".join(f"{what}: {value}" for what, value in document.cover)
    return [
        node
        for node in nodes
        if node.tag != "h1" and not (node.type == "bullet_list" and said and _plain(node) == said)
    ]


def _plain(node: SyntaxTreeNode) -> str:
    texts = (headings.plain_text(one.token) for one in node.walk() if one.type == "inline" and one.token)
    return "\n".join(texts)


def _date(document: Document) -> str:
    """The first date that the cover names, which is the evidence's; no clock is asked."""
    for _, value in document.cover:
        if day := re.search(r"\b(\d{4})-(\d\d)-(\d\d)", value):
            return f"datetime(year: {int(day[1])}, month: {int(day[2])}, day: {int(day[3])})"
    return "none"


def _unfolded(nodes: Sequence[SyntaxTreeNode]) -> list[SyntaxTreeNode]:
    """The blocks without those between <details> and </details>, which must stand in lines of their own."""
    shown: list[SyntaxTreeNode] = []
    folded = False
    for node in nodes:
        if node.type == "html_block" and node.content.startswith(("<details", "</details>")):
            folded = not node.content.startswith("</") and "</details>" not in node.content
        elif not folded:
            shown.append(node)
    return shown


def _check_glyphs(document: Document, nodes: Sequence[SyntaxTreeNode]) -> None:
    lines = document.markdown.split("\n")
    shown = [number for node in nodes for number in range(*(node.map or (0, 0)))]
    found: dict[str, int] = {}
    for number in shown:
        for character in typefaces.lacking(lines[number]):
            found.setdefault(character, number + 1)
    for _, value in (*document.cover, ("", document.title)):
        for character in typefaces.lacking(value):
            found.setdefault(character, 1)
    if found:
        raise SpecError(
            f"report.{document.language}.md:{line}: no font of the PDF has {character!r} (U+{ord(character):04X}); "
            "write another character"
            for character, line in found.items()
        )
