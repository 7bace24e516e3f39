"""Floor 2, pure. The pinned fonts by file, and subsets of them for pages and pictures: what is seen was checked.

NanumGothic for words, DejaVu Sans Mono for what a terminal shows; no font of the machine is ever used.
"""

import importlib.util
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from report.errors import SpecError


def font_file() -> Path:
    """NanumGothic's file, without importing the package that brings it (which would change matplotlib)."""
    return _shipped("koreanize_matplotlib", "fonts/NanumGothic.ttf")


def mono_file() -> Path:
    """DejaVu Sans Mono's file, without importing matplotlib, which brings it and takes long to import."""
    return _shipped("matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono.ttf")


def _shipped(package: str, path: str) -> Path:
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(place) / path
        if file.is_file():
            return file
    raise SpecError(
        f"figures and pages need the font {Path(path).stem} from the package {package.replace('_', '-')}; "
        "install requirements.txt again"
    )


@cache  # asked for every text of a report
def characters() -> frozenset[int]:
    """The code points that NanumGothic has a glyph for."""
    return _characters(font_file())


@cache
def mono_characters() -> frozenset[int]:
    """The code points that DejaVu Sans Mono has a glyph for."""
    return _characters(mono_file())


@cache
def _characters(file: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # only here: most that know a font never open it

    with TTFont(file) as font:
        _number_glyphs(font)
        return frozenset(font.getBestCmap())


def _number_glyphs(font: Any) -> None:
    """Numbers in place of the glyphs' names, which take long to read and are in no subset."""
    font.setGlyphOrder([f"glyph{number}" for number in range(font["maxp"].numGlyphs)])


def lacking(text: Iterable[str]) -> str:
    """The characters of a text that the font lacks, sorted; white space needs no glyph."""
    return "".join(sorted(c for number in {*map(ord, text)} - characters() if not (c := chr(number)).isspace()))


def missing(text: str) -> str:
    """The characters that neither font has a glyph for, sorted: what no code block or terminal can show."""
    return "" if text.isascii() else "".join(c for c in lacking(text) if ord(c) not in mono_characters())


def woff2(text: str, file: Path) -> bytes:
    """A font with just those glyphs of this text that it has, as WOFF2 by the pinned brotli: always the same bytes."""
    from fontTools import subset  # only here: it takes long to load, and what is remembered does not need it

    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5", "FFTM"]  # leftovers of font editors
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes={ord(c) for c in text} & _characters(file))
    out = io.BytesIO()
    with subset.load_font(str(file), options) as font:
        _number_glyphs(font)
        subsetter.subset(font)
        font.recalcTimestamp = False
        font.flavor = "woff2"
        font.save(out)
    return out.getvalue()
