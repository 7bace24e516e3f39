"""Floor 3. Replays a run: both captured terminals beside each other, in the time in which they were recorded.

How time passes is the caller's matter, so that a test need not wait. On no terminal all lines are printed at once.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from report import evidence, latest, plan
from report.rendering import advice, labels, sidebyside
from report.rendering.labels import Labels
from report.rendering.sidebyside import Printed
from report.show import WORDS
from report.spec import Assignment, Language

TICK = 0.1  # seconds between two looks at the clock while nothing is printed
LEAST = 0.02  # seconds between two pictures, however much is printed
MARGIN = 4  # rows of the terminal that are left alone


class Clock(Protocol):
    """How time passes for whoever looks."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Returns when so many have passed."""


def replay(
    root: Path,
    chosen: Sequence[Assignment],
    asked: tuple[str | None, str | None],
    speed: float,
    language: Language,
    console: Console,
    clock: Clock = time,
) -> bool:
    """Shows the first recorded run of the chosen assignments, or that of the scenario and the server that are asked
    for; whether it was watched to its end. Raises EvidenceError where there is none."""
    label = advice.words(root / "templates", labels.load(root / "templates")[language], WORDS)
    folder, there = latest.recorded(plan.plan(chosen, 1.0, *asked), latest.folders(root))
    run = evidence.read(folder / there[0].identity.directory)
    every = sidebyside.printed(run)
    console.print(Text(f"{'/'.join(folder.parts[-2:])}/{run.identity.directory}", "bold"))
    if not console.is_interactive:  # in a pipe, or where no cursor can be moved
        for line in sidebyside.listing(every, label):
            console.print(Text(line), soft_wrap=True)
        return True
    return play(every, label, speed, console, clock)


def play(every: Sequence[Printed], label: Labels, speed: float, console: Console, clock: Clock) -> bool:
    """Draws what had been printed by then, until all is there or Ctrl-C is pressed."""
    if not every:
        return True
    first, end = every[0].time, every[-1].time
    titles = [label(f"{who}_terminal") for who in sidebyside.SIDES]
    most = 1 + max(sum(one.who == who for one in every) for who in sidebyside.SIDES)
    now, begun, count = first, clock.monotonic(), 0
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        try:
            while True:
                now = min(end, first + (clock.monotonic() - begun) * speed)
                while count < len(every) and every[count].time <= now:
                    count += 1
                rows = min(most, max(2, console.height - MARGIN))
                told = label("replay_now", now=f"{now:.1f}", end=f"{end:.1f}", speed=f"{speed:g}")
                foot = Text(f"{told} · {label('replay_keys')}", "dim", no_wrap=True, overflow="ellipsis")
                live.update(Group(*sidebyside.frame(every[:count], titles, console.width, rows), foot), refresh=True)
                if count == len(every):
                    return True
                clock.sleep(max(LEAST, min(TICK, (every[count].time - now) / speed)))
        except KeyboardInterrupt:
            pass
    console.print(Text(label("replay_stopped", now=f"{now:.1f}")))
    return False
