"""A server that is judged is held to bounds: by the kernel where it may be asked to, by samples everywhere."""

import os
import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from report.errors import ServerError
from report.recording import JUDGING, LIMITS, cgroup, kernel, limits, record
from report.recording.cancel import Cancel
from report.recording.cgroup import Group
from report.recording.limits import Hold
from report.recording.process import Supervised
from report.run import Bounds, Sample
from tests.recording.harness import DEADLINE, ROOT, SHORT, Remembering, fake, planned, wait_for

BOUNDS = Bounds(memory=2**27, tasks=100, descriptors=50, file=2**20)
NOBODY = Sample(time=0.0, processes=1, threads=1, zombies=0, rss=0, descriptors=3, cpu=0.0)


@pytest.fixture
def cancel() -> Iterator[Cancel]:
    with closing(Cancel()) as one:
        yield one


def python(code: str, cancel: Cancel, hold: Hold) -> Supervised:
    return Supervised("test", [sys.executable, "-c", code], ROOT, cancel, hold=hold.words, descriptors=hold.descriptors)


def own_group() -> Group:
    """One that this user may make here; it is removed again at once."""
    group = cgroup.make(cgroup.name(), BOUNDS)
    if group is None:
        pytest.skip("this user may make no control group here")
    group.remove()
    return group


# --- what a process is told -----------------------------------------------------------------------------------------


def test_what_is_not_judged_is_held_to_nothing(tmp_path: Path) -> None:
    assert (LIMITS.bounds, JUDGING.bounds) == (None, Bounds())
    assert Hold(None).words == []
    made = record(ROOT, planned(fake("answers")), tmp_path, Remembering(), SHORT)
    assert (made.record.held, made.record.control) == (None, None)
    told = (tmp_path / made.identity.directory / "run.json").read_text(encoding="utf-8")
    assert '"held"' not in told
    assert '"control"' not in told


def test_a_server_that_keeps_to_its_bounds_is_recorded_with_them(tmp_path: Path) -> None:
    made = record(ROOT, planned(fake("answers")), tmp_path, Remembering(), replace(SHORT, bounds=Bounds()))
    assert made.record.held is not None
    assert (made.record.held.bounds, made.record.held.exceeded) == (Bounds(), None)
    assert not any("used more" in caveat for caveat in made.record.caveats)


def test_each_process_is_limited_in_descriptors_and_files_and_what_is_less_already_stays(cancel: Cancel) -> None:
    code = "import resource as r; print(*r.getrlimit(r.RLIMIT_NOFILE), *r.getrlimit(r.RLIMIT_FSIZE))"
    with python(code, cancel, Hold(BOUNDS)) as command:
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert command.output().lines() == ["50 50 1048576 1048576"]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with python(code, cancel, Hold(BOUNDS.model_copy(update={"descriptors": most + 1}))) as command:
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert command.output().lines()[0].split()[1] == str(most)


# --- what samples tell ----------------------------------------------------------------------------------------------


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may make no control group."""
    monkeypatch.setattr(cgroup, "make", lambda *_: None)


def test_what_a_server_uses_too_much_of_goes_before_that_it_listens_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hold, "_exceeded", lambda *_: "tasks")  # as at the first look, when all patience is spent
    with pytest.raises(ServerError, match="and threads and was ended") as caught:
        record(
            ROOT, planned(fake("never_listens")), tmp_path, Remembering(), replace(SHORT, start=0.0, bounds=Bounds())
        )
    assert (caught.value.stage, caught.value.excess) == ("starts", ("tasks", Bounds().tasks))


@pytest.mark.usefixtures("watched")
def test_more_tasks_than_the_bound_are_the_end_of_all_of_them(cancel: Cancel) -> None:
    hold = Hold(BOUNDS)
    with python("import os, time\nfor _ in range(3): os.fork()\ntime.sleep(600)", cancel, hold) as command:
        hold.look(command, replace(NOBODY, threads=60, zombies=40))
        assert hold.excess is None
        hold.look(command, replace(NOBODY, threads=60, zombies=41))
        assert hold.excess == ("tasks", 100)
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert hold.told() == "used more than 100 processes and threads and was ended, with all that came of it"
    held = hold.held(command)
    assert held is not None
    assert (held.by, held.exceeded) == ("samples", "tasks")


@pytest.mark.usefixtures("watched")
def test_a_page_that_many_share_is_one_page_and_one_of_their_own_is_each_its_own(cancel: Cancel) -> None:
    code = """
import os, sys, time
kept = bytearray(os.urandom(2**20) * 40)
made, ready = os.pipe()
for _ in range(9):
    if os.fork() == 0:
        if sys.argv[1] == "own":
            kept[::4096] = bytes(len(kept[::4096]))
        os.write(ready, b"x")
        time.sleep(600)
for _ in range(9):
    os.read(made, 1)
print("all are there", flush=True)
time.sleep(600)
"""
    for kind, least, most in (("shared", 40, 160), ("own", 400, 600)):
        lines: list[str] = []
        words = [sys.executable, "-c", code, kind]
        with Supervised("test", words, ROOT, cancel, lines.append) as command:
            wait_for(lambda lines=lines: "all are there" in lines, "nine children")  # type: ignore[misc]
            assert sum(process.rss for process in kernel.descendants(command.supervisor)) > 400 * 2**20
            assert least * 2**20 < limits.memory(command.supervisor) < most * 2**20


@pytest.mark.usefixtures("watched")
def test_memory_is_summed_only_when_it_may_be_too_much_and_not_at_every_look(
    cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = [BOUNDS.memory + 1, BOUNDS.memory]
    monkeypatch.setattr(limits, "memory", lambda _: sums.pop())
    hold = Hold(BOUNDS)
    with python("import time; time.sleep(600)", cancel, hold) as command:
        much = replace(NOBODY, rss=BOUNDS.memory + 1)
        for sample in (NOBODY, replace(NOBODY, rss=BOUNDS.memory), much, much, much):
            hold.look(command, sample)
        assert (len(sums), hold.excess) == (1, None)
        hold._next = 0.0
        hold.look(command, much)
        assert hold.excess == ("memory", BOUNDS.memory)
        assert command.wait(lambda: command.finished is not None, DEADLINE)


@pytest.mark.usefixtures("watched")
def test_a_file_over_the_bound_ends_a_program_in_c_and_is_told(cancel: Cancel, tmp_path: Path) -> None:
    code = (
        "import signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open(sys.argv[1], 'wb').write(bytes(2**21))"
    )
    hold = Hold(BOUNDS)
    words = [sys.executable, "-c", code, str(tmp_path / "big")]
    with Supervised("test", words, ROOT, cancel, hold=hold.words, descriptors=hold.descriptors) as command:
        assert command.wait(lambda: command.finished is not None, DEADLINE)
        assert hold.close(command) == "used more than 1 MiB in one file and was ended, with all that came of it"
    assert command.exited is not None
    assert command.exited.code == -signal.SIGXFSZ
    assert (tmp_path / "big").stat().st_size == 2**20


# --- control groups -------------------------------------------------------------------------------------------------


def inside(group: Group) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in (group.directories[0] / "cgroup.procs").read_text().split()]
    return []


def test_a_command_is_in_a_group_of_its_own_its_supervisor_is_not_and_the_group_goes_with_it(cancel: Cancel) -> None:
    own_group()
    hold = Hold(BOUNDS)
    assert hold.group is not None
    with python("import os; os.fork(); os.read(0, 1); import time; time.sleep(600)", cancel, hold) as command:
        wait_for(lambda: len(inside(hold.group)) == 2, "two processes in the group")  # type: ignore[arg-type]
        assert sorted(inside(hold.group)) == sorted(p.pid for p in kernel.descendants(command.supervisor))
        assert all(directory.is_dir() for directory in hold.group.directories)
    assert not any(directory.exists() for directory in hold.group.directories)
    held = hold.held(command)
    assert held is not None
    assert held.by == hold.group.version


def test_the_kernel_refuses_the_fork_over_the_bound_and_tells(cancel: Cancel) -> None:
    own_group()
    hold = Hold(BOUNDS.model_copy(update={"tasks": 5}))
    assert hold.group is not None
    code = """
import os, time
for _ in range(8):
    try:
        if os.fork() == 0:
            time.sleep(600)
    except BlockingIOError:
        print("refused", flush=True)
time.sleep(600)
"""
    lines: list[str] = []
    with Supervised(
        "test", [sys.executable, "-c", code], ROOT, cancel, lines.append, hold=hold.words, descriptors=hold.descriptors
    ) as command:
        wait_for(lambda: len(lines) == 4, "forks that are refused")
        assert hold.group.exceeded() == "tasks"
        hold.look(command, NOBODY)
        assert hold.excess == ("tasks", 5)
        assert command.wait(lambda: command.finished is not None, DEADLINE)
    assert not any(directory.exists() for directory in hold.group.directories)


def test_a_group_that_can_be_made_but_not_left_again_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("group", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "group/cgroup.procs").touch()
    made = Group("cgroup v2", (tmp_path / "group",), (tmp_path / "home",))
    monkeypatch.setattr(cgroup, "make", lambda *_: made)
    before = os.listdir("/proc/self/fd")
    hold = Hold(BOUNDS)
    assert hold.group is None
    assert len(hold.words) == 2
    assert os.listdir("/proc/self/fd") == before


def test_forks_that_are_refused_to_what_is_being_killed_are_not_charged(cancel: Cancel) -> None:
    own_group()
    hold = Hold(BOUNDS)
    assert hold.group is not None
    with python("import time; time.sleep(600)", cancel, hold) as command:
        assert hold.close(command) == ""
        (hold.group.directories[-1] / "pids.max").write_text("1")
        hold.look(command, replace(NOBODY, threads=1000))
        assert hold.excess is None


def test_a_group_is_gone_though_its_supervisor_was_killed(cancel: Cancel) -> None:
    own_group()
    hold = Hold(BOUNDS)
    assert hold.group is not None
    command = python("import time; time.sleep(600)", cancel, hold)
    wait_for(lambda: len(inside(hold.group)) == 1, "the command in its group")  # type: ignore[arg-type]
    (pid,) = inside(hold.group)
    os.kill(command.supervisor, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    with suppress(Exception):
        command.close()

    def gone() -> bool:
        hold.remove()
        return not any(directory.exists() for directory in hold.group.directories)  # type: ignore[union-attr]

    wait_for(gone, "the group to be removed")


def cgroups(place: Path, own: str, *directories: str) -> Path:
    """A made-up /sys/fs/cgroup with these groups, and what /proc/self/cgroup says."""
    for directory in directories:
        (place / directory).mkdir(parents=True)
    (place / "own").write_text(own)
    return place


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Directories, as patterns, in which the made-up kernel hands its controllers on: a new group there has files."""
    handing: list[str] = []
    mkdir = Path.mkdir

    def made(path: Path, *options: object, **more: object) -> None:
        mkdir(path, *options, **more)  # type: ignore[arg-type]
        if re.fullmatch("|".join(handing) or "-", str(path.parent)):
            for name in ("memory.max", "memory.swap.max", "pids.max", "memory.limit_in_bytes"):
                (path / name).touch()

    monkeypatch.setattr(Path, "mkdir", made)
    return handing


def test_of_version_2_a_group_is_made_below_its_own_or_beside_it(tmp_path: Path, filled: list[str]) -> None:
    place = cgroups(tmp_path, "0::/user/shell.scope\n", "user/shell.scope")
    assert cgroup.make("new", BOUNDS, place, place / "own") is None
    assert not list(place.rglob("new"))
    filled.append(".*/user")
    beside = cgroup.make("new", BOUNDS, place, place / "own")
    assert beside == Group("cgroup v2", (place / "user" / "new",), (place / "user" / "shell.scope",))
    limits_set = {path.name: path.read_text() for path in beside.directories[0].iterdir() if path.stat().st_size}
    assert limits_set == {"memory.max": "134217728", "memory.swap.max": "0", "pids.max": "100"}
    filled.append(".*/shell.scope")
    below = cgroup.make("new", BOUNDS, place, place / "own")
    assert below is not None
    assert below.directories == (place / "user" / "shell.scope" / "new",)


def test_of_version_1_a_group_is_made_below_its_own_in_both_hierarchies(tmp_path: Path, filled: list[str]) -> None:
    own = "9:name=systemd:/\n5:cpu,cpuacct:/\n4:memory:/a/b\n3:pids:/\n0::/\n"
    place = cgroups(tmp_path, own, "memory/a/b", "pids", "unified")
    filled.append(".*/memory/a/b|.*/pids")
    made = cgroup.make("new", BOUNDS, place, place / "own")
    directories = (place / "memory" / "a" / "b" / "new", place / "pids" / "new")
    assert made == Group("cgroup v1", directories, (place / "memory" / "a" / "b", place / "pids"))
    assert (directories[0] / "memory.limit_in_bytes").read_text() == "134217728"
    assert (directories[1] / "pids.max").read_text() == "100"
    assert not (place / "unified" / "new").exists()


@pytest.mark.parametrize("own", ["", "0::/elsewhere\n", "4:memory:/a\n", "4:memory:/no\n3:pids:/no\n"])
def test_without_the_right_to_make_one_there_is_none_and_nothing_is_left(tmp_path: Path, own: str) -> None:
    place = cgroups(tmp_path, own, "memory/a")
    before = sorted(place.rglob("*"))
    assert cgroup.make("new", BOUNDS, place, place / "own") is None
    assert sorted(place.rglob("*")) == before
    assert cgroup.make("new", BOUNDS, place, place / "nothing") is None


@pytest.mark.parametrize(
    ("version", "name", "text", "used"),
    [
        ("cgroup v2", "pids.events", "max 0\n", None),
        ("cgroup v2", "pids.events", "max 3\n", "tasks"),
        ("cgroup v2", "memory.events", "low 0\nhigh 0\nmax 7\noom 0\noom_kill 1\n", None),  # the machine's own trouble
        ("cgroup v2", "memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\n", "memory"),
        ("cgroup v1", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", "memory"),
        ("cgroup v1", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", None),
    ],
)
def test_what_the_kernel_counts_tells_what_there_was_too_much_of(
    tmp_path: Path, version: cgroup.Version, name: str, text: str, used: str | None
) -> None:
    (tmp_path / name).write_text(text)
    assert Group(version, (tmp_path,), (tmp_path,)).exceeded() == used
