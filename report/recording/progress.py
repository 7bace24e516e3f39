"""Floor 2. Shows how runs get on: a live table on a terminal, plain lines elsewhere.

Knows the plan and what it is told; must not know how anything is run. Called from many threads.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Literal, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from report.planned import Planned
from report.run import Identity

Who = Literal["server", "client"]
ANSWERED = re.compile(r"^request \d+: answered")  # the load script's line


class Progress(Protocol):
    """Who is told how runs get on; every method may be called from any thread."""

    def stage(self, identity: Identity, text: str) -> None:
        """A run has come to the stage that `text` names."""

    def line(self, identity: Identity, who: Who, text: str) -> None:
        """The server or the load script of a run has printed a line."""

    def done(self, identity: Identity, seconds: float) -> None:
        """A run is recorded and took `seconds`."""

    def failed(self, identity: Identity, sentence: str) -> None:
        """A run failed, for the reason that `sentence` gives."""


class PlainProgress:
    """One line for each run's beginning and end: for logs and pipes."""

    def __init__(self, plan: Sequence[Planned] = (), console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._begun: set[Identity] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def stage(self, identity: Identity, text: str) -> None:
        with self._lock:
            if identity not in self._begun:
                self._begun.add(identity)
                self._console.print(Text(f"{identity}: recording"))

    def line(self, identity: Identity, who: Who, text: str) -> None:
        pass

    def done(self, identity: Identity, seconds: float) -> None:
        with self._lock:
            self._console.print(Text(f"{identity}: recorded in {seconds:.1f} s"))

    def failed(self, identity: Identity, sentence: str) -> None:
        with self._lock:
            self._console.print(Text(f"{identity}: failed"))


@dataclass(slots=True)
class _Row:
    began: float
    clients: int
    patterns: dict[str, re.Pattern[str]]
    stage: str = ""
    answered: int = 0
    values: dict[str, str] = field(default_factory=dict)


class LiveProgress:
    """A table of the runs under way, redrawn four times a second; each finished run leaves a line above it.

    Shows clients answered of those sent, and the present value of each series that the assignment declares.
    """

    def __init__(self, plan: Sequence[Planned], console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._plan = {_what(planned.identity): planned for planned in plan}
        self._rows: dict[Identity, _Row] = {}
        self._ended = 0
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
        for name, pattern in row.patterns.items():
            if match := pattern.search(text):
                row.values[name] = match[1] or ""

    def done(self, identity: Identity, seconds: float) -> None:
        self._end(identity, Text(f"{identity}: recorded in {seconds:.1f} s"))

    def failed(self, identity: Identity, sentence: str) -> None:
        self._end(identity, Text(f"{identity}: failed", style="red"))

    def _row(self, identity: Identity) -> _Row:
        planned = self._plan.get(_what(identity))
        if planned is None:
            return _Row(monotonic(), 0, {})
        patterns = {name: re.compile(series.pattern) for name, series in planned.assignment.series.items()}
        return _Row(monotonic(), planned.scenario.sends, patterns)

    def _end(self, identity: Identity, text: Text) -> None:
        with self._lock:
            self._rows.pop(identity, None)
            self._ended += 1
        self._console.print(text)

    def _table(self) -> Table:
        with self._lock:
            rows = sorted(self._rows.items(), key=lambda item: str(item[0]))
            caption = f"{self._ended} of {len(self._plan)} runs ended"
        table = Table("run", "stage", "answered", "now", "seconds", box=None, caption=caption, caption_justify="left")
        table.columns[4].justify = "right"
        for identity, row in rows:
            now = ", ".join(f"{name} {value}" for name, value in list(row.values.items()))
            seconds = f"{monotonic() - row.began:.0f}"
            table.add_row(*map(Text, (str(identity), row.stage, f"{row.answered}/{row.clients}", now, seconds)))
        return table


def _what(identity: Identity) -> tuple[str, str, str]:
    """A check may run again at another speed than planned; it is the same scenario still."""
    return identity.assignment, identity.scenario, identity.server


def progress_for(plan: Sequence[Planned]) -> LiveProgress | PlainProgress:
    """The live table where the output is a terminal, plain lines elsewhere; a context manager."""
    console = Console(highlight=False)
    return LiveProgress(plan, console) if console.is_terminal else PlainProgress(plan)
