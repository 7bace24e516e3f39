"""Floor 2, pure. The pinned font by file, and a subset of it for a page: what a reader sees is what was checked."""

import importlib.util
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from report.errors import SpecError

_PACKAGE = "koreanize_matplotlib"


def font_file() -> Path:
    """The pinned font's file, without importing the package that brings it (which would change matplotlib)."""
    spec = importlib.util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(place) / "fonts" / "NanumGothic.ttf"
        if file.is_file():
            return file
    raise SpecError(
        "figures and pages need the font NanumGothic from the package koreanize-matplotlib; "
        "install requirements.txt again"
    )


@cache
def characters() -> frozenset[int]:
    """The code points that the font has a glyph for."""
    with TTFont(font_file()) as font:
        return frozenset(font.getBestCmap())


def lacking(text: Iterable[str]) -> str:
    """The characters of a text that the font lacks, sorted; white space needs no glyph."""
    return "".join(sorted({c for c in text if not c.isspace() and ord(c) not in characters()}))


def subset_for(text: str) -> bytes:
    """The font with just the glyphs of this text, as TrueType: uncompressed, so that no zlib changes its bytes."""
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.drop_tables += ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]  # leftovers of the font editor
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes={ord(c) for c in text} & characters())
    out = io.BytesIO()
    with subset.load_font(str(font_file()), options) as font:
        subsetter.subset(font)
        font.recalcTimestamp = False
        font.save(out)
    return out.getvalue()
