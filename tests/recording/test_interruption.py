"""An interruption is told as such at whatever moment it comes, and leaves no process, no directory and no evidence."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from report.errors import ServerError
from report.recording import kernel, process
from report.recording.cancel import Cancel, CancelledError
from report.recording.process import Supervised
from report.recording.progress import Who
from report.recording.record import execute
from report.run import Identity
from report.scenario import Load, Scenario
from tests.recording.harness import DEADLINE, ROOT, Remembering, fake, planned, processes_with, scenario, wait_for

LONG = scenario(delay=60.0, load=Load(timeout=120.0))  # under load until somebody ends it
SHORT = scenario(settle=60.0)  # soon past its load
MOMENTS = {
    "before the server is started": ("answers", SHORT, "stage", "starting"),
    "while the server starts": ("never_listens", SHORT, "server", "listening on"),
    "before the load is started": ("answers", LONG, "stage", "under load"),
    "while under load": ("answers", LONG, "client", "sending 2 requests"),
    "after the last answer": ("answers", SHORT, "stage", "waiting for zombies"),
    "while settling": ("answers", SHORT, "stage", "settling"),
    "before the stop": ("answers", scenario(), "stage", "stopping"),
    "while the server stops": ("tells_of_term", scenario(), "server", "was told to end"),
}


class Cancelling(Remembering):
    """Cancels, and does what else is asked for, when a stage begins or a line comes that starts with `text`."""

    def __init__(self, cancel: Cancel, what: str, text: str) -> None:
        super().__init__()
        self.reached = False
        self._cancel, self._moment = cancel, (what, text)

    def stage(self, identity: Identity, text: str) -> None:
        super().stage(identity, text)
        self._look("stage", text)

    def line(self, identity: Identity, who: Who, text: str) -> None:
        super().line(identity, who, text)
        self._look(who, text)

    def happen(self) -> None:
        """What comes at the moment."""
        self._cancel.set()

    def _look(self, what: str, text: str) -> None:
        if what == self._moment[0] and text.startswith(self._moment[1]):
            self.reached = True
            self.happen()


@pytest.fixture
def cancel() -> Iterator[Cancel]:
    with closing(Cancel()) as one:
        yield one


@pytest.fixture
def tag() -> str:
    return f"tag-{uuid4()}"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where every temporary directory lies."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def test_what_is_cancelled_before_it_began_begins_nothing(tmp_path: Path, cancel: Cancel) -> None:
    cancel.set()
    progress = Remembering()
    with pytest.raises(CancelledError):
        execute(ROOT, planned(fake("answers")), tmp_path, progress, cancel)
    assert progress.events == []


@pytest.mark.parametrize(("server", "spec", "what", "text"), MOMENTS.values(), ids=MOMENTS.keys())
def test_a_run_is_cancelled_at_every_stage_and_nothing_is_left(
    server: str, spec: Scenario, what: str, text: str, tmp_path: Path, scratch: Path, cancel: Cancel, tag: str
) -> None:
    progress = Cancelling(cancel, what, text)
    with pytest.raises(CancelledError):
        execute(ROOT, planned(fake(server, "--tag", tag), spec), tmp_path / "evidence", progress, cancel)
    assert progress.reached
    assert processes_with(tag) == supervisors() == []
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "evidence").exists()


def supervisors() -> list[int]:
    """Supervisors that this process started and that have not ended."""
    return [
        child.pid
        for child in kernel.descendants(os.getpid())
        if child.parent == os.getpid() and child.pid in processes_with("recording/supervisor.py")
    ]


# --- what goes wrong while everything is being ended is no news of the server ---------------------------------------


def test_supervisors_that_die_with_the_interruption_do_not_make_it_a_fault_of_the_server(
    tmp_path: Path, scratch: Path, cancel: Cancel, tag: str
) -> None:
    class Killing(Cancelling):
        def happen(self) -> None:
            super().happen()
            for pid in supervisors():
                os.kill(pid, signal.SIGKILL)

    progress = Killing(cancel, "client", "sending 2 requests")
    with pytest.raises(CancelledError) as caught:
        execute(ROOT, planned(fake("answers", "--tag", tag), LONG), tmp_path / "evidence", progress, cancel)
    assert isinstance(caught.value.__context__, ServerError)
    wait_for(lambda: processes_with(tag) == [], "the end of the server")
    assert list(scratch.iterdir()) == []


def test_a_server_that_ends_before_it_listens_is_not_blamed_once_the_run_is_cancelled(
    tmp_path: Path, cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(self: Supervised) -> process.Captured:
        cancel.set()
        return output(self)

    output = Supervised.output
    monkeypatch.setattr(Supervised, "output", ended)
    with pytest.raises(CancelledError):
        execute(ROOT, planned(fake("exits_at_once")), tmp_path, Remembering(), cancel)


def test_what_cannot_be_written_is_not_told_once_the_run_is_cancelled(
    tmp_path: Path, cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        cancel.set()
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("report.evidence.write", interrupted)
    with pytest.raises(CancelledError):
        execute(ROOT, planned(fake("answers")), tmp_path, Remembering(), cancel)


def test_a_start_that_fails_unheard_because_it_was_cancelled_is_a_cancelled_one(cancel: Cancel) -> None:
    command = Supervised("test", ["no-such-program"], ROOT, cancel)
    cancel.set()
    with pytest.raises(CancelledError), command:
        raise AssertionError("it cannot be started")


def test_a_cancelled_wait_raises_although_what_it_waited_for_is_true(cancel: Cancel) -> None:
    with Supervised("test", ["true"], ROOT, cancel) as command:
        cancel.set()
        with pytest.raises(CancelledError):
            command.wait(lambda: True, 0.0)


def test_a_cancel_with_a_high_descriptor_number_is_seen() -> None:
    low = Cancel()
    with closing(low), closing(Cancel()) as high:
        os.close(high.descriptor)
        try:
            high.descriptor = os.dup2(low.descriptor, 1100)
        except OSError:
            pytest.skip("the limit of descriptors is too low to have such a number")
        assert not high.is_set()
        high.set()
        assert high.is_set()


# --- the recorder as a process: what a user, a terminal or an operating system does to it ---------------------------


@pytest.mark.parametrize(
    ("server", "what", "text"),
    [
        ("answers", "stage", "starting"),
        ("never_listens", "server", "listening on"),
        ("answers", "client", "sending 2 requests"),
        ("tells_of_term", "server", "was told to end"),
    ],
)
def test_sigterm_at_every_stage_is_an_interruption(server: str, what: str, text: str, tmp_path: Path, tag: str) -> None:
    assert interrupted(tmp_path, tag, server, what, text, signal.SIGTERM, "process") == (-signal.SIGINT, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_whole_group_is_an_interruption(number: int, tmp_path: Path, tag: str) -> None:
    ended = interrupted(tmp_path, tag, "answers", "stage", "under load", number, "group")
    assert ended == (-signal.SIGINT, "")


def test_a_recorder_that_is_killed_leaves_nothing_either(tmp_path: Path, tag: str) -> None:
    ended = interrupted(tmp_path, tag, "answers", "client", "sending 2 requests", signal.SIGKILL, "process")
    assert ended == (-signal.SIGKILL, "")


def interrupted(tmp_path: Path, tag: str, server: str, what: str, text: str, number: int, whom: str) -> tuple[int, str]:
    """How the recorder ended (an uncaught KeyboardInterrupt ends Python by SIGINT) and which failures it told."""
    evidence, scratch = tmp_path / "evidence", tmp_path / "scratch"
    scratch.mkdir()
    words = [sys.executable, "-m", "tests.fakes.interrupted", str(evidence), tag, server, what, text, str(number), whom]
    ended = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"TMPDIR": str(scratch)}, capture_output=True, text=True,
        timeout=2 * DEADLINE, check=False, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: processes_with(tag) == [], "everything to end")
    wait_for(lambda: list(scratch.iterdir()) == [], "the temporary directories to go")
    made = (tmp_path / "groups").read_text().splitlines() if (tmp_path / "groups").exists() else []
    wait_for(lambda: not any(Path(group).exists() for group in made), "the control groups to go")
    assert not evidence.exists()
    if ended.returncode == -signal.SIGINT:
        assert ended.stderr.endswith("\nKeyboardInterrupt\n")
    return ended.returncode, ended.stdout
