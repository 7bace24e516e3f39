"""A run on disk is the run that was written, or an error names the file that is not as it was."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report import evidence
from report.errors import EvidenceError
from report.evidence import split_lines
from report.run import SCHEMA, Identity, LogLine, Request, Sample, Wait
from tests.builders import files, lines, request, run, sample, store

RUN = run()
EVERY_FILE = ("run.json", *evidence.FILES)


def problems(directory: Path) -> list[str]:
    with pytest.raises(EvidenceError) as caught:
        evidence.read(directory)
    return list(caught.value.problems)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    stalled = request(
        2, kind="stalled", done=None, status=None, content_length=None, outcome="stalled", local_port=None
    )
    made = run(
        requests=[request(1), stalled], samples=[sample(-0.5), sample(1 / 3)], server_lines=lines("한글", "", "x")
    )
    found = evidence.read(store(tmp_path, made))
    assert found.requests == made.requests
    assert found.samples == (sample(-0.5), sample(0.333333))
    assert (found.server_lines, found.client_lines) == (made.server_lines, made.client_lines)
    assert found.record.model_copy(update={"files": {}, "captures": {}}) == made.record
    assert set(found.record.files) == set(evidence.FILES)


def test_what_threads_waited_for_is_a_file_more_and_is_held_to_its_digest_too(tmp_path: Path) -> None:
    made = run(waits=[Wait(7, "futex_do_wait", -0.5, 1 / 4), Wait(7, "", 0.25, 0.25)])
    directory = store(tmp_path, made)
    assert evidence.read(directory).waits == made.waits
    (directory / evidence.WAITS).write_bytes(b"")
    (problem,) = problems(directory)
    assert problem.startswith("echo/two.python/threads.csv: differs from what was recorded")
    assert evidence.read(store(tmp_path / "without", RUN)).waits == ()


def test_the_same_run_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    first, second = store(tmp_path / "a", RUN), store(tmp_path / "b", RUN)
    assert [(first / name).read_bytes() for name in EVERY_FILE] == [(second / name).read_bytes() for name in EVERY_FILE]


def test_runs_of_another_speed_or_repetition_lie_beside_each_other() -> None:
    def where(**changes: Any) -> str:
        return Identity(assignment="fork", scenario="ten", server="c", **changes).directory

    assert where() == where(speed=1.0, repetition=1) == "fork/ten.c"
    assert where(speed=20.0) == "fork/ten.c.x20"
    assert where(speed=20.0, repetition=2) == "fork/ten.c.x20.r2"


@pytest.mark.parametrize("name", evidence.FILES)
def test_an_edited_a_truncated_and_a_missing_file_are_each_named(tmp_path: Path, name: str) -> None:
    path = store(tmp_path, RUN) / name
    whole = path.read_bytes()
    for damaged in (whole + b"x", whole[:-1], b""):
        path.write_bytes(damaged)
        (problem,) = problems(path.parent)
        assert problem.startswith(f"echo/two.python/{name}: differs from what was recorded")
    path.unlink()
    (problem,) = problems(path.parent)
    assert problem.startswith(f"echo/two.python/{name}: cannot be read (No such file or directory)")
    path.write_bytes(whole)
    evidence.read(path.parent)


def test_all_files_that_are_not_as_they_were_are_told_together(tmp_path: Path) -> None:
    directory = store(tmp_path, RUN)
    (directory / "server.log").unlink()
    (directory / "samples.csv").write_bytes(b"")
    assert len(problems(directory)) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("\x00", "cannot be read"),
        ("[]", "record the run again"),
        ("{}", "schema_version is None, not"),
        (f'{{"schema_version": {SCHEMA + 1}}}', f"schema_version is {SCHEMA + 1}, not {SCHEMA}; record it again"),
        (f'{{"schema_version": {SCHEMA}}}', "identity: Field required; record the run again"),
    ],
    ids=["empty", "cut", "deep", "null", "list", "none", "newer", "lacking"],
)
def test_a_run_json_that_is_none_is_named(tmp_path: Path, text: str, expected: str) -> None:
    directory = store(tmp_path, RUN)
    (directory / "run.json").write_text(text)
    (problem,) = problems(directory)
    assert problem.startswith("echo/two.python/run.json: ")
    assert expected in problem


def test_a_key_that_this_version_does_not_know_is_named(tmp_path: Path) -> None:
    path = store(tmp_path, RUN) / "run.json"
    path.write_bytes(evidence.canonical_json(json.loads(path.read_bytes()) | {"mood": "good"}))
    assert "run.json: mood: " in problems(path.parent)[0]


def test_a_file_that_the_manifest_leaves_out_is_named(tmp_path: Path) -> None:
    path = store(tmp_path, RUN) / "run.json"
    record = json.loads(path.read_bytes())
    del record["files"]["client.log"]
    path.write_bytes(evidence.canonical_json(record))
    assert problems(path.parent) == ["echo/two.python/client.log: is not part of the run; record the run again"]


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert evidence.find(tmp_path / "echo" / "two.python") is None
    (problem,) = problems(tmp_path / "echo" / "two.python")
    assert "echo/two.python/run.json: cannot be read" in problem


@pytest.mark.parametrize("call", range(len(EVERY_FILE)))
def test_an_interrupted_write_leaves_the_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    directory = store(tmp_path, RUN)
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    write_file, calls = evidence._write_file, iter(range(99))

    def interrupted(path: Path, data: bytes) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt
        write_file(path, data)

    monkeypatch.setattr(evidence, "_write_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store(tmp_path, run(recorded="2027-01-01T00:00:00Z"))
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before
    assert [path.name for path in directory.parent.iterdir()] == [directory.name]


def test_a_writer_that_dies_between_its_two_renames_leaves_the_earlier_run(tmp_path: Path) -> None:
    directory = store(tmp_path, RUN)
    directory.rename(evidence._previous(directory))
    assert evidence.read(directory).record.recorded == RUN.record.recorded
    store(tmp_path, run(recorded="2027-01-01T00:00:00Z"))
    assert evidence.read(directory).record.recorded == "2027-01-01T00:00:00Z"
    assert [path.name for path in directory.parent.iterdir()] == [directory.name]


def test_a_new_run_takes_the_place_of_the_earlier_one_whole(tmp_path: Path) -> None:
    directory = store(tmp_path, RUN)
    (directory / "left.txt").write_text("of the earlier run")
    store(tmp_path, run(recorded="2027-01-01T00:00:00Z"))
    assert sorted(path.name for path in directory.iterdir()) == sorted(EVERY_FILE)


def test_a_run_can_be_moved_and_read_elsewhere(tmp_path: Path) -> None:
    moved = shutil.move(store(tmp_path, RUN), tmp_path / "elsewhere")
    assert evidence.read(Path(moved)).requests == RUN.requests


# ---- Tables ----------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\r\n",\x00'), max_size=20)
TIMES = st.integers(-(10**9), 10**9).map(lambda microseconds: microseconds / 10**6)
REQUESTS = st.builds(
    Request,
    number=st.integers(0),
    kind=TEXT,
    due=TIMES,
    **{name: st.none() | TIMES for name in ("started", "connected", "sent", "first_byte", "done")},
    status=st.none() | st.integers(),
    content_type=TEXT,
    content_length=st.none() | st.integers(),
    bytes=st.integers(0),
    body=TEXT,
    outcome=TEXT,
    detail=TEXT,
    local_port=st.none() | st.integers(),
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(REQUESTS, max_size=4))
def test_any_table_of_requests_is_read_as_it_was_written(requests: list[Request]) -> None:
    assert evidence.parse_rows(evidence.rows(requests, Request), Request, "requests.csv") == tuple(requests)


def test_a_table_is_plain_text_with_a_header_that_a_spreadsheet_opens() -> None:
    assert evidence.rows([sample(0.5, 2)], Sample) == (
        b"time,processes,threads,zombies,rss,descriptors,cpu\n0.500000,2,1,0,9000000,5,0.000000\n"
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (b"", "samples.csv:1: expected the columns time,"),
        (b"time\n1\n", "samples.csv:1: expected the columns time,"),
        (b"time,processes,threads,zombies,rss,descriptors,cpu\n1,2,3\n", "samples.csv:2: "),
        (b"time,processes,threads,zombies,rss,descriptors,cpu\n\n", "samples.csv:2: "),
        (b"time,processes,threads,zombies,rss,descriptors,cpu\n0,1,1,0,1,1,0\n0,x,1,0,1,1,0\n", "samples.csv:3: "),
        (b"time,processes,threads,zombies,rss,descriptors,cpu\n0,,1,0,1,1,0\n", "samples.csv:2: "),
        (b'time,processes,threads,zombies,rss,descriptors,cpu\n0,"' + b"1" * 200_000, "samples.csv:"),
        (b"time,processes,threads,zombies,rss,descriptors,cpu\n0,1\r1,1,0,1,1,0\n", "samples.csv:"),
    ],
)
def test_a_table_that_is_none_is_told_by_file_and_line(table: bytes, expected: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        evidence.parse_rows(table, Sample, "samples.csv")
    assert caught.value.problems[0].startswith(expected)


def test_every_field_of_every_table_has_a_type_that_a_cell_can_be_read_as() -> None:
    for kind in (Request, Sample, evidence.Chunk):
        example = evidence.rows([], kind)
        assert example.decode().strip().split(",") == [field.name for field in dataclasses.fields(kind)]
        assert evidence.parse_rows(example, kind, "x") == ()


# ---- Captured bytes as lines -----------------------------------------------------------------------------------


def texts(data: bytes) -> list[str]:
    return [line.text for line in split_lines(data, [(0, 0.0)])]


def test_lines_end_at_a_line_feed_only_and_lose_the_terminals_carriage_return() -> None:
    assert texts(b"one\r\ntwo\nthree\r\r\n\r\n") == ["one", "two", "three\r", ""]
    assert texts("a\x0bb\x0cc\x1cd\x85e\u2028f\n".encode()) == ["a\x0bb\x0cc\x1cd\x85e\u2028f"]


def test_a_last_line_without_its_end_counts_and_no_bytes_are_no_line() -> None:
    assert texts(b"one\ntwo") == ["one", "two"]
    assert texts(b"one\ntw\r") == ["one", "tw"]
    assert texts(b"") == []
    assert texts(b"\n") == [""]


def test_a_line_in_cp949_is_read_as_such_where_the_whole_line_fits() -> None:
    assert texts("연결\n".encode() + "연결됨\r\n".encode("cp949") + b"ok\n") == ["연결", "연결됨", "ok"]
    assert texts(b"\xc7 cut\n") == [r"\xc7 cut"]
    assert texts("연결\n".encode()[1:]) != ["연결"]


def test_a_line_has_the_time_at_which_its_end_arrived() -> None:
    found = split_lines(b"one\ntwo\nthree", [(0, 1.0), (2, 2.0), (6, 3.0)])
    assert found == (LogLine(2.0, "one"), LogLine(3.0, "two"), LogLine(3.0, "three"))
    assert split_lines(b"early", []) == (LogLine(0.0, "early"),)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_any_bytes_are_lines_whose_times_ascend(data: bytes, cuts: list[int]) -> None:
    times = [(offset, float(offset)) for offset in sorted({0, *cuts})]
    found = split_lines(data, times)
    assert len(found) == data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    assert [line.time for line in found] == sorted(line.time for line in found)
    assert not any("\n" in line.text for line in found)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=10)))
def test_any_text_comes_back_from_a_terminal_as_it_was(printed: list[str]) -> None:
    assert texts(b"".join(line.encode() + b"\r\n" for line in printed)) == printed


def test_canonical_json_is_sorted_and_refuses_what_is_no_number() -> None:
    assert evidence.canonical_json({"b": 1, "a": "한"}) == '{\n  "a": "한",\n  "b": 1\n}\n'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        evidence.canonical_json({"a": float("nan")})


def test_the_builder_writes_every_file_of_a_run() -> None:
    assert set(files(RUN)) == set(evidence.FILES)


def test_a_run_from_disk_is_the_run_that_was_written_and_is_read_when_it_is_looked_into(tmp_path: Path) -> None:
    made = run()
    found = evidence.read(store(tmp_path, made))
    assert found.requests == made.requests
    assert made.samples == found.samples
    assert found.server_lines[1:3] == tuple(made.server_lines)[1:3]
    assert len(found.client_lines) == 2
    assert evidence.table(found.requests, Request) == evidence.table(made.requests, Request)


def test_what_is_wrong_within_a_file_is_told_when_it_is_looked_into(tmp_path: Path) -> None:
    made = run()
    contents = files(made) | {"samples.csv": files(made)["samples.csv"].replace(b"0.0", b"soon", 1)}
    evidence.write(tmp_path / "echo/two.python", made.record, contents)
    found = evidence.read(tmp_path / "echo/two.python")
    assert len(found.requests) == 2
    for _ in range(2):
        with pytest.raises(EvidenceError, match=r"samples\.csv:2: .* record the run again"):
            len(found.samples)
