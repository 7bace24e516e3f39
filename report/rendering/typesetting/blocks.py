"""Floor 2, pure. Blocks of Markdown (paragraphs, lists, tables, code, pictures) as Typst expressions.

The functions that these call, and all sizes that are a matter of style, stand in templates/report.typ. Links to
files beside the report become text, since a PDF travels alone.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from report.errors import SpecError
from report.rendering import pairs
from report.rendering.typesetting import grid, inlines, typefaces
from report.rendering.typesetting.inlines import Span, array, string

WIDTH = 453.5  # points of a line of text: A4 within the margins of templates/report.typ
_HEIGHT = 390.0  # points: a picture leaves room for the text that speaks of it; a terminal is set as small as code
_CODE = (6.4, 8.2)  # the smallest and the usual size of code
_WHOLE = {"code": 30, "table": 16, "text": 30}  # lines of code, rows of a table, lines of its text: on one page
_INSET = 8.0  # points of a cell's two sides, as in templates/report.typ
_SHORT = 160  # characters of a paragraph that stays with what follows it
_POINTS = {"pt": 1.0, "px": 0.75, "": 0.75, "in": 72.0, "mm": 72 / 25.4}


@dataclass(frozen=True, slots=True)
class Blocks:
    """Writes blocks, with the report's pictures by path and the line of the heading that each anchor means."""

    pictures: Mapping[str, bytes]
    anchors: Mapping[str, int]
    server: str  # the head of the column that names servers

    def write(self, nodes: Sequence[SyntaxTreeNode]) -> list[str]:
        """One expression for each block; captions and sources join what they belong to."""
        out: list[str] = []
        rest = list(nodes)
        while rest:
            node = rest.pop(0)
            if found := _pictures(node):
                caption = self._text(rest.pop(0)) if rest and is_caption(rest[0]) else "none"
                out += [self._picture(one, "none") for one in found[:-1]]
                out.append(self._picture(found[-1], caption))
            elif node.type == "fence" or (is_caption(node) and rest and rest[0].type == "fence"):
                above, code = ("none", node) if node.type == "fence" else (self._text(node), rest.pop(0))
                below = _reference(rest.pop(0)) if rest and _refers(rest[0]) else "none"
                out.append(_listing(code, above, below))
            elif _refers(node):
                out += [f"reference({text})"] if (text := _reference(node)) != "none" else []
            elif _introduces(node, rest):
                out.append(f"introduction({self._text(node)})")
            else:
                out += self._block(node)
        return out

    def _block(self, node: SyntaxTreeNode) -> list[str]:
        match node.type:
            case "paragraph":
                return [self._text(node) if node.hidden else f"par({self._text(node)})"]
            case "heading":
                level = max(1, int(node.tag[1]) - 1)
                return [f"[#heading(level: {level}, {self._text(node)})<{anchor(_line(node))}>]"]
            case "bullet_list" | "ordered_list":
                return [self._list(node)]
            case "blockquote":
                return [f"aside({joined(self.write(node.children))})"]
            case "table":
                return [self._table(node)]
            case "code_block":
                return [_listing(node, "none", "none")]
            case "hr":
                return ["line(length: 100%, stroke: 0.4pt)"]
            case _:  # raw HTML, shown as it stands: the page does the same
                return [] if node.content.startswith("<!--") else [f"par({string(node.content.strip())})"]

    def _list(self, node: SyntaxTreeNode) -> str:
        tight = all(block.hidden for item in node.children for block in item.children if block.type == "paragraph")
        items = ", ".join(joined(self.write(item.children)) for item in node.children)
        kind = "list(" if node.type == "bullet_list" else f"enum(start: {node.attrs.get('start', 1)}, "
        return f"{kind}tight: {'true' if tight else 'false'}, {items})"

    def _table(self, node: SyntaxTreeNode) -> str:
        rows = [[cell.children[0] for cell in row.children] for part in node.children for row in part.children]
        texts = [[self._spans(cell) for cell in row] for row in rows]
        wishes = [[inlines.measured(cell, bold=row is texts[0]) for cell in row] for row in texts]
        columns = [
            (max(one[0] for one in column), max(one[1] for one in column)) for column in zip(*wishes, strict=True)
        ]
        size, widths, fits = grid.widths(columns, WIDTH)
        lines = sum(
            max(_lines(wish * size, width) for (_, wish), width in zip(row, widths, strict=True)) for row in wishes
        )
        header, *body = [[inlines.content(cell, keep=fits) for cell in row] for row in texts]
        sides = [str(cell.attrs.get("style", "")).removeprefix("text-align:") for cell in _first_row(node)]
        values = [
            array(f"{width}pt" for width in widths),
            array(side or "left" for side in sides),
            f"{size}pt",
            "true" if len(body) <= _WHOLE["table"] and lines <= _WHOLE["text"] else "false",
            array(header),
            array(cell for row in body for cell in row),
            array(string(kind) for kind in pairs.belonging(*_words(node), self.server)),
        ]
        return f"rows({', '.join(values)})"

    def _picture(self, image: Token, caption: str) -> str:
        path = str(image.attrs.get("src", ""))
        if path not in self.pictures:
            raise SpecError(f"report: the picture {path} is not one of this report; only its own figures can be shown")
        return f"picture({string(path)}, {_width(self.pictures[path])}pt, {string(image.content)}, {caption})"

    def _text(self, paragraph: SyntaxTreeNode) -> str:
        return inlines.content(self._spans(paragraph.children[0]))

    def _spans(self, inline: SyntaxTreeNode) -> list[Span]:
        return inlines.spans(_children(inline), self._target)

    def _target(self, href: str) -> str | None:
        if href.startswith("#"):
            line = self.anchors.get(href[1:])
            return None if line is None else f"<{anchor(line)}>"
        return string(href) if href.startswith(("http://", "https://")) else None


def anchor(line: int) -> str:
    """The Typst label of the heading in this line."""
    return f"heading-{line}"


def joined(expressions: Sequence[str]) -> str:
    """Several blocks as one expression."""
    return expressions[0] if len(expressions) == 1 else f"{{{'; parbreak(); '.join(expressions)}}}"


def is_caption(node: SyntaxTreeNode) -> bool:
    """Whether a paragraph is nothing but emphasis."""
    inner = _children(node.children[0]) if node.type == "paragraph" else ()
    levels = [token.type for token in inner if token.level == 0]
    return levels == ["em_open", "em_close"] if inner else False


def _pictures(node: SyntaxTreeNode) -> list[Token]:
    """The pictures of a paragraph that holds nothing else; a link around one is let go."""
    inner = _children(node.children[0]) if node.type == "paragraph" else ()
    others = {token.type for token in inner} - {"image", "softbreak", "link_open", "link_close"}
    return [] if others else [token for token in inner if token.type == "image"]


def _introduces(node: SyntaxTreeNode, rest: Sequence[SyntaxTreeNode]) -> bool:
    """Whether a paragraph is a line or two before what it speaks of, which must not stand on the next page."""
    if node.type != "paragraph" or node.hidden or not rest:
        return False
    followed = (
        rest[0].type in ("fence", "table", "bullet_list", "ordered_list") or is_caption(rest[0]) or _pictures(rest[0])
    )
    return bool(followed) and len(node.children[0].content) <= _SHORT


def _refers(node: SyntaxTreeNode) -> bool:
    """Whether a paragraph is nothing but a link to a file beside the report."""
    inner = _children(node.children[0]) if node.type == "paragraph" else ()
    levels = [token for token in inner if token.level == 0]
    if [token.type for token in levels] != ["link_open", "link_close"]:
        return False
    return not re.match(r"https?://|#", str(levels[0].attrs.get("href", "")))


def _reference(node: SyntaxTreeNode) -> str:
    """What such a link says, and the path where its text does not; the report in another language is not beside us."""
    inner = _children(node.children[0])
    path = str(inner[0].attrs.get("href", "")).removeprefix("../").partition("#")[0]
    text = inlines.plain(inlines.spans(inner, lambda href: None))
    if re.fullmatch(r"report\.\w+\.(md|html)", path):
        return "none"
    return string(text if path in text else f"{text}: {path}")


def _listing(node: SyntaxTreeNode, above: str, below: str) -> str:
    code = node.content.rstrip("\n")
    lines = code.split("\n")
    longest = max(typefaces.width(line, code=True) for line in lines) or 1
    size = round(min(_CODE[1], max(_CODE[0], (WIDTH - 17) / longest)), 2)
    language = node.info.split()[0] if node.info.strip() else "text"
    whole = "true" if len(lines) <= _WHOLE["code"] else "false"
    return f"listing({string(code)}, {string(language)}, {size}pt, {whole}, {above}, {below})"


def _width(svg: bytes) -> float:
    """How wide a picture is on paper: as wide as it says, but no wider than the text and no higher than a page."""
    opening = re.search(rb"<svg\b[^>]*>", svg)
    sizes = dict(re.findall(r'\s(width|height)="([\d.]+(?:pt|px|in|mm)?)"', opening[0].decode() if opening else ""))
    box = re.search(
        r'\sviewBox="[-\d.]+[ ,]+[-\d.]+[ ,]+([\d.]+)[ ,]+([\d.]+)"', opening[0].decode() if opening else ""
    )
    width, height = (_points(sizes[side]) if side in sizes else 0.0 for side in ("width", "height"))
    if box and not (width and height):
        width, height = float(box[1]) * 0.75, float(box[2]) * 0.75
    if not (width and height):
        return WIDTH
    return round(min(width, WIDTH, width * _HEIGHT / height), 1)


def _points(length: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w*)", length).groups()  # type: ignore[union-attr]
    return float(number) * _POINTS[unit]


def _children(node: SyntaxTreeNode) -> list[Token]:
    """An inline node's tokens in a row."""
    return list(node.token.children or ()) if node.token else []


def _lines(wish: float, width: float) -> int:
    """About how many lines a cell takes up whose text would like to be so wide, in points."""
    return max(1, math.ceil(wish / max(1.0, width - _INSET)))


def _words(table: SyntaxTreeNode) -> tuple[list[str], list[list[str]]]:
    """What the cells of a table say: those of its head, and those of each row."""
    head, *rows = [
        [cell.children[0].content for cell in row.children] for part in table.children for row in part.children
    ]
    return head, rows


def _first_row(table: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    return table.children[0].children[0].children


def _line(node: SyntaxTreeNode) -> int:
    return (node.map or (0, 0))[0] + 1
