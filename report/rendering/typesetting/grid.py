"""Floor 2, pure. How wide a table's columns are on paper, and how small its type must be for words to stay whole.

The rule is that of browsers (CSS 2.1, 17.5.2.2): no column is narrower than its longest word, and what is left of
the width is shared by how much more each column would like.
"""

from collections.abc import Sequence

INSET = 8.0  # points of a cell, left and right together; templates/report.typ says the same
_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
_EASY = 7.5  # no smaller than this only to save lines, and no larger where columns are many
_MANY = 8
_SPARE = 1.01  # for what a browser of glyphs rounds

Wish = tuple[float, float]  # a column's longest word and its longest line, in ems


def widths(columns: Sequence[Wish], available: float) -> tuple[float, list[float], bool]:
    """The type's size (points), the columns' widths (points), and whether every word fits."""
    room = available - INSET * len(columns)
    least, most = ([one[side] * _SPARE for one in columns] for side in (0, 1))
    sizes = [size for size in _SIZES if len(columns) < _MANY or size <= _EASY]
    single = [size for size in sizes if size >= _EASY and sum(most) * size <= room]
    whole = [size for size in sizes if sum(least) * size <= room]
    size = next(iter([*single, *whole]), _SIZES[-1])
    low, high = ([one * size for one in of] for of in (least, most))
    fits = sum(low) <= room
    if not fits:
        found = [room * one / sum(low) for one in low]
    elif sum(high) <= room:
        found = high
    else:
        share = (room - sum(low)) / (sum(high) - sum(low))
        found = [a + (b - a) * share for a, b in zip(low, high, strict=True)]
    return size, [round(one + INSET, 1) for one in found], fits
