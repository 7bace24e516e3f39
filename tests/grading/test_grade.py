"""A class is graded: found, judged, written as results come, and gone on with wherever a grader was stopped."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from report import grade as grading
from report.errors import SpecError
from report.grade import Class
from report.graded import Graded, verdicts_digest
from report.grading import cell, private, store
from report.grading.cell import Answer, Task
from report.grading.engine import Place
from report.recording import sandbox
from tests.builders import REPOSITORY
from tests.grading.cells import answer
from tests.grading.classroom import VARIANTS, c, mistakes, right, write
from tests.recording.harness import wait_for

pytestmark = [pytest.mark.timeout(400), pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")]
DELAY = 0.2
SAID = {"a": "accepted", "b": "zombies", "c": "accepted", "d": "orphans"}
BROKEN = c(2, "int main( {", "does-not-build").files
HANGS = {"server.c": b"", "submission.toml": b'[assignment.2]\nbuild = "sleep 600"\ncommand = "./server"\n'}


def of(folder: Path, **more: object) -> Class:
    rules = [cell.every_rule(REPOSITORY)["thread"]]
    values = {"root": REPOSITORY, "rules": rules, "handed_in": folder / "in", "to": folder / "out", "language": "en"}
    return Class(**values | {"delay": DELAY} | more)  # type: ignore[arg-type]


@contextmanager
def fake() -> Iterator[Place]:
    with ThreadPoolExecutor(1) as executor:
        yield Place(executor, executor, 1, "1 submission side by side, as was asked", True)


class Said:
    """Judges by heart, and counts whom."""

    def __init__(self) -> None:
        self.judged: list[str] = []

    def __call__(self, one: Task) -> Answer:
        self.judged.append(one.student)
        made = answer(one, SAID[one.student], b"page")
        return Answer(made.graded.model_copy(update={"assignment": "thread", "number": 2}), made.files)


def handed(folder: Path, names: str = "abcd") -> None:
    for name in names:
        write(folder / "in", name, {"server.c": f"int main() {{ return '{name}'; }}".encode()}, packed=False)


def test_a_grader_that_is_stopped_after_any_result_goes_on_there_and_the_verdicts_are_the_same(tmp_path: Path) -> None:
    digests = set()
    for stop in range(6):
        folder = tmp_path / str(stop)
        handed(folder)
        said, told = Said(), list[str]()

        def tell(line: str) -> None:
            told.append(line)
            if len(told) == stop + 1:
                raise KeyboardInterrupt

        if stop < 5:
            with pytest.raises(KeyboardInterrupt):
                grading.grade(of(folder), fake(), said, tell)
        kept = store.read(folder / "out" / store.RESULTS)
        done = grading.grade(of(folder), fake(), said, lambda _: None)
        assert done.new == 4 - len(kept)
        assert sorted(said.judged) == ["a", "b", "b", "c", "d", "d"]
        digests.add(verdicts_digest(done.results))
    assert len(digests) == 1


def test_only_what_changed_is_judged_again(tmp_path: Path) -> None:
    handed(tmp_path)
    grading.grade(of(tmp_path), fake(), Said(), lambda _: None)
    (tmp_path / "in" / "c" / "server.c").write_text("int main() { return 0; }")
    said, told = Said(), list[str]()
    done = grading.grade(of(tmp_path), fake(), said, told.append)
    assert said.judged == ["c"]
    assert (done.new, done.count("accepted"), done.count("rejected")) == (1, 2, 2)
    assert told[0] == "3 of 4 results are there already, and judged by the same rules"
    grading.grade(of(tmp_path, delay=0.3), fake(), said, lambda _: None)
    assert len(said.judged) == 7  # other rules: all of them, and two again


def test_a_student_of_whom_nothing_is_found_is_told_why_and_nothing_is_judged(tmp_path: Path) -> None:
    write(tmp_path / "in", "letter", {"README.txt": b"sorry"}, packed=False)
    (tmp_path / "in" / "bad.zip").write_bytes(b"no zip")
    said = Said()
    done = grading.grade(of(tmp_path), fake(), said, lambda _: None)
    assert [one.outcome for one in done.results] == ["missing", "missing"]
    assert all(one.told for one in done.results)
    assert said.judged == []


def test_names_are_nowhere_where_pseudonyms_were_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "in", "20261234 홍길동", {"server.c": b"int main() {}"}, packed=True)  # in a folder of that name
    told: list[str] = []

    def work(one: Task) -> Answer:
        assert "홍길동" not in f"{one}"
        assert [*one.files] == ["server.c"]
        return Answer(answer(one, "accepted").graded.model_copy(update={"assignment": "thread", "number": 2}), {})

    grading.grade(of(tmp_path, anonymous=True), fake(), work, told.append)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != store.NAMES]
    assert len(written) > 5
    for shown in [*told, *map(str, written), *(path.read_text(encoding="utf-8") for path in written)]:
        assert "홍길동" not in shown
        assert "20261234" not in shown
    assert "홍길동" in (tmp_path / "out" / store.NAMES).read_text(encoding="utf-8")


def test_assignments_are_chosen_by_numbers_or_names_with_commas_between() -> None:
    found = dict(cell.every_rule(REPOSITORY))
    every = [rules.assignment for rules in found.values()]
    assert [one.assignment.name for one in grading.chosen(found, every, "2, fork,2")] == ["thread", "fork"]
    assert len(grading.chosen(found, every, None)) == len(found)
    with pytest.raises(SpecError, match="--assignment tread: there is no such assignment"):
        grading.chosen(found, every, "1,tread")


@pytest.mark.parametrize(("is_apart", "shared"), [(True, ["asks", "says"]), (False, ["asks"])])
def test_whose_port_is_in_its_source_is_judged_alone_where_it_can_have_no_network_of_its_own(
    is_apart: bool, shared: list[str], tmp_path: Path
) -> None:
    said = b'[assignment.2]\ncommand = "./server"\nbuild = "cc -o server server.c"\nport = 8090\ndelay = 1.0\n'
    write(tmp_path / "in", "says", {"server.c": b"int main() {}", "submission.toml": said}, packed=False)
    asks = b'[assignment.2]\ncommand = "./server {port} {delay}"\nbuild = "cc -o server server.c"\n'
    write(tmp_path / "in", "asks", {"server.c": b"int main() {}", "submission.toml": asks}, packed=False)
    where: dict[str, list[str]] = {"shared": [], "alone": []}

    def work(one: Task) -> Answer:
        where[threading.current_thread().name.partition("_")[0]].append(one.student)
        return Answer(answer(one, "accepted").graded.model_copy(update={"assignment": "thread", "number": 2}), {})

    with ThreadPoolExecutor(1, "shared") as many, ThreadPoolExecutor(1, "alone") as single:
        place = nullcontext(Place(many, single, 4, "as was asked", is_apart))
        grading.grade(of(tmp_path), place, work, lambda _: None)
    assert where == {"shared": shared, "alone": [name for name in ("says",) if name not in shared]}


# --- the command itself ---------------------------------------------------------------------------------------------


def command(folder: Path, *more: str) -> "subprocess.Popen[str]":
    words = ["--submissions", str(folder / "in"), "--assignment", "2", "--to", str(folder / "out")]
    given = [sys.executable, "-m", "invoke", "grade", *words, "--delay", str(DELAY), "--language", "en", *more]
    environment = {**os.environ, "LANGUAGE": "en", "PYTHONIOENCODING": "utf-8", "TMPDIR": str(folder / "scratch")}
    (folder / "scratch").mkdir(exist_ok=True)
    return subprocess.Popen(
        given,
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        restore_signals=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # whoever runs the tests
    )


def invoke(folder: Path, *more: str) -> tuple[int | None, list[str], str]:
    process = command(folder, *more)
    said, error = process.communicate()
    return process.returncode, said.splitlines(), error


def results(folder: Path) -> dict[str, Graded]:
    return {one.student: one for one in store.read(folder / "out" / store.RESULTS)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of five, judged by the command."""
    folder = tmp_path_factory.mktemp("class")
    write(folder / "in", "right in C", {"server.c": right(2).encode()}, packed=False)
    write(folder / "in", "right in Python", {"a.py": (VARIANTS / "thread_socketserver.py").read_bytes()}, packed=True)
    write(folder / "in", "김 실수", mistakes(2)["no-thread"].files, packed=True)
    write(folder / "in", "broken", BROKEN, packed=False)
    write(folder / "in", "letter", {"README.txt": b"sorry"}, packed=False)
    code, said, error = invoke(folder)
    assert (code, error) == (0, ""), (said, error)
    assert [line for line in said if line.startswith("5/5 ")]
    assert said[-2].startswith("5 results, 5 of them new, in ")
    assert said[-1] == f"{folder}/out/overview.en.html"
    assert [*(folder / "scratch").iterdir()] == []
    return folder


def test_a_class_is_judged_rightly(graded: Path) -> None:
    found = {name: (one.outcome, one.diagnosis, one.attempts) for name, one in results(graded).items()}
    assert found == {
        "right in C": ("accepted", None, 1),
        "right in Python": ("accepted", None, 1),
        "김 실수": ("rejected", "serial", 2),
        "broken": ("rejected", "does-not-build", 2),
        "letter": ("missing", None, 1),
    }
    assert "error:" in results(graded)["broken"].told
    assert str(graded / "scratch") not in (graded / "out" / store.RESULTS).read_text(encoding="utf-8")
    by = results(graded)["right in C"].measured_by
    assert by["python"].startswith("3.")
    assert by["room"] == (sandbox.version() or "none")
    assert os.uname().nodename not in str(by)


def test_all_that_an_assistant_decides_from_is_there(graded: Path) -> None:
    out = graded / "out"
    pages = [(out / f"overview.{language}.html").read_text(encoding="utf-8") for language in ("ko", "en")]
    for page in pages:
        assert "김 실수" in page
        assert "students/" in page
    rows = [*csv.reader((out / "grades.csv").read_text(encoding="utf-8-sig").splitlines())]
    assert {row[0] for row in rows[1:]} == {*results(graded)}
    assert (out / "junit.xml").read_bytes().count(b"<testcase") == 5
    places = [*(out / "students").iterdir()]
    assert len(places) == 5
    for place in places:
        assert json.loads((place / "results.json").read_bytes())["tests"]
        if not place.name.startswith("letter"):
            made = {path.name for path in (place / "2").iterdir()}
            assert made == {"verdict.ko.html", "verdict.en.html", cell.PACKED}


def test_a_second_time_nothing_is_judged(graded: Path) -> None:
    before = (graded / "out" / store.RESULTS).read_bytes()
    code, said, _ = invoke(graded)
    assert code == 0
    assert said[0] == "5 of 5 results are there already, and judged by the same rules"
    assert said[1].startswith("5 results, 0 of them new")
    assert (graded / "out" / store.RESULTS).read_bytes() == before


def test_by_the_same_rules_no_verdict_would_change(graded: Path) -> None:
    told: list[str] = []
    assert grading.replayed(REPOSITORY, graded / "out", "en", told.append) == 0
    assert told == ["4 verdicts made again from their evidence, 0 would change"]


def test_by_other_rules_it_is_told_whose_verdict_would_change_and_by_which_claim(graded: Path, tmp_path: Path) -> None:
    for name in ("templates", "report"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    shutil.copytree(REPOSITORY / "assignments", tmp_path / "assignments")
    sheet = tmp_path / "assignments" / "thread" / "judge.toml"
    text = sheet.read_text(encoding="utf-8")
    new = '[probes.later]\ndelay = 1.0\nclients = 1\nload = { expect = "My first web server!", timeout = 9 }\n'
    sheet.write_text(f"{text.replace('at_most = 6.5', 'at_most = 0.5')}\n{new}", encoding="utf-8")
    told: list[str] = []
    assert grading.replayed(tmp_path, graded / "out", "en", told.append) == 2
    assert told[-2:] == [
        "probes that are new, or made otherwise now, of which this evidence decides nothing: later",
        "4 verdicts made again from their evidence, 2 would change",
    ]
    for line, name in zip(sorted(told[:-2]), ("right in C", "right in Python"), strict=True):
        assert line.startswith(f"{name} · 2 · passed → not passed")
        assert "burst-together: holds → fails" in line


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    process = command(tmp_path, "--replay", str(tmp_path))
    _, error = process.communicate()
    assert process.returncode == 6
    assert error.endswith("results.jsonl: has no result; grade a class into that folder first\n")


def test_submissions_that_are_not_there_are_told(tmp_path: Path) -> None:
    code, _, error = invoke(tmp_path)
    assert (code, "Traceback" in error) == (2, False)
    assert error == f"error: --submissions {tmp_path}/in: there is no such folder\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9), (signal.SIGTERM, -15)])
def test_a_grader_that_is_stopped_leaves_its_results_and_nothing_else(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    write(tmp_path / "in", "a broken", BROKEN, packed=False)
    write(tmp_path / "in", "hangs", HANGS, packed=False)
    process = command(tmp_path)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(2)]
    assert said[1].startswith("1/2 a broken · 2 · not passed: does-not-build"), process.communicate()
    process.send_signal(number)
    rest, error = process.communicate()
    assert process.returncode == code
    if number == signal.SIGINT:
        assert rest == f"1 of 2 results are kept in {tmp_path}/out; the same command goes on from there\n"
        assert error == "interrupted; every run that was complete is kept\n"
    wait_for(lambda: not users(tmp_path), "the end of all that judged")
    assert [*results(tmp_path)] == ["a broken"]
    if number == signal.SIGINT:
        assert [*(tmp_path / "scratch").iterdir()] == []
    shutil.rmtree(tmp_path / "in" / "hangs")
    assert invoke(tmp_path)[0] == 0
    assert [path for path in (tmp_path / "scratch").glob(f"{private.PREFIX}*") if any(path.iterdir())] == []


def users(folder: Path) -> list[int]:
    """Processes that were told of this folder, by a word of their command or by their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if entry.name.isdigit() and str(folder).encode() in told:
            found.append(int(entry.name))
    return found
