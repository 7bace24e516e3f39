"""A supervised command: declared surroundings, honest accounts, and nothing of it left, however it behaves."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from report.errors import ServerError
from report.recording import kernel, process
from report.recording.cancel import Cancel, CancelledError
from report.recording.process import Supervised, new_scratch
from tests.recording.harness import DEADLINE, FAKES, ROOT, processes_with, wait_for


@pytest.fixture
def cancel() -> Iterator[Cancel]:
    with closing(Cancel()) as one:
        yield one


@pytest.fixture
def tag() -> str:
    return f"tag-{uuid4()}"


def python(code: str, cancel: Cancel, *words: str) -> Supervised:
    return Supervised("test", [sys.executable, "-c", code, *words], ROOT, cancel)


def fake(name: str, cancel: Cancel, tag: str) -> tuple[Supervised, int]:
    port = kernel.free_port()
    words = [sys.executable, f"{FAKES}/{name}.py", "--port", str(port), "--tag", tag]
    return Supervised("test", words, ROOT, cancel), port


def wait_until_exited(command: Supervised) -> int:
    assert command.wait(lambda: command.exited is not None, DEADLINE)
    assert command.exited is not None
    return command.exited.code


def wait_until_finished(command: Supervised) -> None:
    assert command.wait(lambda: command.finished is not None, DEADLINE)


def test_exit_status_and_output_are_told(cancel: Cancel) -> None:
    with python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", cancel) as command:
        assert wait_until_exited(command) == 3
        wait_until_finished(command)
    assert command.output().data == b"out\r\nerr\r\n"
    assert str(command.exited) == "exit status 3"
    assert command.finished is not None
    assert command.finished.killed == 0


def test_death_by_a_signal_is_told_as_such(cancel: Cancel) -> None:
    with python("import os; os.kill(os.getpid(), 11)", cancel) as command:
        assert wait_until_exited(command) == -signal.SIGSEGV
    assert str(command.exited) == "signal SIGSEGV"


@pytest.mark.parametrize(
    ("words", "directory", "reason"),
    [
        (["no-such-program"], ROOT, "No such file or directory"),
        (["/dev/null"], ROOT, "Permission denied"),
        (["true"], ROOT / "nowhere", "No such file or directory"),
        (["true", "nul\0"], ROOT, "embedded null byte"),
    ],
)
def test_a_command_that_cannot_be_started_says_why(
    words: list[str], directory: Path, reason: str, cancel: Cancel
) -> None:
    scratch = new_scratch()
    with pytest.raises(ServerError, match=f"^the server: cannot start {words[0]}: {reason}"):  # noqa: SIM117
        with Supervised("the server", words, directory, cancel, scratch=scratch):
            raise AssertionError("it cannot be started")
    assert not scratch.exists()


def test_surroundings_are_declared_and_nothing_is_inherited(
    cancel: Cancel, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    monkeypatch.setenv("SECRET", "s3cret")
    scratch = new_scratch()
    handler = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    inheritable, other_end = os.pipe()
    os.set_inheritable(inheritable, True)
    words = [sys.executable, f"{FAKES}/tells.py", "--port", str(kernel.free_port())]
    try:
        with Supervised("test", words, ROOT, cancel, scratch=scratch) as command:
            wait_for(lambda: (scratch / "kept").exists(), "the fake to tell")
    finally:
        os.close(inheritable)
        os.close(other_end)
        signal.signal(signal.SIGUSR1, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    told = json.loads(command.output().lines()[0])
    assert told["environment"] == {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb",
        "COLUMNS": "120", "PYTHONHASHSEED": "0", "HOME": str(scratch), "TMPDIR": str(scratch),
    }  # fmt: skip
    ignored = {number for number in signal.valid_signals() if told["ignored"] >> (number - 1) & 1}
    assert ignored == {signal.SIGPIPE, signal.SIGXFSZ}  # Python itself, at its start
    assert told | {"environment": 0, "ignored": 0} == {
        "environment": 0, "ignored": 0, "descriptors": [0, 1, 2], "input": "/dev/null",
        "terminal": [False, True, True], "controlling": False, "columns": 120, "blocked": 0, "leads": True,
        "home": [], "directory": str(ROOT), "core": [0, 0],
    }  # fmt: skip
    assert not scratch.exists()


def test_whoever_ignores_term_is_killed_after_its_grace(cancel: Cancel, tag: str) -> None:
    command, port = fake("ignores_term", cancel, tag)
    with command:
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
        command.stop(0.1)
        assert wait_until_exited(command) == -signal.SIGKILL
        wait_until_finished(command)
    assert command.finished is not None
    assert command.finished.killed == 1


def test_a_stopped_process_is_continued_so_that_it_sees_term(cancel: Cancel, tag: str) -> None:
    command, port = fake("stops_itself", cancel, tag)
    with command:
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
        (pid,) = (process.pid for process in kernel.descendants(command.supervisor))
        stat = Path(f"/proc/{pid}/stat")
        wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "the fake to stop itself")
        command.stop(DEADLINE)
        assert wait_until_exited(command) == -signal.SIGTERM


def test_an_orphan_in_another_session_lives_until_the_order_to_kill(cancel: Cancel, tag: str) -> None:
    command, port = fake("leaves_orphan", cancel, tag)
    with command:
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
        wait_for(lambda: len(kernel.descendants(command.supervisor)) == 2, "the orphan alone")
        command.stop(DEADLINE)
        assert wait_until_exited(command) == -signal.SIGTERM
        (orphan,) = kernel.descendants(command.supervisor)
        assert orphan.parent == command.supervisor
        assert kernel.listeners(port, command.supervisor) == 1
        assert command.finished is None
        command.kill()
        wait_until_finished(command)
        assert kernel.listening(port) == set()
    assert command.finished is not None
    assert command.finished.killed == 1


def test_what_forks_faster_than_it_can_be_looked_for_is_ended_too(cancel: Cancel, tag: str) -> None:
    command, port = fake("multiplies", cancel, tag)
    with command:
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
        command.kill()
        wait_until_finished(command)
    assert processes_with(tag) == []


def test_leaving_early_ends_everything_at_once(cancel: Cancel, tag: str) -> None:
    scratch = new_scratch()
    words = [sys.executable, f"{FAKES}/leaves_orphan.py", "--port", str(kernel.free_port()), "--tag", tag]
    with Supervised("test", words, ROOT, cancel, scratch=scratch) as command:
        wait_for(lambda: len(kernel.descendants(command.supervisor)) == 2, "the orphan")
    assert processes_with(tag) == []
    assert not scratch.exists()


def test_a_cancelled_wait_raises_and_everything_is_ended(cancel: Cancel, tag: str) -> None:
    command, _ = fake("answers", cancel, tag)
    with pytest.raises(CancelledError), command:  # noqa: PT012
        cancel.set()
        command.wait(lambda: False, DEADLINE)
    assert processes_with(tag) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_supervisor_that_is_told_to_end_ends_its_tree_first(number: signal.Signals, cancel: Cancel, tag: str) -> None:
    command, port = fake("leaves_orphan", cancel, tag)
    with command:
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
        os.kill(command.supervisor, number)
        wait_until_finished(command)
    assert processes_with(tag) == []


def test_a_supervisor_that_is_told_to_end_before_it_has_begun_ends_its_tree_all_the_same(
    cancel: Cancel, tag: str
) -> None:
    command, _ = fake("ignores_term", cancel, tag)
    os.kill(command.supervisor, signal.SIGTERM)
    with command:
        wait_until_finished(command)
    assert command.exited is not None
    assert processes_with(tag) == []


def test_a_supervisor_that_hangs_is_ended_after_all_that_it_should_have_ended(
    cancel: Cancel, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, port = fake("leaves_orphan", cancel, tag)
    with pytest.raises(ServerError, match="test: KILL did not end it within"), command:  # noqa: PT012
        wait_for(lambda: len(kernel.descendants(command.supervisor)) == 2, "the orphan")
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
        os.kill(command.supervisor, signal.SIGSTOP)
        monkeypatch.setattr(process, "END_LIMIT", 0.5)
        monkeypatch.setattr(process, "DRAIN_LIMIT", 0.1)
    wait_for(lambda: processes_with(tag) == [], "the end of the orphan")


def test_the_death_of_the_supervisor_is_told_and_ends_the_main_process(cancel: Cancel, tag: str) -> None:
    command, port = fake("ignores_term", cancel, tag)
    with pytest.raises(ServerError, match="its supervisor was killed; record the run again"), command:  # noqa: PT012
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
        os.kill(command.supervisor, signal.SIGKILL)
        command.wait(lambda: False, DEADLINE)
    wait_for(lambda: processes_with(tag) == [], "the end of the main process")


def test_a_listener_that_fails_is_told_after_everything_has_ended(cancel: Cancel, tag: str) -> None:
    def fail(_: str) -> None:
        raise LookupError("a fault of the listener")

    scratch = new_scratch()
    port = kernel.free_port()
    words = [sys.executable, f"{FAKES}/answers.py", "--port", str(port), "--tag", tag]
    command = Supervised("test", words, ROOT, cancel, fail, scratch)
    with pytest.raises(LookupError, match="a fault of the listener"), command:
        wait_for(lambda: kernel.listeners(port, command.supervisor) == 1, "the fake to listen")
    assert processes_with(tag) == []
    assert not scratch.exists()
    with pytest.raises(ServerError, match="what it printed could not be kept"):
        command.output()


def test_what_every_process_spent_is_counted_orphans_too(cancel: Cancel) -> None:
    burn = "import os, time\nwhile time.process_time() < {}: pass\n"
    orphan = (
        f"if os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  {burn.format(0.2).splitlines()[1]}\n os._exit(0)\n"
    )
    with python(f"{burn.format(0.1)}{orphan}os.wait()", cancel) as command:
        wait_until_finished(command)
    assert command.finished is not None
    assert command.finished.user_seconds + command.finished.system_seconds >= 0.3
    assert command.finished.voluntary_switches > 0
