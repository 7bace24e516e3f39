"""Floor 2, pure. The fonts of the PDF by file: what they can show and how wide. No font of the machine is used."""

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from report.errors import SpecError
from report.rendering.fonts import font_file

_MONO = ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSansMono-Oblique.ttf")
_OTHER = 1.0  # em of a character that neither font has


def files() -> tuple[Path, ...]:
    """NanumGothic, plain and bold, then DejaVu Sans Mono, from the pinned packages; SpecError if one is missing."""
    words = font_file()
    found = importlib.util.find_spec("matplotlib")
    places = [
        Path(place) / "mpl-data" / "fonts" / "ttf" for place in (found and found.submodule_search_locations) or ()
    ]
    wanted = (words, words.with_name("NanumGothicBold.ttf"), *(place / name for place in places for name in _MONO))
    missing = [file.name for file in wanted if not file.is_file()] or ([] if places else list(_MONO))
    if missing:
        raise SpecError(f"the PDF needs the font files {', '.join(missing)}; install requirements.txt again")
    return wanted


def lacking(text: str) -> list[str]:
    """The characters of a text that no font has, in the order of the text; white space needs no glyph."""
    plain, _, mono, *_ = files()
    known = (_advances(plain), _advances(mono))
    return list(dict.fromkeys(c for c in text if not c.isspace() and not any(ord(c) in font for font in known)))


def width(text: str, *, code: bool = False, bold: bool = False) -> float:
    """How wide text stands on a line, in ems: in the font of words or of code, the other font taking over."""
    plain, strong, mono, *_ = files()
    first, second = (mono, plain) if code else (strong if bold else plain, mono)
    one, other = _advances(first), _advances(second)
    return sum(one.get(ord(c), other.get(ord(c), _OTHER)) for c in text)


@cache
def _advances(file: Path) -> Mapping[int, float]:
    with TTFont(file) as font:
        metrics, scale = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: metrics[name][0] / scale for code, name in font.getBestCmap().items()}
