"""The experiments' own test: a server that does the opposite of what a claim says makes just this claim fail."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from report import course, plan
from report.recording import PlainProgress, record_all
from report.rendering import metrics
from report.rendering.edition import evidence_of
from report.rendering.verdicts import decide

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
