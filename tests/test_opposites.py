"""The experiments' own test: what does the opposite of what a claim says makes this claim fail.

Once with recorded evidence: for each claim, the run of a design that does the opposite stands in for the one it is
about. And for some with servers that were changed for it.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from report import course, plan
from report.recording import PlainProgress, record_all
from report.rendering import metrics
from report.rendering.edition import evidence_of
from report.rendering.verdicts import Evidence, decide
from report.run import LogLine, Run
from report.spec import Assignment
from tests.published import EVIDENCE

REPOSITORY = Path(__file__).resolve().parents[1]
EXPERIMENTS = "fork_vs_thread"
SPEED = 4.0


def change(file: Path, old: str, new: str) -> None:
    """What stands there once stands there no more."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name} no longer has the place that is to be changed"
    file.write_text(text.replace(old, new), encoding="utf-8")


def a_thread_server_that_forks(assignments: Path) -> None:
    shutil.copy(assignments / "fork/server.py", assignments / "thread/server.py")


def a_fork_server_whose_children_share_the_counter(assignments: Path) -> None:
    file = assignments / "lessons.py"
    change(file, "self.counter, self.counter_lock = 0, threading.Lock()", "self.counter_lock = threading.Lock()")
    shared = """

import mmap

CELL = mmap.mmap(-1, 8)  # shared with every child


def read(lessons: Lessons) -> int:
    return int.from_bytes(CELL[:8], "little")


def write(lessons: Lessons, value: int) -> None:
    CELL[:8] = value.to_bytes(8, "little")


Lessons.counter = property(read, write)
"""
    file.write_text(file.read_text(encoding="utf-8") + shared, encoding="utf-8")


def a_lock_around_the_handler(assignments: Path) -> None:
    file = assignments / "thread/server.py"
    change(file, "    handle(connection)\n", "    with ONE_AT_A_TIME:\n        handle(connection)\n")
    change(file, "def finish_threads", "ONE_AT_A_TIME = threading.Lock()\n\n\ndef finish_threads")


def a_server_in_c_without_its_threads(assignments: Path) -> None:
    shutil.copy(assignments / "iterative/server.c", assignments / "thread/server.c")


def a_thread_server_that_waits_for_nobody(assignments: Path) -> None:
    change(assignments / "thread/server.py", "    finish_threads()\n", "    import os\n\n    os._exit(0)\n")


PLANTED = [
    (a_thread_server_that_forks, "count_locked", "thread", ["thread-counts-all"]),
    (a_thread_server_that_forks, "crash", "thread", ["thread-loses-all", "thread-dies"]),
    (a_fork_server_whose_children_share_the_counter, "count_locked", "fork", ["fork-still-counts-alone"]),
    (a_lock_around_the_handler, "opposite_order", "thread", ["threads-deadlock", "each-waits-for-the-other", "deadlock-needs-kill"]),
    (a_server_in_c_without_its_threads, "stop", "thread_c", ["c-thread-finishes"]),
    (a_thread_server_that_waits_for_nobody, "stop", "thread", ["thread-finishes"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "scenario", "server", "claims"), PLANTED, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_server_that_does_the_opposite_makes_the_claim_fail(
    tmp_path: Path, plant: Callable[[Path], None], scenario: str, server: str, claims: list[str]
) -> None:
    if server.endswith("_c") and shutil.which("cc") is None:
        pytest.skip("needs a C compiler called cc")
    shutil.copytree(REPOSITORY / "assignments", tmp_path / "assignments", ignore=shutil.ignore_patterns("__pycache__"))
    plant(tmp_path / "assignments")
    assignments = course.load(tmp_path, metrics.problem)
    found = course.find(assignments, EXPERIMENTS)
    wanted = plan.plan([found], SPEED, scenario, server)
    record_all(tmp_path, wanted, tmp_path / "evidence", PlainProgress(), jobs=1)
    evidence = evidence_of(assignments, plan.read(wanted, tmp_path / "evidence"))
    verdicts = {claim: decide(evidence, found, scenario, server, found.claims()[claim]) for claim in claims}
    assert {claim: verdict.state for claim, verdict in verdicts.items()} == dict.fromkeys(claims, "fails")


NONE_ANSWERED, DEADLOCKED, ONE_BY_ONE = "crash:thread", "opposite_order:thread", "in_a_row:iterative"
FORKS_AS_THREADS = "forks as threads"

OPPOSITES = {  # claim: the scenario and server whose run does the opposite
    "one-after-the-other": "ten:thread",
    "both-answer-all": NONE_ANSWERED,
    "sleep-hides-the-difference": ONE_BY_ONE,
    "c-sleep-hides-the-difference": ONE_BY_ONE,
    "fork-is-many-processes": "hundred:thread",
    "c-fork-is-many-processes": "hundred:thread_c",
    "thread-is-one-process": "hundred:fork",
    "c-thread-is-one-process": "hundred:fork_c",
    "thread-is-many-threads": ONE_BY_ONE,
    "switches-alike-asleep": "spin_four:thread",
    "c-switches-alike-asleep": "spin_four:thread",
    "c-thread-is-lighter": "hundred:fork",
    "nothing-left": DEADLOCKED,
    "thousand-answered": NONE_ANSWERED,
    "thousand-near-one": ONE_BY_ONE,
    "each-fork-takes-longer": "thousand:thread",
    "c-hidden-by-the-arrivals": ONE_BY_ONE,
    "fork-takes-longer": FORKS_AS_THREADS,
    "c-fork-takes-longer": FORKS_AS_THREADS,
    "connections-answered": NONE_ANSWERED,
    "fork-costs-more-cpu": "connections:thread",
    "c-fork-costs-more-cpu": "connections:thread_c",
    "thread-costs-cpu": "connections:iterative",
    "c-thread-costs-cpu": "connections:iterative_c",
    "queue-costs-less-cpu": "connections:thread",
    "c-queue-costs-less-cpu": "connections:thread_c",
    "fork-grows-with-memory": FORKS_AS_THREADS,
    "c-fork-grows-with-memory": FORKS_AS_THREADS,
    "thread-stays-flat": FORKS_AS_THREADS,
    "c-thread-stays-flat": FORKS_AS_THREADS,
    "rss-misleads": "five_hundred:thread",
    "c-rss-misleads": "five_hundred:thread_c",
    "thread-rss-is-true": "five_hundred:fork",
    "fork-costs-more-memory": "five_hundred:thread",
    "c-fork-costs-more-memory": "five_hundred:thread_c",
    "c-fork-is-lighter": "five_hundred:fork",
    "c-thread-has-its-buffer": "one:thread_c",
    "touched-array": NONE_ANSWERED,
    "touched-objects": NONE_ANSWERED,
    "reading-objects-copies": "touch_array:fork",
    "c-reading-copies-nothing": "touch_objects:fork",
    "threads-copy-nothing": "touch_objects:fork",
    "forks-compute-together": "spin_two:thread",
    "threads-take-turns": "spin_two:fork",
    "c-forks-compute-together": "spin_two:thread",
    "c-threads-compute-together": "spin_two:thread",
    "gil-is-handed-over": "spin_four:fork",
    "two-cores-answered": NONE_ANSWERED,
    "one-core-answered": NONE_ANSWERED,
    "gil-on-two-cores-costs-cpu": "one:thread",
    "c-two-cores-cost-no-more-cpu": "on_two_cores:thread",
    "c-no-gil-no-handover": "spin_four:thread",
    "short-waits-for-the-gil": "spin_and_short:fork",
    "fork-loses-one": "crash:thread",
    "fork-survives": "crash:thread",
    "thread-loses-all": "crash:fork",
    "thread-dies": "crash:fork",
    "c-fork-loses-one": "crash:thread_c",
    "c-fork-survives": "crash:thread_c",
    "c-thread-loses-all": "crash:fork_c",
    "c-thread-dies": "crash:fork_c",
    "fail-loses-one": "crash:thread",
    "fail-survived": "crash:thread",
    "fork-counts-alone": "count_locked:thread",
    "thread-loses-updates": "count_locked:thread",
    "c-fork-counts-alone": "count_locked:thread_c",
    "c-thread-loses-updates": "count_locked:thread_c",
    "thread-counts-all": "count_unlocked:thread",
    "fork-still-counts-alone": "count_locked:thread",
    "c-thread-counts-all": "count_unlocked:thread_c",
    "c-fork-still-counts-alone": "count_locked:thread_c",
    "threads-deadlock": "one_order:thread",
    "each-waits-for-the-other": "one_order:thread",
    "deadlock-needs-kill": "one_order:thread",
    "processes-share-no-lock": DEADLOCKED,
    "c-threads-deadlock": "one_order:thread_c",
    "c-each-waits-for-the-other": "one_order:thread_c",
    "c-deadlock-needs-kill": "one_order:thread_c",
    "c-processes-share-no-lock": DEADLOCKED,
    "one-order-no-deadlock": DEADLOCKED,
    "one-fewer-no-deadlock": DEADLOCKED,
    "fork-finishes": "stop:daemon",
    "thread-finishes": "stop:daemon",
    "daemon-threads-cut-off": "stop:thread",
    "iterative-finishes-one": "stop:thread",
    "backlog-is-reset": "stop:thread",
    "c-fork-finishes": "stop:detached_c",
    "c-thread-finishes": "stop:detached_c",
    "c-detached-threads-cut-off": "stop:thread_c",
    "c-iterative-finishes-one": "stop:thread_c",
    "stop-leaves-nothing": DEADLOCKED,
    "locks-stay-locked": "creation:laboratory",
    "repaired-at-fork": "creation:laboratory",
    "c-mutex-stays-locked": "creation:laboratory_c",
    "c-repaired-at-fork": "creation:laboratory_c",
    "overload-answered": NONE_ANSWERED,
    "fork-piles-up": "overload:queue",
    "gil-holds-back-accept": "overload:thread_c",
    "queue-is-bounded": "overload:thread_c",
    "c-short-waits-in-the-queue": "short_behind_long:thread_c",
    "c-queue-is-not-later": "overload:thread_c",
    "c-fork-piles-up": "overload:queue_c",
    "c-thread-piles-up": "overload:queue_c",
    "c-queue-is-bounded": "overload:thread_c",
}


@cache
def recorded() -> tuple[Assignment, Evidence]:
    """The experiments, and their published evidence with all that it is held against."""
    assignments = course.load(REPOSITORY, metrics.problem)
    every = plan.plan(assignments, 1.0)
    missing = plan.left_out(every, EVIDENCE)
    evidence = evidence_of(assignments, plan.read(plan.possible(every, missing), EVIDENCE), missing)
    return course.find(assignments, EXPERIMENTS), evidence


def exchanged(line: LogLine) -> LogLine:
    """What is said of a fork said of a thread, and the other way round."""
    words = {"fork": "thread", "thread": "fork"}
    return replace(line, text=" ".join(words.get(word, word) for word in line.text.split(" ")))


def stand_in(evidence: Evidence, opposite: str, scenario: str, server: str) -> list[Run]:
    if opposite == FORKS_AS_THREADS:
        own = evidence.runs[EXPERIMENTS, scenario, server]
        return [replace(run, server_lines=tuple(exchanged(line) for line in run.server_lines)) for run in own]
    other, _, by = opposite.partition(":")
    return list(evidence.runs[EXPERIMENTS, other, by])


def test_every_claim_of_the_experiments_has_its_opposite() -> None:
    assert recorded()[0].claims().keys() == OPPOSITES.keys()


@pytest.mark.parametrize(("claim_id", "opposite"), OPPOSITES.items())
def test_with_the_opposite_in_its_place_a_claim_that_held_fails(claim_id: str, opposite: str) -> None:
    experiments, evidence = recorded()
    claim = experiments.claims()[claim_id]
    scenario = next(name for name, one in experiments.scenarios.items() if claim in one.claims)
    for server in (claim.server,) if claim.server else experiments.servers_of(scenario):
        assert decide(evidence, experiments, scenario, server, claim).state == "holds"
        runs = stand_in(evidence, opposite, scenario, server)
        planted = evidence.changed((EXPERIMENTS, scenario, server), runs)
        assert decide(planted, experiments, scenario, server, claim).state == "fails"
