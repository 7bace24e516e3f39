"""Floor 2, pure. How every figure looks, and the SVG it becomes: the same bytes on every machine.

Text is drawn as outlines of a pinned font found by file, so no font of the system matters; a character that the font
lacks is an error. matplotlib's own settings are reset first: a user's matplotlibrc must not reach a report.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure

from report.errors import SpecError
from report.rendering.fonts import font_file

# Okabe and Ito's palette, told apart by colour-blind readers (Wong, Nature Methods 8, 441, 2011).
WAITING, SERVED, FAILED, ACCENT, MARK, INK = "#CFD8DC", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#263238"
WIDTH = 8.0  # inches; text stays readable at half of it

_FAMILY = "the pinned font"  # a name that no font of the system has, so that none can take its place
_STYLE: Any = {
    "svg.hashsalt": "assignment-report",
    "svg.fonttype": "path",
    "font.family": _FAMILY,
    "font.size": 10.5,
    "axes.unicode_minus": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.parse_math": False,  # captured text may hold dollar signs
    "legend.frameon": False,
    "path.simplify": False,
}


@contextmanager
def drawing(height: float) -> Iterator[Figure]:
    """A figure of the house's width and this height in inches; faults of drawing, such as lacking glyphs, raise."""
    with warnings.catch_warnings(), matplotlib.rc_context():
        matplotlib.rcdefaults()
        pinned = font_manager.FontEntry(fname=str(font_file()), name=_FAMILY, weight=400, size="scalable")
        if pinned not in font_manager.fontManager.ttflist:
            font_manager.fontManager.ttflist.append(pinned)
        matplotlib.rcParams.update(_STYLE)
        warnings.simplefilter("error")
        try:
            yield Figure(figsize=(WIDTH, height), layout="constrained")
        except UserWarning as lack:  # matplotlib warns of a glyph that is not there, and draws a box
            raise SpecError(f"a figure cannot be drawn: {lack}; use characters that NanumGothic has") from None


def svg(figure: Figure) -> bytes:
    """The figure as SVG without date or program name; call it inside `drawing`."""
    out = io.BytesIO()
    figure.savefig(out, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    return b"\n".join(line.rstrip() for line in out.getvalue().splitlines()) + b"\n"
