"""Floor 2, pure. One assignment at a glance, for a terminal: its verdicts by run, and a run's charts.

Gives pieces that `rich` lays out for whatever width there is; knows no terminal and no file.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from report.rendering import metrics, textcharts
from report.rendering.judged import limit
from report.rendering.labels import Labels, number
from report.rendering.measure import Subject
from report.rendering.timetable import design
from report.rendering.verdicts import State, Verdict

STYLES: Mapping[State, str] = {"holds": "green", "fails": "bold red", "undecided": "yellow"}
_NARROW = 76  # cells; in fewer there is no room for what is measured beside the rest
_WIDEST = 24  # cells of a claim's name that stays in one line


class Verdicts:
    """Each run with its verdicts: state, claim, value, bound, and what is measured, which has a line of its own where
    the terminal is narrow."""

    def __init__(self, found: Sequence[Verdict], label: Labels) -> None:
        self._runs: dict[str, list[list[Text]]] = {}
        for one in found:
            self._runs.setdefault(f"{one.scenario} · {one.server}", []).append([*_cells(one, label)])
        self._widest = min(_WIDEST, max((len(one.claim.id) for one in found), default=0))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for name, rows in self._runs.items():
            yield Text(name, "bold")
            if options.max_width < _NARROW:
                for *first, words in rows:
                    yield Text("  ").join(first)
                    yield Padding(words, (0, 0, 0, 6))
            else:
                yield self._table(rows)

    def _table(self, rows: Sequence[Sequence[Text]]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(min_width=self._widest, overflow="fold")  # alike in all runs, which are beneath each other
        for _ in ("value", "bound", "metric"):
            table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*row)
        return table


def _cells(verdict: Verdict, label: Labels) -> Iterator[Text]:
    claim, style = verdict.claim, STYLES[verdict.state]
    unit = "ratio" if claim.is_ratio else metrics.find(claim.metric).unit
    said = [label.metric(claim.metric) + claim.beside]
    if verdict.reason:
        said.append(label.reason(verdict.reason))
    yield Text(f"  {label.mark(verdict.state)} {label(verdict.state)}", style)
    yield Text(claim.id)
    yield Text(spread(label, unit, verdict.value, verdict.lowest, verdict.highest, verdict.runs))
    yield Text(limit(claim, unit))
    yield Text(" – ".join(said), "dim")


def spread(label: Labels, unit: str, value: float | None, low: float | None, high: float | None, runs: int) -> str:
    """A value; of several runs with the lowest and the highest and their number."""
    if value is None or low is None or high is None:
        return "–"
    said, lowest, highest = label.value(value, unit), number(low, unit), number(high, unit)
    if runs == 1:
        return said
    return label("alike" if lowest == highest else "repeated", value=said, low=lowest, high=highest, runs=runs)


def total(found: Sequence[Verdict], label: Labels) -> str:
    """How many verdicts there are of each state."""
    counts = Counter(verdict.state for verdict in found)
    return label("total", **{state: counts[state] for state in STYLES})


class Charts:
    """A run's requests over time, and below them its series, as wide as the terminal."""

    def __init__(self, subject: Subject, label: Labels) -> None:
        self._subject, self._label = subject, label

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from textcharts.timeline(design(self._subject), self._label, options.max_width)
        yield from textcharts.series(self._subject, self._label, options.max_width)
