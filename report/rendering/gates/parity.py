"""Floor 2, pure. The explanations of one assignment have the same shape in every language, piece by piece.

Compares the sources: headings, calls, asides, code blocks, tables and lists in their order, each with its line, so
that what one language lacks is told by file and line. Knows nothing of what the pieces say.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jinja2
from jinja2 import nodes
from markdown_it import MarkdownIt

_SHAPES = {"blockquote_open": "an aside", "bullet_list_open": "a list", "ordered_list_open": "a numbered list"}
_ROWS = {"list_item_open": "a list item", "tr_open": "a table row"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of an explanation, in words that are the same in every language, and its line from 1."""

    shape: str
    line: int


def pieces(source: str) -> list[Piece]:
    """The pieces of an explanation's source in the order of its lines."""
    return sorted([*_blocks(source), *_calls(source)], key=lambda piece: piece.line)


def _blocks(source: str) -> Iterator[Piece]:
    for token in MarkdownIt("js-default").disable("inline").parse(source):
        line = (token.map or [0])[0] + 1
        if token.type == "heading_open":
            yield Piece(f"a heading {token.markup}", line)
        elif token.type == "fence":
            yield Piece(f"a block of {token.info or 'plain'} code", line)
        elif token.type in _SHAPES or token.type in _ROWS:
            yield Piece((_SHAPES | _ROWS)[token.type], line)


def _calls(source: str) -> Iterator[Piece]:
    for call in jinja2.Environment().parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            words = [repr(arg.value) if isinstance(arg, nodes.Const) else "…" for arg in call.args]
            words += [
                f"{option.key}={option.value.value!r}" if isinstance(option.value, nodes.Const) else f"{option.key}=…"
                for option in call.kwargs
            ]
            yield Piece(f"{call.node.name}({', '.join(words)})", call.lineno)


def differences(file: str, found: Sequence[Piece], beside: str, expected: Sequence[Piece]) -> list[str]:
    """A sentence for each place where `file` has another piece than the file beside it, at its line."""
    sentences = []
    matcher = difflib.SequenceMatcher(None, [p.shape for p in expected], [p.shape for p in found], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        line = found[c].line if c < len(found) else (found[-1].line if found else 1)
        there = expected[a].line if a < len(expected) else (expected[-1].line if expected else 1)
        has = ", ".join(piece.shape for piece in found[c:d]) or "nothing"
        wants = ", ".join(piece.shape for piece in expected[a:b]) or "nothing"
        sentences.append(f"{file}:{line}: has {has} where {beside}:{there} has {wants}")
    return sentences
