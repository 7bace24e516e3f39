"""Floor 2, pure. Tables of the page: they scroll, their heads have a scope, rows that belong together say so."""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from report.rendering import pairs

Place = MutableMapping[str, Any]


def join_rows(tokens: Sequence[Token], server: str) -> None:
    """Marks the rows of each table that begin a group or stay with the row above, by the head of the servers' column.

    A cell that repeats the one above in such a row is marked too, so that it can stand back.
    """
    rows: list[Token] = []
    cells: list[list[tuple[Token, str]]] = []
    for place, token in enumerate(tokens):
        if token.type == "table_open":
            rows, cells = [], []
        elif token.type == "tr_open":
            rows.append(token)
            cells.append([])
        elif token.type in ("th_open", "td_open"):
            cells[-1].append((token, tokens[place + 1].content))
        elif token.type == "table_close":
            _mark(rows, cells, server)


def _mark(rows: Sequence[Token], cells: Sequence[Sequence[tuple[Token, str]]], server: str) -> None:
    head, *texts = [[text for _, text in row] for row in cells]
    found = pairs.belonging(head, texts, server)
    for place, kind in enumerate(found, start=1):
        if kind:
            rows[place].attrSet("class", kind)
        if kind == "pair":
            for (token, text), (_, above) in zip(cells[place][: pairs.NAMES], cells[place - 1], strict=False):
                if text == above:
                    token.attrSet("class", "again")


def _open(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Place) -> str:
    return '<div class="table" tabindex="0"><table>\n'


def _close(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Place) -> str:
    return "</table></div>\n"


def _head(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Place) -> str:
    tokens[place].attrSet("scope", "col")
    return str(renderer.renderToken(tokens, place, options, env))


RULES: dict[str, Callable[..., str]] = {"table_open": _open, "table_close": _close, "th_open": _head}
