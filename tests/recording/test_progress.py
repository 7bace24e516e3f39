"""What is shown while runs are under way, on a terminal and elsewhere."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from report.planned import Planned
from report.recording import LiveProgress, PlainProgress, progress_for
from report.run import Identity
from report.spec import Series
from tests.recording.harness import fake, planned, scenario


@pytest.fixture
def one() -> Planned:
    found = planned(fake("answers"), scenario(clients=10))
    series = {"queue": Series(pattern=r"queue (\d+)/"), "workers": Series(pattern=r"workers (\d+)")}
    return replace(found, assignment=found.assignment.model_copy(update={"series": series}))


def shown(progress: LiveProgress) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(progress._table())
    return out.getvalue()


def terminal() -> tuple[io.StringIO, Console]:
    out = io.StringIO()
    return out, Console(file=out, width=120, force_terminal=True)


def test_a_terminal_shows_stage_clients_answered_and_the_present_value_of_each_series(one: Planned) -> None:
    _, console = terminal()
    with LiveProgress([one], console) as progress:
        progress.stage(one.identity, "under load")
        for line in ("server: #1 queued, queue 3/10, workers 1", "server: #2 queued, queue 4/10, workers 2", "else"):
            progress.line(one.identity, "server", line)
        for line in ("request 1: answered 200", "request 2: reset", "request 3: answered 200", "request 4: sent"):
            progress.line(one.identity, "client", line)
        text = shown(progress)
        assert "fake/only.one  under load  2/10      queue 4, workers 2" in text
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
    assert "fake/only.one.x5  starting  0/10      queue 1, workers 1" in text
    assert "other/only.one" in text


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
