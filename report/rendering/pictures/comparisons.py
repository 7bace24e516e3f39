"""Floor 2, pure. One value for each of several places, beside each other.

Every bar stands beside its name and its value, so that colour carries nothing alone. Over repetitions the bar is the
median, and a thin line goes from the lowest to the highest.
"""

from collections.abc import Mapping, Sequence

from report.rendering.compared import Bars, Values, names
from report.rendering.labels import Labels
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import Sheet
from report.rendering.pictures.picture import Picture
from report.rendering.pictures.scale import Scale, written

TEXT = 14.0  # from one line of text to the next
MOST_NAME = 190.0  # the width that a name may take
COLOURS = ("served", "failed", "accent", "mark", "ink")
_ROW, _THICK = 22.0, 12.0


def bars(table: Bars, label: Labels) -> Picture:
    """A bar for each place, with its value beside it; points on a logarithmic axis; the reason where there is none."""
    called = names([row.place for row in table.rows])
    left = min(MOST_NAME, max(canvas.width(name) for _, name in called)) + 14
    room = canvas.WIDTH - left - canvas.RIGHT
    said = [_said(row, table.unit, label, room - 10) for row in table.rows]
    axis = _axis(table, said, room)
    heads = {place for place, (group, _) in enumerate(called) if group and (not place or group != called[place - 1][0])}
    extra = [TEXT * (len(text) - 1) + (_ROW if place in heads else 0) for place, text in enumerate(said)]
    height = 6 + _ROW * len(said) + sum(extra)
    with canvas.drawing(height + canvas.FOOT) as sheet:
        _upright(sheet, axis, left, room, (2, height), table.unit)
        top = 4.0
        colours = _coloured(called)
        for place, (row, (group, name), text) in enumerate(zip(table.rows, called, said, strict=True)):
            if place in heads:
                sheet.text(2, top + 16, canvas.fitted(group, canvas.WIDTH - 4))
                top += _ROW
            middle = top + _ROW / 2
            sheet.text(left - 8, middle + 3.8, canvas.fitted(name, MOST_NAME), side="right")
            end = _bar(sheet, row, axis, (left, room), middle, colours[name]) if row.values else left
            for down, part in enumerate(text):
                sheet.text(end + 7, middle + 3.8 + down * TEXT, part)
            top += _ROW + TEXT * (len(text) - 1)
        foot = label(f"axis_{table.unit}", name=label.metric(table.metric))
        sheet.foot(label("log_axis", axis=foot) if table.log else foot)
        parts = "; ".join(_bar_told(row, table, name, label) for row, name in zip(table.rows, called, strict=True))
        told = label("alt_bars", metric=label.metric(table.metric), count=len(table.rows), parts=parts)
        return Picture(canvas.svg(sheet), told)


def _said(row: Values, unit: str, label: Labels, room: float) -> list[str]:
    """What stands at a row's bar: its value, or in its place why there is none, in as many lines as that takes."""
    if row.values:
        return [label.value(row.median, unit)]
    return canvas.wrapped(undecided(row, label), room)


def undecided(row: Values, label: Labels) -> str:
    """That there is no value, and why."""
    reason = label.reason(row.reason) if row.reason else ""
    return label("reason_of", undecided=label("undecided"), reason=reason)


def _axis(table: Bars, said: Sequence[Sequence[str]], room: float) -> Scale:
    """An axis on which every value has room for its number."""
    found = [(max(row.values), text[0]) for row, text in zip(table.rows, said, strict=True) if row.values]
    ends = [(high, max(0.2, 1 - (canvas.width(text) + 12) / room)) for high, text in found]
    lowest = min((min(row.values) for row in table.rows if row.values), default=0.0)
    return Scale.leaving_room(ends, lowest / 1.6 if table.log else min(0.0, lowest), table.log)


def _upright(sheet: Sheet, axis: Scale, left: float, room: float, between: tuple[float, float], unit: str = "") -> None:
    """The line where bars begin, and round values below; no lines of theirs, which would run through the numbers."""
    divisor = 2.0**20 if unit == "bytes" else 1.0  # as values are written
    top, bottom = between
    for value in Scale(axis.low / divisor, axis.high / divisor, axis.log).ticks(7):
        x = left + axis.share(value * divisor) * room
        sheet.line([(x, bottom), (x, bottom + 3)])
        sheet.text(x, bottom + 15, written(value), side="center")
    start = left + (0.0 if axis.log else axis.share(0.0)) * room
    sheet.line([(start, top), (start, bottom)])
    sheet.line([(left, bottom), (left + room, bottom)])


def _coloured(called: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Within groups, the same name the same colour; otherwise all alike. A help only: names stand at the bars."""
    shown = list(dict.fromkeys(name for _, name in called))
    grouped = any(group for group, _ in called)
    return {name: COLOURS[place % 4] if grouped else "served" for place, name in enumerate(shown)}


def _bar(sheet: Sheet, row: Values, axis: Scale, across: tuple[float, float], middle: float, colour: str) -> float:
    """A bar, or a point, with its spread; gives where it ends at the right."""
    left, room = across
    start = left + (0.0 if axis.log else axis.share(0.0)) * room
    low, value, high = (left + axis.share(one) * room for one in (min(row.values), row.median, max(row.values)))
    if axis.log:
        sheet.line([(start, middle), (value, middle)], "waiting", canvas.DOTTED)
        sheet.marker(value, middle, "o", colour, 9, fill=colour)
    else:
        sheet.box(min(start, value), middle - _THICK / 2, abs(value - start), _THICK, colour)
    if high > low:
        sheet.line([(low, middle), (high, middle)], "paper", lw=3.4)  # so that it shows on a bar of any colour
        sheet.line([(low, middle), (high, middle)], lw=1.4)
        for end in (low, high):
            sheet.line([(end, middle - 4), (end, middle + 4)], lw=1.4)
    return max(start, value + (5 if axis.log else 0), high)


def _bar_told(row: Values, table: Bars, called: tuple[str, str], label: Labels) -> str:
    name = " ".join(part for part in called if part)
    if not row.values:
        return label("alt_bar", name=name, value=undecided(row, label))
    value, *ends = (label.value(one, table.unit) for one in (row.median, min(row.values), max(row.values)))
    if len(row.values) == 1:
        return label("alt_bar", name=name, value=value)
    return label("alt_bar_repeated", name=name, value=value, runs=len(row.values), low=ends[0], high=ends[1])
