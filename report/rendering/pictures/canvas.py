"""Floor 2, pure. How every figure looks, and the SVG it becomes: the same bytes on every machine.

Text is drawn as outlines of a pinned font found by file, so no font of the system matters; a character that the font
lacks is an error. matplotlib's own settings are reset first: a user's matplotlibrc must not reach a report. Places
are points (1/72 inch) from the upper left corner; nothing is laid out by the library, whose axes take longer to make
than all else that a figure holds.
"""

import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.ft2font import LoadFlags
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from report.errors import SpecError
from report.rendering.display import visible
from report.rendering.pictures import compact, theme
from report.rendering.pictures.fonts import font_file, lacking
from report.rendering.pictures.lettering import LETTERS, Words

WIDTH = 576.0  # 8 inches; text stays readable at half of it
LEFT, RIGHT = 42.0, 24.0  # margins of a panel: tick labels stand in them
FOOT = 40.0  # below the lowest panel: tick labels and the name of the axis
SIZE = 10.5
MIDDLE = 3.8  # from the middle of a digit down to its base line
DASHED, DOTTED, DASHDOT = (0, (7, 3.5)), (0, (2, 2.5)), (0, (10, 3, 2, 3))
HATCH = "////"
Point = tuple[float, float]

_LONG = 24  # characters of a captured name
_STYLE: Any = {
    "svg.hashsalt": "assignment-report",
    "svg.fonttype": "path",
    "lines.scale_dashes": False,
    "hatch.linewidth": 1.2,
    "path.simplify": False,
}


class Swatch(NamedTuple):
    """What a key shows beside a word: a bar of this height (thin where less than 1), or else a line of this style."""

    colour: str
    height: float = 0.0
    style: Any = "-"
    hatch: str = ""
    lw: float = 1.8


class Sheet:
    """A figure to draw on, in points from the upper left corner; colours by their names in the theme."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.height = float(figure.bbox.height)
        self._words = Words()
        figure.add_artist(self._words)

    def foot(self, name: str) -> None:
        """The name of the lowest panel's horizontal axis."""
        self.text(WIDTH - RIGHT, self.height - 8, name, side="right")

    def text(self, x: float, y: float, text: str, side: str = "left", size: float = SIZE, colour: str = "ink") -> None:
        """One line of text on this base line; `side` says which of its ends (or its center) stands at x."""
        self._words.lines.append((x, y, text, side, size, colour))

    def box(self, x: float, y: float, width: float, height: float, fill: str = "", edge: str = "", **look: Any) -> None:
        """A rectangle; `look` is a line style (ls), its width (lw), a hatch."""
        look |= {"fc": theme.light(fill) if fill else "none", "ec": theme.light(edge) if edge else "none"}
        place = (x, self.height - y - height)
        self.figure.add_artist(Rectangle(place, width, height, transform=IdentityTransform(), **look))

    def outlines(self, outlines: Iterable[Sequence[Point]], fill: str = "", edge: str = "", **look: Any) -> None:
        """Closed outlines as one path, since all look alike."""
        corners: list[Point] = []
        codes: list[Any] = []
        for outline in outlines:
            corners += [(x, self.height - y) for x, y in (*outline, outline[0])]
            codes += [Path.MOVETO, *[Path.LINETO] * (len(outline) - 1), Path.CLOSEPOLY]
        look |= {"fc": theme.light(fill) if fill else "none", "ec": theme.light(edge) if edge else "none"}
        self.figure.add_artist(PathPatch(Path(corners, codes), transform=IdentityTransform(), **look))

    def line(self, points: Sequence[Point], colour: str = "ink", style: Any = "-", lw: float = 1, **look: Any) -> None:
        """A line from point to point; `look` may say how far up it lies (zorder)."""
        xs, ys = zip(*points, strict=True)
        ups = [self.height - y for y in ys]
        look |= {"color": theme.light(colour), "linestyle": style, "linewidth": lw}
        self.figure.add_artist(Line2D(xs, ups, transform=IdentityTransform(), **look))

    def rules(self, lines: Iterable[Sequence[Point]]) -> None:
        """Light lines beneath all else, as one path."""
        points = [(x, self.height - y) for line in lines for x, y in line]
        codes = [Path.MOVETO, Path.LINETO] * (len(points) // 2)
        look: Any = {"ec": theme.light("line"), "lw": 0.8, "fill": False, "zorder": 0}
        self.figure.add_artist(PathPatch(Path(points, codes), transform=IdentityTransform(), **look))

    def circle(self, x: float, y: float, radius: float, edge: str = "ink", lw: float = 1) -> None:
        """A circle around a center, over lines and under text."""
        look: Any = {"fc": theme.light("soft"), "ec": theme.light(edge), "lw": lw, "zorder": 2.5}
        self.figure.add_artist(Circle((x, self.height - y), radius, transform=IdentityTransform(), **look))

    def marker(self, x: float, y: float, shape: str, colour: str, size: float, fill: str = "paper") -> None:
        """A point of this shape, in the library's letters for them."""
        look: Any = {"marker": shape, "markersize": size, "markeredgewidth": 1.6, "linestyle": "none"}
        look |= {"color": theme.light(colour), "markerfacecolor": theme.light(fill), "transform": IdentityTransform()}
        self.figure.add_artist(Line2D([x], [self.height - y], **look))

    def arrow(self, x: float, y: float, end: float, colour: str = "ink") -> None:
        """A level arrow from x to `end`."""
        back = 6.0 if end > x else -6.0
        self.line([(x, y), (end - back, y)], colour, lw=1.2)
        self.head([(end, y), (end - back, y - 3.5), (end - back, y + 3.5)], colour)

    def head(self, points: Sequence[tuple[float, float]], colour: str = "ink") -> None:
        """A filled polygon: the head of an arrow."""
        places = [(x, self.height - y) for x, y in points]
        self.figure.add_artist(Polygon(places, fc=theme.light(colour), transform=IdentityTransform()))

    def key(self, y: float, entries: Sequence[tuple[Swatch, str]]) -> None:
        """Samples with their words in one line that ends at the right margin."""
        x = WIDTH - RIGHT - sum(width(text) + 42 for _, text in entries) + 16
        for swatch, text in entries:
            self.sample(x, y, swatch)
            self.text(x + 26, y, text)
            x += width(text) + 42

    def sample(self, x: float, y: float, swatch: Swatch) -> None:
        """A bar or a line of 20 points, in the middle of the small letters of the base line y."""
        if not swatch.height:
            self.line([(x, y - 3.5), (x + 20, y - 3.5)], swatch.colour, swatch.style, swatch.lw)
            return
        tall = 9 * swatch.height
        edge = swatch.colour if swatch.hatch else ""
        fill = "" if swatch.hatch else swatch.colour
        self.box(x, y - 3.5 - tall / 2, 20, tall, fill, edge, lw=1 if edge else 0, hatch=swatch.hatch)


@contextmanager
def drawing(height: float) -> Iterator[Sheet]:
    """A sheet of the house's width and this height; faults of drawing, such as lacking glyphs, raise SpecError."""
    with warnings.catch_warnings(), matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        warnings.simplefilter("error")
        try:
            yield Sheet(Figure(figsize=(WIDTH / 72, height / 72), dpi=72))
        except UserWarning as lack:  # matplotlib warns of a glyph that is not there, and draws a box
            raise SpecError(f"a figure cannot be drawn: {lack}; use characters that NanumGothic has") from None


def svg(sheet: Sheet) -> bytes:
    """The sheet as themed SVG without background, date or program name; call it inside `drawing`."""
    out = io.StringIO()
    sheet.figure.patch.set_visible(False)
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    renderer: Any = RendererSVG(WIDTH, sheet.height, out, metadata=nothing)  # type: ignore[no-untyped-call]
    renderer._text2path = LETTERS  # were it not asked, the same would be laid out again
    sheet.figure.draw(renderer)
    renderer.finalize()
    return theme.themed(compact.compact(out.getvalue()).encode())


def captured(text: str) -> str:
    """Captured text that a figure can show: short, nothing invisible, nothing that the font lacks."""
    return visible(text[:_LONG], lacking(text)) + ("…" if len(text) > _LONG else "")


def width(text: str, size: float = SIZE) -> float:
    """How wide a text is, by the font's advances."""
    return sum(_advance(character) for character in text) * size


@cache
def _advance(character: str) -> float:
    """In multiples of the letters' size; a character that the font lacks is told where it is drawn."""
    if not lacking(character) and not character.isspace():
        font = font_manager.get_font(font_file())
        return float(font.load_char(ord(character), LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM)
    return 0.3


def fitted(text: str, room: float, size: float = SIZE) -> str:
    """As much of the text as there is room for, with … where something is left out."""
    kept = text
    while kept and width(kept + "…" * (kept != text), size) > room:
        kept = kept[:-1].rstrip()
    return kept if kept == text else kept + "…"


def wrapped(text: str, room: float, size: float = SIZE) -> list[str]:
    """The text in lines that fit into the room, broken at spaces."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
