"""Floor 2, pure. A captured terminal as a picture of a terminal: an SVG whose text can be selected and is harmless.

What stands in which cell is `screen`'s matter; here cells become runs at places of their own, so that no font moves
anything, in colours that can be read. The letters in use travel inside, as subsets of the pinned fonts.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from wcwidth import wcwidth

from report.rendering.labels import Labels
from report.rendering.pictures import ansi, fonts, screen
from report.rendering.pictures.picture import Picture
from report.rendering.pictures.screen import Cell, Look, Row

_SIZE, _WIDE_SIZE = 14.0, 16.0  # NanumGothic's Hangul is 0.94 em wide and is to fill two cells
_CELL = 8.43  # DejaVu Sans Mono is 1233/2048 em wide
_LINE = 20
_MARGIN, _BAR = 16.0, 34.0
_WIDTH = 2 * _MARGIN + screen.COLUMNS * _CELL
_TITLE, _COMMAND, _QUOTED = 76, 600, 100  # characters of the title, of the command, of what the alternative text quotes

_BAND, _QUIET, _PROMPT = "2d3742", "c3d0dd", "9be9a8"
_PLAIN = frozenset(
    map(chr, range(0x20, 0x7F))
)  # always there, so that most pictures share one subset, which is packed once
_FONTS = re.compile(rb"<style>@font-face.*?</style>\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that look alike and stand beside each other.

    `places` is where the run begins or, for characters of two cells, the middle of each; `length` is how wide it is
    drawn, if it is not placed by character; `squeezed` when the glyph itself is to fit.
    """

    text: str
    places: str
    length: str
    squeezed: bool
    ink: str
    bold: bool


@dataclass(frozen=True, slots=True)
class Band:
    """A piece of coloured ground."""

    x: str
    y: str
    width: str
    ink: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of runs on its base line."""

    y: str
    runs: Sequence[Run]


def picture(root: Path, captured: Sequence[str], command: str, title: str, label: Labels) -> Picture:
    """The capture below its command in a window with a title; long ones are shortened in the middle, which is said."""
    drawable = fonts.mono_characters() | fonts.characters()

    def cut(count: int) -> str:
        return label("characters_left_out", count=count)

    shown = screen.shown(captured, drawable, cut)
    prompt = screen.plain(f"$ {_shortened(command, _COMMAND)}", drawable)
    rows = [*(_inked(row, Look(ink=_PROMPT)) for row in prompt), *shown.head]
    if shown.left_out:
        words = label("lines_left_out", count=shown.left_out)
        rows += [_across(row) for row in screen.plain(words, drawable)]
    rows += shown.tail
    heading = _centred(_shortened(title, _TITLE), drawable)
    lines = [_line(heading, 23.0), *(_line(row, _base(number)) for number, row in enumerate(rows))]
    height = _BAR + 2 * _MARGIN + len(rows) * _LINE
    svg = _environment(root).get_template("terminal.svg.j2").render(
        width=_number(_WIDTH),
        height=_number(height),
        inner_width=_number(_WIDTH - 1),
        inner_height=_number(height - 1),
        right=_number(_WIDTH - 0.5),
        size=_number(_SIZE),
        wide_size=_number(_WIDE_SIZE),
        bar=_number(_BAR),
        row_height=_LINE,
        ground=ansi.GROUND,
        faces=_faces(cell.character for row in [heading, *rows] for cell in row),
        bands=[band for number, row in enumerate(rows) for band in _bands(row, _base(number))],
        lines=[line for line in lines if line.runs],
    )  # fmt: skip
    return Picture(svg.encode(), _alt([*shown.head, *shown.tail], len(captured), command, title, label, drawable))


def without_fonts(svg: bytes) -> bytes:
    """The picture for a place that brings the fonts "Report Mono" and "Report" itself."""
    return _FONTS.sub(b"", svg, count=1)


@cache
def _environment(root: Path) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(root / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _alt(rows: Sequence[Row], count: int, command: str, title: str, label: Labels, drawable: frozenset[int]) -> str:
    """In words: which terminal, the command, how many lines, the first and the last that say something."""

    def quoted(text: str) -> str:
        return _shortened("".join(screen.text(row) for row in screen.plain(text, drawable)), _QUOTED)

    said = [text for text in (screen.text(row).strip() for row in rows) if text]
    if not said:
        return label("alt_terminal_silent", title=quoted(title), command=quoted(command))
    return label(
        "alt_terminal",
        title=quoted(title), command=quoted(command), count=count, first=quoted(said[0]), last=quoted(said[-1]),
    )  # fmt: skip


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _inked(row: Row, look: Look) -> Row:
    return [cell._replace(look=look) for cell in row]


def _across(row: Row) -> Row:
    """A row in the middle of a band that no captured line can look like: it fills the whole width."""
    look = Look(ink=_QUIET, ground=_BAND)
    room = screen.COLUMNS - _end(row)
    moved = [cell._replace(column=cell.column + room // 2, look=look) for cell in row]
    before = [Cell(column, " ", look) for column in range(room // 2)]
    after = [Cell(column, " ", look) for column in range(_end(row) + room // 2, screen.COLUMNS)]
    return [*before, *moved, *after]


def _centred(text: str, drawable: frozenset[int]) -> Row:
    row = screen.plain(text, drawable)[0]
    room = screen.COLUMNS - _end(row)
    return [cell._replace(column=cell.column + room // 2, look=Look(ink=_QUIET)) for cell in row]


def _end(row: Row) -> int:
    return row[-1].column + wcwidth(row[-1].character) if row else 0


def _base(number: int) -> float:
    """The base line of a row of text."""
    return _BAR + _MARGIN + number * _LINE + 14.5


def _line(row: Row, y: float) -> Line:
    return Line(_number(y), [_run(cells) for cells in _alike(row)])


def _alike(row: Row) -> list[Row]:
    """The row in runs of one look and one kind of place, each without a gap."""
    runs: list[Row] = []
    for cell in row:
        before = runs[-1][-1] if runs else None
        joins = before and before.look == cell.look and _kind(before) == _kind(cell) != "squeezed"
        if before and joins and before.column + wcwidth(before.character) == cell.column:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return [run for run in runs if screen.text(run).strip(" ") or len(runs) > 1]


@cache
def _kind_of(character: str) -> str:
    if wcwidth(character) == 2:
        return "wide"
    return "even" if ord(character) in fonts.mono_characters() else "squeezed"


def _kind(cell: Cell) -> str:
    return _kind_of(cell.character)


def _run(cells: Row) -> Run:
    kind, look = _kind(cells[0]), cells[0].look
    if kind == "wide":
        places, length = " ".join(_number(_x(cell.column + 1)) for cell in cells), ""
    else:
        places, length = _number(_x(cells[0].column)), _number(len(cells) * _CELL)
    return Run(screen.text(cells), places, length, kind == "squeezed", ansi.colours(look)[0], look.bold)


def _bands(row: Row, base: float) -> list[Band]:
    """The grounds of a row that differ from the window's, each as wide as it goes on."""
    bands: list[tuple[int, int, str]] = []
    for cell in row:
        ground, end = ansi.colours(cell.look)[1], cell.column + wcwidth(cell.character)
        if bands and bands[-1][1:] == (cell.column, ground):
            bands[-1] = (bands[-1][0], end, ground)
        else:
            bands.append((cell.column, end, ground))
    top = _number(base - 14.5)
    return [
        Band(_number(_x(begin)), top, _number((end - begin) * _CELL), ground)
        for begin, end, ground in bands
        if ground != ansi.GROUND
    ]


def _x(column: int) -> float:
    return _MARGIN + column * _CELL


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _faces(letters: Iterable[str]) -> list[tuple[str, str]]:
    """Name and WOFF2 (Base64) of the fonts that these letters need."""
    used = {*letters, *_PLAIN}
    mono = {letter for letter in used if ord(letter) in fonts.mono_characters()}
    parts = [("Report Mono", mono, fonts.mono_file()), ("Report", used - mono, fonts.font_file())]
    return [(name, _packed("".join(sorted(needed)), file)) for name, needed, file in parts if needed]


@cache
def _packed(letters: str, file: Path) -> str:
    return base64.b64encode(fonts.woff2(letters, file)).decode()
