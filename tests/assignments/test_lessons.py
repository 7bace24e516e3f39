"""The lessons over loopback: what each shows of a thread and of a forked child, decided by the order of events.

A delay of an hour means: nothing here waits for it. A short one means: whatever happens, it is not for ever.
"""

import contextlib
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from assignments import lessons
from assignments.service import Connection
from tests.servers import GREETING, NAMES, Server, body_of, read_all, running, status_of

HOUR, SHORT = 3600, 0.05
NO_CORE = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))"
OPPOSITE = ("/transfer?from=a&to=b&order={}", "/transfer?from=b&to=a&order={}")


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def ask_together(server: Server, *paths: str) -> list[bytes]:
    """The replies to requests that are all sent before the first reply is read."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in paths]
        for client, path in zip(clients, paths, strict=True):
            client.sendall(get(path))
        return [read_all(client) for client in clients]


def told(server: Server, pattern: str) -> list[str]:
    """What the pattern's group is in each line that has one, in the order of the lines."""
    return re.findall(pattern, "\n".join(server.lines), re.M)


def actors(server: Server, event: str) -> set[str]:
    return set(told(server, rf"^(.*): #\d+ {event}"))


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_server_knows_no_lessons(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, "--ballast", "1") as server:
        replies = [server.ask(get(path)) for path in lessons.QUERIES]
        assert [status_of(reply) for reply in replies] == [404] * len(lessons.QUERIES)
        assert server.stop() == 0


def test_the_fork_server_imports_threading_for_the_lessons_only(tmp_path: Path) -> None:
    at_the_end = "import atexit, sys; atexit.register(lambda: print(*sorted({'threading', 'ctypes'} & {*sys.modules})))"
    for options, expected in (((), ""), (("--lessons",), "ctypes threading")):
        with running("fork", tmp_path, *options, prelude=at_the_end) as server:
            assert body_of(server.ask()) == GREETING
            assert server.stop() == 0
            assert server.lines[-1] == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_server_has_the_lessons_and_still_greets(name: str, tmp_path: Path) -> None:
    paths = ["/", "/spin?work=2", "/count?lock=yes", "/touch?mb=1&of=objects", "/touch?mb=1&of=array"]
    with running(name, tmp_path, "--lessons", "--ballast", "1") as server:
        assert [body_of(server.ask(get(path))) for path in paths] == [GREETING] * len(paths)
        assert status_of(server.ask(get("/favicon.ico"))) == 404
        assert server.stop() == 0
        events = r"(#[2-5] (?:spun 2|counted 1|touched 1 MiB of objects|touched 1 MiB of array))$"
        assert [event.partition(" ")[0] for event in told(server, events)] == ["#2", "#3", "#4", "#5"]


@pytest.mark.parametrize(
    "target",
    [
        "/spin?work=0",
        "/spin?work=-1",
        "/spin?work=1000000",
        "/spin?work=1&work=2",
        "/spin?word=1",
        "/spin?work",
        "/count?lock=maybe",
        "/count?lock=no&meet=0",
        "/crash?now=yes",
        "/fail?x=",
        "/transfer",
        "/transfer?from=a&to=a",
        "/transfer?from=a&to=c",
        "/transfer?order=alphabetical",
        "/touch?mb=2&of=objects",
        "/touch?mb=1&of=lists",
    ],
)
def test_what_cannot_be_meant_is_a_bad_request_and_nothing_else_happens(
    target: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert status_of(alone(get(target), ballast=1)) == 400
    assert capfd.readouterr().out == ""


def alone(request: bytes, ballast: int = 0) -> bytes:
    """The response to one request, without a server."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return lessons.Lessons(0, ballast)(Connection(theirs, 7, "peer"), request)


@pytest.mark.parametrize(
    ("request_line", "reply"),
    [
        ("GET /spin HTTP/1.1", 200),
        ("\r\nGET /spin? HTTP/1.1", 200),
        ("GET HTTP://localhost:8090/spin?work=1 HTTP/1.1", 200),
        ("GET /spinning HTTP/1.1", 404),
        ("GET /spin/ HTTP/1.1", 404),
        ("HEAD /spin HTTP/1.1", 404),
    ],
)
def test_a_lesson_is_a_path_to_get_in_each_form_of_a_target(request_line: str, reply: int) -> None:
    response = alone(f"{request_line}\r\nHost: a\r\n\r\n".encode())
    assert status_of(response) == reply
    assert bool(body_of(response)) is not request_line.startswith("HEAD")


def test_with_the_lock_threads_count_to_the_number_of_requests(tmp_path: Path) -> None:
    with running("thread", tmp_path, "--lessons", delay=HOUR) as server:
        replies = ask_together(server, *["/count?lock=yes"] * 30)
        assert [body_of(reply) for reply in replies] == [GREETING] * 30
        assert sorted(map(int, told(server, r"counted (\d+)$"))) == list(range(1, 31))
        assert server.stop() == 0


def test_without_the_lock_threads_that_all_read_first_count_to_one(tmp_path: Path) -> None:
    with running("thread", tmp_path, "--lessons", delay=HOUR) as server:
        replies = ask_together(server, *["/count?lock=no&meet=8"] * 8)
        assert [body_of(reply) for reply in replies] == [GREETING] * 8
        assert told(server, r"counted (\d+)$") == ["1"] * 8
        assert body_of(server.ask(get("/count?lock=no&meet=1"))) == GREETING  # waits for nobody
        assert told(server, r"counted (\d+)$")[-1] == "2"
        assert server.stop() == 0


@pytest.mark.parametrize("query", ["lock=yes", "lock=no&meet=8"])
def test_each_forked_child_counts_to_one(query: str, tmp_path: Path) -> None:
    with running("fork", tmp_path, "--lessons", delay=SHORT) as server:
        replies = ask_together(server, *[f"/count?{query}"] * 8)
        assert [body_of(reply) for reply in replies] == [GREETING] * 8
        assert told(server, r"counted (\d+)$") == ["1"] * 8
        assert server.stop() == 0


def test_a_crash_takes_down_all_threads(tmp_path: Path) -> None:
    with running("thread", tmp_path, "--lessons", prelude=NO_CORE) as server, server.connect() as other:
        server.wait_for_lines("#1 handed to a new thread")
        assert ask_together(server, "/crash") == [b""]
        assert server.process.wait(60) == -signal.SIGSEGV
        assert read_all(other) == b""
        assert server.count("#2 crashes$") == 1
        with pytest.raises(ConnectionRefusedError):
            server.connect()


def test_a_crash_takes_down_one_forked_child(tmp_path: Path) -> None:
    with running("fork", tmp_path, "--lessons", prelude=NO_CORE) as server, server.connect() as other:
        server.wait_for_lines("#1 forked child")
        assert ask_together(server, "/crash") == [b""]
        server.wait_for_lines(r"#2 reaped child \d+, killed by signal 11")
        other.sendall(get("/"))
        assert body_of(read_all(other)) == GREETING
        assert server.stop() == 0


@pytest.mark.parametrize("name", NAMES)
def test_an_exception_loses_one_client_wherever_it_is_raised(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, "--lessons", delay=SHORT) as server:
        failed, *others = ask_together(server, "/fail", "/", "/")
        assert failed == b""
        assert [body_of(reply) for reply in others] == [GREETING] * 2
        assert server.count("#1 fails$") == server.count("#1 closed$") == 1
        assert "RuntimeError: this handler was asked to fail" in server.lines
        assert server.stop() == 0


def test_threads_that_lock_in_opposite_orders_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    """For ever is shown by who waits for whom, not by waiting: each holds what the other one wants."""
    with running("thread", tmp_path, "--lessons", delay=HOUR) as server, contextlib.ExitStack() as stack:
        for path in OPPOSITE:
            stack.enter_context(server.connect()).sendall(get(path.format("given")))
        server.wait_for_lines(r"#\d+ waits for", 2)
        holds = dict(re.findall(r"#(\d) holds (\w)", "\n".join(server.lines)))
        waits = re.findall(r"#(\d) waits for (\w), held by #(\d)", "\n".join(server.lines))
        assert sorted(holds.values()) == ["a", "b"]
        assert all(holds[owner] == wanted and owner != waiting for waiting, wanted, owner in waits)
        assert {waiting for waiting, _, _ in waits} == {"1", "2"}
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_lines("^server: stopping")
        assert server.stop(signal.SIGTERM) == 128 + signal.SIGTERM  # the first one waits for the threads
        assert server.lines[-1] == "server: stopped at once"
        assert server.count("transferred") == 0


@pytest.mark.parametrize(("name", "order"), [("thread", "fixed"), ("thread", "seats"), ("fork", "given")])
def test_one_order_or_a_seat_less_or_locks_of_their_own_end_well(name: str, order: str, tmp_path: Path) -> None:
    with running(name, tmp_path, "--lessons", delay=SHORT) as server:
        replies = ask_together(server, *[path.format(order) for path in OPPOSITE * 3])
        assert [body_of(reply) for reply in replies] == [GREETING] * 6
        assert server.count(r"#\d transferred$") == 6
        assert server.count(r"#\d holds [ab]$") == 12
        assert name == "thread" or server.count("waits for") == 0
        if order == "fixed":
            assert "b" not in told(server, r"waits for (\w)")
        assert server.stop() == 0


def private(pid: int) -> int:
    """KiB that the process has written since its fork and shares with nobody."""
    return int(re.findall(r"Private_Dirty:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[0])


def test_reading_objects_copies_their_pages_and_reading_an_array_copies_none(tmp_path: Path) -> None:
    with (
        running("fork", tmp_path, "--lessons", "--ballast", "32", delay=HOUR) as server,
        contextlib.ExitStack() as all_,
    ):
        found = {}
        for of in ("objects", "array"):
            all_.enter_context(server.connect()).sendall(get(f"/touch?mb=32&of={of}"))
            server.wait_for_lines(f"touched 32 MiB of {of}$")
            (child,) = told(server, rf"^child (\d+): #\d touched 32 MiB of {of}$")
            found[of] = private(int(child))
        assert found["objects"] > 30 * 1024
        assert found["array"] < 8 * 1024


@pytest.mark.parametrize("name", ["iterative", "fork"])
def test_a_lesson_is_served_by_whoever_serves(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path, "--lessons") as server:
        ask_together(server, "/spin?work=1", "/spin?work=1")
        assert len(actors(server, "spun 1")) == {"iterative": 1, "fork": 2}[name]
        assert server.stop() == 0


def test_spinning_takes_computing_in_proportion_and_no_waiting() -> None:
    """Its own thread's processor time, which others on the machine do not add to."""

    def took(work: int) -> float:
        begin = time.thread_time()
        alone(get(f"/spin?work={work}"))
        return time.thread_time() - begin

    assert took(200) > 5 * took(10) > 0


def test_a_meeting_ends_when_all_are_there_and_who_gave_up_counts_no_more() -> None:
    meeting = lessons.Meeting(2)
    meeting.wait(0)  # alone, gives up
    assert meeting.present == 0
    both = [threading.Thread(target=meeting.wait, args=(HOUR,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
        assert not thread.is_alive()
    assert (meeting.present, meeting.rounds) == (0, 1)
