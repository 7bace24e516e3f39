"""Floor 2. What is drawn on a terminal while runs are under way: clients that wait and are served, queue, workers.

Knows the plan, and the lines that servers and load scripts print. No colour means anything that a sign does not.
"""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from report.planned import Planned
from report.recording.progress import PlainProgress, QuietProgress, Say, Who
from report.run import Identity
from report.spec import Assignment, Series

ANSWERED = re.compile(r"^request \d+: answered")  # the load script's line
ACROSS = 20  # cells of a bar, at most
SERVED, WAITING, TO_COME = "█▒·"
FULL, FREE, MARK = "█·│"


@dataclass(slots=True)
class _Row:
    began: float
    clients: int
    expected: float
    accepted: re.Pattern[str] | None
    series: dict[str, tuple[re.Pattern[str], Series]]
    stage: str = ""
    came: int = 0
    answered: int = 0
    values: dict[str, str] = field(default_factory=dict)


class LiveProgress:
    """A table of the runs under way, redrawn four times a second; each finished run leaves a line above it.

    Shows clients served and waiting of those planned, the present value of each series that the assignment declares,
    with its marks, and about how long it takes yet.
    """

    def __init__(
        self,
        plan: Sequence[Planned],
        console: Console | None = None,
        clock: Callable[[], float] = monotonic,
        say: Say = str,
    ) -> None:
        self._say = say
        self._console = console or Console(highlight=False)
        self._plan = {_what(planned.identity): planned for planned in plan}
        self._rows: dict[Identity, _Row] = {}
        self._ended, self._clock = 0, clock
        self._lock = threading.Lock()
        self._live = Live(get_renderable=self._table, console=self._console, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def stage(self, identity: Identity, text: str) -> None:
        with self._lock:
            if identity not in self._rows:
                self._rows[identity] = self._row(identity)
            self._rows[identity].stage = text

    def line(self, identity: Identity, who: Who, text: str) -> None:
        row = self._rows.get(identity)
        if row is None:
            return
        if who == "client":
            row.answered += bool(ANSWERED.search(text))
            return
        row.came += row.accepted is not None and bool(row.accepted.search(text))
        for name, (pattern, _) in row.series.items():
            if match := pattern.search(text):
                row.values[name] = match[1] or ""

    def done(self, identity: Identity, seconds: float) -> None:
        self._end(identity, Text(self._say(f"{identity}: recorded in {seconds:.1f} s")))

    def failed(self, identity: Identity, sentence: str) -> None:
        self._end(identity, Text(self._say(f"{identity}: failed"), style="red"))

    def _row(self, identity: Identity) -> _Row:
        planned = self._plan.get(_what(identity))
        if planned is None:
            return _Row(self._clock(), 0, 0.0, None, {})
        made: Assignment = planned.assignment
        accepted = re.compile(made.connections.accepted) if made.connections else None
        series = {name: (re.compile(one.pattern), one) for name, one in made.series.items()}
        faster = identity.speed / planned.identity.speed
        return _Row(self._clock(), planned.scenario.sends, planned.expected_seconds / faster, accepted, series)

    def _end(self, identity: Identity, text: Text) -> None:
        with self._lock:
            self._rows.pop(identity, None)
            self._ended += 1
        self._console.print(text)

    def _table(self) -> Table:
        with self._lock:
            rows = sorted(self._rows.items(), key=lambda item: str(item[0]))
            caption = f"{self._ended} of {len(self._plan)} runs ended"
        caption += f"; clients: {SERVED} served, {WAITING} waiting, {TO_COME} to come"
        heads = self._say("run, stage, clients, now, left").split(", ")
        table = Table(*heads, box=None, caption=self._say(caption), caption_justify="left")
        table.columns[4].justify = "right"
        for identity, row in rows:
            now = "  ".join(f"{name} {_level(value, row.series[name][1])}" for name, value in [*row.values.items()])
            left = row.expected - (self._clock() - row.began)
            told = self._say(f"{left:.0f} s" if left >= 1 else "soon" if row.expected else "")
            clients = _bar(row) + self._say(_clients(row))
            table.add_row(*map(Text, (str(identity), self._say(row.stage), clients, now, told)))
        return table


def _clients(row: _Row) -> str:
    """In figures what has become of all that are planned."""
    waiting = max(0, row.came - row.answered)
    return f"{row.answered}/{row.clients}" + (f", {waiting} waiting" if waiting else "")


def _bar(row: _Row) -> str:
    waiting = max(0, row.came - row.answered)
    known = max(row.clients, row.answered + waiting, 1)
    cells = min(ACROSS, known)
    served = row.answered * cells // known
    asking = min(cells - served, -(-waiting * cells // known))  # one that waits is seen, however many there are
    return SERVED * served + WAITING * asking + TO_COME * (cells - served - asking) + " "


def _level(value: str, series: Series) -> str:
    """The number, and where levels are marked, a bar with them."""
    most = int(max(series.marks, default=0))
    if not 0 < most <= ACROSS or not value.isdigit():
        return value
    marked = {int(mark) for mark in series.marks} - {most}
    cells = (f"{FULL if place < int(value) else FREE}{MARK * (place + 1 in marked)}" for place in range(most))
    return f"{''.join(cells)} {value}"


def _what(identity: Identity) -> tuple[str, str, str]:
    """A check may run again at another speed than planned; it is the same scenario still."""
    return identity.assignment, identity.scenario, identity.server


def progress_for(plan: Sequence[Planned], *, quiet: bool = False, say: Say = str) -> LiveProgress | QuietProgress:
    """The live table where the output is a terminal, plain lines elsewhere, nothing if `quiet`; a context manager."""
    console = Console(highlight=False)
    if quiet:
        return QuietProgress()
    return LiveProgress(plan, console, say=say) if console.is_terminal else PlainProgress(plan, say=say)
