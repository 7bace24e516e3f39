"""Whole runs: the evidence of a good server, and each fault as a finding or as one clear sentence."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from report import evidence
from report.errors import ServerError
from report.recording import Limits, record, record_all
from report.spec import Load, Phase
from tests.recording.harness import ROOT, SHORT, Remembering, fake, planned, processes_with, scenario, wait_for


def test_a_run_is_whole_and_reads_back_as_it_was_made(tmp_path: Path) -> None:
    one = planned(fake("answers"), scenario(arrival=(Phase(rate=20, seconds=0.2),), settle=0.1))
    made = record(ROOT, one, tmp_path, Remembering())
    assert evidence.read(tmp_path / one.identity.directory) == made
    assert [r.outcome for r in made.requests] == ["answered"] * 4
    assert made.requests[0].due == 0.0
    assert all(r.due <= (r.started or 0) <= (r.connected or 0) <= (r.done or 0) for r in made.requests)
    assert (made.record.ending.exit_status, made.record.ending.killed) == (0, 0)
    assert (made.record.leftovers.zombies, made.record.leftovers.orphans, made.record.leftovers.listeners) == (0, 0, 0)
    assert made.samples
    assert max(sample.processes for sample in made.samples) >= 1
    text = (tmp_path / one.identity.directory / "run.json").read_text()
    assert str(ROOT) not in text
    assert made.record.command[0] == "python"


def test_a_stalled_connection_is_recorded_apart(tmp_path: Path) -> None:
    one = planned(fake("answers"), scenario(load=Load(stalled=1, timeout=30.0)))
    made = record(ROOT, one, tmp_path, Remembering())
    assert sorted(r.kind for r in made.requests) == ["request", "request", "stalled"]


@pytest.mark.parametrize(("name", "told"), [("never_listens", "listen"), ("exits_at_once", "ended before it listened")])
def test_a_server_that_never_comes_to_listen_explains_itself(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(ServerError) as caught:
        record(ROOT, planned(fake(name)), tmp_path, Remembering(), SHORT)
    assert told in str(caught.value)
    assert "command: python" in str(caught.value)
    assert list(tmp_path.rglob("run.json")) == []


def test_what_a_server_leaves_behind_is_a_finding(tmp_path: Path) -> None:
    zombies = record(ROOT, planned(fake("leaves_zombies")), tmp_path, Remembering(), SHORT).record
    orphan = record(ROOT, planned(fake("leaves_orphan"), name="other"), tmp_path, Remembering(), SHORT).record
    stubborn = record(ROOT, planned(fake("ignores_term"), name="third"), tmp_path, Remembering(), SHORT).record
    assert zombies.leftovers.zombies >= 1
    assert orphan.leftovers.orphans >= 1
    assert stubborn.ending.killed >= 1


def test_a_server_that_dies_midway_is_evidence(tmp_path: Path) -> None:
    made = record(ROOT, planned(fake("dies_midway")), tmp_path, Remembering(), SHORT)
    assert any(r.outcome != "answered" for r in made.requests)
    assert made.record.caveats


def test_good_runs_are_kept_when_another_fails_and_all_faults_are_told_together(tmp_path: Path) -> None:
    good = planned(fake("answers"), name="good")
    bad = [planned(fake("exits_at_once"), name=f"bad{n}") for n in (1, 2)]
    with pytest.raises(ServerError) as caught:
        record_all(ROOT, [bad[0], good, bad[1]], tmp_path, Remembering(), jobs=3)
    assert len(caught.value.problems) == 2
    assert evidence.find(tmp_path / good.identity.directory) is not None


def test_runs_that_wait_go_side_by_side_and_exclusive_ones_alone(tmp_path: Path) -> None:
    shared = [planned(fake("answers"), scenario(delay=0.5), name=f"shared{n}") for n in range(3)]
    alone = [planned(fake("answers"), scenario(exclusive=True), name=f"alone{n}") for n in range(2)]
    together, apart = Remembering(), Remembering()
    record_all(ROOT, shared, tmp_path, together, jobs=3)
    record_all(ROOT, alone, tmp_path, apart, jobs=3)
    assert together.most_at_once == 3
    assert apart.most_at_once == 1


RECORDER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from report.recording import record, PlainProgress
from tests.recording.harness import ROOT, fake, planned, scenario
record(ROOT, planned(fake("answers"), scenario(delay=60), name={name!r}), Path({folder!r}), PlainProgress())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_recorder_that_is_ended_leaves_no_process_and_no_half_evidence(tmp_path: Path, number: int) -> None:
    name = f"ended{number}x{os.getpid()}"
    code = RECORDER.format(root=str(ROOT), name=name, folder=str(tmp_path))
    recorder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    below = f"/proc/{recorder.pid}/task/{recorder.pid}/children"
    started: list[int] = []

    def under_load() -> bool:
        started[:] = descendants(recorder.pid)
        return any(b"assignments.accesses" in command(pid) for pid in started)

    try:
        wait_for(under_load, "the load to begin")
        assert Path(below).exists()
        recorder.send_signal(number)
        recorder.wait(60)
        wait_for(lambda: not any(alive(pid) for pid in started), "all that was started to end")
    finally:
        recorder.kill()
        recorder.wait()
    assert list(tmp_path.rglob("run.json")) == []


def descendants(root: int) -> list[int]:
    """All processes below one, by their parents."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {root})


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_limits_are_deadlines_not_speeds() -> None:
    assert Limits().start >= 10
    assert processes_with("a tag that nobody has, 7e1f" + str(os.getpid())) in ([], [os.getpid()])
