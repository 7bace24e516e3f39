"""Floor 2, pure. The text of a figure, as outlines of the pinned font, which is found by file.

Straight to the library's renderer, without its objects for text, which take longer than the text itself.
"""

from functools import cache
from typing import Any

from matplotlib.artist import Artist
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from report.rendering.pictures import theme
from report.rendering.pictures.fonts import font_file


class _Letters(TextToPath):
    """Text as outlines, laid out once: most words of a figure are numbers, which come again."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Any] = {}

    def get_glyphs_with_font(
        self, font: Any, s: str, glyph_map: Any = None, return_new_glyphs_only: bool = False, **options: Any
    ) -> Any:
        """The glyphs with their places, and the outlines of those that the map lacks."""
        if s not in self._known:
            self._known[s] = super().get_glyphs_with_font(font, s, **options)
        placed, outlines, rectangles = self._known[s]
        return placed, {name: one for name, one in outlines.items() if name not in (glyph_map or ())}, rectangles


LETTERS = _Letters()


@cache
def _letters(size: float) -> FontProperties:
    return FontProperties(fname=str(font_file()), size=size)


@cache
def _measured(text: str, size: float) -> float:
    """How wide a text is where it is laid out."""
    return float(LETTERS.get_text_width_height_descent(text, _letters(size), False)[0])


class Words(Artist):
    """All text of a sheet, over all else."""

    zorder = 3

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[float, float, str, str, float, str]] = []

    def draw(self, renderer: Any) -> None:
        """Each line of text at its place."""
        for x, y, text, side, size, colour in self.lines:
            before = {"left": 0.0, "center": _measured(text, size) / 2, "right": _measured(text, size)}[side]
            look = renderer.new_gc()
            look.set_foreground(theme.light(colour))
            renderer.draw_text(look, x - before, y, text, _letters(size), 0)
            look.restore()
