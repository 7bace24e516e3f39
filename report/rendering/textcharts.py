"""Floor 2, pure. Charts of characters: requests as bars on a time axis, numbers over time as columns.

Waiting, being served and failing differ by the character, so that colour only helps. A chart is lines of styled text
that fit a width in cells; it knows no terminal.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len
from rich.text import Text

from report.rendering import lines
from report.rendering.display import visible
from report.rendering.labels import Labels
from report.rendering.lines import Point
from report.rendering.measure import Subject
from report.rendering.timetable import Design, Row

MOST = 20  # clients that are shown
HIGH = 10  # rows of columns
_WAITING, _SERVED, _FAILED = ("░", "dim"), ("█", "green"), ("×", "red")
_COLUMN = " ▁▂▃▄▅▆▇█"
_MARK = "┄"
_NARROW = 60  # cells; in fewer there is no room for names
_NAME = 16  # cells of a name


def timeline(made: Design, label: Labels, width: int, most: int = MOST) -> Iterator[Text]:
    """A line for each of the first requests, and how many more there are; below them the axis and what is what."""
    rows = made.rows[:most]
    names = [visible(row.actor) if row and row.answered and width >= _NARROW else "" for row in rows]
    widest = min(_NAME, max(map(cell_len, names), default=0))
    gutter = len(str(len(rows)))
    room = max(8, width - gutter - widest - 2)
    for place, (row, name) in enumerate(zip(rows, names, strict=True), start=1):
        bar = _bar(row, made.reach, room, label)
        bar.truncate(room, pad=True)
        told = Text(name)
        told.truncate(widest, overflow="ellipsis")
        yield Text.assemble(f"{place:{gutter}} ", bar, " ", told)
    if len(made.rows) > most:
        yield Text(label("more_requests", count=len(made.rows) - most), "dim")
    yield _axis(0.0, made.reach, gutter + 1, room, label)
    signs = [(*_WAITING, "waiting"), (*_SERVED, "served"), (*_FAILED, "failed_request")]
    key = [Text.assemble((sign, style), f" {label(word)}") for sign, style, word in signs]
    yield Text("  ").join([*key, Text(label("measured_predicted", **made.ends(label)))])


def _bar(row: Row | None, reach: float, room: int, label: Labels) -> Text:
    if row is None:
        return Text(f"{_FAILED[0]} {label('failed_request')}", _FAILED[1])
    due, begun, done = (round(time / (reach or 1.0) * room) for time in (row.due, row.begun, row.done))
    sign, style = _SERVED if row.answered else _FAILED
    if row.begun < row.done or not row.answered:
        due, begun = min(due, room - 1), min(begun, room - 1)
        done = max(done, begun + 1)  # what was there is seen, however short it was
    return Text.assemble(" " * due, (_WAITING[0] * (begun - due), _WAITING[1]), (sign * (done - begun), style))


def series(subject: Subject, label: Labels, width: int, most: int = HIGH) -> Iterator[Text]:
    """Every declared series over the same time, each with the levels that scenario.toml marks."""
    declared = subject.assignment.series
    every = {name: lines.series(subject.run.server_lines, spec) for name, spec in declared.items()}
    found = {name: points for name, points in every.items() if points}
    times = [0.0, *(point.time for points in found.values() for point in points)]
    tops = {name: max([1.0, *declared[name].marks, *(p.value for p in points)]) for name, points in found.items()}
    gutter = max((len(f"{top:g}") for top in tops.values()), default=0) + 1
    span, room = (min(times), max(times)), max(8, width - gutter)
    for name, points in found.items():
        low, high = (f"{pick(point.value for point in points):g}" for pick in (min, max))
        yield Text(label("range", name=label.name(name), low=low, high=high))
        for named, cells in columns(points, declared[name].marks, tops[name], span, room, most):
            yield Text.assemble(f"{named:>{gutter - 1}} ", cells)
        yield _axis(*span, gutter, room, label)


def columns(
    points: Sequence[Point], marks: Sequence[float], top: float, span: tuple[float, float], room: int, most: int = HIGH
) -> Iterator[tuple[str, Text]]:
    """Rows from the top, each with its level if it is named: in every column the greatest value within its time.

    A row with a marked level is dotted where no column reaches it.
    """
    rows = min(most, math.ceil(top))
    marked = {max(1, math.ceil(mark * rows / top)): f"{mark:g}" for mark in marks if mark > 0}
    values = _greatest(points, span, room)
    for row in range(rows, 0, -1):
        empty = (_MARK, "yellow") if row in marked else (" ", "")
        filled = (0 if value is None else round((value * rows / top - row + 1) * 8) for value in values)
        cells = [(_COLUMN[min(8, eighths)], "cyan") if eighths > 0 else empty for eighths in filled]
        runs = (("".join(sign for sign, _ in run), style) for style, run in groupby(cells, key=itemgetter(1)))
        yield marked.get(row, f"{top:g}" if row == rows else ""), Text.assemble(*runs)


def _greatest(points: Sequence[Point], span: tuple[float, float], room: int) -> list[float | None]:
    """For each of so many equal times the greatest value that stood in it; None before the first one."""
    begin, end = span
    each = (end - begin) / room or 1.0
    found: list[float | None] = [None] * room
    standing: float | None = None
    reached = 0
    for point in points:
        place = min(room - 1, int((point.time - begin) / each))
        for between in range(reached, place + 1):
            if standing is not None:
                found[between] = max(standing, found[between] or 0.0)
        reached, standing = place, point.value
        found[place] = max(point.value, found[place] or 0.0)
    return [standing if at > reached else value for at, value in enumerate(found)]


def _axis(begin: float, end: float, indent: int, room: int, label: Labels) -> Text:
    """The two ends of the time axis."""
    first, last = (label.value(time, "seconds") if time else "0" for time in (begin, end))
    return Text(" " * indent + first + " " * max(1, room - cell_len(first + last)) + last, "dim")
