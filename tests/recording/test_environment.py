"""The surroundings of a run: how many cores what is started has."""

import os
import subprocess
import sys

import pytest

from report.recording.environment import confined

CORES = len(os.sched_getaffinity(0))


def cores_of_a_child() -> int:
    """How many cores a process has that is started now."""
    told = subprocess.run(
        [sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"], capture_output=True, check=True
    )
    return int(told.stdout)


@pytest.mark.parametrize(("told", "has"), [(1, 1), (CORES + 7, CORES), (None, CORES)])
def test_what_is_started_while_confined_has_so_many_cores(told: int | None, has: int) -> None:
    with confined(told):
        assert cores_of_a_child() == has


def test_afterwards_all_cores_are_there_again() -> None:
    with confined(1):
        pass
    assert len(os.sched_getaffinity(0)) == CORES
