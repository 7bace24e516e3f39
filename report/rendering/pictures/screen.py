"""Floor 2, pure. What a terminal shows of a capture: rows of cells, each with its place, its character and its look.

pyte moves the cursor, erases and colours; text reaches it only when every character in it shows itself and takes one
cell or two. Knows nothing of fonts' files, of colours or of SVG. However hostile a capture is, the work is bounded.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyte
from wcwidth import wcwidth

from report.rendering.display import visible

COLUMNS = 100
MOST = 36  # rows of a capture that are shown; of a longer one the first two thirds and the last third
_HEAD = MOST * 2 // 3
_WINDOW = 40  # rows that the cursor can reach; what scrolls out of them is kept
_LONGEST = 2_000  # characters of one line that are looked at
_END_LINES, _END_CHARACTERS = 100, 10_000  # how much of each end of a long capture is looked at
_MOST_MOVES = 2_000  # cursor movements, erasures and such; some cost as much as the whole window

# A control sequence (ECMA-48, 5.4), a string that is not text (5.6), another escape sequence, a control character.
_CONTROL = re.compile(
    r"\x1b\[(?P<parameters>[0-9;]{0,60})(?P<final>[@-~])|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b(?P<escape>[78DEMc])|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
    r"|(?P<control>[\b\t\v\f\r])"
)
_TAKES = dict.fromkeys("@ABCDEFGJKLMPXade", 1) | {"H": 2, "f": 2, "m": 60}  # how many parameters a sequence can have


class Look(NamedTuple):
    """How a cell is drawn; colours are pyte's names or six hexadecimal digits."""

    ink: str = "default"
    ground: str = "default"
    bold: bool = False
    reverse: bool = False


PLAIN = Look()


class Cell(NamedTuple):
    """One character, and the column where it begins."""

    column: int
    character: str
    look: Look


Row = list[Cell]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a capture: all rows in `head`, or its beginning and its end and how many lines are not shown."""

    head: Sequence[Row]
    left_out: int
    tail: Sequence[Row]


def shown(captured: Sequence[str], drawable: frozenset[int], cut: Callable[[int], str]) -> Shown:
    """The capture as a terminal shows it, shortened in the middle.

    `drawable` are the code points that there are glyphs for; `cut` says how many characters of a line are left out.
    """
    beginning, end = _ends(captured)
    first, starts = _rows(beginning, drawable, cut)
    last, later = _rows(end, drawable, cut) if end else (first, starts)
    if not end and len(first) <= MOST:
        return Shown(first, 0, [])
    hidden = len(last) - (MOST - _HEAD)  # rows before the ones shown last
    begun = sum(start < _HEAD for start in starts) + sum(start >= hidden for start in later)
    return Shown(first[:_HEAD], max(1, len(captured) - begun), last[max(0, hidden) :])


def plain(line: str, drawable: frozenset[int], look: Look = PLAIN) -> list[Row]:
    """A line as rows without obeying anything in it."""
    rows: list[Row] = [[]]
    column = 0
    for character in _text(line, drawable):
        if column + _width(character) > COLUMNS:
            rows.append([])
            column = 0
        rows[-1].append(Cell(column, character, look))
        column += _width(character)
    return rows


def text(row: Row) -> str:
    """A row's characters."""
    return "".join(cell.character for cell in row)


def _ends(captured: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The whole capture and nothing, or as many lines of its beginning and of its end as are looked at."""
    head = _affordable(captured)
    tail = _affordable(reversed(captured[head:]))
    if head + tail == len(captured):
        return captured, []
    return captured[:head], captured[len(captured) - tail :]


def _affordable(lines: Iterable[str]) -> int:
    count = characters = 0
    for line in lines:
        characters += min(len(line), _LONGEST)
        if count == _END_LINES or (count and characters > _END_CHARACTERS):
            break
        count += 1
    return count


def _rows(lines: Sequence[str], drawable: frozenset[int], cut: Callable[[int], str]) -> tuple[list[Row], list[int]]:
    """The lines' rows, and in which row each line begins."""
    pieces = [_pieces(line, cut) for line in lines]
    if any(_CONTROL.search(piece) for line in pieces for piece in line):
        try:
            return _emulated(pieces, drawable)
        except Exception:  # a fault of the emulator's must not keep captured text from the reader
            pass
    rows: list[Row] = []
    starts = []
    for line in pieces:
        starts.append(len(rows))
        rows += plain("".join(line), drawable)
    return rows, starts


def _pieces(line: str, cut: Callable[[int], str]) -> list[str]:
    """The line whole, or its beginning, a word on what is left out, and its end."""
    if len(line) <= _LONGEST:
        return [line]
    end = _LONGEST // 4
    return [line[: _LONGEST - end], cut(len(line) - _LONGEST), line[-end:]]


def _text(piece: str, drawable: frozenset[int]) -> str:
    """Composed text in which each character shows itself in one cell or two; what does not is written as an escape."""
    if piece.isascii() and piece.isprintable():
        return piece
    composed = unicodedata.normalize("NFC", piece)
    return visible(composed, "".join({c for c in composed if ord(c) not in drawable or wcwidth(c) not in (1, 2)}))


def _width(character: str) -> int:
    return 1 if character.isascii() else wcwidth(character)


class _Screen(pyte.Screen):
    """A window that keeps the rows that scroll out of it at the top."""

    def __init__(self) -> None:
        self.past: list[Any] = []
        self.moves = 0
        super().__init__(COLUMNS, _WINDOW)

    def index(self) -> None:
        """The next row."""
        if self.cursor.y == self.lines - 1:
            self.past.append(self.buffer[0])
        super().index()

    def draw(self, data: str) -> None:
        """Text at the cursor; a character of two cells never begins in the last column."""
        if data.isascii():
            super().draw(data)
            return
        for character in data:
            if self.cursor.x == self.columns - 1 and wcwidth(character) == 2:
                super().draw(" ")
            super().draw(character)

    def obey(self, control: re.Match[str]) -> None:
        """What the sequence says, if it is one that moves, erases or colours; any other shows nothing."""
        if control["control"]:
            getattr(self, pyte.Stream.basic[control["control"]])()
        elif control["escape"]:
            self._count()
            getattr(self, pyte.Stream.escape[control["escape"]])()
            if control["escape"] == "E":
                self.carriage_return()
        elif control["final"] in _TAKES:
            final = control["final"]
            parameters = [min(int(number or 0), 9999) for number in control["parameters"].split(";")][: _TAKES[final]]
            if final == "m":
                self.select_graphic_rendition(*parameters)
            elif final not in "JK" or parameters[0] <= 2:
                self._count()
                getattr(self, pyte.Stream.csi[final])(*parameters)

    def _count(self) -> None:
        self.moves += 1
        if self.moves > _MOST_MOVES:
            raise OverflowError(f"more than {_MOST_MOVES} movements of the cursor")

    def rows(self) -> list[Row]:
        """What scrolled out and what the window shows, down to the cursor or to the last character below it."""
        window = [_row(self.buffer[y]) if y in self.buffer else [] for y in range(self.lines)]
        used = max([self.cursor.y, *(y for y, row in enumerate(window) if row)]) + 1
        return [*map(_row, self.past), *window[:used]]


def _emulated(lines: Sequence[Sequence[str]], drawable: frozenset[int]) -> tuple[list[Row], list[int]]:
    screen = _Screen()
    starts = []
    for number, pieces in enumerate(lines):
        if number:
            screen.carriage_return()
            screen.linefeed()
        starts.append(len(screen.past) + screen.cursor.y)
        for piece in pieces:
            begin = 0
            for control in _CONTROL.finditer(piece):
                screen.draw(_text(piece[begin : control.start()], drawable))
                screen.obey(control)
                begin = control.end()
            screen.draw(_text(piece[begin:], drawable))
    return screen.rows(), starts


def _row(line: Any) -> Row:
    """The cells of one of pyte's lines, without blanks at the end that nothing would be seen of."""
    cells = []
    for column in range(min(max(line, default=-1) + 1, COLUMNS)):
        char = line[column]
        if char.data:
            look = Look(char.fg, char.bg, char.bold, char.reverse)
            cells.append(Cell(column, char.data if _whole(line, column) else " ", look))
    while cells and cells[-1].character == " " and cells[-1].look.ground == "default" and not cells[-1].look.reverse:
        cells.pop()
    return cells


def _whole(line: Any, column: int) -> bool:
    """Whether a character of two cells still has its second half, which pyte marks by an empty cell."""
    return wcwidth(line[column].data) < 2 or (column + 1 < COLUMNS and not line[column + 1].data)
