"""Floor 2, pure. The fonts of the PDF by file: what they can show and how wide. No font of the machine is used."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from report.errors import SpecError
from report.rendering.pictures.fonts import font_file, mono_file

_OTHER = 1.0  # em of a character that neither font has


def files() -> tuple[Path, ...]:
    """NanumGothic and DejaVu Sans Mono, each plain and bold, from the pinned packages; SpecError if one is missing."""
    words, mono = font_file(), mono_file()
    found = (words, words.with_name("NanumGothicBold.ttf"), mono, mono.with_name("DejaVuSansMono-Bold.ttf"))
    if missing := [file.name for file in found if not file.is_file()]:
        raise SpecError(f"the PDF needs the font files {', '.join(missing)}; install requirements.txt again")
    return found


def lacking(text: str) -> list[str]:
    """The characters of a text that no font has, in the order of the text; white space needs no glyph."""
    plain, _, mono, _ = files()
    known = (_advances(plain), _advances(mono))
    return list(dict.fromkeys(c for c in text if not c.isspace() and not any(ord(c) in font for font in known)))


def width(text: str, *, code: bool = False, bold: bool = False) -> float:
    """How wide text stands on a line, in ems: in the font of words or of code, the other font taking over."""
    plain, strong, mono, _ = files()
    first, second = (mono, plain) if code else (strong if bold else plain, mono)
    one, other = _advances(first), _advances(second)
    return sum(one.get(ord(c), other.get(ord(c), _OTHER)) for c in text)


@cache
def _advances(file: Path) -> Mapping[int, float]:
    with TTFont(file) as font:
        metrics, scale = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: metrics[name][0] / scale for code, name in font.getBestCmap().items()}
