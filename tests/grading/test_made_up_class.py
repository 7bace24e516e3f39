"""The class that graders are tried with is itself right: found, told apart, and compiled where it must be."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from report.errors import SpecError
from report.grading import conventions, submissions
from tests.grading.classroom import ASSIGNMENTS, HOSTILE, broken, classroom, fixed, hostile, mistakes, variants


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize("number", ASSIGNMENTS)
def test_every_server_compiles_but_those_that_must_not(number: int, tmp_path: Path) -> None:
    every = {name: hostile(number, name) for name in HOSTILE} | variants(number) | broken(number)
    every |= {"fixed": fixed(number)} | mistakes(number)
    wrong = []
    for name, one in every.items():
        for path, data in one.files.items():
            if path.endswith(".c") and name != "hangs in the build":
                (tmp_path / path).write_bytes(data)
                made = subprocess.run(["cc", "-fsyntax-only", path], cwd=tmp_path, check=False, capture_output=True)
                if (made.returncode != 0) is not (one.verdict == "does-not-build"):
                    wrong.append((name, made.stderr.decode()[:200]))
    assert wrong == []
    assert len(every) > 25


def test_the_same_seed_gives_the_same_class_and_all_of_it_is_found(tmp_path: Path) -> None:
    for name in ("one", "same"):
        classroom(tmp_path / name, 30, 7)
    expected = [json.loads((tmp_path / name / "expected.json").read_bytes()) for name in ("one", "same")]
    assert expected[0] == expected[1] != classroom(tmp_path / "other", 30, 8)
    found = [[*submissions.found(tmp_path / name / "submissions")] for name in ("one", "same")]
    assert [one.digest for one in found[0]] == [one.digest for one in found[1]]
    assert {one.student for one in found[0]} == {*expected[0]}
    for one in found[0]:
        for number in ASSIGNMENTS:
            verdict = expected[0][one.student][str(number)]["verdict"]
            try:
                conventions.way(one.files, number, only=False)
            except SpecError:
                assert verdict == "missing"
            else:
                assert verdict != "missing"
