"""Floor 2, pure. What every drawing function gives: an SVG and its words. Knows nothing of how it was drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's SVG (UTF-8, coloured by `theme`) and the text for those who do not see it."""

    svg: bytes
    alt: str
