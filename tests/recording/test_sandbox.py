"""A program that is shut in harms nobody but itself, and is judged like any other: its end, its output, its processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from report.recording import cgroup, foreign, kernel, network, sandbox
from report.recording.cancel import Cancel
from report.recording.limits import Hold
from report.recording.process import Supervised
from report.run import Bounds
from tests.recording.harness import DEADLINE, ROOT, processes_with, wait_for

pytestmark = pytest.mark.skipif(
    sandbox.version() is None and "REQUIRE_TOOLS" not in os.environ, reason="needs bubblewrap, and namespaces"
)


@pytest.fixture
def cancel() -> Iterator[Cancel]:
    with closing(Cancel()) as one:
        yield one


@pytest.fixture
def room(tmp_path: Path) -> Path:
    made = tmp_path / "room"
    made.mkdir()
    return made


def shut_in(code: str, cancel: Cancel, room: Path, *words: str, hold: Hold | None = None) -> Supervised:
    held, descriptors = (hold.words, hold.descriptors) if hold else ((), ())
    words = (sys.executable, "-c", code, *words)
    return Supervised("test", words, room, cancel, hold=held, descriptors=descriptors, room=room)


def said(code: str, cancel: Cancel, room: Path, *words: str) -> list[str]:
    with shut_in(code, cancel, room, *words) as command:
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    return command.output().lines()


def test_it_is_shut_in_here_and_that_is_told() -> None:
    version = sandbox.version()
    assert version is not None
    assert version.startswith("bubblewrap ")


def test_its_end_is_told_as_it_was(cancel: Cancel, room: Path) -> None:
    for code, status in (
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 11)", -signal.SIGSEGV),
        ("import os; os.abort()", -signal.SIGABRT),
    ):
        with shut_in(code, cancel, room) as command:
            assert command.wait(lambda: command.exited is not None, DEADLINE)
            assert command.exited is not None
            assert command.exited.code == status


def test_it_is_asked_to_stop_as_any_other_and_may_refuse(cancel: Cancel, room: Path) -> None:
    refusing = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(600)"
    for code, ended in (("import time; print('ready'); time.sleep(600)", signal.SIGTERM), (refusing, signal.SIGKILL)):
        heard: list[str] = []
        with Supervised("test", [sys.executable, "-uc", code], room, cancel, heard.append, room=room) as command:
            wait_for(lambda heard=heard: "ready" in heard, "the command to be ready")  # type: ignore[misc]
            command.stop(DEADLINE if ended == signal.SIGTERM else 0.1)
            assert command.wait(lambda command=command: command.exited is not None, DEADLINE)  # type: ignore[misc]
            assert command.exited is not None
            assert command.exited.code == -ended


def test_its_processes_are_seen_from_outside_and_what_outlives_it_is_ended(cancel: Cancel, room: Path) -> None:
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nif os.fork() == 0: time.sleep(600)"
    )
    with shut_in(code, cancel, room) as command:
        assert command.wait(lambda: command.exited is not None, DEADLINE)
        left = kernel.descendants(command.supervisor)
        assert {process.parent for process in left} == {command.supervisor}
        assert command.supervisor != command.pid
        command.kill()
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert command.finished is not None
    assert command.finished.killed == len(left) == 2
    assert kernel.descendants(command.pid) == []


def test_it_sees_and_signals_no_process_but_its_own(cancel: Cancel, room: Path) -> None:
    code = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit()))
if os.fork() == 0:
    os._exit(os.kill(-1, signal.SIGKILL) or 0)
os.wait()
"""
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        with shut_in(code, cancel, room) as command:
            assert command.wait(lambda: command.finished is not None, DEADLINE)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    assert command.output().lines() == ["[1, 2]"]
    assert str(command.exited) == "signal SIGKILL"


def test_it_cannot_end_its_supervisor_or_speak_in_its_name(cancel: Cancel, room: Path) -> None:
    code = """
import os, signal
os.kill(1, signal.SIGKILL)
for number in os.listdir("/proc/1/fd") if os.access("/proc/1/fd", os.R_OK) else "3456":
    try:
        os.write(os.open(f"/proc/1/fd/{number}", os.O_WRONLY), b'{"event": "exited", "code": 0, "time": 0}\\n')
        print("wrote", number)
    except OSError:
        pass
raise SystemExit(5)
"""
    with shut_in(code, cancel, room) as command:
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert command.output().lines() == []
    assert str(command.exited) == "exit status 5"


def test_of_files_it_has_its_room_and_what_every_program_needs(cancel: Cancel, room: Path, tmp_path: Path) -> None:
    (tmp_path / "of somebody else").write_text("secret")
    code = """
import os, sys, tempfile
for path in sys.argv[1:]:
    print(os.path.exists(path), end=" ")
    try:
        open(os.path.join(path, "written"), "w").close()
        print("written")
    except OSError as error:
        print(type(error).__name__)
print(open(tempfile.mkstemp()[0], "w").write("a scratch file"))
"""
    places = [str(room), str(tmp_path / "of somebody else"), str(ROOT / "README.md"), "/usr", "/dev", "/", "/sys"]
    lines = said(code, cancel, room, *places)
    assert lines == [
        "True written",
        "False FileNotFoundError",
        "False FileNotFoundError",
        "True OSError",
        "True OSError",
        "True OSError",
        "False FileNotFoundError",
        "14",
    ]
    assert [path.name for path in room.iterdir()] == ["written"]


def test_what_it_may_write_to_memory_is_bounded(cancel: Cancel, room: Path) -> None:
    code = """
import os
for place in ("/tmp", "/dev/shm"):
    try:
        with open(place + "/large", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 1 << 28)
        print("written")
    except OSError as error:
        print(error.strerror)
"""
    assert said(code, cancel, room) == ["No space left on device"] * 2


@pytest.mark.skipif(not network.is_possible(), reason="needs network namespaces")
def test_with_a_network_of_its_own_it_reaches_nobody_elses(cancel: Cancel, room: Path) -> None:
    code = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
    print("reached")
except OSError as error:
    print(type(error).__name__)
"""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = [sys.executable, "-c", code, str(listener.getsockname()[1])]
        apart = network.words(network.NEW)
        with Supervised("test", words, room, cancel, network=apart, room=room) as command:
            assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert command.output().lines() == ["ConnectionRefusedError"]


def test_the_kernel_keeps_it_to_its_bounds_there_too(cancel: Cancel, room: Path) -> None:
    bounds = Bounds(tasks=10)
    if (tried := cgroup.make(cgroup.name(), bounds)) is None:
        pytest.skip("this user may make no control group here")
    tried.remove()
    hold = Hold(bounds)
    assert hold.group is not None
    code = """
import os, time
try:
    for _ in range(100):
        if os.fork() == 0: time.sleep(600)
except BlockingIOError:
    print("no more")
"""
    try:
        with shut_in(code, cancel, room, hold=hold) as command:
            assert command.grouped
            assert command.wait(lambda: command.exited is not None, DEADLINE)
            assert hold.group.exceeded() == "tasks"
        assert command.output().lines() == ["no more"]
    finally:
        hold.remove()
    assert not any(directory.exists() for directory in hold.group.directories)


def test_of_a_recorder_that_was_killed_nothing_is_left_in_there(room: Path) -> None:
    tag = f"tag-of-{room.parent.name}-{os.getpid()}"
    code = f"""
import sys
from contextlib import closing
from pathlib import Path
from report.recording.cancel import Cancel
from report.recording.process import Supervised
with closing(Cancel()) as cancel:
    words = [sys.executable, "-c", "import time; time.sleep(600)", "{tag}"]
    with Supervised("test", words, Path("{room}"), cancel, room=Path("{room}")) as command:
        print("started", flush=True)
        command.wait(lambda: False, 600)
"""
    environment = os.environ | {
        "TMPDIR": str(room.parent)
    }  # its mount point stays there, which who is in it cannot remove
    recorder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "started\n"
        assert processes_with(tag)
    finally:
        recorder.kill()
        recorder.wait()
        recorder.stdout.close()  # type: ignore[union-attr]
    wait_for(lambda: not processes_with(tag), "everything to be ended")


def test_a_group_that_a_killed_recorder_left_is_removed_by_the_next() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    if (group := cgroup.make(f"report-{ended.pid}-left", Bounds())) is None:
        pytest.skip("this user may make no control group here")
    other = cgroup.make(cgroup.name(), Bounds())
    assert other is not None
    assert all(directory.is_dir() for directory in other.directories)
    other.remove()
    assert not any(directory.exists() for directory in group.directories)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_compiler_finds_all_that_it_needs_in_there(cancel: Cancel, room: Path) -> None:
    (room / "a.c").write_text('#include <pthread.h>\n#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n')
    words = ["sh", "-c", "cc -Wall -g -pthread -fsanitize=address -o a a.c && ASAN_OPTIONS=detect_leaks=0 ./a"]
    with Supervised("test", words, room, cancel, room=room) as command:
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert command.output().lines() == ["built"]


def test_builds_are_shut_in_too(room: Path, tmp_path: Path) -> None:
    (tmp_path / "of somebody else").touch()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = f"""
import os, socket
print(os.path.exists({str(tmp_path / "of somebody else")!r}))
with socket.socket() as asking:
    print(asking.connect_ex(("127.0.0.1", {listener.getsockname()[1]})) == 0)
open("built", "w").close()
"""
        good, words = foreign.build("test", [sys.executable, "-c", code], room, room=room)
    assert (good, words) == (True, f"False\n{not network.is_possible()}")
    assert [path.name for path in room.iterdir()] == ["built"]


def test_without_bubblewrap_nobody_is_shut_in_and_that_is_told(
    cancel: Cancel, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_bare", lambda: None)
    monkeypatch.setattr(sandbox, "version", sandbox.version.__wrapped__)
    assert sandbox.version() is None
    with shut_in("raise SystemExit(4)", cancel, room) as command:
        assert command.wait(lambda: command.exited is not None, DEADLINE)
        assert command.supervisor == command.pid
    assert str(command.exited) == "exit status 4"
