"""A class's folder holds a folder or a zip for each student; names are only names, and what cannot be taken is told."""

import os
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.errors import SpecError
from report.grading.submissions import Submission, found, place
from tests.grading.test_unpack import SOURCE, zipped


def class_of(folder: Path, names: list[str]) -> Path:
    for name in names:
        if name.lower().endswith(".zip"):
            (folder / name).write_bytes(zipped({"server.c": SOURCE}))
        else:
            (folder / name).mkdir()
            (folder / name / "server.c").write_bytes(SOURCE)
    return folder


def test_every_folder_and_zip_is_a_student_in_order_of_names(tmp_path: Path) -> None:
    class_of(tmp_path, ["lee", "20231234_홍길동.zip", "kim.ZIP", ".git", "__MACOSX"])
    (tmp_path / "list.csv").write_text("names", encoding="utf-8")
    every = list(found(tmp_path))
    assert [one.student for one in every] == ["20231234_홍길동", "kim", "lee"]
    assert {one.problem for one in every} == {None}
    assert len({one.digest for one in every}) == 1  # the same files
    assert pickle.loads(pickle.dumps(every)) == every


def test_the_digest_is_that_of_names_and_contents(tmp_path: Path) -> None:
    different = [{"a.c": b"1"}, {"b.c": b"1"}, {"a.c": b"2"}, {"a.c": b"1", "b.c": b""}, {"a.c": b"", "b.c": b"1"}]
    for number, files in enumerate(different):
        (tmp_path / f"{number}.zip").write_bytes(zipped(files))
    assert len({one.digest for one in found(tmp_path)}) == len(different)
    (tmp_path / "9.zip").write_bytes(zipped({"b.c": b"", "a.c": b"1", "report.pdf": b"left out"}))
    by_name = {one.student: one.digest for one in found(tmp_path)}
    assert by_name["9"] == by_name["3"]


def test_what_cannot_be_taken_is_told_of_its_student_and_harms_no_other(tmp_path: Path) -> None:
    class_of(tmp_path, ["kim", "kim.zip", "lee", "park"])
    (tmp_path / "park" / "server.c").unlink()
    (tmp_path / "choi.zip").write_bytes(b"no zip")
    (tmp_path / "jung.7z").write_bytes(b"7z")
    (tmp_path / "linked").symlink_to(tmp_path / "lee")
    os.mkfifo(tmp_path / "pipe.zip")
    told = {one.student: one.problem for one in found(tmp_path)}
    assert told == {
        "kim": "there are several folders or zips of this name; keep one",
        "lee": None,
        "park": "no source, Makefile or submission.toml is there",
        "choi": "the zip is broken or was cut off; pack and hand it in again",
        "jung.7z": "only folders and zips are taken; pack it as a zip",
        "linked": "is a link, which is not followed; put the folder itself there",
        "pipe": "is no ordinary file; leave it out",
    }
    assert all(one.files == {} for one in found(tmp_path) if one.problem)


def test_a_folder_that_is_none_or_empty_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such folder"):
        found(tmp_path / "nowhere")
    with pytest.raises(SpecError, match="expected a folder or a zip for each student"):
        found(tmp_path)


def test_names_of_students_are_read_rightly_and_never_invalid(tmp_path: Path) -> None:
    for raw in ("홍길동".encode("cp949"), "\u1100\u1161".encode(), b"\xff\xfe"):
        path = os.path.join(os.fsencode(tmp_path), raw)
        os.mkdir(path)
        with open(os.path.join(path, b"a.c"), "wb") as file:
            file.write(SOURCE)
    every: list[Submission] = list(found(tmp_path))
    assert [one.student for one in every] == ["\\xff\\xfe", "가", "홍길동"]


@pytest.mark.parametrize(
    ("student", "readable"),
    [
        ("20231234_홍길동", "20231234-홍길동"),
        ("../../etc", "etc"),
        ("a b/c", "a-b-c"),
        ("..", ""),
        ("", ""),
        ("CON", "CON"),
        ("\u202ea\x1b", "a"),
    ],
)
def test_a_student_s_place_is_readable_and_leads_nowhere_else(student: str, readable: str) -> None:
    assert re.fullmatch(f"{readable}-?[0-9a-f]{{12}}", place(student))


@settings(deadline=None, derandomize=True, database=None)
@given(st.text(), st.text())
def test_places_are_the_students_own_and_always_the_same(one: str, other: str) -> None:
    made = place(one)
    assert made == place(one)
    assert (made.casefold() == place(other).casefold()) == (one == other)
    assert re.fullmatch(r"[\w-]+", made)
    assert not made.startswith("-")
    assert len(made.encode()) < 200
