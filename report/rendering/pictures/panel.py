"""Floor 2, pure. A panel of a figure: two axes, where a pair of values stands between them, and what is drawn there."""

from collections.abc import Iterable, Mapping, Sequence

from report.rendering.pictures.canvas import LEFT, MIDDLE, RIGHT, WIDTH, Point, Sheet, Swatch, width
from report.rendering.pictures.scale import Scale, whole, written

_TICK = 3.0
_MOST = 9  # round values on the horizontal axis


class Panel:
    """Part of a sheet from one margin to the other; `across` and `up` are the values at the ends of its axes.

    `up` may fall. The upright axis has whole numbers, at most `most`, unless `ups` says what stands where.
    """

    def __init__(
        self, sheet: Sheet, top: float, height: float, across: Point, up: Point,
        most: int = 7, ups: Mapping[float, str] | None = None,
    ) -> None:  # fmt: skip
        self.sheet, self.top, self.height = sheet, top, height
        self._across, self._up = Scale(*across), Scale(*up)
        bottom = top + height
        sheet.line([(LEFT, top), (LEFT, bottom), (WIDTH - RIGHT, bottom)], lw=0.8, zorder=2.5)
        named = {value: _fitting(value) for value in whole(min(up), max(up), most)} if ups is None else ups
        for value, text in named.items():
            sheet.line([(LEFT - _TICK, self.y(value)), (LEFT, self.y(value))], lw=0.8)
            sheet.text(LEFT - 2 * _TICK, self.y(value) + MIDDLE, text, side="right")

    def x(self, value: float) -> float:
        """Where a value stands across the sheet."""
        return LEFT + self._across.share(value) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Where a value stands down the sheet."""
        return self.top + (1 - self._up.share(value)) * self.height

    def grid(self, named: bool = True) -> None:
        """Light upright lines at round values; only the lowest of several panels has them `named`."""
        values = self._across.ticks(_MOST)
        bottom = self.top + self.height
        self.sheet.rules([(self.x(value), self.top), (self.x(value), bottom)] for value in values)
        if named:
            self.foot({value: written(value) for value in values})

    def foot(self, named: Mapping[float, str]) -> None:
        """Words at values of the horizontal axis."""
        bottom = self.top + self.height
        for value, text in named.items():
            self.sheet.line([(self.x(value), bottom), (self.x(value), bottom + _TICK)], lw=0.8)
            self.sheet.text(self.x(value), bottom + 15, text, side="center")

    def level(self, value: float, swatch: Swatch, lw: float) -> None:
        """A level line through the panel."""
        self.sheet.line([(LEFT, self.y(value)), (WIDTH - RIGHT, self.y(value))], swatch.colour, swatch.style, lw)

    def upright(self, value: float, swatch: Swatch) -> None:
        """An upright line through the panel."""
        x, bottom = self.x(value), self.top + self.height
        self.sheet.line([(x, self.top), (x, bottom)], swatch.colour, swatch.style, swatch.lw)

    def steps(self, xs: Sequence[float], ys: Sequence[float], swatch: Swatch, *, filled: bool = False) -> None:
        """Each value held until the next one; `filled`, with what is below it in the same colour, but paler."""
        points = list(self._held(xs, ys))
        if not points:
            return
        self.sheet.line(points, swatch.colour, swatch.style, swatch.lw)
        if filled:
            ground = [(points[-1][0], self.y(0)), (points[0][0], self.y(0))]
            self.sheet.outlines([[*points, *ground]], swatch.colour, alpha=0.15, lw=0)

    def _held(self, xs: Sequence[float], ys: Sequence[float]) -> Iterable[Point]:
        for place, (x, y) in enumerate(zip(xs, ys, strict=True)):
            if place and y != ys[place - 1]:
                yield self.x(x), self.y(ys[place - 1])
            yield self.x(x), self.y(y)


def _fitting(value: float) -> str:
    """A number that has room in the margin."""
    text = written(value)
    return text if width(text) < LEFT - 2 * _TICK else f"{value:.1g}"
