"""Floor 2, pure. Both captured terminals of a run beside each other, as they were at a moment; or as one list of lines.

Knows when each line was printed; must not know how time passes while somebody looks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from report.rendering.display import visible
from report.rendering.labels import Labels
from report.run import Run

SIDES = ("server", "client")
_NARROW = 60  # cells; in fewer, one terminal stands below the other


@dataclass(frozen=True, slots=True)
class Printed:
    """A line, when it was printed, and on which of both terminals."""

    time: float
    who: str
    text: str


def printed(run: Run) -> list[Printed]:
    """The lines of both terminals in the order of time."""
    captured = {"server": run.server_lines, "client": run.client_lines}
    every = [Printed(line.time, who, visible(line.text)) for who in SIDES for line in captured[who]]
    return sorted(every, key=attrgetter("time"))


def listing(every: Sequence[Printed], label: Labels) -> Iterator[str]:
    """Each line with its time and its terminal."""
    widest = max(cell_len(label(who)) for who in SIDES)
    names = {who: set_cell_size(label(who), widest) for who in SIDES}
    for one in every:
        yield f"{one.time:10.3f}  {names[one.who]}  {one.text}"


def frame(every: Sequence[Printed], titles: Sequence[str], width: int, height: int) -> Iterator[Text]:
    """Titles and the last lines that fit into so many cells and rows, which are always filled."""
    texts = [[one.text for one in every if one.who == who] for who in SIDES]
    if width < _NARROW:
        for title, lines in zip(titles, texts, strict=True):
            rows = max(1, height // len(SIDES) - 1)
            yield _fitted(title, width, "bold")
            yield from (_fitted(line, width) for line in _last(lines, rows))
        return
    each = (width - 3) // 2
    yield Text(" │ ").join(_fitted(title, each, "bold") for title in titles)
    for row in zip(*(_last(lines, height - 1) for lines in texts), strict=True):
        yield Text(" │ ").join(_fitted(line, each) for line in row)


def _last(lines: Sequence[str], rows: int) -> list[str]:
    kept = [*lines[-rows:]]
    return kept + [""] * (rows - len(kept))


def _fitted(line: str, width: int, style: str = "") -> Text:
    made = Text(line, style)
    made.truncate(width, overflow="ellipsis", pad=True)
    return made
