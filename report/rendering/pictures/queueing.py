"""Floor 2, pure. The diagram of a bounded queue: from the clients through the kernel's backlog to workers in a ring.

A cell's number is the depth at which it is taken, so the thresholds stand where their cells are.
"""

import math

from report.diagrams import Queue
from report.rendering.labels import Labels
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import Sheet
from report.rendering.pictures.picture import Picture

_MIDDLE = 96.0  # the height at which messages travel
_BACKLOG, _QUEUE, _RING = (70.0, 84.0), (206.0, 220.0), (516.0, 36.0)  # left end and width; center and radius
_CELL = 36.0
_WORKERS = 4


def queue(diagram: Queue, label: Labels) -> Picture:
    """Clients, backlog, accept, numbered slots with what happens at the thresholds, and workers in turn."""
    numbers = diagram.model_dump(include={"capacity", "add_at", "remove_at"})
    with canvas.drawing(182) as sheet:
        for place in (-1, 0, 1):
            sheet.box(4, _MIDDLE + place * 22 - 7, 34, 14, "soft", "ink")
            sheet.arrow(42, _MIDDLE + place * 22, _BACKLOG[0] - 4)
        sheet.text(2, _MIDDLE - 40, label("clients"))
        _backlog(sheet, label)
        sheet.arrow(_BACKLOG[0] + _BACKLOG[1] + 4, _MIDDLE, _QUEUE[0] - 4)
        sheet.text((_BACKLOG[0] + _BACKLOG[1] + _QUEUE[0]) / 2, _MIDDLE - 8, label("accept"), side="center")
        _lines(sheet, _BACKLOG[0], _MIDDLE + 46, label("queue_full", **numbers), _QUEUE[0] - _BACKLOG[0] - 12)
        _slots(sheet, diagram, label, numbers)
        sheet.arrow(_QUEUE[0] + _QUEUE[1] + 4, _MIDDLE, _RING[0] - _RING[1] - 18)
        _ring(sheet, label)
        return Picture(canvas.svg(sheet), label("alt_queue", **numbers))


def _backlog(sheet: Sheet, label: Labels) -> None:
    x, wide = _BACKLOG
    sheet.box(x, _MIDDLE - 30, wide, 60, "soft", "ink", ls=canvas.DASHED)
    for place in range(4):
        sheet.box(x + 8 + place * 18, _MIDDLE - 16, 13, 32, "waiting")
    text = canvas.wrapped(label("backlog"), 130)
    _lines(sheet, x, _MIDDLE - 40 - 14 * (len(text) - 1), label("backlog"), 130)


def _slots(sheet: Sheet, diagram: Queue, label: Labels, numbers: dict[str, int]) -> None:
    """The cells, the highest depth at the left; brackets over those that add a worker and under those that remove."""
    x, wide = _QUEUE
    cell = wide / diagram.capacity
    shown = {1, diagram.remove_at, diagram.add_at, diagram.capacity}
    for depth in range(1, diagram.capacity + 1):
        left = x + wide - depth * cell
        sheet.box(left, _MIDDLE - _CELL / 2, cell, _CELL, "soft", "ink")
        if depth in shown or cell >= 18:
            sheet.text(left + cell / 2, _MIDDLE + 4, str(depth), side="center")
    sheet.text(x, 13, label("queue_of", **numbers))
    over, under = _MIDDLE - _CELL / 2 - 5, _MIDDLE + _CELL / 2 + 5
    end = x + (diagram.capacity - diagram.add_at + 1) * cell
    sheet.line([(x, over), (x, over - 6), (end, over - 6), (end, over)], "failed", lw=2)
    sheet.text(x, over - 13, label("add_worker", **numbers))
    if diagram.remove_at:
        begin = x + wide - diagram.remove_at * cell
        sheet.line([(begin, under), (begin, under + 6), (x + wide, under + 6), (x + wide, under)], "accent", lw=2)
    _lines(sheet, x, under + 22, label("remove_worker", **numbers), wide)


def _ring(sheet: Sheet, label: Labels) -> None:
    """Workers around a circle with the direction of turns; the first, which is never removed, has a thick edge."""
    x, radius = _RING
    turn = [math.radians(angle) for angle in range(0, 361, 6)]
    sheet.line([(x + radius * math.cos(a), _MIDDLE + radius * math.sin(a)) for a in turn], "ink", lw=1.2)
    for place in range(_WORKERS):  # halfway between two workers an arrow's head, along the circle
        angle = math.radians(90 * place - 45)
        cos, sin = math.cos(angle), math.sin(angle)
        tip = [(0.0, 5.0), (-3.5, -3.0), (3.5, -3.0)]
        sheet.head([(x + (radius + o) * cos - f * sin, _MIDDLE + (radius + o) * sin + f * cos) for o, f in tip])
    for place in range(_WORKERS):
        angle = math.radians(90 * place - 90)
        cx, cy = x + radius * math.cos(angle), _MIDDLE + radius * math.sin(angle)
        sheet.circle(cx, cy, 13, "served", 2.5 if place == 0 else 1)
        sheet.text(cx, cy + 4, str(place + 1), side="center")
    sheet.text(canvas.WIDTH - 2, 13, label("workers_in_turn"), side="right")
    sheet.text(x, _MIDDLE + radius + 34, label("round_robin"), side="center")


def _lines(sheet: Sheet, x: float, y: float, text: str, room: float) -> None:
    for place, line in enumerate(canvas.wrapped(text, room)):
        sheet.text(x, y + 14 * place, line)
