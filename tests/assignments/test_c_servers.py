"""The servers in C keep the contract that the Python servers keep, by the same checks and with the same lines.

They are compiled once; `start_in_c` then has every check of the other test modules start them instead of Python's.
"""

import contextlib
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assignments.greeting import LIMIT, answer, first_line
from report.rendering.sources import excerpt
from tests import servers
from tests.assignments import test_fork_and_thread as own
from tests.assignments import test_message_queue as queue
from tests.assignments import test_servers as contract
from tests.assignments import test_stopping as stopping
from tests.assignments.compiled import WARNINGS, compile_c, sanitizer, sources, starting
from tests.assignments.replay import replay
from tests.servers import ACTORS, GET, GREETING, NAMES, ROOT, TOGETHER, body_of, read_all, running, status_of, wait_for

FOR_EACH = (
    contract.test_every_answer_is_right_every_line_is_known_and_nothing_is_left_behind,
    contract.test_refusals_come_at_once_and_whole_though_the_greeting_takes_an_hour,
    contract.test_a_body_that_nobody_asked_for_does_not_destroy_the_answer,
    contract.test_a_silent_client_gets_408_and_the_server_goes_on,
    contract.test_clients_that_vanish_at_any_point_harm_nobody,
    contract.test_who_waits_for_a_silent_client_is_what_tells_the_designs_apart,
    contract.test_a_server_whose_lines_nobody_reads_serves_on,
    contract.test_waiting_costs_nothing,
    stopping.test_a_second_stop_signal_ends_everything_at_once,
)
FOR_ONE = (
    contract.test_a_thousand_clients_fit_into_the_backlog_of_a_server_that_does_not_accept,
    own.test_every_child_is_forked_once_and_reaped_once,
    own.test_a_child_that_is_killed_is_reaped_and_the_others_go_on,
    own.test_children_ignore_the_stop_signals_and_hold_no_port,
    queue.test_a_real_burst_rises_and_falls_by_the_rule,
    queue.test_a_real_full_queue_keeps_the_rest_in_the_backlog,
    queue.test_under_real_threads_no_wake_up_is_lost_and_every_line_keeps_the_rule,
    queue.test_a_stop_with_a_full_queue_serves_what_is_in_it,
    queue.test_a_stop_ends_at_once_when_all_workers_are_idle,
)
SHARED = ("service.c", "service.h", "lessons.c", "lessons.h")
REGIONS = {
    "service.c": ["socket", "bind", "listen", "accept", "read", "write", "close"],
    "lessons.c": ["spin", "count", "crash", "transfer", "touch"],
    "iterative/server.c": ["serve"],
    "fork/server.c": ["reap", "fork", "child", "parent"],
    "thread/server.c": ["thread", "start", "finish", "serve"],
    "fork_vs_thread/detached_threads.c": ["mistake"],
    "fork_vs_thread/laboratory.c": ["creation", "sizes", "inherit"],
    "message_queue/server.c": ["work", "serve"],
    "message_queue/dispatcher.c": ["queue", "turn", "add", "remove", "put", "take", "scale"],
}


def name_of(check: Callable[..., None]) -> str:
    return check.__name__.removeprefix("test_")


@pytest.fixture(scope="session")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the four compiled servers; that they compile without a warning is a test of its own."""
    folder = tmp_path_factory.mktemp("c")
    for name in NAMES:
        (folder / f"{name}.warnings").write_text(compile_c(folder / name, sources(name), *WARNINGS))
    return folder


@pytest.fixture
def start_in_c(binaries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "start", starting(binaries))


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles_without_a_warning(name: str, binaries: Path) -> None:
    assert (binaries / f"{name}.warnings").read_text() == ""


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("check", FOR_EACH, ids=name_of)
def test_each_keeps_the_contract(check: Callable[[str, Path], None], name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("check", FOR_ONE, ids=name_of)
def test_a_design_keeps_what_is_its_own(check: Callable[[Path], None], tmp_path: Path) -> None:
    check(tmp_path)


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", NAMES)
def test_the_first_stop_signal_finishes_what_was_accepted(name: str, number: signal.Signals, tmp_path: Path) -> None:
    stopping.test_the_first_stop_signal_refuses_new_clients_and_finishes_the_accepted(name, number, tmp_path)


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", TOGETHER)
def test_a_stop_under_load_loses_nobody_who_was_accepted(name: str, tmp_path: Path) -> None:
    stopping.test_a_stop_under_load_loses_nobody_who_was_accepted(name, tmp_path)


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", ["thread", "message_queue"])
def test_without_descriptors_accepting_pauses_and_everybody_is_answered(name: str, tmp_path: Path) -> None:
    contract.test_without_descriptors_accepting_pauses_and_everybody_is_answered(name, tmp_path)


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize(("name", "together"), [("iterative", 1), ("fork", 10), ("thread", 10), ("message_queue", 3)])
def test_how_many_are_served_together_before_the_first_is_answered(name: str, together: int, tmp_path: Path) -> None:
    with running(name, tmp_path, delay=3600) as server, contextlib.ExitStack() as clients:
        for _ in range(10):
            clients.enter_context(server.connect()).sendall(GET)
        server.wait_for_lines(r"#\d+ request", together)
        if name == "message_queue":
            server.wait_for_lines("#10 queued, queue 8/10")
        assert server.count("#1 request") == 1
        assert server.count("answered") == 0
        assert server.count(r"#\d+ request") == together


@pytest.mark.usefixtures("start_in_c")
def test_children_that_a_second_stop_signal_ends_are_reaped(tmp_path: Path) -> None:
    with running("fork", tmp_path, delay=3600) as server, server.connect() as client:
        client.sendall(GET)
        server.wait_for_lines("#1 request")
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_lines("stopping")
        assert server.stop() == 128 + signal.SIGTERM
        assert server.count(r"^server: #1 reaped child \d+, killed by signal 9$") == 1


# ---- The same bytes and the same lines as Python's -------------------------------------------------------------------

HOST = b"Host: a\r\n"
REQUESTS = [
    GET,
    b"HEAD / HTTP/1.0\r\n\r\n",
    b"HEAD /x HTTP/1.1\r\n" + HOST + b"\r\n",
    *(b"GET %b HTTP/1.1\r\n" % target + HOST + b"\r\n" for target in (
        b"/?a=/b", b"http://localhost:8090/", b"HTTP://localhost", b"http://localhost?a", b"http://", b"http://a?b=/c",
        b"/favicon.ico", b"/x?/", b"//", b"/%2F", b"http://localhost/x", b"index.html", b"/\xff", b"/a\\b", b"/\t",
        b"/" + b"a" * 63, b"/" + b"a" * 67, b"/" + b"a" * 68, b"/" + b"\x1b" * 20, b"/" + b"a" * 500,
    )),
    *(b"%b / HTTP/1.1\r\n" % method + HOST + b"\r\n" for method in (b"POST", b"OPTIONS", b"get", b"GETS", b"G(T", b"")),
    *(b"GET / HTTP/1.1\r\n" + fields + b"\r\n" for fields in (
        b"", HOST + b"host: b\r\n", b"Host : a\r\n", HOST + b" folded\r\n", HOST + b"X: a\0b\r\n", HOST + b"X: a\rb\r\n",
        HOST + b"X:\r\n", HOST + b": a\r\n", HOST + b"Hosts: b\r\n", b"HOST:\r\n",
    )),
    b"hello\r\n\r\n", b"GET /\r\n\r\n", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"GET / http/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n", b"GET / HT", b"\0" * 100, b"\r\n", b"x\0y\n\n", b"GET / HTTP/1.1\r\r\n\r\n",
    b"GET / HTTP/1.0\n\n", b"\r\n\r\n" + GET, GET + b"and a body", b"GET / HTTP/1.9\nHost: a\r\n\n",
    (GET[:-2] + b"X: ").ljust(LIMIT, b"x"), (GET[:-2] + b"X: ").ljust(LIMIT - 4, b"x") + b"\r\n\r\n", b"a" * LIMIT,
]  # fmt: skip


@pytest.mark.usefixtures("start_in_c")
def test_every_answer_is_byte_for_byte_that_of_the_python_servers(tmp_path: Path) -> None:
    with running("iterative", tmp_path) as server:
        for number, request in enumerate(REQUESTS, 1):
            with server.connect() as client:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
                assert read_all(client) == answer(request), request
            server.wait_for_lines(f"#{number} closed")
            said = [line for line in server.lines if f": #{number} request" in line]
            assert said == [f"server: #{number} request {first_line(request)}, {len(request)} bytes"]
        assert server.stop() == 0
    assert len(REQUESTS) > 50


def masked(lines: list[str]) -> list[str]:
    """In no order of actors: with a thread of its own, the server's line may come before or after its first one."""
    return sorted(re.sub(r"127\.0\.0\.1:\d+|(child|thread) \d+", "*", line) for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_are_word_for_word_those_of_the_python_server(
    name: str, tmp_path: Path, binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = []
    for _ in ("Python", "C"):
        with running(name, tmp_path, delay=0.02, read_timeout=1.5) as server:
            server.ask(GET)
            server.wait_for_lines("#1 (closed|reaped|done)")
            server.ask(b"POST / HTTP/1.0\r\n\r\n")
            server.wait_for_lines("#2 (closed|reaped|done)")
            server.connect().close()
            server.wait_for_lines("#3 (closed|reaped|done)")
            with server.connect() as silent:
                read_all(silent)
            assert server.stop() == 0
            printed.append(masked(server.lines))
        monkeypatch.setattr(servers, "start", starting(binaries))
    assert printed[0] == printed[1]
    assert len(printed[0]) >= 16


# ---- Reading, writing and the peer -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", NAMES)
def test_a_request_in_single_bytes_is_answered_as_one_in_a_piece(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as server, server.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(len(GET)):
            client.sendall(GET[position : position + 1])
        assert read_all(client) == answer(GET)
        assert server.stop() == 0
        assert server.count(f"request GET / HTTP/1.1, {len(GET)} bytes") == 1


@pytest.mark.usefixtures("start_in_c")
def test_the_read_timeout_is_one_deadline_that_single_bytes_do_not_prolong(tmp_path: Path) -> None:
    with running("thread", tmp_path, read_timeout=0.3) as server, server.connect() as client:
        client.settimeout(0.02)
        reply = b""
        while not reply:
            with contextlib.suppress(TimeoutError):
                client.sendall(b"x")
                reply = client.recv(4096)
        assert status_of(reply) == 408


def test_a_refused_client_that_is_still_sending_gets_its_answer(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a patience of a minute, as the check asks: in C it is a number in the source."""
    copy = tmp_path_factory.mktemp("patient")
    for file in (f"assignments/{name}" for name in ("iterative/server.c", *SHARED)):
        text = (ROOT / file).read_text()
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_text(text.replace("#define PATIENCE 1.0", "#define PATIENCE 60.0"))
    assert "PATIENCE 60.0" in (copy / "assignments/service.c").read_text()
    compile_c(copy / "iterative", sources("iterative"), root=copy)
    monkeypatch.setattr(servers, "start", starting(copy))
    contract.test_a_refused_client_that_is_still_sending_gets_its_answer("iterative", tmp_path)


# ---- The command line ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize("name", NAMES)
def test_a_port_that_is_taken_is_one_sentence_and_exit_status_1(name: str, binaries: Path, tmp_path: Path) -> None:
    with running(name, tmp_path) as server:
        second = subprocess.run(
            [binaries / name, "--port", str(server.port)], capture_output=True, text=True, timeout=60, check=False
        )
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"server: cannot listen on 127.0.0.1:{server.port} (Address already in use); choose another --port?\n"
    )


@pytest.mark.parametrize(
    "options",
    [
        *(["--delay", text] for text in ("-1", "nan", "inf", "five", "", "1e300")),
        *(["--port", text] for text in ("x", "8090.5", "")),
        ["--delay"], ["--dely", "1"], ["--read-timeout", "1", "2"], ["--add-at", "11"], ["--remove-at", "8"],
        ["--max-workers", "0"], ["--capacity", "7"], ["--speed", "0"], ["--hold", "-1"], ["--cooldown", "x"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_options_are_refused_with_a_usage_line(options: list[str], binaries: Path) -> None:
    refused = subprocess.run(
        [binaries / "message_queue", "--port", "0", *options], capture_output=True, text=True, timeout=60, check=False
    )
    usage, sentence = refused.stderr.splitlines()
    assert refused.returncode == 2
    assert usage.startswith("usage: server [--help] [--host ")
    assert options[0] in sentence or options[-1] in sentence


@pytest.mark.parametrize("options", [["--port", "65536"], ["--port", "-1"], ["--host", "nowhere"]], ids=" ".join)
def test_an_address_that_does_not_exist_is_one_sentence_and_exit_status_1(options: list[str], binaries: Path) -> None:
    refused = subprocess.run([binaries / "fork", *options], capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert re.fullmatch(r"server: cannot listen on .*:.* \(.+\); choose another --port\?\n", refused.stderr)


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_the_options_that_the_python_server_takes(name: str, binaries: Path) -> None:
    asked = [[str(binaries / name), "--help"], [sys.executable, "-m", f"assignments.{name}.server", "--help"]]
    told = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout for command in asked]
    assert set(re.findall(r"--[\w-]+", told[0])) == set(re.findall(r"--[\w-]+", told[1]))


# ---- What the kernel refuses -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes fork and pthread_create fail now and then."""
    library = tmp_path_factory.mktemp("failing") / "failing.so"
    compile_c(library, ["tests/assignments/failing.c"], "-shared", "-fPIC")
    return library


def preloaded(library: Path, variable: str, value: int) -> str:
    return f"import os; os.environ.update(LD_PRELOAD={str(library)!r}, {variable}='{value}')"


@pytest.mark.usefixtures("start_in_c")
@pytest.mark.parametrize(("name", "failed"), [("fork", "fork failed"), ("thread", "no new thread")])
def test_a_start_that_fails_is_tried_again_and_no_connection_is_lost(
    name: str, failed: str, failing: Path, tmp_path: Path
) -> None:
    with running(name, tmp_path, prelude=preloaded(failing, "EVERY", 3)) as server:
        assert [body_of(server.ask()) for _ in range(5)] == [GREETING] * 5
        assert server.stop() == 0
        sentence = rf"^server: #\d+ {failed} \(Resource temporarily unavailable\), trying again$"
        assert server.count(sentence) == 10


@pytest.mark.usefixtures("start_in_c")
def test_workers_that_cannot_be_started_cost_time_but_no_message(failing: Path, tmp_path: Path) -> None:
    with running("message_queue", tmp_path, prelude=preloaded(failing, "FIRST", 4), delay=0.02) as server:
        assert queue.ask_all(server.port, 40) == [GREETING] * 40
        assert server.stop() == 0
        assert server.count(r"no new worker \(Resource temporarily unavailable\), queue \d+/10") > 0
        assert replay([line for line in server.lines if "no new" not in line])["done"] == 40


# ---- What a plain run does not show ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, "address,undefined") for name in NAMES), ("thread", "thread"), ("message_queue", "thread")],
)
def test_the_sanitizers_find_nothing_in_a_burst(
    name: str, kind: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("sanitized")
    compile_c(folder / name, sources(name), *sanitizer(kind, tmp_path_factory.getbasetemp()))
    monkeypatch.setattr(servers, "start", starting(folder))
    churn = ("--hold", "0", "--cooldown", "0") if name == "message_queue" else ()
    with running(name, tmp_path, *churn) as server:
        for _ in range(3):
            assert queue.ask_all(server.port, 40) == [GREETING] * 40
        contract.reset(server.connect())
        for request in REQUESTS:
            with server.connect() as client:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
                assert read_all(client) == answer(request)
        server.wait_for_lines(rf"^{ACTORS[name]}: #\d+ closed$", 121 + len(REQUESTS))
        assert server.stop() == 0, server.lines[-40:]
        assert [line for line in server.lines if re.search("Sanitizer|runtime error|==", line)] == []


def test_a_sanitizer_would_have_said_so(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The course's malloc(1) for a larger thing: the address sanitizer ends the server."""
    flags = sanitizer("address,undefined", tmp_path_factory.getbasetemp())
    copy = tmp_path_factory.mktemp("overflowing")
    for file in (f"assignments/{name}" for name in ("thread/server.c", *SHARED)):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_text((ROOT / file).read_text().replace("malloc(sizeof *connection)", "malloc(1)"))
    compile_c(copy / "thread", sources("thread"), *flags, root=copy)
    monkeypatch.setattr(servers, "start", starting(copy))
    with running("thread", tmp_path) as server:
        server.connect().close()
        wait_for(lambda: server.process.poll() is not None, "the sanitizer to end it")
        assert server.count("heap-buffer-overflow|insufficient space") > 0


# ---- What the report shows of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, names in REGIONS.items() for name in names])
def test_every_region_is_an_excerpt_of_whole_blocks(file: str, name: str) -> None:
    found = excerpt(ROOT, f"assignments/{file}", name, "test")
    assert found.language == "c"
    assert found.text.strip()
    assert "region" not in found.text  # none inside another
    assert found.text.count("{") == found.text.count("}")
