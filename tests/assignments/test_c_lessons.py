"""The lessons in C: what threads share and processes do not, seen from outside through the lines and the answers.

Nothing here is decided by a time on the clock. Where a lesson waits for others, they come; where it gives up after a
delay, the delay is short and only what follows is looked at.
"""

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.assignments.compiled import SHARED, WARNINGS, compile_c, sanitizer, sources, starting
from tests.assignments.test_c_servers import masked
from tests.servers import GET, GREETING, ROOT, Server, body_of, read_all, running, status_of

DESIGNS = ("iterative", "fork", "thread")
SINGLE = {name: [f"assignments/fork_vs_thread/{name}.c", *SHARED] for name in ("laboratory", "detached_threads")}
LESSONS = ["--lessons", "--ballast", "2"]
NO_CORE = f"import resource; resource.setrlimit({resource.RLIMIT_CORE}, (0, 0))"
GIVEN = ["/transfer?from=a&to=b&order=given", "/transfer?from=b&to=a&order=given"]
WELL = {
    "/spin?work=1": ["spun 1"],
    "/spin": ["spun 1"],
    "/count?lock=yes": ["counted 1"],
    "/count?meet=1&lock=no": ["counted 2"],
    "/transfer?from=b&to=a&order=given": ["holds b", "holds a", "transferred"],
    "/transfer?order=fixed&to=a&from=b": ["holds a", "holds b", "transferred"],
    "/transfer?from=b&to=a&order=seats": ["holds b", "holds a", "transferred"],
    "/touch?mb=2&of=objects": ["touched 2 MiB of objects"],
    "/touch?mb=1&of=array": ["touched 1 MiB of array"],
    "http://a/touch?": ["touched 1 MiB of objects"],
}
BAD = [
    "/spin?work=0", "/spin?work=-1", "/spin?work=x", "/spin?work=", "/spin?work", "/spin?work=1&work=1", "/spin?Work=1",
    "/spin?work=1000000", "/spin?work=1&lock=yes", "/count?lock=maybe", "/count?lock=yes&meet=1.5", "/crash?x=1",
    "/fail?=", "/transfer?to=a", "/transfer?from=c", "/transfer?order=", "/touch?mb=3", "/touch?of=all",
]  # fmt: skip
UNKNOWN = ["/spinning", "/spin/", "/counts?lock=yes", "/favicon.ico"]


@pytest.fixture(scope="session")
def lesson_binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled servers; that they compile without a warning is part of it."""
    folder = tmp_path_factory.mktemp("c_lessons")
    for name, files in {**{name: sources(name) for name in DESIGNS}, **SINGLE}.items():
        assert compile_c(folder / name, files, *WARNINGS) == ""
    return folder


@pytest.fixture
def start_in_c(lesson_binaries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "start", starting(lesson_binaries))


def get(target: str, method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@contextlib.contextmanager
def connected(server: Server, count: int) -> Iterator[list[socket.socket]]:
    """So many clients, which leave at the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(server.connect()) for _ in range(count)]


def ask_together(server: Server, targets: list[str]) -> list[bytes]:
    """All are connected and sent before the first answer is read."""
    with connected(server, len(targets)) as clients:
        for client, target in zip(clients, targets, strict=True):
            client.sendall(get(target))
        return [read_all(client) for client in clients]


def counted(server: Server) -> list[int]:
    return sorted(int(value) for value in re.findall(r"#\d+ counted (\d+)$", "\n".join(server.lines), re.M))


# ---- What is asked for -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", DESIGNS)
def test_without_the_option_every_lesson_is_404(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, "--ballast", "2", delay=3600) as server:
        for target in [*WELL, *BAD, "/crash", "/fail"]:
            assert status_of(server.ask(get(target))) == 404, target
        assert server.stop() == 0


@pytest.mark.usefixtures("start_in_c")
def test_a_bad_query_is_400_and_an_unknown_path_or_head_404(tmp_path: Path) -> None:
    with running("iterative", tmp_path, *LESSONS, delay=3600) as server:
        for target in BAD:
            assert status_of(server.ask(get(target))) == 400, target
        assert [status_of(server.ask(get(target))) for target in UNKNOWN] == [404] * len(UNKNOWN)
        assert status_of(server.ask(get("/crash", "HEAD"))) == 404
        assert status_of(server.ask(get("/crash", "POST"))) == 405
        assert server.stop() == 0


@pytest.mark.usefixtures("start_in_c")
def test_what_ends_well_is_the_greeting_and_its_own_lines(tmp_path: Path) -> None:
    with running("iterative", tmp_path, *LESSONS) as server:
        for number, (target, said) in enumerate(WELL.items(), 1):
            assert body_of(server.ask(get(target))) == GREETING, target
            server.wait_for_lines(f"#{number} closed")
            lines = [line.partition(f"#{number} ")[2] for line in server.lines if f": #{number} " in line]
            assert lines[2:-2] == said  # after accepted, request; before answered, closed
        assert server.stop() == 0


def test_the_lines_and_answers_are_word_for_word_those_of_the_python_lessons(
    tmp_path: Path, lesson_binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed, answered = [], []
    for _ in ("Python", "C"):
        with running("iterative", tmp_path, *LESSONS) as server:
            answered.append([server.ask(get(target)) for target in [*WELL, *BAD, *UNKNOWN, "/?x=1"]])
            assert server.stop() == 0
            printed.append(masked(server.lines))
        monkeypatch.setattr(servers, "start", starting(lesson_binaries))
    assert answered[0] == answered[1]
    assert printed[0] == printed[1]


@pytest.mark.usefixtures("start_in_c")
def test_spinning_is_computing_and_no_sleep(tmp_path: Path) -> None:
    """A tenth of its 400 ms at least: the compiler has not left the loop out. Processor time, whatever else runs."""
    with running("iterative", tmp_path, *LESSONS, delay=3600) as server:
        assert body_of(server.ask(get("/spin?work=400"))) == GREETING
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        assert int(fields[11]) / os.sysconf("SC_CLK_TCK") > 0.04
        assert server.stop() == 0


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("kind", ["objects", "array"])
def test_touching_is_told_before_the_delay_in_which_memory_is_looked_at(name: str, kind: str, tmp_path: Path) -> None:
    with running(name, tmp_path, *LESSONS, delay=3600) as server, server.connect() as client:
        client.sendall(get(f"/touch?mb=2&of={kind}"))
        server.wait_for_lines(rf"#1 touched 2 MiB of {kind}$")
        assert server.count("answered") == 0


# ---- The counter -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("query", ["lock=yes", "lock=no&meet=1", "lock=no&meet=2"])
def test_each_child_counts_its_own_copy_to_1(query: str, tmp_path: Path) -> None:
    with running("fork", tmp_path, *LESSONS, delay=0.1) as server:
        assert list(map(body_of, ask_together(server, [f"/count?{query}"] * 10))) == [GREETING] * 10
        assert server.stop() == 0
        assert counted(server) == [1] * 10


@pytest.mark.usefixtures("start_in_c")
def test_threads_with_the_lock_lose_no_update(tmp_path: Path) -> None:
    with running("thread", tmp_path, *LESSONS) as server:
        assert list(map(body_of, ask_together(server, ["/count?lock=yes"] * 40))) == [GREETING] * 40
        assert server.stop() == 0
        assert counted(server) == list(range(1, 41))


@pytest.mark.usefixtures("start_in_c")
def test_threads_that_all_read_before_one_writes_lose_all_updates_but_one(tmp_path: Path) -> None:
    with running("thread", tmp_path, *LESSONS, delay=3600) as server:
        for written in (1, 2):  # the next ones meet again
            ask_together(server, ["/count?lock=no&meet=10"] * 10)
            assert counted(server)[-10:] == [written] * 10
        assert server.stop() == 0


@pytest.mark.usefixtures("start_in_c")
def test_who_waits_in_vain_at_a_meeting_goes_on_after_a_delay_and_is_not_counted_on(tmp_path: Path) -> None:
    with running("thread", tmp_path, *LESSONS, delay=0.05) as server:
        for _ in range(3):
            begin = time.monotonic()
            assert body_of(server.ask(get("/count?lock=no&meet=2"))) == GREETING
            assert time.monotonic() - begin > 0.05  # sooner, if the one before still counted; later on a busy machine
        assert counted(server) == [1, 2, 3]
        assert server.stop() == 0


# ---- Faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", ["iterative", "thread"])
def test_a_crash_ends_the_process_and_all_who_were_served_in_it(name: str, tmp_path: Path) -> None:
    count = 5 if name == "thread" else 0
    with running(name, tmp_path, *LESSONS, delay=0.1, prelude=NO_CORE) as server, connected(server, count) as others:
        server.wait_for_lines("accepted", count)
        assert server.ask(get("/crash")) == b""
        assert server.process.wait(servers.DEADLINE) == -signal.SIGSEGV
        assert [read_all(other) for other in others] == [b""] * len(others)
        assert server.count("crashes$") == 1
        assert server.count("closed") == 0


@pytest.mark.usefixtures("start_in_c")
def test_a_crash_ends_one_child_and_nobody_else_is_lost(tmp_path: Path) -> None:
    with running("fork", tmp_path, *LESSONS, delay=0.1, prelude=NO_CORE) as server, connected(server, 5) as others:
        server.wait_for_lines("accepted", 5)
        assert server.ask(get("/crash")) == b""
        server.wait_for_lines(r"^server: #6 reaped child \d+, killed by signal 11$")
        for other in others:
            other.sendall(GET)
        assert [body_of(read_all(other)) for other in others] == [GREETING] * 5
        assert server.stop() == 0


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", DESIGNS)
def test_a_handler_that_fails_costs_its_own_client_alone(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, *LESSONS, delay=0.1) as server:
        assert [body_of(reply) for reply in ask_together(server, ["/", "/fail", "/"])] == [GREETING, b"", GREETING]
        assert server.stop() == 0
        assert server.count("#2 fails$") == server.count("#2 closed$") == 1
        assert server.count("#2 answered") == 0


# ---- Two locks -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
def test_threads_that_take_two_locks_in_opposite_orders_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    with running("thread", tmp_path, *LESSONS, delay=3600) as server, connected(server, 2) as (one, two):
        server.wait_for_lines("accepted", 2)
        one.sendall(get(GIVEN[0]))
        two.sendall(get(GIVEN[1]))
        server.wait_for_lines("waits for", 2)
        said = [line.partition(": ")[2] for line in server.lines]
        assert {line for line in said if "waits" in line} == {
            "#1 waits for b, held by #2",
            "#2 waits for a, held by #1",
        }
        assert {line for line in said if "holds" in line} == {"#1 holds a", "#2 holds b"}
        assert body_of(server.ask(get("/spin"))) == GREETING  # the others go on
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_lines("^server: stopping$")
        assert server.stop() == 128 + signal.SIGTERM
        assert server.count("transferred") == 0


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize(("name", "order"), [("fork", "given"), ("thread", "fixed"), ("thread", "seats")])
def test_copies_or_one_order_or_fewer_seats_than_locks_make_no_deadlock(name: str, order: str, tmp_path: Path) -> None:
    targets = [target.replace("given", order) for target in GIVEN * 2]
    with running(name, tmp_path, *LESSONS, delay=0.1) as server:
        assert list(map(body_of, ask_together(server, targets))) == [GREETING] * 4
        assert server.stop() == 0
        held = re.findall(r"#\d+ holds (\w)$", "\n".join(server.lines), re.M)
        assert server.count("transferred$") == 4
        if order == "fixed":
            assert held == ["a", "b"] * 4
        if order == "seats":
            assert server.count("waits for") == 0


# ---- The mistake at the stop -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
def test_detached_threads_that_nobody_waits_for_end_with_main(tmp_path: Path) -> None:
    with running("detached_threads", tmp_path, delay=3600) as server, connected(server, 5) as clients:
        for client in clients:
            client.sendall(GET)
        server.wait_for_lines(r"^thread \d+: #\d+ request", 5)
        server.wait_for_lines(r"^server: #\d+ handed to a new thread$", 5)
        assert server.stop() == 0
        assert [read_all(client) for client in clients] == [b""] * 5
        assert server.lines[-2:] == ["server: stopping", "server: stopped"]
        assert server.count("answered") == server.count("closed") == 0


@pytest.mark.usefixtures("start_in_c")
def test_it_answers_until_then_as_the_right_one_does(tmp_path: Path) -> None:
    with running("detached_threads", tmp_path) as server:
        assert list(map(body_of, ask_together(server, ["/"] * 20))) == [GREETING] * 20
        server.wait_for_lines("closed", 20)
        assert server.stop() == 0


# ---- The laboratory --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
def test_creation_is_measured_with_memory_that_is_given_back(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28))"
    with running("laboratory", tmp_path, "--sizes", "32,100000,1,64", "--times", "4", prelude=limit) as server:
        assert [body_of(server.ask()) for _ in range(2)] == [GREETING] * 2
        assert server.children() == []
        assert server.stop() == 0
        said = [line.partition(": ")[2] for line in server.lines if line.startswith("laboratory: ")]
    times = r"(fork|thread) with \d+ MiB took \d+ us \(median of 4\)"
    tables = [int(size) for size in re.findall(r"page tables of \d+ MiB are (\d+) KiB", "\n".join(said))]
    assert sum(re.fullmatch(times, line) is not None for line in said) == 6
    assert said[3] == "100000 MiB could not be had (Cannot allocate memory)"
    assert tables[1] < tables[0] < tables[2]  # 1, 32, 64 MiB: so what was written is gone, too
    assert len(said) == 10


@pytest.mark.usefixtures("start_in_c")
def test_a_child_finds_a_lock_stuck_that_another_thread_held_unless_it_is_repaired(tmp_path: Path) -> None:
    with running("laboratory", tmp_path, "--experiment", "inherit") as server:
        assert body_of(server.ask()) == GREETING
        assert server.session() == [server.process.pid]
        assert server.threads() == 1
        assert server.stop() == 0
        said = [line.partition(": ")[2] for line in server.lines if line.startswith("laboratory: ")]
    assert [said[0], said[1], said[-1]] == [
        "child found mutex stuck", "child got through malloc", "child got through repaired mutex",
    ]  # fmt: skip
    streams = [re.fullmatch(r"child (found .* stuck|got through .*)", line) is not None for line in said[2:-1]]
    assert streams == [True, True]  # which, is glibc's affair: a file's is repaired, a memory stream's not (2.36)


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize(
    "options",
    [
        *(["--sizes", text] for text in ("", "x", "1,", "1,,2", "0", "-1", "1 2", "9999999999")),
        ["--times", "0"], ["--times", "100000"], ["--patience", "0"], ["--patience", "-1"], ["--experiment", "all"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused(options: list[str], lesson_binaries: Path) -> None:
    command = [str(lesson_binaries / "laboratory"), "--port", "0", *options]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert options[0] in refused.stderr.splitlines()[1]


def test_it_takes_the_options_that_the_laboratory_in_python_takes(lesson_binaries: Path) -> None:
    asked = [[str(lesson_binaries / "laboratory")], [sys.executable, "-m", "assignments.fork_vs_thread.laboratory"]]
    told = [
        subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for command in asked
    ]
    assert set(re.findall(r"--[\w-]+", told[0])) == set(re.findall(r"--[\w-]+", told[1]))


# ---- What a plain run does not show ----------------------------------------------------------------------------------


def teach_all(name: str, folder: Path, prelude: str = "") -> Server:
    """Every lesson that ends well or fails, some of them at once; then the end."""
    with running(name, folder, *LESSONS, delay=0.05, prelude=prelude) as server:
        statuses = [status_of(server.ask(get(target))) for target in [*WELL, *BAD]]
        assert statuses == [200] * len(WELL) + [400] * len(BAD)
        fixed = [target.replace("given", "fixed") for target in GIVEN * 2]
        together = [*["/count?lock=no&meet=4"] * 4, *["/count"] * 4, "/spin?work=5", "/touch", *fixed]
        assert [status_of(reply) for reply in ask_together(server, together)] == [200] * len(together)
        assert server.ask(get("/fail")) == b""
        assert server.stop() == 0, server.lines[-40:]
        return server


def found(server: Server) -> list[str]:
    return [line for line in server.lines if re.search("Sanitizer|runtime error|==", line)]


@pytest.mark.parametrize(("name", "kind"), [*((name, "address,undefined") for name in DESIGNS), ("thread", "thread")])
def test_the_sanitizers_find_nothing_in_the_lessons(
    name: str, kind: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("sanitized_lessons")
    compile_c(folder / name, sources(name), *sanitizer(kind, tmp_path_factory.getbasetemp()))
    monkeypatch.setattr(servers, "start", starting(folder))
    assert found(teach_all(name, tmp_path)) == []


def test_a_sanitizer_would_have_said_that_a_plain_counter_is_a_race(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same two updates lost, by undefined behaviour: what the atomic counter is for."""
    flags = sanitizer("thread", tmp_path_factory.getbasetemp())
    copy = tmp_path_factory.mktemp("racy")
    for file in ("thread/server.c", "service.c", "service.h", "lessons.c", "lessons.h"):
        text = (
            (ROOT / "assignments" / file).read_text().replace("static atomic_uint counter", "static unsigned counter")
        )
        text = text.replace("atomic_load_explicit(&counter, memory_order_relaxed)", "counter")
        text = text.replace("atomic_store_explicit(&counter, value, memory_order_relaxed)", "counter = value")
        (copy / "assignments" / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / "assignments" / file).write_text(text)
    compile_c(copy / "thread", sources("thread"), *flags, root=copy)
    monkeypatch.setattr(servers, "start", starting(copy))
    with running("thread", tmp_path, *LESSONS, delay=30) as server:
        ask_together(server, ["/count?lock=no&meet=2"] * 2)
        server.stop()
        assert counted(server) == [1, 1]
        assert server.count("WARNING: ThreadSanitizer: data race") > 0


@pytest.mark.parametrize("kind", ["address,undefined", "thread"])
def test_the_sanitizers_find_nothing_in_the_laboratory(
    kind: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that ends is not to be told that it never joined a thread that it does not have."""
    folder = tmp_path_factory.mktemp("sanitized_laboratory")
    compile_c(folder / "laboratory", SINGLE["laboratory"], *sanitizer(kind, tmp_path_factory.getbasetemp()))
    monkeypatch.setattr(servers, "start", starting(folder))
    quiet = "import os; os.environ['TSAN_OPTIONS'] = 'report_thread_leaks=0'"
    for options in (["--sizes", "1,2"], ["--experiment", "inherit"]):
        with running("laboratory", tmp_path, *options, prelude=quiet) as server:
            assert body_of(server.ask()) == GREETING
            assert server.stop() == 0
            assert found(server) == []
            assert server.count("^laboratory: ") == server.count("MiB|child found|child got through") > 0


@pytest.mark.parametrize("name", ["fork", "thread"])
def test_valgrind_finds_nothing_in_the_lessons(
    name: str, tmp_path: Path, lesson_binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    monkeypatch.setattr(servers, "start", starting(lesson_binaries))
    definite = ["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]  # glibc keeps ended threads' stacks
    words = ["valgrind", "-q", "--leak-check=full", *definite, "--error-exitcode=99", str(lesson_binaries / name)]
    server = teach_all(name, tmp_path, f"import os, sys; os.execvp('valgrind', [*{words}, *sys.argv[1:]])")
    assert found(server) == []
    assert server.count("reaped child .*exit status [1-9]") == 0
