"""Floor 2, pure. The colours of every picture and page, light and dark, and how an SVG takes them.

A themed SVG says `var(--ink, #263238)`: alone it brings its own light and dark values, on the page it takes the
page's. What cannot do that (print, the PDF) gets the plain light colours.
"""

import re
from collections.abc import Mapping

# Light and dark. The data colours are Okabe and Ito's palette, told apart by colour-blind readers (Wong, Nature
# Methods 8, 441, 2011); in the dark some are lightened until they stand 3:1 against the paper (WCAG 2.1, 1.4.11).
COLOURS: Mapping[str, tuple[str, str]] = {
    "ink": ("#263238", "#e6edf3"),
    "paper": ("#ffffff", "#0d1117"),
    "soft": ("#f3f5f7", "#161b22"),
    "line": ("#c9d1d9", "#3d444d"),
    "waiting": ("#78909c", "#6b7b88"),
    "served": ("#0072b2", "#3b9bd8"),
    "failed": ("#d55e00", "#ef7d2b"),
    "accent": ("#009e73", "#21b98c"),
    "mark": ("#cc79a7", "#d98fb9"),
}


def light(name: str) -> str:
    """The plain colour that a drawing library is given."""
    return COLOURS[name][0]


def declarations(dark: bool) -> str:
    """The custom properties of one theme, for a style sheet."""
    return " ".join(f"--{name}: {pair[dark]};" for name, pair in COLOURS.items())


STYLE = (
    f"<style>:root {{ {declarations(False)} }} "
    f"@media (prefers-color-scheme: dark) {{ :root {{ {declarations(True)} }} }}</style>"
)


def themed(svg: bytes) -> bytes:
    """The SVG with every colour of the theme as a custom property, and the style sheet that sets them."""
    text = svg.decode()
    for name, (plain_colour, _) in COLOURS.items():
        text = re.sub(rf"{plain_colour}\b", f"var(--{name}, {plain_colour})", text, flags=re.IGNORECASE)
    return re.sub(r"(<svg\b[^>]*>)", lambda tag: f"{tag[1]}\n {STYLE}", text, count=1).encode()


def plain(svg: bytes) -> bytes:
    """The SVG in the light colours, without custom properties or a style sheet of the theme."""
    text = svg.decode().replace(f"\n {STYLE}", "", 1)
    return re.sub(r"var\(--\w+, (#[0-9a-f]{6})\)", r"\1", text).encode()


def inlined(svg: bytes) -> str:
    """The SVG as an element of a page that sets the custom properties itself: no prologue, no style of its own."""
    text = svg.decode().replace(f"\n {STYLE}", "", 1)
    return text[text.index("<svg") :].strip()
