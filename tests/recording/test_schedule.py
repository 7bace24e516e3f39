"""Many runs: side by side or alone, each failure told, each good run kept, two recorders at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from report import evidence
from report.errors import ServerError, SpecError
from report.recording import record, record_all
from report.scenario import Phase
from report.spec import Server
from tests.recording.harness import DEADLINE, FAKES, ROOT, SHORT, Remembering, fake, planned, scenario


def test_runs_that_wait_go_side_by_side(tmp_path: Path) -> None:
    plan = [planned(fake("answers"), scenario(delay=0.5), name=f"shared{n}") for n in range(4)]
    progress = Remembering()
    record_all(ROOT, plan, tmp_path, progress, jobs=4)
    assert progress.most_at_once > 1
    assert sorted(run for run, _ in progress.of("done")) == [f"shared{n}" for n in range(4)]


def test_no_more_runs_are_under_way_than_were_asked_for(tmp_path: Path) -> None:
    plan = [planned(fake("answers"), name=f"shared{n}") for n in range(3)]
    progress = Remembering()
    record_all(ROOT, plan, tmp_path, progress, jobs=1)
    assert progress.most_at_once == 1


def test_an_exclusive_run_is_alone_and_comes_after_the_others(tmp_path: Path) -> None:
    alone = [planned(fake("answers"), scenario(exclusive=True), name=f"alone{n}") for n in range(2)]
    shared = [planned(fake("answers"), name=f"shared{n}") for n in range(2)]
    progress = Remembering()
    record_all(ROOT, [alone[0], *shared, alone[1]], tmp_path, progress, jobs=4)
    ended: set[str] = set()
    for what, run, text in progress.events:
        if (what, text) == ("stage", "starting") and run.startswith("alone"):
            assert ended >= {"shared0", "shared1"}
            assert len(ended) == 2 + int(run[-1])
        if what == "done":
            ended.add(run)
    assert len(ended) == 4


def test_the_longest_run_begins_first(tmp_path: Path) -> None:
    lengths = {"short": 0.1, "long": 0.6, "middle": 0.3}
    plan = [
        planned(fake("answers"), scenario(arrival=(Phase(rate=10, seconds=seconds),)), name=name)
        for name, seconds in lengths.items()
    ]
    progress = Remembering()
    record_all(ROOT, plan, tmp_path, progress, jobs=1)
    assert [run for run, text in progress.of("stage") if text == "starting"] == ["long", "middle", "short"]


def test_good_runs_are_kept_and_all_failures_told_together(tmp_path: Path) -> None:
    good = [planned(fake("answers"), name=f"good{n}") for n in range(2)]
    bad = [planned(fake("exits_at_once"), name="ends"), planned(fake("never_listens"), name="mute")]
    progress = Remembering()
    with pytest.raises(ServerError) as caught:
        record_all(ROOT, [bad[0], good[0], bad[1], good[1]], tmp_path, progress, jobs=2, limits=SHORT)
    assert sorted(problem.split(":")[0] for problem in caught.value.problems) == ["ends/only.one", "mute/only.one"]
    assert sorted(run for run, _ in progress.of("failed")) == ["ends", "mute"]
    for one in good:
        assert evidence.read(tmp_path / one.identity.directory)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good0", "good1"]


def test_faults_of_the_specification_are_all_told_before_anything_runs(tmp_path: Path) -> None:
    unknown = planned(Server(command=("{nothing}",), sources=(f"{FAKES}/plain.py",)), name="unknown")
    sourceless = planned(Server(command=("true",)), name="sourceless")
    progress = Remembering()
    with pytest.raises(SpecError) as caught:
        record_all(ROOT, [planned(fake("answers")), unknown, sourceless], tmp_path, progress, jobs=2)
    first, second = caught.value.problems
    assert first.startswith("assignments/unknown/scenario.toml: servers.one.command: unknown placeholder {nothing}")
    assert second.startswith("assignments/sourceless/scenario.toml: servers.one: needs sources")
    assert progress.events == []


def test_a_fault_of_the_generator_is_not_hidden_among_those_of_servers(tmp_path: Path) -> None:
    class Broken(Remembering):
        def done(self, identity: object, seconds: float) -> None:
            raise LookupError("a fault of the display")

    with pytest.raises(LookupError, match="a fault of the display"):
        record_all(ROOT, [planned(fake("answers"))], tmp_path, Broken(), jobs=1)


def test_one_run_is_told_to_the_display_from_start_to_end(tmp_path: Path) -> None:
    progress = Remembering()
    record(ROOT, planned(fake("answers")), tmp_path, progress)
    assert [text for _, text in progress.of("stage")] == [
        "starting", "under load", "waiting for zombies", "settling", "stopping",
    ]  # fmt: skip
    assert [text for _, text in progress.of("server")].count("answered") == 2
    assert sum(text.startswith("request ") for _, text in progress.of("client")) == 2
    assert len(progress.of("done")) == 1


def test_two_recorders_at_once_leave_one_whole_run(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from report.recording import PlainProgress, record; "
        "from tests.recording.harness import ROOT, fake, planned; "
        f"[record(ROOT, planned(fake('answers')), Path({str(tmp_path)!r}), PlainProgress()) for _ in range(3)]"
    )
    recorders = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [recorder.wait(DEADLINE) for recorder in recorders] == [0, 0]
    made = evidence.read(tmp_path / "fake" / "only.one")
    assert [request.outcome for request in made.requests] == ["answered", "answered"]
    assert [path.name for path in (tmp_path / "fake").iterdir()] == ["only.one"]
