"""The load script and its judge, against servers that answer right and wrong.

What is sent and received goes through a `Load` inside the test; what a user types and sees, through a process.
"""

import contextlib
import csv
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments import openloop
from assignments.accesses import parse
from assignments.answers import CAP, COLUMNS, Answer, Outcome, judge
from assignments.openloop import Load
from report import freshness
from tests.fakes import answers as fakes

ROOT = Path(__file__).parents[2]
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ANSWER = fakes.HEAD + fakes.BODY
Row = dict[str, str]


def load(port: int, offsets: Sequence[float] = (0.0,), stalled: int = 0, timeout: float = 60.0) -> Load:
    """A load that is over."""
    done = Load(("127.0.0.1", port), [REQUEST], offsets, stalled, timeout)
    wake, waker = socket.socketpair()
    with wake, waker:
        done.run(wake)
    return done


def command(port: int, *options: str | Path) -> list[str]:
    url = f"http://127.0.0.1:{port}/"
    return [sys.executable, "-m", "assignments.accesses", url, *(str(option) for option in options)]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def rows(record: Path) -> list[Row]:
    with record.open(newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


# The judge: bytes in, outcome out.


def test_an_answer_is_not_judged_before_its_last_byte() -> None:
    for end in range(len(ANSWER)):
        assert judge(ANSWER[:end], closed=False).outcome is None, ANSWER[:end]
    whole = judge(ANSWER, closed=False)
    assert whole == judge(ANSWER, closed=True)
    assert whole == Answer(Outcome.ANSWERED, "", 200, "text/plain; charset=utf-8", "20", 20, "My first web server!")


@pytest.mark.parametrize(
    ("received", "outcome", "detail"),
    [
        (b"", "closed", "without a byte"),
        (b"HTTP/1.1 200 OK\r\n\r\nanything", "answered", ""),
        (b"HTTP/1.1 200 \r\n\r\n", "answered", ""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "answered", ""),
        (b"HTTP/1.1 200 OK\r\nX:\r\nContent-Length:\t2 \r\n\r\nab", "answered", ""),
        (b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", "other status", ""),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nno", "incomplete", "2 of 9 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nno", "invalid", "a body longer than its 1 byte"),
        (b"HTTP/1.1 204 No Content\r\n\r\nno", "invalid", "a body longer than its 0 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Type", "invalid", "closed before the blank line, after 29 bytes"),
        (b"HTTP/1.1 200 OK\n\nhi", "invalid", 'a bare LF after "HTTP/1.1 200 OK"'),
        (b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", "invalid", 'a bare LF after "A: b"'),
        (b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", "invalid", r'not a header line: "A: b\rC: d"'),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "invalid", 'not a header line: "no colon"'),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "invalid", 'not a header line: "A : b"'),
        (b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", "invalid", 'not a header line: "A B: c"'),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "invalid", 'not a header line: " c"'),
        (b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", "invalid", 'not a header line: ": b"'),
        (b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", "invalid", r'not a header line: "A: \x00"'),
        (b"HTTP/1.1 200\r\n\r\n", "invalid", 'not a status line: "HTTP/1.1 200"'),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "invalid", 'not a status line: "HTTP/1.1 2000 OK"'),
        (b"HTTP/1.1  200 OK\r\n\r\n", "invalid", 'not a status line: "HTTP/1.1  200 OK"'),
        (b"HTTP/2 200 OK\r\n\r\n", "invalid", 'not a status line: "HTTP/2 200 OK"'),
        (b"\r\n" + ANSWER, "invalid", 'not a status line: ""'),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
            "invalid",
            'not the one length of a body: "Content-Length: -2"',
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nab",
            "invalid",
            'not the one length of a body: "content-length: 2"',
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "invalid",
            'not understood here: "Transfer-Encoding: chunked"',
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(CAP), "answered", ""),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(CAP + 1), "invalid", "a body of over 1048576 bytes"),
    ],
)
def test_a_closed_answer_is_counted_by_our_rule(received: bytes, outcome: str, detail: str) -> None:
    answer = judge(received, closed=True)
    assert (answer.outcome, answer.detail) == (outcome, detail)


@pytest.mark.parametrize(
    "received",
    [
        b"HTTP/1.1 200 OK\n",
        b"HTTP/1.1 OK\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\nA",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * CAP,
        ANSWER + b"x",
    ],
)
def test_a_fault_is_named_although_the_connection_stays_open(received: bytes) -> None:
    assert judge(received, closed=False).outcome is Outcome.INVALID


def test_a_missing_line_break_between_two_headers_shows_in_the_first_one() -> None:
    answer = judge(b"HTTP/1.1 200 OK\r\nContent-Type: text/plainContent-Length: 20\r\n\r\n" + fakes.BODY, closed=True)
    assert (answer.content_type, answer.content_length) == ("text/plainContent-Length: 20", "")


def test_a_long_faulty_line_takes_no_quadratic_time() -> None:
    long = b"HTTP/1.1 200 OK\r\n" + b"X" * CAP + b":" + b" " * CAP + b"\0\r\n\r\n"
    assert judge(long, closed=True).outcome is Outcome.INVALID


def test_a_body_is_shown_as_printable_ascii_only() -> None:
    answer = judge(b'HTTP/1.1 200 OK\r\nContent-Type: \x85\r\n\r\na\\"\x1b[1m\n\xea\xb0\x80' + b"z" * 60, closed=True)
    assert answer.content_type == r"\x85"
    assert answer.body == r'a\\"\x1b[1m\n\xea\xb0\x80' + "z" * 49
    assert str(answer).endswith('zzz..."')


@given(
    st.lists(st.sampled_from([b"HTTP/1.1 200 OK", b"\r\n", b"\n", b"Content-Length: 3", b":", b" ", b"abc", b"\xff"]))
)
def test_whatever_comes_has_an_outcome_once_it_is_closed(pieces: list[bytes]) -> None:
    received = b"".join(pieces)
    answer = judge(received, closed=True)
    assert answer.outcome is not None
    earlier = judge(received, closed=False)
    assert earlier.outcome in (None, answer.outcome)
    assert str(answer).isascii()
    assert str(answer).isprintable()


# The load: what becomes of a connection.

FAULTS = [
    (fakes.answers, 'answered 200, 20 bytes, "My first web server!"'),
    (fakes.answers_byte_by_byte, 'answered 200, 20 bytes, "My first web server!"'),
    (fakes.answers_without_length, 'answered 200, 20 bytes, "My first web server!"'),
    (fakes.answers_and_stays, 'answered 200, 20 bytes, "My first web server!" (left open by the server)'),
    (fakes.answers_and_resets, 'answered 200, 20 bytes, "My first web server!" (Connection reset by peer)'),
    (fakes.answers_an_empty_body, "answered 204, 0 bytes"),
    (fakes.does_not_find_it, 'other status 404, 9 bytes, "not found"'),
    (fakes.sends_too_little, "incomplete (12 of 20 bytes)"),
    (fakes.sends_too_much, "invalid (a body longer than its 20 bytes)"),
    (fakes.ends_lines_in_bare_line_feeds, 'invalid (a bare LF after "HTTP/1.1 200 OK")'),
    (fakes.forgets_a_colon, 'invalid (not a header line: "Content-Length 20")'),
    (fakes.talks_something_else, r'invalid (not a status line: "220 mail.example \x1b[1mESMTP")'),
    (fakes.floods, "invalid (a body of over 1048576 bytes)"),
    (fakes.stops_inside_the_head, "invalid (closed before the blank line, after 30 bytes)"),
    (fakes.closes, "closed (without a byte)"),
    (fakes.resets, "reset (Connection reset by peer)"),
    (fakes.resets_halfway, "reset (Connection reset by peer)"),
]


@pytest.mark.parametrize(("answering", "told"), FAULTS, ids=[answering.__name__ for answering, _ in FAULTS])
def test_a_way_to_answer_is_told_by_its_name(
    answering: fakes.Answering, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if answering is not fakes.answers_and_stays:
        monkeypatch.setattr(openloop, "LINGER", 60.0)  # a busy machine may take long from the answer to the close
    with fakes.serving(answering) as port:
        (request,) = load(port).requests
    line = capsys.readouterr().out
    assert line == f"request 1: {told}, after {request.latency:.3f} s\n"
    assert request.done is not None


@pytest.mark.parametrize(
    ("answering", "told"),
    [(fakes.stays_silent, "late (no answer)"), (fakes.stops_halfway, "late (12 of 20 bytes)")],
)
def test_an_answer_that_is_not_whole_at_the_deadline_is_late(answering: fakes.Answering, told: str) -> None:
    with fakes.serving(answering) as port:
        (request,) = load(port, timeout=0.3).requests
    assert str(request.answer) == told
    assert request.latency >= 0.3


def test_a_byte_too_many_makes_an_answer_invalid_even_when_it_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openloop, "LINGER", 60.0)
    with fakes.serving(fakes.sends_one_more_later) as port:
        (request,) = load(port).requests
    assert str(request.answer) == "invalid (a body longer than its 20 bytes)"


def test_a_port_that_nobody_listens_on_refuses() -> None:
    with fakes.refusing() as port:
        (request,) = load(port).requests
    assert str(request.answer) == "refused (Connection refused)"
    assert request.connected is None


def test_a_connection_that_finds_no_room_in_the_backlog_is_late() -> None:
    with fakes.full_backlog() as listener:
        (request,) = load(listener.getsockname()[1], timeout=0.3).requests
    assert str(request.answer) == "late (not connected)"
    assert request.sent is None


def test_a_connection_that_waited_for_the_backlog_is_sent_once_it_is_connected() -> None:
    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(0.5)  # those that fill the backlog never say anything
                    with contextlib.suppress(OSError):
                        fakes.answers(connection)

    with fakes.full_backlog() as listener:
        acceptor = threading.Timer(0.3, accept)  # the request is dropped at first; if it is late itself, so be it
        acceptor.start()
        (request,) = load(listener.getsockname()[1]).requests
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join(60)
    assert request.answer.outcome is Outcome.ANSWERED


def test_the_moments_of_a_request_are_in_order() -> None:
    with fakes.serving(fakes.answers) as port:
        requests = load(port, [0.0, 0.01, 0.02]).requests
    for request in requests:
        moments = [request.due, request.started, request.connected, request.sent, request.first_byte, request.done]
        assert all(isinstance(moment, float) for moment in moments)
        assert moments == sorted(moments, key=lambda moment: moment or 0.0)


def test_no_request_waits_for_the_answer_to_another() -> None:
    offsets = [place / 100 for place in range(20)]
    with fakes.serving(fakes.together(20)) as port:
        requests = load(port, offsets).requests
    assert {request.answer.outcome for request in requests} == {Outcome.ANSWERED}
    assert [round(request.due - requests[0].due, 6) for request in requests] == offsets
    assert all(request.started is not None and request.started >= request.due for request in requests)


def test_the_deadline_runs_from_when_the_request_was_due() -> None:
    with fakes.serving(fakes.stays_silent) as port:
        requests = load(port, [0.0, 0.1], timeout=0.3).requests
    for request in requests:
        assert request.deadline == request.due + 0.3
        assert request.done is not None
        assert request.done >= request.deadline


def test_a_stalled_connection_outlives_the_deadline_of_the_requests() -> None:
    with fakes.serving(fakes.stays_silent) as port:
        (stalled,) = load(port, [0.0, 0.3], stalled=1, timeout=0.2).stalled
    assert stalled.answer.outcome is Outcome.STALLED


def test_stalled_connections_are_open_before_the_first_request_and_until_the_last_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def unless_silent(connection: socket.socket) -> None:
        if fakes.read_request(connection):
            connection.sendall(ANSWER)

    with fakes.serving(unless_silent) as port:
        done = load(port, [0.0, 0.0], stalled=3)
    assert [str(stalled.answer.outcome) for stalled in done.stalled] == ["stalled"] * 3
    assert [stalled.number for stalled in done.stalled] == [3, 4, 5]
    assert max(stalled.connected or 0.0 for stalled in done.stalled) <= done.requests[0].due
    assert min(stalled.done or 0.0 for stalled in done.stalled) >= max(request.done or 0 for request in done.requests)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"stalled {number}: connected, sends nothing" for number in (1, 2, 3)]
    assert lines[-3:] == [f"stalled {number}: closed by us" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("answering", "told"),
    [
        (fakes.complains_of_silence, r'stalled 1: other status 408, 5 bytes, "late\n", after'),
        (lambda _: None, "stalled 1: closed by the server"),
        (fakes.reset, "stalled 1: reset (Connection reset by peer), after"),
    ],
)
def test_what_a_server_does_to_a_silent_connection_is_told(
    answering: fakes.Answering, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    left = threading.Event()
    first = threading.Lock()

    def only_the_first(connection: socket.socket) -> None:
        if first.acquire(blocking=False):
            answering(connection)
            connection.close()
            left.set()
        else:
            fakes.read_request(connection)
            left.wait(60)
            connection.sendall(ANSWER)

    with fakes.serving(only_the_first) as port:
        load(port, [0.0, 0.05], stalled=1)
    assert any(line.startswith(told) for line in capsys.readouterr().out.splitlines())


def test_requests_ask_for_several_paths_in_turn() -> None:
    asked: dict[int, bytes] = {}

    def remember(connection: socket.socket) -> None:
        asked[connection.getpeername()[1]] = fakes.read_request(connection)
        connection.sendall(ANSWER)

    texts = [b"GET /%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path for path in range(3)]
    wake, waker = socket.socketpair()
    with wake, waker, fakes.serving(remember) as port:
        done = Load(("127.0.0.1", port), texts, [0.0] * 7, stalled=0, timeout=60.0)
        done.run(wake)
    assert [asked[request.local_port or 0] for request in done.requests] == [texts[turn % 3] for turn in range(7)]


# The command: what a user types and sees.


def test_the_terminal_and_the_record_tell_the_same(tmp_path: Path) -> None:
    record = tmp_path / "requests.csv"
    with fakes.serving(fakes.does_not_find_it) as port:
        ended = run(*command(port, "--clients", "2", "--record", record))
    assert (ended.returncode, ended.stderr) == (1, "")
    first, *requests, summary = ended.stdout.splitlines()[:4]
    assert first == f"sending 2 requests to http://127.0.0.1:{port}/"
    assert all('other status 404, 9 bytes, "not found", after 0.' in request for request in requests)
    assert summary.startswith("2 sent, 0 answered, 2 failed, in 0.")
    assert "latency" not in ended.stdout
    assert record.read_bytes().startswith(COLUMNS.encode() + b"\n1,request,")
    assert b"\r" not in record.read_bytes()
    for number, row in enumerate(rows(record), 1):
        assert row["number"] == str(number)
        assert (row["status"], row["bytes"], row["body"]) == ("404", "9", "not found")
        assert (row["content_type"], row["content_length"]) == ("", "9")
        assert (row["outcome"], row["detail"]) == ("other status", "")
        assert float(row["due"]) <= float(row["started"]) <= float(row["done"])
        assert 0 < int(row["local_port"]) < 65_536
    assert [path.name for path in tmp_path.iterdir()] == ["requests.csv"]


def test_other_paths_are_told_and_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []

    def remember(connection: socket.socket) -> None:
        asked.append(fakes.read_request(connection).decode().split(" ")[1])
        connection.sendall(ANSWER)

    with fakes.serving(remember) as port:
        ended = run(*command(port, "--clients", "5", "--also", "/spin?work=9", "--also", "/crash"))
    assert ended.stdout.splitlines()[0] == f"sending 5 requests to http://127.0.0.1:{port}/, /spin?work=9, /crash"
    assert sorted(asked) == ["/", "/", "/crash", "/spin?work=9", "/spin?work=9"]


def test_all_answered_ends_in_a_summary_and_in_status_0() -> None:
    with fakes.serving(fakes.together(10)) as port:
        ended = run(*command(port, "--stalled", "0"))
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[11].startswith("10 sent, 10 answered, 0 failed, in ")
    assert lines[12].startswith("latency: shortest ")


def test_a_moment_that_never_came_is_empty_in_the_record(tmp_path: Path) -> None:
    record = tmp_path / "requests.csv"
    with fakes.refusing() as port:
        ended = run(*command(port, "--clients", "1", "--stalled", "1", "--record", record))
    assert ended.returncode == 1
    assert [row["kind"] for row in rows(record)] == ["request", "stalled"]
    for row in rows(record):
        assert [row[key] for key in ("connected", "sent", "first_byte", "status")] == [""] * 4
        assert (row["outcome"], row["detail"]) == ("refused", "Connection refused")


def test_four_hundred_at_once_are_all_sent_although_the_soft_limit_is_low() -> None:
    with fakes.serving(fakes.together(400)) as port:
        ended = run("sh", "-c", 'ulimit -S -n 64; exec "$@"', "sh", *command(port, "--clients", "400"))
    assert "400 sent, 400 answered, 0 failed" in ended.stdout


def test_running_out_of_descriptors_is_a_named_failure() -> None:
    with fakes.serving(fakes.stays_silent) as port:
        limited = command(port, "--clients", "100", "--timeout", "0.5")
        ended = run("sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *limited)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "refused (Too many open files)" in ended.stdout
    assert "100 sent, 0 answered, 100 failed" in ended.stdout
    assert " requests not sent: no more than 64 files may be open here at once (ulimit -Hn)\n" in ended.stdout


def test_answers_are_judged_as_ever_while_no_descriptor_is_free() -> None:
    none_is_free = threading.Event()

    def when_none_is_free(connection: socket.socket) -> None:
        none_is_free.wait(60)
        fakes.answers(connection)

    with fakes.serving(when_none_is_free) as port:
        limited = command(port, "--clients", "100")
        with started("sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *limited) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            none_is_free.set()
            out, err = process.communicate(timeout=60)
    assert lines[1].split(": ")[1].startswith("refused (Too many open files)")
    assert (process.returncode, err) == (1, "")
    told = [line.split(": ")[1] for line in out.splitlines() if line.startswith("request ")]
    assert "answered" in {what.split()[0] for what in told} <= {"answered", "refused"}


@contextlib.contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_load_and_what_there_is_gets_recorded(number: signal.Signals, tmp_path: Path) -> None:
    asked = threading.Semaphore(0)

    def silently(connection: socket.socket) -> None:
        fakes.read_request(connection)
        asked.release()
        fakes.wait_for_the_client_to_leave(connection)

    record = tmp_path / "requests.csv"
    with fakes.serving(silently) as port:
        schedule = ("--arrival", "1000x0.002,0x1000,1x5", "--timeout", "9999", "--record", record)
        with started(*command(port, *schedule)) as process:
            assert asked.acquire(timeout=60)
            assert asked.acquire(timeout=60)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + number, "")
    assert "request 2: late (interrupted), after " in out
    assert "interrupted: 5 requests not due yet" in out
    assert "2 sent, 0 answered, 2 failed" in out
    assert [(row["outcome"], row["detail"]) for row in rows(record)] == [("late", "interrupted")] * 2


def test_a_reader_who_leaves_takes_nothing_from_the_record(tmp_path: Path) -> None:
    record = tmp_path / "requests.csv"
    read, write = os.pipe()
    os.close(read)
    with fakes.serving(fakes.answers) as port, open(write, "wb") as nobody:
        words = command(port, "--clients", "5", "--record", record)
        ended = subprocess.run(words, cwd=ROOT, stdout=nobody, stderr=subprocess.PIPE, timeout=100, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert [row["outcome"] for row in rows(record)] == ["answered"] * 5


def test_a_record_that_cannot_be_written_is_said_after_the_load(tmp_path: Path) -> None:
    record = tmp_path / "requests.csv"

    def in_the_way(connection: socket.socket) -> None:
        record.mkdir(exist_ok=True)
        fakes.answers(connection)

    with fakes.serving(in_the_way) as port:
        ended = run(*command(port, "--clients", "1", "--record", record))
    assert ended.returncode == 2
    assert ended.stderr == f"accesses: nothing recorded in {record}: Is a directory\n"
    assert "1 sent, 1 answered" in ended.stdout
    assert list(tmp_path.iterdir()) == [record]


def test_a_record_for_which_there_is_no_room_leaves_the_earlier_one_alone(tmp_path: Path) -> None:
    record = tmp_path / "requests.csv"
    record.write_text("an earlier record\n")
    with fakes.serving(fakes.answers) as port:
        limited = command(port, "--clients", "1", "--record", record)
        ended = run("sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *limited)
    assert ended.returncode == 2
    assert ended.stderr == f"accesses: nothing recorded in {record}: File too large\n"
    assert record.read_text() == "an earlier record\n"
    assert list(tmp_path.iterdir()) == [record]


def test_the_load_script_runs_by_its_path_from_any_directory(tmp_path: Path) -> None:
    script = str(ROOT / "assignments" / "accesses.py")
    with fakes.serving(fakes.answers) as port:
        words = [sys.executable, script, f"http://127.0.0.1:{port}/", "--clients", "3"]
        ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "3 sent, 3 answered, 0 failed" in ended.stdout


def test_every_file_of_the_load_script_is_an_input_of_each_run() -> None:
    code = "import sys, assignments.accesses; print(*(n for n in sys.modules if n.startswith('assignments.')))"
    modules = run(sys.executable, "-c", code).stdout.split()
    assert sorted(freshness.LOAD_SCRIPT) == sorted(f"{name.replace('.', '/')}.py" for name in modules)
    assert len(modules) == 3


def test_a_schedule_is_the_same_number_of_seconds_apart_within_each_phase() -> None:
    options = parse(["http://localhost:8090", "--arrival", "0.2x25,0x3,4x1"])
    assert options.arrival == [0.0, 5.0, 10.0, 15.0, 20.0, 28.0, 28.25, 28.5, 28.75]
    assert options.url == ("localhost:8090", ("127.0.0.1", 8090), "/")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["http://example.com:80/"], "found 'http://example.com:80/', expected a URL on this machine"),
        (["http://128.0.0.1:80/"], "expected a URL on this machine"),
        (["http://127.0.0.1.example.com:80/"], "expected a URL on this machine"),
        (["http://127.0.0.256:80/"], "expected a URL on this machine"),
        (["http://127.0.0.1:80@example.com/"], "expected a URL on this machine"),
        (["https://127.0.0.1:80/"], "expected a URL on this machine"),
        (["http://127.0.0.1/"], "with its port"),
        (["http://127.0.0.1:65536/"], "with its port"),
        (["http://127.0.0.1:80/a b"], "expected a URL"),
        (["URL", "--arrival", "4x"], "found '4x', expected phases of RATExSECONDS"),
        (["URL", "--arrival", "-1x3"], "found '-1x3', expected phases"),
        (["URL", "--arrival", "1x3,nanx1"], "found '1x3,nanx1', expected phases"),
        (["URL", "--arrival", "1x1e999"], "expected phases"),
        (["URL", "--arrival", "0x5"], "1 to 999999 requests"),
        (["URL", "--arrival", "1e6x1"], "1 to 999999 requests"),
        (["URL", "--clients", "0"], "found '0', expected a whole number from 1"),
        (["URL", "--clients", "-3"], "found '-3', expected a whole number from 1"),
        (["URL", "--clients", "10", "--arrival", "1x1"], "not allowed with argument --clients"),
        (["URL", "--also", "spin"], "found 'spin', expected a path"),
        (["URL", "--also", "/a b"], "found '/a b', expected a path"),
        (["URL", "--also", "/#part"], "found '/#part', expected a path"),
        (["URL", "--stalled", "1.5"], "found '1.5', expected a whole number from 0"),
        (["URL", "--timeout", "0.0"], "found '0.0', expected seconds, more than 0"),
        (["URL", "--timeout", "inf"], "found 'inf', expected seconds"),
        (["URL", "--record", "/dev/null"], "expected an ordinary file"),
        (["URL", "--record", "/no/such/folder/file"], "expected an ordinary file in a folder"),
        (["URL", "--cleints", "1"], "--cleints"),
        ([], "URL"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_one_sentence_and_an_example(
    words: list[str], found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:8090/"
    with pytest.raises(SystemExit) as ended:
        parse([url if word == "URL" else word for word in words])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith("accesses: ")
    assert said.count("\n") == 1
    assert found in said
    assert "for example" in said
