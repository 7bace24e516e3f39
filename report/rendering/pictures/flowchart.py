"""Floor 2, pure. A guide's flowchart, from the Mermaid text that GitHub draws by itself: boxes, columns, arrows.

Reads what the guides use: `flowchart LR`, boxes, stores `[(…)]`, questions `{…}`, arrows from one column to the next.
Whatever else Mermaid can say is not read, and stays the text it is.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report.rendering.labels import Labels
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import WIDTH, Point, Sheet
from report.rendering.pictures.picture import Picture

_NODE = r'(\w+)(\["|\[\("|\{")?(?:(?<=")([^"]+)"(?:\]|\)\]|\}))?'
_LINE = re.compile(rf"{_NODE}(?: --> {_NODE})?")
_SIZE, _LEADING = 9.5, 13.0
_PAD = 6.0  # between a box's edge and its words
_TIP = 8.0  # of a question's pointed sides; and how far the lid of a store rises, twice
_GAP, _BELOW = 22.0, 20.0  # between columns, between boxes of one


@dataclass(frozen=True, slots=True)
class Box:
    """What opens its bracket, and its lines."""

    opens: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a box stands: its left end and width, its middle and height."""

    x: float
    wide: float
    y: float
    tall: float
    lines: Sequence[str]


def flowchart(text: str, label: Labels) -> Picture | None:
    """The picture of a flowchart and its words; None if it says what is not read here, or would not fit."""
    boxes, arrows = _read(text)
    columns = _columns(boxes, arrows)
    widths = _widths(boxes, columns)
    if not widths:
        return None
    wrapped = {one: _wrapped(boxes[one], widths[at]) for at, column in enumerate(columns) for one in column}
    talls = {
        one: len(lines) * _LEADING + 2 * _PAD + _TIP * (boxes[one].opens == '[("') for one, lines in wrapped.items()
    }
    heights = [sum(talls[one] for one in column) + _BELOW * (len(column) - 1) for column in columns]
    places: dict[str, _Place] = {}
    x = 1.0
    for column, wide, height in zip(columns, widths, heights, strict=True):
        y = (max(heights) - height) / 2 + 1
        for one in column:
            places[one] = _Place(x, wide, y + talls[one] / 2, talls[one], wrapped[one])
            y += talls[one] + _BELOW
        x += wide + _GAP
    with canvas.drawing(max(heights) + 2) as sheet:
        for one, place in places.items():
            _box(sheet, boxes[one].opens, place)
        for begin, end in arrows:
            _arrow(sheet, (places[begin].x + places[begin].wide, places[begin].y), (places[end].x, places[end].y))
        svg = canvas.svg(sheet)
    parts = "; ".join(f"{boxes[begin].lines[0]} → {boxes[end].lines[0]}" for begin, end in arrows)
    return Picture(svg, label("alt_flowchart", parts=parts))


def _read(text: str) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    """The boxes by name and the arrows between them; nothing where a line is not understood."""
    first, *lines = [line.strip() for line in text.strip().splitlines()] or [""]
    found = [_LINE.fullmatch(line) for line in lines if line]
    boxes: dict[str, Box] = {}
    arrows: list[tuple[str, str]] = []
    for match in found:
        if match is None or first != "flowchart LR":
            return {}, []
        for name, opens, words in (match.groups()[:3], match.groups()[3:]):
            if name and (words or name not in boxes):
                boxes[name] = Box(opens or "", re.split("<br/?>", words or name))
        if match[4]:
            arrows.append((match[1], match[4]))
    return boxes, arrows


def _columns(boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The boxes from left to right, each as near to its next as can be; none if an arrow would pass a column."""
    at = dict.fromkeys(boxes, 0)
    for _ in boxes:
        for begin, end in arrows:
            at[end] = max(at[end], at[begin] + 1)
    for one in boxes:
        if all(end != one for _, end in arrows):
            at[one] = min((at[end] - 1 for begin, end in arrows if begin == one), default=0)
    if not arrows or any(at[end] != at[begin] + 1 for begin, end in arrows):
        return []
    return [[one for one in boxes if at[one] == column] for column in range(max(at.values()) + 1)]


def _widths(boxes: Mapping[str, Box], columns: Sequence[Sequence[str]]) -> list[float]:
    """Of each column: what its longest word needs, and of the room that is left a share by its longest line."""
    least = [max(_needed(boxes[one], word) for one in column for word in _words(boxes[one])) for column in columns]
    most = [max(_needed(boxes[one], line) for one in column for line in boxes[one].lines) for column in columns]
    room = WIDTH - 2 - _GAP * (len(columns) - 1) - sum(least)
    wanted = sum(most) - sum(least)
    share = min(1.0, room / wanted) if wanted else 0.0
    return [low + (high - low) * share for low, high in zip(least, most, strict=True)] if room >= 0 else []


def _words(box: Box) -> Iterator[str]:
    return (word for line in box.lines for word in line.split())


def _needed(box: Box, text: str) -> float:
    return canvas.width(text, _SIZE) + _margin(box.opens) + 0.01


def _margin(opens: str) -> float:
    return 2 * (_TIP + 2 if opens == '{"' else _PAD)


def _wrapped(box: Box, wide: float) -> list[str]:
    room = wide - _margin(box.opens)
    return [part for line in box.lines for part in canvas.wrapped(line, room, _SIZE)]


def _box(sheet: Sheet, opens: str, place: _Place) -> None:
    left, right, top, bottom = place.x, place.x + place.wide, place.y - place.tall / 2, place.y + place.tall / 2
    if opens == '[("':
        turn = [math.radians(angle) for angle in range(0, 181, 10)]
        middle, half = (left + right) / 2, place.wide / 2
        under = [(middle + half * math.cos(a), bottom - _TIP / 2 + _TIP / 2 * math.sin(a)) for a in turn]
        front = [(middle - half * math.cos(a), top + _TIP / 2 + _TIP / 2 * math.sin(a)) for a in turn]
        back = [(middle + half * math.cos(a), top + _TIP / 2 - _TIP / 2 * math.sin(a)) for a in turn]
        sheet.outlines([[*under, *reversed(back)]], "soft", "ink", lw=1)
        sheet.line(front, "ink")
    elif opens == '{"':
        tips = [(left, place.y), (left + _TIP, top), (right - _TIP, top), (right, place.y)]
        sheet.outlines([[*tips, (right - _TIP, bottom), (left + _TIP, bottom)]], "soft", "ink", lw=1)
    else:
        sheet.box(left, top, place.wide, place.tall, "soft", "ink", lw=1)
    y = bottom - _PAD - len(place.lines) * _LEADING + _LEADING - 3
    for number, line in enumerate(place.lines):
        sheet.text((left + right) / 2, y + number * _LEADING, line, side="center", size=_SIZE)


def _arrow(sheet: Sheet, begin: Point, end: Point) -> None:
    """From a box's right side to another's left one, with its head turned as it goes."""
    begin, end = (begin[0] + 1, begin[1]), (end[0] - 2, end[1])
    long = math.dist(begin, end)
    along = ((end[0] - begin[0]) / long, (end[1] - begin[1]) / long)
    back = (end[0] - 6 * along[0], end[1] - 6 * along[1])
    sheet.line([begin, back], "ink", lw=1.2)
    across = (-3.5 * along[1], 3.5 * along[0])
    sheet.head([end, (back[0] + across[0], back[1] + across[1]), (back[0] - across[0], back[1] - across[1])])
