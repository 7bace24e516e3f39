"""Floor 2, pure. The colours of a terminal, always dark, and always such that what is printed can be read."""

import re
from functools import cache

from report.rendering.pictures.screen import Look

GROUND, _INK = "#161b22", "#e6edf3"
# pyte calls yellow brown, as the console's manual does, and misspells one ground.
_COLOURS = {
    "black": "#0d1117", "red": "#ff7b72", "green": "#56d364", "brown": "#e3b341",
    "blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#56d4dd", "white": "#d0d7de",
    "brightblack": "#8b949e", "brightred": "#ffa198", "brightgreen": "#7ee787", "brightbrown": "#f2cc60",
    "brightblue": "#a5d6ff", "brightmagenta": "#e2c5ff", "bfightmagenta": "#e2c5ff", "brightcyan": "#9be9f0",
    "brightwhite": "#ffffff",
}  # fmt: skip
_CONTRAST = 4.5  # of text against its ground (WCAG 2.1, 1.4.3, level AA)


@cache
def colours(look: Look) -> tuple[str, str]:
    """Ink and ground; the ink is changed as far as it must be to be read, so that nothing printed can hide."""
    ink, ground = _colour(look.ink, _INK), _colour(look.ground, GROUND)
    if look.reverse:
        ink, ground = ground, ink
    towards = 255 if contrast("#ffffff", ground) > contrast("#000000", ground) else 0
    for tenth in range(11):
        mixed = "#" + "".join(f"{round(part + (towards - part) * tenth / 10):02x}" for part in _parts(ink))
        if contrast(mixed, ground) >= _CONTRAST:
            break
    return mixed, ground


def _colour(name: str, default: str) -> str:
    """The colour that pyte names, or gives as six hexadecimal digits (more if a part was out of range)."""
    return f"#{name}" if re.fullmatch("[0-9a-f]{6}", name) else _COLOURS.get(name, default)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [part / 255 for part in _parts(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
