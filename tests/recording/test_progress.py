"""What is shown while runs are under way, on a terminal and elsewhere."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from report.planned import Planned
from report.recording import LiveProgress, PlainProgress, progress_for
from report.run import Identity
from report.spec import Connections, Series
from tests.recording.harness import fake, planned, scenario


@pytest.fixture
def one() -> Planned:
    found = planned(fake("answers"), scenario(clients=10))
    series = {"queue": Series(pattern=r"queue (\d+)/", marks=(2, 8, 10)), "workers": Series(pattern=r"workers (\d+)")}
    lines = Connections(
        accepted=r"#(?P<connection>\d+) accepted from .*:(?P<port>\d+)",
        begun=r"(?P<actor>\w+): #(?P<connection>\d+) request",
        answered=r"(?P<actor>\w+): #(?P<connection>\d+) answered",
    )
    return replace(found, assignment=found.assignment.model_copy(update={"series": series, "connections": lines}))


def shown(progress: LiveProgress) -> str:
    out = io.StringIO()
    Console(file=out, width=160).print(progress._table())
    return out.getvalue()


def terminal() -> tuple[io.StringIO, Console]:
    out = io.StringIO()
    return out, Console(file=out, width=120, force_terminal=True)


def test_a_terminal_shows_clients_served_and_waiting_and_each_series_with_its_marks(one: Planned) -> None:
    _, console = terminal()
    with LiveProgress([one], console) as progress:
        progress.stage(one.identity, "under load")
        for number in range(1, 6):
            progress.line(one.identity, "server", f"server: #{number} accepted from 127.0.0.1:5000{number}")
        for line in ("server: #1 queued, queue 3/10, workers 1", "server: #2 queued, queue 4/10, workers 2", "else"):
            progress.line(one.identity, "server", line)
        for line in ("request 1: answered 200", "request 2: reset", "request 3: answered 200", "request 4: sent"):
            progress.line(one.identity, "client", line)
        text = shown(progress)
        assert "██▒▒▒····· 2/10, 3 waiting" in text
        assert "queue ██│██····│·· 4  workers 2" in text
        assert "0 of 1 runs ended" in text
        progress.done(one.identity, 5.04)
        assert "under load" not in shown(progress)
        assert "1 of 1 runs ended" in shown(progress)


def test_a_run_that_was_not_planned_at_this_speed_is_shown_too(one: Planned) -> None:
    _, console = terminal()
    slower = one.identity.model_copy(update={"speed": 5.0})
    stranger = Identity(assignment="other", scenario="only", server="one")
    with LiveProgress([one], console) as progress:
        for identity in (slower, stranger):
            progress.stage(identity, "starting")
            progress.line(identity, "server", "queue 1/10, workers 1")
        text = shown(progress)
    assert re.search(r"fake/only.one.x5 +starting +·{10} 0/10 +queue █·│······│·· 1  workers 1 +(soon|\d s)", text)
    assert "other/only.one" in text


def test_about_how_long_a_run_takes_yet_is_told(one: Planned) -> None:
    now = [100.0]
    with LiveProgress([one], terminal()[1], lambda: now[0]) as progress:
        progress.stage(one.identity, "under load")
        whole = f"{one.expected_seconds:.0f} s" if one.expected_seconds >= 1 else "soon"
        assert whole in shown(progress)
        now[0] += one.expected_seconds
        assert "soon" in shown(progress)


def test_one_client_that_waits_is_seen_among_many(one: Planned) -> None:
    many = replace(one, assignment=one.assignment.model_copy(update={"scenarios": {"only": scenario(clients=1000)}}))
    with LiveProgress([many], terminal()[1]) as progress:
        progress.stage(many.identity, "under load")
        progress.line(many.identity, "server", "server: #1 accepted from 127.0.0.1:50001")
        assert "▒··················· 0/1000, 1 waiting" in shown(progress)


def test_whoever_asks_for_quiet_is_told_nothing(one: Planned, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_for([one], quiet=True) as progress:
        progress.stage(one.identity, "starting")
        progress.line(one.identity, "server", "queue 3/10")
        progress.done(one.identity, 5.04)
        progress.failed(one.identity, "for some reason")
    assert capsys.readouterr().out == ""


def test_each_ended_run_leaves_a_line_and_nothing_is_taken_for_markup(one: Planned) -> None:
    out, console = terminal()
    odd = one.identity.model_copy(update={"scenario": "[red]odd"})
    with LiveProgress([one], console) as progress:
        progress.done(odd, 1.25)
        progress.failed(one.identity, "the server did not listen")
    assert "fake/[red]odd.one: recorded in 1.2 s" in out.getvalue()
    assert "fake/only.one: failed" in out.getvalue()


def test_elsewhere_there_is_one_line_for_a_beginning_and_one_for_an_end(
    one: Planned, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_for([one]) as progress:
        assert isinstance(progress, PlainProgress)
        for stage in ("starting", "under load"):
            progress.stage(one.identity, stage)
        progress.line(one.identity, "server", "queue 3/10")
        progress.done(one.identity, 5.04)
        progress.failed(one.identity, "for some reason")
    assert capsys.readouterr().out.splitlines() == [
        "fake/only.one: recording", "fake/only.one: recorded in 5.0 s", "fake/only.one: failed",
    ]  # fmt: skip


def test_both_displays_can_be_told_everything(one: Planned) -> None:
    displays: list[Callable[[], LiveProgress | PlainProgress]] = [
        lambda: LiveProgress([one], terminal()[1]),
        lambda: PlainProgress([one], terminal()[1]),
    ]
    for display in displays:
        with display() as progress:
            progress.line(one.identity, "client", "before its stage was told")
            progress.done(one.identity, 0.0)
