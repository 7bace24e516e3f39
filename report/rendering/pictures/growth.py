"""Floor 2, pure. How one number grows with another: lines that are named where they end.

Lines differ in marker and style as well as in colour. Over repetitions a point is the median, and a thin line goes from
the lowest to the highest.
"""

from collections.abc import Sequence
from itertools import pairwise

from report.rendering.compared import Growth, Line, Values, names
from report.rendering.labels import Labels
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import Sheet
from report.rendering.pictures.comparisons import COLOURS, MOST_NAME, TEXT, undecided
from report.rendering.pictures.picture import Picture
from report.rendering.pictures.scale import Scale, written

_TOP, _PLOT = 26.0, 226.0  # above and of a plot of lines
_SAMPLE = 34.0
_INSET = 16.0  # from an upright edge to the points: markers must not stand on the axis
_STYLES = ("-", canvas.DASHED, canvas.DASHDOT, canvas.DOTTED, (0, (4, 2)))
_MARKERS = "osD^vP"  # together with five styles, thirty lines differ


def growth(table: Growth, label: Labels) -> Picture:
    """Lines over two axes that are logarithmic where all their values are above 0; each line named where it ends."""
    points = [point for line in table.curves for point in line.points]
    across = Scale.spanning([point.at for point in points])
    divisor = 2.0**20 if table.unit == "bytes" else 1.0
    up = Scale.holding([value / divisor for point in points for value in point.values])
    called = _lines_called(table.curves)
    ticks = up.ticks(7)
    left = max(canvas.LEFT, max(canvas.width(written(tick)) for tick in ticks) + 14)
    key = min(MOST_NAME, max((canvas.width(name) for name in called), default=0.0)) + _SAMPLE + 12
    room = canvas.WIDTH - left - key
    notes = [line for row in table.lacking for line in _note(row, table, label)]
    with canvas.drawing(_TOP + _PLOT + canvas.FOOT + TEXT * len(notes)) as sheet:
        sheet.text(2, 13, _axis_named(up, *_named(table, label), label))
        _ruled(sheet, across, up, (left, room), sorted({point.at for point in points}))
        ends = []
        for place, line in enumerate(table.curves):
            ends.append(_line(sheet, line, place, (across, up, divisor), (left, room)))
        for place, height in enumerate(_apart(ends)):
            x = left + room + 10
            _drawn(sheet, [(x, height), (x + _SAMPLE - 10, height)], place)
            sheet.marker(x + (_SAMPLE - 10) / 2, height, _MARKERS[place % 6], COLOURS[place % 5], _size(place))
            sheet.text(x + _SAMPLE - 4, height + 3.8, canvas.fitted(called[place], key - _SAMPLE - 8))
        name = label(table.x) if table.unit else label.name(table.x)
        foot = _axis_named(across, name, "", label)
        sheet.text(left + room, _TOP + _PLOT + 32, foot, side="right")
        for place, note in enumerate(notes):
            sheet.text(2, _TOP + _PLOT + 36 + TEXT * (place + 1), note)
        told = [_line_told(line, name, table, label) for line, name in zip(table.curves, called, strict=True)]
        told += [" ".join(_note(row, table, label)) for row in table.lacking]
        axes = {"x": name, "y": _named(table, label)[0]}
        return Picture(
            canvas.svg(sheet), label("alt_growth", count=len(table.curves), parts="; ".join(told) or "–", **axes)
        )


def _named(table: Growth, label: Labels) -> tuple[str, str]:
    """What the upright axis shows, and its unit where it has one."""
    return (label.metric(table.y), table.unit) if table.unit else (label.name(table.y), "")


def _axis_named(axis: Scale, name: str, unit: str, label: Labels) -> str:
    named = label(f"axis_{unit}", name=name) if unit else name
    return label("log_axis", axis=named) if axis.log else named


def _lines_called(curves: Sequence[Line]) -> list[str]:
    """What tells lines apart: what the server's lines call them, the place they were measured at, or both."""
    places = [line.place for line in curves]
    alike = len(set(places)) == 1
    found = []
    for (group, name), line in zip(names(places), curves, strict=True):
        place = " ".join(part for part in (group, name) if part)
        by = canvas.captured(line.by)
        found.append(by if by and alike else f"{place} · {by}" if by else place)
    return found


def _ruled(sheet: Sheet, across: Scale, up: Scale, sides: tuple[float, float], given: Sequence[float]) -> None:
    """Light lines both ways; across at the values that were measured, where they have room, else at round ones."""
    left, room = sides
    for value in up.ticks(7):
        y = _TOP + (1 - up.share(value)) * _PLOT
        sheet.line([(left, y), (left + room, y)], "line", lw=0.8)
        sheet.text(left - 6, y + 3.8, written(value), side="right")
    ticks = given if given and _fit(given, across, room) else across.ticks(7)
    for value in ticks:
        x = _x(across, value, sides)
        sheet.line([(x, _TOP), (x, _TOP + _PLOT)], "line", lw=0.8)
        sheet.text(x, _TOP + _PLOT + 15, written(value), side="center")
    sheet.line([(left, _TOP), (left, _TOP + _PLOT), (left + room, _TOP + _PLOT)])


def _x(across: Scale, value: float, sides: tuple[float, float]) -> float:
    return sides[0] + _INSET + across.share(value) * (sides[1] - 2 * _INSET)


def _fit(values: Sequence[float], axis: Scale, room: float) -> bool:
    spots = [(axis.share(value) * room, canvas.width(written(value)) / 2) for value in values]
    return all(b - a > wide + width + 6 for (a, wide), (b, width) in pairwise(spots))


def _line(sheet: Sheet, line: Line, place: int, axes: tuple[Scale, Scale, float], sides: tuple[float, float]) -> float:
    """A line with its markers and spreads; gives the height at which it ends."""
    across, up, divisor = axes

    def spot(at: float, value: float) -> tuple[float, float]:
        return _x(across, at, sides), _TOP + (1 - up.share(value / divisor)) * _PLOT

    spots = [spot(point.at, point.median) for point in line.points]
    _drawn(sheet, spots, place)
    for point, (x, y) in zip(line.points, spots, strict=True):
        low, high = spot(point.at, min(point.values))[1], spot(point.at, max(point.values))[1]
        if low > high:
            for end in (low, high):
                sheet.line([(x - 3.5, end), (x + 3.5, end)], COLOURS[place % 5], lw=1.2)
            sheet.line([(x, low), (x, high)], COLOURS[place % 5], lw=1.2)
        sheet.marker(x, y, _MARKERS[place % 6], COLOURS[place % 5], _size(place))
    return spots[-1][1]


def _drawn(sheet: Sheet, spots: Sequence[tuple[float, float]], place: int) -> None:
    """The later, the thinner: where lines run on top of each other, each shows."""
    sheet.line(spots, COLOURS[place % 5], _STYLES[place % 5], max(1.3, 3.0 - 0.45 * place))


def _size(place: int) -> float:
    return max(5.0, 8.5 - place)


def _apart(ends: Sequence[float]) -> list[float]:
    """The heights of the lines' names: where the lines end, pushed apart as far as the names need."""
    order = sorted(range(len(ends)), key=lambda place: (ends[place], place))
    heights = list(ends)
    for above, below in pairwise(order):
        heights[below] = max(heights[below], heights[above] + 16)
    limit = _TOP + _PLOT - 4
    for place in reversed(order):
        heights[place] = min(heights[place], limit)
        limit = heights[place] - 16
    return heights


def _note(row: Values, table: Growth, label: Labels) -> list[str]:
    """Which point or line is not there, and why."""
    place = row.place
    at = f" ({written(row.at)})" if row.at else ""
    return canvas.wrapped(f"{place.scenario} {place.server}{at}: {undecided(row, label)}", canvas.WIDTH - 4)


def _line_told(line: Line, name: str, table: Growth, label: Labels) -> str:
    """A line's points in words, nine at most, the first and the last among them."""
    every = -(-len(line.points) // 8)
    kept = [*line.points[:-1:every], line.points[-1]]

    def value(point: Values) -> str:
        return label.value(point.median, table.unit) if table.unit else written(float(f"{point.median:.4g}"))

    told = ", ".join(label("alt_point", x=written(point.at), y=value(point)) for point in kept)
    return label("alt_bar", name=name, value=told)
