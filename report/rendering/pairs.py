"""Floor 2, pure. How the rows of a table of runs belong together, alike on the page and on paper.

Only words are compared. Where each server stands in a row of its own, a reader looks for the next subject, not for the
next line: a new first cell begins a group, and a row about another server of the same run stays with the row above.
"""

from collections.abc import Sequence
from itertools import pairwise

NAMES = 3  # assignment or scenario, server, and what tells the rows of one server apart: the cells that begin a row


def belonging(header: Sequence[str], rows: Sequence[Sequence[str]], server: str) -> list[str]:
    """For each row "group" where one begins, "pair" where only the server is another than above, and else "".

    A table without a column of this name has neither.
    """
    names = [place for place, cell in enumerate(header[:NAMES]) if cell != server]
    if len(names) != NAMES - 1 or len(header) <= NAMES:
        return ["" for _ in rows]
    found = ["" for _ in rows[:1]]
    for above, row in pairwise(rows):
        same = all(above[place] == row[place] for place in names)
        found.append("pair" if same else "group" if above[0] != row[0] else "")
    return found
