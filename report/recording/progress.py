"""Floor 2. Tells how runs get on: to whom, and as plain lines where there is no terminal; `live` draws on one.

Knows the plan and what it is told; must not know how anything is run. Called from many threads.
"""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal, Protocol, Self

from rich.console import Console
from rich.text import Text

from report.planned import Planned
from report.run import Identity

Who = Literal["server", "client"]
Say = Callable[[str], str]  # an English sentence in the language of who reads


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


class QuietProgress:
    """Tells nothing: what became of the runs is said at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def stage(self, identity: Identity, text: str) -> None:
        pass

    def line(self, identity: Identity, who: Who, text: str) -> None:
        pass

    def done(self, identity: Identity, seconds: float) -> None:
        pass

    def failed(self, identity: Identity, sentence: str) -> None:
        pass


class PlainProgress(QuietProgress):
    """One line for each run's beginning and end: for logs and pipes."""

    def __init__(self, plan: Sequence[Planned] = (), console: Console | None = None, say: Say = str) -> None:
        self._say = say
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._begun: set[Identity] = set()
        self._lock = threading.Lock()

    def stage(self, identity: Identity, text: str) -> None:
        with self._lock:
            if identity not in self._begun:
                self._begun.add(identity)
                self._console.print(Text(self._say(f"{identity}: recording")))

    def done(self, identity: Identity, seconds: float) -> None:
        with self._lock:
            self._console.print(Text(self._say(f"{identity}: recorded in {seconds:.1f} s")))

    def failed(self, identity: Identity, sentence: str) -> None:
        with self._lock:
            self._console.print(Text(self._say(f"{identity}: failed")))
