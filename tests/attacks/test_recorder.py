"""The recorder on a machine that fails it: no descriptor, no room, no way to write, a wrong clock, evidence tampered with.

Each is one sentence that blames no server, loses nothing that was there, leaves nothing behind, and the next run works.
"""

import errno
import io
import json
import os
import re
import resource
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report import evidence, pdf, publish
from report.errors import EvidenceError, OutdatedError, ReportError, ServerError
from report.keep import Keep
from report.planned import Planned
from report.recording import build, foreign, kernel, record
from report.recording.cancel import Cancel
from report.recording.command import Built
from report.recording.sampler import Sampler
from report.rendering.document import Document
from report.run import SCHEMA, Request, Run
from report.spec import Assignment, Server
from tests.builders import REPOSITORY, run, store
from tests.recording.harness import ROOT, SHORT, Remembering, fake, planned
from tests.recording.test_interruption import interrupted

LIMITS = replace(SHORT, start=60.0, load=60.0)  # a server that is slow to start is not what is looked for


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where every temporary directory lies; none is left."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    yield place
    assert list(place.iterdir()) == []


def recorded(folder: Path) -> Run:
    return record(ROOT, planned(fake("answers")), folder, Remembering(), LIMITS)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- descriptors ----------------------------------------------------------------------------------------------------


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) - 1


@contextmanager
def only(more: int) -> Iterator[None]:
    """This process may open so many descriptors more (a number that is free counts from the lowest on)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    plugs = []
    highest = max(map(int, os.listdir("/proc/self/fd")))
    while (plug := os.open("/dev/null", os.O_RDONLY)) < highest:  # no gaps below the limit
        plugs.append(plug)
    plugs.append(plug)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(plugs) + 1 + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for plug in plugs:
            os.close(plug)


def attempted(folder: Path, more: int) -> tuple[Sequence[Request], ServerError | None]:
    """The requests of a run made with so many descriptors, or what was told instead."""
    try:
        with only(more):
            return recorded(folder).requests, None
    except ServerError as error:
        return (), error


def test_without_descriptors_there_is_one_sentence_and_nothing_stays_open(tmp_path: Path, scratch: Path) -> None:
    recorded(tmp_path / "before")  # whatever is opened once and kept, is open now
    before, failed = open_descriptors(), 0
    for more in range(2, 16):
        made, error = attempted(tmp_path / f"with-{more}", more)
        if error is not None:
            failed += 1
            assert error.stage is None, "no server is to blame"
            assert "Too many open files" in str(error)
            assert len(error.problems) == 1
            assert not (tmp_path / f"with-{more}").exists()
        assert {request.outcome for request in made} <= {"answered"}
        assert open_descriptors() == before
        assert list(scratch.iterdir()) == []
    assert 5 < failed < 14
    recorded(tmp_path / "after")


def test_the_kernels_state_is_not_told_without_a_descriptor_to_read_it_with() -> None:
    own = os.getpid()
    asked = (
        lambda: kernel.descendants(own),
        lambda: kernel.held(frozenset([1]), [own]),
        lambda: kernel.descriptors(own),
    )
    with only(0):
        for ask in asked:
            with pytest.raises(OSError, match="Too many open files"):
                ask()


def test_samples_that_could_not_be_taken_are_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = Sampler(os.getpid(), 0.1)
    sampler.__enter__()
    monkeypatch.setattr(kernel, "descendants", none_left)
    sampler._thread.join(60)
    with pytest.raises(OSError, match="Too many open files"):
        sampler.__exit__(None, None, None)


def none_left(*_: object) -> Any:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_build_without_descriptors_is_trouble_of_the_tool(tmp_path: Path, scratch: Path) -> None:
    with only(4), pytest.raises(ServerError, match="--build: cannot start cc: .*Too many open files") as caught:
        foreign.build("--build", ("cc",), tmp_path)
    assert caught.value.stage is None


# --- room and rights ------------------------------------------------------------------------------------------------


class Disk:
    """Stands in for `open`: a disk that has room for so many bytes more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def open(self, path: Any, mode: str) -> io.FileIO:
        disk = self

        class File(io.FileIO):
            def write(self, data: Any) -> int:
                disk.room -= len(data)
                if disk.room < 0:
                    super().write(data[: disk.room])
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return super().write(data)

        return File(path, mode)


@pytest.mark.parametrize("room", [0, 1, 500, 1500, 2500])
def test_a_full_disk_is_one_sentence_and_the_earlier_run_stays(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    folder = tmp_path / "evidence"
    earlier = recorded(folder)
    before = contents(folder)
    monkeypatch.setattr(evidence, "open", Disk(room).open, raising=False)
    with pytest.raises(ServerError, match="^fake/only.one: cannot be recorded: .*No space left on device$") as caught:
        recorded(folder)
    assert caught.value.stage is None
    assert contents(folder) == before
    monkeypatch.undo()
    assert evidence.read(folder / earlier.identity.directory) == earlier
    assert recorded(folder) != earlier


def no_room(*_: object, **__: object) -> str:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_no_room_for_anything_temporary_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkdtemp", no_room)
    with pytest.raises(ServerError, match="No space left on device") as caught:
        recorded(tmp_path)
    assert caught.value.stage is None
    with pytest.raises(ServerError, match="--build: cannot start cc: .*No space left on device"):
        foreign.build("--build", ("cc",), tmp_path)


FILES = {"report.ko.md": b"# new\n", "figures/a.svg": b"<svg/>\n"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_report_that_cannot_be_written_is_one_sentence_and_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    publish.write({"report.ko.md": b"# old\n"}, tmp_path)

    def fails(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OutdatedError, match=f"a.svg: cannot be written: {re.escape(os.strerror(number))}; what was"):
        publish.write(FILES, tmp_path)
    assert contents(tmp_path) == {"report.ko.md": b"# old\n"}


NOBODY_MAY_WRITE = Path("/proc/self/build")  # not even root: the kernel takes no file there


def test_where_nothing_can_be_written_is_one_sentence(scratch: Path) -> None:
    with pytest.raises(ServerError, match="^fake/only.one: cannot be recorded: ") as caught:
        recorded(NOBODY_MAY_WRITE)
    assert caught.value.stage is None
    with pytest.raises(OutdatedError, match="/proc/self/build/.*: cannot be written: "):
        publish.write(FILES, NOBODY_MAY_WRITE)
    with pytest.raises(OutdatedError, match="/proc/self/build/.*: cannot be written: "):
        Keep(REPOSITORY, NOBODY_MAY_WRITE)("a", lambda: b"b")


def test_what_is_no_file_where_one_should_be_is_told_and_left(tmp_path: Path) -> None:
    (tmp_path / "report.ko.md" / "mine").mkdir(parents=True)
    with pytest.raises(OutdatedError, match=r"report.ko.md: cannot be written: Is a directory"):
        publish.write(FILES, tmp_path)
    assert (tmp_path / "report.ko.md" / "mine").is_dir()


def test_a_pdf_for_which_there_is_no_room_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.pdf").write_bytes(b"old")
    monkeypatch.setattr("tempfile.mkdtemp", no_room)
    with pytest.raises(OutdatedError, match="^report.pdf: cannot be made: .*No space left on device; what was there"):
        pdf.write(REPOSITORY, Document("ko", "제목", "# 제목\n", {}), tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == b"old"


def test_a_command_by_hand_that_cannot_be_built_for_want_of_room_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = built_server(tmp_path)
    monkeypatch.setattr("tempfile.mkdtemp", no_room)
    with pytest.raises(ServerError, match="^fake: servers.one cannot be built: .*No space left on device$"):
        build.fill_command(one.assignment, "one", port=1, delay=1.0)


def test_a_recorder_that_builds_second_takes_what_the_first_has_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = built_server(tmp_path)
    run_build = build._run

    def slower(assignment: Assignment, server: str, into: Built, cancel: Cancel, limit: float) -> None:
        run_build(assignment, server, into, cancel, limit)
        shutil.copytree(into.directory, places[0])

    monkeypatch.setattr(build, "_run", slower)
    places = [tmp_path / build.PLACE / build._key(tmp_path, one.assignment, "one")]
    with closing(Cancel()) as cancel:
        made = build.built(tmp_path, one.assignment, "one", cancel, 60.0)
    assert made is not None
    assert list((tmp_path / build.PLACE).iterdir()) == places == [made.directory]


def built_server(root: Path) -> Planned:
    """A server that is built by a copy, under a root of its own."""
    folder = root / "assignments" / "fake"
    folder.mkdir(parents=True)
    for path in (REPOSITORY / "assignments").glob("*.py"):
        shutil.copy(path, folder.parent)
    (folder / "server.py").write_text("", encoding="utf-8")
    words = ("cp", "server.py", "{build}/server.py")
    one = planned(Server(command=("{python}", "{build}/server.py"), build=words, sources=("assignments/fake/*.py",)))
    return replace(one, assignment=one.assignment.model_copy(update={"folder": folder}))


# --- SIGKILL, which nobody can handle --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "what", "text"),
    [
        ("answers", "stage", "starting"),
        ("never_listens", "server", "listening on"),
        ("answers", "stage", "under load"),
        ("tells_of_term", "server", "was told to end"),
    ],
)
def test_a_recorder_that_is_killed_at_any_stage_leaves_nothing_and_the_next_run_works(
    tmp_path: Path, server: str, what: str, text: str
) -> None:
    tag = f"tag-{uuid4()}"
    assert interrupted(tmp_path, tag, server, what, text, signal.SIGKILL, "process") == (-signal.SIGKILL, "")
    recorded(tmp_path / "evidence")


# --- a clock that jumps ---------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_moves_no_time_of_a_run(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    years = iter([1971, 2099] * 10_000)

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Jumping":
            return cls(next(years), 1, 1, tzinfo=tz)

    monkeypatch.setattr(sys.modules["report.recording.record"], "datetime", Jumping)
    monkeypatch.setattr("time.time", lambda: datetime(next(years), 1, 1, tzinfo=UTC).timestamp())
    monkeypatch.setattr("time.time_ns", lambda: next(years) * 10**18)
    made = recorded(tmp_path)
    assert made.record.recorded == "1971-01-01T00:00:00Z"
    times = [s.time for s in made.samples] + [r.done or 0.0 for r in made.requests] + list(made.record.stages.values())
    assert all(abs(time) < 100 for time in times)
    assert times[: len(made.samples)] == sorted(times[: len(made.samples)])


def test_only_the_date_of_a_recording_is_read_off_a_clock_that_can_jump() -> None:
    asked = re.compile(r"\btime\.time(_ns)?\(|\bdatetime\.(now|today|utcnow)\(|\bfrom time import .*\btime\b(?!\w)")
    found = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("report", "assignments")
        for path in (REPOSITORY / folder).rglob("*.py")
        if asked.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"report/recording/record.py", "report/grading/cell.py"}  # when it was judged, likewise


# --- evidence that was tampered with --------------------------------------------------------------------------------


def signed(directory: Path, **changes: Any) -> None:
    """run.json says otherwise, as if it had always said so."""
    path = directory / "run.json"
    path.write_bytes(evidence.canonical_json(json.loads(path.read_bytes()) | changes))


@pytest.mark.parametrize(
    "name",
    ["/dev/zero", "/etc/passwd", "../../../etc/passwd", "..", "", ".", "nul\0", "a" * 5000, "run.json", "a b'\""],
)
def test_a_manifest_that_leads_elsewhere_is_refused_without_a_look_there(tmp_path: Path, name: str) -> None:
    directory = store(tmp_path, run())
    files = json.loads((directory / "run.json").read_bytes())["files"]
    signed(directory, files=files | {name: "0" * 64})
    with pytest.raises(EvidenceError) as caught:
        evidence.read(directory)
    (problem,) = caught.value.problems
    assert problem.startswith("echo/two.python/run.json: files: no run has ")


@pytest.mark.parametrize("schema", [SCHEMA + 1, SCHEMA - 1, "1", None, 1e300, [1], True + 1])
def test_evidence_of_another_schema_is_told_what_it_is_and_to_be_recorded_again(tmp_path: Path, schema: Any) -> None:
    directory = store(tmp_path, run())
    signed(directory, schema_version=schema)
    with pytest.raises(EvidenceError, match=rf"run.json: schema_version is {re.escape(str(schema))}, not {SCHEMA}"):
        evidence.read(directory)


def test_evidence_of_another_machine_is_read_as_it_is(tmp_path: Path) -> None:
    directory = store(tmp_path, run())
    elsewhere = {"kernel": "9.9", "python": "3.99", "machine": "riscv64", "processor": "라이젠", "cores": "1"}
    signed(directory, environment=elsewhere)
    assert evidence.read(directory).record.environment == elsewhere


DAMAGED = st.binary(max_size=60)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    name=st.sampled_from(evidence.FILES), at=st.floats(0, 1), cut=st.integers(0, 40), new=DAMAGED, resign=st.booleans()
)
def test_any_damage_to_any_file_is_told_or_still_a_run(
    name: str, at: float, cut: int, new: bytes, resign: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = store(tmp_path_factory.mktemp("damaged"), run())
    whole = (directory / name).read_bytes()
    place = int(at * len(whole))
    damaged = whole[:place] + new + whole[place + cut :]
    (directory / name).write_bytes(damaged)
    if resign:  # by somebody who knows how
        files = json.loads((directory / "run.json").read_bytes())["files"]
        signed(directory, files=files | {name: evidence.digest(damaged)})
    try:
        read = evidence.read(directory)
        assert resign or damaged == whole
        for part in (read.requests, read.samples, read.server_lines, read.client_lines):
            assert len(part) >= 0
    except ReportError as error:
        assert all(problem.startswith("echo/two.python/") for problem in error.problems)  # noqa: PT017
    finally:
        with suppress(OSError):
            shutil.rmtree(directory)
