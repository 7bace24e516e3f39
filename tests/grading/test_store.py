"""Results that are kept: whatever moment a grader is killed at, what was written is there and nothing else."""

import json
import os
from pathlib import Path

import pytest

from report.errors import EvidenceError, SpecError
from report.graded import Graded
from report.grading.store import LOCK, NAMES, RESULTS, Names, key, line, opened, read
from tests.grading.cells import answer, task


def graded(student: str, said: str = "accepted", rules: str = "rules") -> Graded:
    return answer(task(student), said).graded.model_copy(update={"rules": rules})


def kept(folder: Path) -> dict[str, str]:
    return {one.student: one.told for one in read(folder / RESULTS)}


def test_a_result_is_a_line_and_is_read_back(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(graded("김철수\nx", "zombies"), "kim", {"verdict.ko.html": b"page"})
    assert (tmp_path / RESULTS).read_bytes().count(b"\n") == 1
    assert [one.student for one in read(tmp_path / RESULTS)] == ["김철수\nx"]
    assert (tmp_path / "students" / "kim" / "1" / "verdict.ko.html").read_bytes() == b"page"
    assert tmp_path.stat().st_mode & 0o777 in (0o700, 0o755)  # pytest's own, or ours


def test_a_folder_that_is_made_is_for_nobody_else(tmp_path: Path) -> None:
    with opened(tmp_path / "new" / "one"):
        assert (tmp_path / "new" / "one").stat().st_mode & 0o777 == 0o700


def test_what_was_torn_off_at_any_byte_is_cut_and_the_rest_is_there(tmp_path: Path) -> None:
    whole = [line(graded(name, said)) for name, said in (("a", "accepted"), ("비", "zombies"), ("c", "accepted"))]
    data = b"".join(whole)
    ends = [sum(map(len, whole[:count])) for count in range(4)]
    for size in range(len(data) + 1):
        (tmp_path / RESULTS).write_bytes(data[:size])
        complete = max(count for count, end in enumerate(ends) if end <= size)
        assert [*kept(tmp_path)] == ["a", "비", "c"][:complete]
        with opened(tmp_path) as store:
            store.put(graded("d"), "d", {})
        assert (tmp_path / RESULTS).read_bytes() == b"".join([*whole[:complete], line(graded("d"))])


def test_a_line_that_is_none_is_told_by_its_number(tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_bytes(line(graded("a")) + b"{}\n")
    with pytest.raises(EvidenceError, match=r"results.jsonl:2: is no result: .*; remove the line"):
        read(tmp_path / RESULTS)


def test_a_later_line_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(graded("a", "zombies"), "a", {"old": b""})
        store.put(graded("a", "accepted", "newer"), "a", {"new": b""})
        assert store.done(key(graded("a"))) is None
    assert kept(tmp_path) == {"a": "accepted"}
    assert os.listdir(tmp_path / "students" / "a" / "1") == ["new"]


def test_only_what_was_judged_by_the_same_rules_from_the_same_files_is_done(tmp_path: Path) -> None:
    one = graded("a", "zombies")
    with opened(tmp_path) as store:
        store.put(one, "a", {})
        store.put(graded("b", "unjudged"), "b", {})
    with opened(tmp_path) as store:
        assert store.done(key(one)) == one
        assert store.done(key(one.model_copy(update={"rules": "others"}))) is None
        assert store.done(key(one.model_copy(update={"submission": "another"}))) is None
        assert store.done(key(graded("b"))) is None  # what could not be judged is tried again


def test_two_graders_do_not_share_a_folder(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(SpecError, match="another grader is at work there"), opened(tmp_path):
        pass
    with opened(tmp_path):
        assert (tmp_path / LOCK).is_file()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SpecError, match=r"--to .*file/x: cannot be written"), opened(tmp_path / "file" / "x"):
        pass


def test_pseudonyms_stay_the_same_in_a_folder_and_differ_between_folders(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    first = Names(folders[0], anonymous=True).of(["김철수", "b"])
    again = Names(folders[0], anonymous=True).of(["b", "c", "김철수"])
    assert {name: again[name] for name in first} == first
    assert len({*again.values()}) == 3
    assert not any(name in text for name in first for text in first.values() if len(name) > 1)
    assert Names(folders[1], anonymous=True).of(["b"])["b"] != first["b"]
    known = json.loads((folders[0] / NAMES).read_bytes())["students"]
    assert known == {pseudonym: name for name, pseudonym in again.items()}
    assert (folders[0] / NAMES).stat().st_mode & 0o777 == 0o600


def test_names_and_pseudonyms_are_not_mixed_in_a_folder(tmp_path: Path) -> None:
    assert Names(tmp_path, anonymous=False).of(["a"]) == {"a": "a"}
    with opened(tmp_path) as store:
        store.put(graded("a"), "a", {})
    with pytest.raises(SpecError, match="was graded without --anonymous"):
        Names(tmp_path, anonymous=True)
