"""A replay keeps the recorded times, faster if asked, stops cleanly, and in a pipe prints everything at once."""

import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from report import jobs
from report.errors import EvidenceError, SpecError
from report.replay import LEAST, TICK, replay
from tests.builders import course, lines, run, store

MADE = run(
    server_lines=lines("server: listening", "worker 1: #1 request", start=-1.0, step=2.0),
    client_lines=lines("request 1: answered", start=5.0),
)


@dataclass
class Fake:
    """A clock that goes on by sleeping only, and presses Ctrl-C after so many seconds, if asked."""

    now: float = 1000.0
    pressed: float = float("inf")
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if sum(self.slept) >= self.pressed:
            raise KeyboardInterrupt


def shown(
    root: Path, clock: Fake, speed: float = 1.0, terminal: bool = True, scenario: str | None = None
) -> tuple[bool, str]:
    store(course(root) / "docs/evidence", MADE)
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=terminal, width=100, height=20, color_system=None, legacy_windows=False, _environ={}
    )
    chosen = jobs.load(root).assignments
    return replay(root, chosen, (scenario, None), speed, "en", console, clock), out.getvalue()


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_a_replay_takes_as_long_as_the_run_did_by_the_speed(tmp_path: Path, speed: float) -> None:
    clock = Fake()
    ended, text = shown(tmp_path, clock, speed)
    assert ended
    assert sum(clock.slept) == pytest.approx(6.0 / speed, abs=2 * LEAST)
    assert max(clock.slept) <= TICK
    assert "request 1: answered" in text


def test_a_line_is_not_shown_before_its_time(tmp_path: Path) -> None:
    _, text = shown(tmp_path, Fake(pressed=3.0))
    assert "worker 1: #1 request" in text
    assert "request 1: answered" not in text


def test_ctrl_c_stops_it_with_a_word_and_gives_the_cursor_back(tmp_path: Path) -> None:
    ended, text = shown(tmp_path, Fake(pressed=3.0))
    assert not ended
    assert re.search(r"Stopped at (1\.9|2\.0) s\.", text)
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l") > -1


def test_in_a_pipe_all_lines_are_printed_with_their_times_and_nobody_waits(tmp_path: Path) -> None:
    clock = Fake()
    ended, text = shown(tmp_path, clock, terminal=False)
    assert (ended, clock.slept) == (True, [])
    first, *rest = text.splitlines()
    assert first == "docs/evidence/echo/two.python"
    assert rest == [
        "    -1.000  server  server: listening",
        "     1.000  server  worker 1: #1 request",
        "     5.000  client  request 1: answered",
    ]


def test_a_scenario_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="--scenario tow: there is no such scenario.*two"):
        shown(tmp_path, Fake(), scenario="tow")


def test_without_a_run_the_way_out_is_named(tmp_path: Path) -> None:
    root = course(tmp_path)
    with pytest.raises(EvidenceError, match="make one with: invoke run"):
        replay(root, jobs.load(root).assignments, (None, None), 1.0, "en", Console(file=io.StringIO()), Fake())
