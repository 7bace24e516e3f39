"""Judgements on many machines: real schedulers and workers say the same as this process, whoever dies meanwhile."""

import builtins
import os
import shutil
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from report.errors import SpecError
from report.graded import verdicts_digest
from report.grading import cell, cluster, conventions, engine
from report.grading.cell import Answer, Task
from report.recording import kernel
from tests.builders import REPOSITORY
from tests.grading.cells import Failing, Held, Script, task
from tests.grading.classroom import broken, c, is_as, mistakes, right
from tests.grading.cluster import scheduler
from tests.recording.harness import arguments_of, wait_for

pytestmark = pytest.mark.timeout(400)
SAID = {"a": "accepted", "b": "zombies", "c": "accepted", "d": "orphans", "e": "accepted", "f": "zombies"}


def there(address: str, count: int) -> None:
    """All workers have come."""
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def digest(found: Sequence[tuple[Task, Answer]]) -> str:
    return verdicts_digest(one.graded for _, one in found)


def test_a_worker_that_is_killed_midway_costs_nobody_a_verdict(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    tasks = [task(student) for student in SAID]
    with scheduler(tmp_path, 3) as address:
        there(address, 3)
        with cluster.at(address) as place:
            assert (place.most, place.told) == (12, "6 submissions side by side on 3 workers")
            held = Held(notes, tuple(SAID.items()))
            found = [*engine.judged(tasks, _Killing(place.shared, notes), place.most, held)]
    ran = {path.name.split(".")[0] for path in notes.iterdir() if "." in path.name}
    assert len(ran) >= 3, "the tasks of who was killed went to others"
    with engine.here(4, 4) as place:
        alike = [*engine.judged(tasks, place.shared, 1, Script({name: [said] for name, said in SAID.items()}))]
    assert digest(found) == digest(alike)
    assert {one.graded.attempts for _, one in found} == {1, 2}, "whom a dead worker cost a judgement is not told so"


class _Killing(Executor):
    """An executor that, once all tasks have been asked for, kills one worker in the middle of its tasks."""

    def __init__(self, executor: Executor, notes: Path) -> None:
        self._executor, self._notes, self._asked = executor, notes, 0

    def submit(self, work: Any, /, *words: Any, **named: Any) -> Any:
        future = self._executor.submit(work, *words)
        self._asked += 1
        if self._asked == len(SAID):
            wait_for(lambda: len([*self._notes.iterdir()]) == len(SAID), "every task to be under way")
            victim = int(next(iter(sorted(self._notes.iterdir()))).name.split(".")[0])
            os.kill(victim, signal.SIGKILL)
            (self._notes / "go").touch()
        return future


def children(of: int) -> list[int]:
    return [one.pid for one in kernel.descendants(of) if "report.grading.apart" in arguments_of(one.pid)]


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_submissions_are_really_judged_on_workers_and_one_that_dies_leaves_no_process(tmp_path: Path) -> None:
    handed = {
        "right": c(2, right(2), "accepted"),
        "serial": mistakes(2)["no-thread"],
        "none": broken(2)["lacks a header"],
    }
    rules = cell.rules_digest(REPOSITORY, cell.every_rule(REPOSITORY)["thread"], 0.2)
    tasks = [
        Task(name, "thread", 2, made.files, conventions.way(made.files, 2, only=True), name, rules, 0.2)
        for name, made in handed.items()
    ]
    killed: list[int] = []

    def kill(client: Client) -> None:
        """The first worker of which a judgement is under way; then nothing of that is left."""
        pids = client.run(os.getpid).values()
        wait_for(lambda: any(children(pid) for pid in pids), "a judgement")
        victim = next(pid for pid in pids if children(pid))
        killed.extend(children(victim))
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: not any("report.grading.apart" in arguments_of(pid) for pid in killed), "its end")

    with scheduler(tmp_path, 2) as address:
        there(address, 2)
        with Client(address, set_as_default=False) as client, cluster.at(address) as place:
            killer = threading.Thread(target=kill, args=(client,))
            killer.start()
            found = [*engine.judged(tasks, place.shared, place.most, engine.working(None))]
            killer.join()
    assert killed
    said = {one.student: (given.graded.outcome, given.graded.diagnosis) for one, given in found}
    assert {name: is_as(made.verdict, *said[name]) for name, made in handed.items()} == dict.fromkeys(handed, True), (
        said
    )
    with engine.here(12, 4) as place:
        assert digest([*engine.judged(tasks, place.shared, 3, engine.working(REPOSITORY))]) == digest(found)


def test_one_that_must_be_alone_takes_all_slots_of_a_worker(tmp_path: Path) -> None:
    with scheduler(tmp_path, 1) as address:
        there(address, 1)
        (tmp_path / "go").touch()
        with cluster.at(address) as place:
            future = place.alone.submit(Held(tmp_path, tuple(SAID.items())), task("a"))
            assert future.result(60).graded.outcome == "accepted"
            with Client(address, set_as_default=False) as client:
                (worker,) = client.scheduler_info(n_workers=-1)["workers"].values()
                assert worker["resources"] == {"slots": 2}


def test_trouble_on_a_cluster_is_tried_as_often_as_elsewhere(tmp_path: Path) -> None:
    with scheduler(tmp_path, 1) as address:
        there(address, 1)
        with cluster.at(address) as place:
            ((_, given),) = engine.judged([task("a")], place.shared, place.most, Failing(tmp_path))
    assert (given.graded.outcome, given.graded.told) == ("unjudged", "there is no space left on device")
    assert len([*tmp_path.glob("*.failed")]) == engine.MOST


def test_workers_without_slots_are_told_how_to_be_started(tmp_path: Path) -> None:
    with scheduler(tmp_path, 1, ()) as address:
        there(address, 1)
        with (
            pytest.raises(
                SpecError,
                match="no worker there offers slots; start each in this checkout: .venv/bin/python -m dask worker",
            ),
            cluster.at(address),
        ):
            pass


def test_workers_elsewhere_than_in_a_checkout_are_told(tmp_path: Path) -> None:
    with scheduler(tmp_path, 1, where=tmp_path) as address:
        there(address, 1)
        told = "a worker there cannot load this project: .*; start each in"
        with pytest.raises(SpecError, match=told), cluster.at(address):
            pass


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    with (
        pytest.raises(SpecError, match="--scheduler tcp://127.0.0.1:9: cannot be reached"),
        cluster.at("tcp://127.0.0.1:9"),
    ):
        pass


def test_what_is_no_address_is_told() -> None:
    with pytest.raises(SpecError, match="--scheduler no://where:x: cannot be reached"), cluster.at("no://where:x"):
        pass


def test_without_dask_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    imports = builtins.__import__

    def lacking(name: str, *more: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return imports(name, *more)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with (
        pytest.raises(SpecError, match="pip install --require-hashes -r requirements-cluster.txt"),
        cluster.at("tcp://127.0.0.1:9"),
    ):
        pass
