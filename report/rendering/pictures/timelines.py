"""Floor 2, pure. Requests as bars on a time axis: one design's timeline, or several designs beneath each other.

Waiting is a thin bar, being served a thick one, a failure is hatched: told apart without colour too. Where the
requests ended is a line through all rows, and where they were predicted to end another.
"""

from collections.abc import Iterable, Sequence

from report.rendering.labels import Labels
from report.rendering.measure import Subject
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import Sheet, Swatch
from report.rendering.pictures.panel import Panel
from report.rendering.pictures.picture import Picture
from report.rendering.timetable import Design, Row, design

FEW = 16  # clients; above it, bars are thin and carry no names
_THIN = 0.36  # of a served bar's height
_DENSE = 2.5  # points a row; in less, gaps between bars would only be seen as stripes
_ROOM = canvas.WIDTH - canvas.LEFT - canvas.RIGHT

_WAITING = Swatch("waiting", _THIN + 0.1)
_SERVED = Swatch("served", 1.0)
_FAILED = Swatch("failed", 1.0, hatch=canvas.HATCH)
_MEASURED = Swatch("ink")
_PREDICTED = Swatch("mark", lw=4.5)  # wide, so that it shows on both sides of a measured line on top of it


def timeline(subject: Subject, label: Labels) -> Picture:
    """Each request a bar from when it was due: waiting, then being served, by whom, until its answer was whole."""
    made = design(subject)
    few = len(made.rows) <= FEW
    body = max(20.0, len(made.rows) * 20.0 if few else min(400.0, len(made.rows) * 3.6))
    with canvas.drawing(24 + body + canvas.FOOT) as sheet:
        told = made.ends(label)
        entries = _key([made], label)
        if made.makespan is not None:
            entries.append((_MEASURED, f"{label('makespan')} {told['makespan']}"))
        if made.predicted is not None:
            entries.append((_PREDICTED, f"{label('predicted')} {told['predicted']}"))
        sheet.text(2, 13, label("client"))
        sheet.key(13, entries)
        names = _names(made) if few else []
        reach = max([made.reach, *(_room_for(name, row.done) for _, row, name in names)])
        panel = _bars(sheet, made, reach, (24, body), most=FEW + 1 if few else 9)
        for place, row, name in names:
            sheet.text(panel.x(row.done) + 6, panel.y(place) + canvas.MIDDLE, name)
        panel.grid()
        sheet.foot(label("time_axis"))
        axis = f'<svg data-axis="{canvas.LEFT:g} {canvas.WIDTH - canvas.RIGHT:g} {_end(reach):g}" '.encode()
        svg = canvas.svg(sheet).replace(b"<svg ", axis, 1)  # by which a page shows where its replay has come to
        return Picture(svg, label("alt_timeline", **made.told(label)))


def _names(made: Design) -> list[tuple[int, Row, str]]:
    """(place from 1, row, who answered) of each answered request whose lines tell by whom."""
    every = [(place, row) for place, row in enumerate(made.rows, start=1) if row and row.answered]
    return [(place, row, name) for place, row in every if (name := canvas.captured(row.actor))]


def _room_for(name: str, done: float) -> float:
    """The latest time on an axis that leaves room for a name at this one."""
    return done * _ROOM / max(_ROOM - canvas.width(name) - 12, _ROOM / 4)


def designs(subjects: Sequence[Subject], label: Labels) -> Picture:
    """The timelines of several designs on one time axis, each with its makespan, measured and predicted."""
    every = [design(subject) for subject in subjects]
    bodies = [max(26.0, min(11.0 * len(made.rows), 130.0)) for made in every]
    with canvas.drawing(24 + sum(bodies) + 30 * len(bodies) - 6 + canvas.FOOT) as sheet:
        sheet.text(2, 13, label("client"))
        sheet.key(13, [*_key(every, label), (_MEASURED, label("makespan")), (_PREDICTED, label("predicted"))])
        reach, top = max(made.reach for made in every), 24.0
        for made, body in zip(every, bodies, strict=True):
            ends = label("measured_predicted", **made.ends(label))
            sheet.text(canvas.WIDTH - canvas.RIGHT, top + 15, ends, side="right")
            room = _ROOM - canvas.width(ends) - 14
            sheet.text(canvas.LEFT, top + 15, titled(made.subject, subjects, label, room))
            panel = _bars(sheet, made, reach, (top + 24, body), most=2)
            panel.grid(named=made is every[-1])
            top += 30 + body
        sheet.foot(label("time_axis"))
        parts = (label("alt_design", title=titled(made.subject, subjects, label), **made.told(label)) for made in every)
        return Picture(canvas.svg(sheet), label("alt_designs", designs=len(every), parts=" ".join(parts)))


def titled(subject: Subject, beside: Sequence[Subject], label: Labels, room: float | None = None) -> str:
    """Number, title and server of a design, and its scenario where another one `beside` it has the same of all these.

    The title is cut where `room` (in points) is too small for it.
    """
    run = subject.run.identity
    same = [
        one for one in beside if (one.run.identity.assignment, one.run.identity.server) == (run.assignment, run.server)
    ]
    title = str(getattr(subject.assignment.title, label.language))
    before = f"#{subject.assignment.number} "
    after = f" ({run.scenario}, {run.server})" if len(same) > 1 else f" ({run.server})"
    if room is not None:
        title = canvas.fitted(title, room - canvas.width(before + after))
    return f"{before}{title}{after}"


def _end(reach: float) -> float:
    """Where the time axis ends, in seconds."""
    return round(reach * 1.02, 3) or 1.0


def _bars(sheet: Sheet, made: Design, reach: float, down: tuple[float, float], most: int) -> Panel:
    """One path of rectangles for all that looks the same; lines where the requests ended, and should have.

    Of `most` 2 client numbers, the first and the last stand at the axis.
    """
    count = len(made.rows)
    ups = {float(place): f"{place}" for place in sorted({1, count} - {0})} if most == 2 else None
    panel = Panel(sheet, *down, (0, _end(reach)), (count + 0.6, 0.4), most, ups)
    kinds: dict[Swatch, list[tuple[float, float, int]]] = {_WAITING: [], _SERVED: [], _FAILED: []}
    for place, row in enumerate(made.rows, start=1):
        if row is not None:
            kinds[_WAITING].append((row.due, row.begun, place))
            kinds[_SERVED if row.answered else _FAILED].append((row.begun, row.done, place))
    for swatch, spans in kinds.items():
        _rectangles(panel, swatch, [(begin, end, place) for begin, end, place in spans if begin < end])
    for place, row in enumerate(made.rows, start=1):
        if row and not row.answered:
            sheet.marker(panel.x(row.done), panel.y(place), "x", "failed", 5)
    for time, swatch in ((made.predicted, _PREDICTED), (made.makespan, _MEASURED)):
        if time is not None:
            panel.upright(time, swatch)
    return panel


def _rectangles(panel: Panel, swatch: Swatch, spans: Sequence[tuple[float, float, int]]) -> None:
    if not spans:
        return
    row = panel.y(2) - panel.y(1)
    half = row * (0.4 if row > _DENSE else 0.5) * (_THIN if swatch is _WAITING else 1.0)
    outlines = []
    for begin, end, place in spans:
        left, right, middle = panel.x(begin), panel.x(end), panel.y(place)
        top, bottom = middle - half, middle + half
        outlines.append([(left, top), (right, top), (right, bottom), (left, bottom)])
    fill, edge = ("", swatch.colour) if swatch.hatch else (swatch.colour, "")
    panel.sheet.outlines(outlines, fill, edge, hatch=swatch.hatch, lw=1 if swatch.hatch else 0)


def _key(every: Iterable[Design], label: Labels) -> list[tuple[Swatch, str]]:
    entries = [(_WAITING, label("waiting")), (_SERVED, label("served"))]
    if any(row is None or not row.answered for made in every for row in made.rows):
        entries.append((_FAILED, label("failed_request")))
    return entries
