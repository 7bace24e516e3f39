"""Whatever a server prints, replies or does to itself: one record or one sentence, in bounded time, and nothing left.

And whatever clients send to our own servers: afterwards these are as they were. No time on the clock decides.
"""

import errno
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from report import candidates, course, evidence, judge
from report.errors import ServerError
from report.judgement import Rules
from report.recording import cgroup, record
from report.recording.stages import Limits
from report.rendering import metrics
from report.rendering.memory import forgetful
from report.run import Bounds, Run
from report.scenario import Load, Scenario
from tests.builders import ECHO, REPOSITORY, write
from tests.recording.harness import ROOT, SHORT, Remembering, fake, planned, processes_with, scenario, wait_for
from tests.rendering.test_strict_html import dead, loads, parsed, unspoken
from tests.servers import GET, GREETING, NAMES, Server, body_of, read_all, running, status_of

PATIENT = Limits(start=90.0, load=30.0, zombies=0.3, orphans=0.3, stop=0.3)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where every temporary directory lies; none is left."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    yield place
    assert list(place.iterdir()) == []


@pytest.fixture
def tag() -> Iterator[str]:
    """By it every process of a test is found; none is left."""
    made = f"tag-{uuid4()}"
    yield made
    wait_for(lambda: processes_with(made) == [], "every process to end")


def attacked(
    tmp_path: Path, tag: str, does: str, *options: str, spec: Scenario | None = None, limits: Limits = SHORT
) -> Run:
    server = fake("hostile", "--does", does, "--tag", tag, *options)
    return record(ROOT, planned(server, spec), tmp_path / "evidence", Remembering(), limits)


def outcomes(made: Run) -> set[str]:
    return {request.outcome for request in made.requests}


# --- what a server prints -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("does", "megabytes"), [("flood", 200), ("one-line", 50)])
def test_a_flood_with_and_without_line_ends_is_drained_counted_and_kept_at_its_ends(
    tmp_path: Path, scratch: Path, tag: str, does: str, megabytes: int
) -> None:
    made = attacked(tmp_path, tag, does, "--megabytes", str(megabytes), limits=PATIENT)
    capture = made.record.captures["server"]
    assert capture.printed > megabytes * 1_000_000
    assert capture.kept < 9_000_000
    assert outcomes(made) == {"answered"}
    assert made.server_lines[-1].text == "answered"
    assert any("in the middle were not kept" in caveat for caveat in made.record.caveats)
    assert evidence.read(tmp_path / "evidence" / made.identity.directory) == made


def test_a_line_without_an_end_makes_no_endless_error(tmp_path: Path, scratch: Path, tag: str) -> None:
    with pytest.raises(ServerError) as caught:
        attacked(tmp_path, tag, "one-line-and-end", "--megabytes", "10", limits=PATIENT)
    (told,) = caught.value.problems
    assert "ended before it listened" in told
    assert "exit status 5" in told
    assert told.rstrip().endswith("no end of line")
    assert len(told) < 3_000


def test_a_server_that_waits_for_input_finds_its_end(tmp_path: Path, scratch: Path, tag: str) -> None:
    made = attacked(tmp_path, tag, "read-input", limits=PATIENT)
    assert made.server_lines[0].text == "read 0 characters"
    assert outcomes(made) == {"answered"}


# --- what a server does to itself and to who watches it -------------------------------------------------------------


def test_a_server_that_stops_itself_before_it_listens_is_told_and_ended(
    tmp_path: Path, scratch: Path, tag: str
) -> None:
    with pytest.raises(ServerError, match=r"did not listen on port \d+ within 3 s") as caught:
        attacked(tmp_path, tag, "stop-at-once")
    assert caught.value.stage == "listens"


def test_a_server_that_kills_its_process_group_kills_nobody_but_itself(tmp_path: Path, scratch: Path, tag: str) -> None:
    made = attacked(tmp_path, tag, "kill-group", limits=PATIENT)
    assert outcomes(made) <= {"closed", "reset", "refused"}
    assert made.record.ending.signal == signal.SIGKILL
    assert any("ended by itself (signal SIGKILL)" in caveat for caveat in made.record.caveats)


def test_a_server_that_kills_its_supervisor_is_ended_and_makes_no_evidence(
    tmp_path: Path, scratch: Path, tag: str
) -> None:
    with pytest.raises(ServerError, match="the server: its supervisor was killed; record the run again"):
        attacked(tmp_path, tag, "kill-parent", limits=PATIENT)
    assert not (tmp_path / "evidence").exists()


# --- what a server uses more of than it may --------------------------------------------------------------------------

FEW = Bounds(memory=2**30, tasks=80, descriptors=100, file=2**20)
LITTLE = Bounds(memory=160 * 2**20)
SAMPLES_ONLY = [False, True]


def greedy(monkeypatch: pytest.MonkeyPatch, bounds: Bounds, samples_only: bool) -> Limits:
    """Limits of a judge, for a user who may make no control group or, where that may be done here, for one who may."""
    if samples_only:
        monkeypatch.setattr(cgroup, "make", lambda *_: None)
    return replace(PATIENT, bounds=bounds)


@pytest.mark.parametrize("samples_only", SAMPLES_ONLY)
@pytest.mark.parametrize(
    ("does", "bounds", "exceeded", "told"),
    [
        ("forks", FEW, "tasks", "The server used more than 80 processes and threads and was ended, "),
        ("forks-in-sessions", FEW, "tasks", "The server used more than 80 processes and threads and was ended, "),
        ("allocates", LITTLE, "memory", "The server used more than 160 MiB of memory and was ended, "),
    ],
)
def test_a_server_that_takes_too_much_is_ended_with_all_that_came_of_it_and_recorded(
    tmp_path: Path, scratch: Path, tag: str, monkeypatch: pytest.MonkeyPatch,
    does: str, bounds: Bounds, exceeded: str, told: str, samples_only: bool,
) -> None:  # fmt: skip
    limits = greedy(monkeypatch, bounds, samples_only)
    made = attacked(tmp_path, tag, does, spec=scenario(clients=1), limits=limits)
    assert made.record.held is not None
    assert made.record.held.exceeded == exceeded
    assert made.record.held.by == "samples" or not samples_only
    assert made.record.caveats[0].startswith(told)
    assert outcomes(made) <= {"closed", "reset"}
    assert (made.record.leftovers.orphans, made.record.leftovers.listeners) == (0, 0)
    assert evidence.read(tmp_path / "evidence" / made.identity.directory) == made


@pytest.mark.parametrize("samples_only", SAMPLES_ONLY)
def test_a_server_that_takes_too_much_before_it_listens_is_charged_with_that(
    tmp_path: Path, scratch: Path, tag: str, monkeypatch: pytest.MonkeyPatch, samples_only: bool
) -> None:
    limits = greedy(monkeypatch, LITTLE, samples_only)
    with pytest.raises(
        ServerError, match=r"used more than 160 MiB of memory and was ended, .*, before it lis"
    ) as caught:
        attacked(tmp_path, tag, "allocate-at-once", limits=limits)
    assert (caught.value.stage, caught.value.excess) == ("starts", ("memory", LITTLE.memory))


def test_a_server_gets_no_more_descriptors_than_it_may_have_and_lives(tmp_path: Path, scratch: Path, tag: str) -> None:
    made = attacked(tmp_path, tag, "opens", spec=scenario(clients=1), limits=replace(PATIENT, bounds=FEW))
    assert outcomes(made) == {"answered"}
    assert made.server_lines[-1].text == "95 opened: Too many open files"
    assert made.record.held is not None
    assert made.record.held.exceeded is None


def test_a_server_that_fills_the_disk_comes_to_an_end(tmp_path: Path, scratch: Path, tag: str) -> None:
    server = fake("hostile", "--does", "writes", "--tag", tag)
    words = (server.command[0], str(ROOT / server.command[1]), *server.command[2:])
    one = planned(server.model_copy(update={"command": words, "directory": str(tmp_path)}), scenario(clients=1))
    made = record(ROOT, one, tmp_path / "evidence", Remembering(), replace(PATIENT, bounds=FEW))
    assert made.record.held is not None
    assert made.record.held.exceeded == "file"
    assert made.record.ending.signal == signal.SIGXFSZ
    assert (tmp_path / "big").stat().st_size == FEW.file


# --- what a server replies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("does", "outcome", "detail"),
    [
        ("garbage", "invalid", "a bare LF after"),
        ("markup", "answered", ""),
        ("endless-headers", "invalid", "a head of over 1048576 bytes"),
        ("endless-header", "invalid", "a head of over 1048576 bytes"),
        ("much", "invalid", "a body of over 1048576 bytes"),
        ("length-short", "invalid", "a body longer than its 5 bytes"),
        ("length-long", "incomplete", "20 of 5000 bytes"),
        ("length-negative", "invalid", "not the one length of a body"),
        ("length-huge", "invalid", "not the one length of a body"),
        ("length-word", "invalid", "not the one length of a body"),
        ("length-twice", "invalid", "not the one length of a body"),
    ],
)
def test_a_wrong_reply_is_an_outcome_with_its_reason_in_whole_evidence(
    tmp_path: Path, scratch: Path, tag: str, does: str, outcome: str, detail: str
) -> None:
    made = attacked(tmp_path, tag, does, spec=scenario(clients=1), limits=PATIENT)
    assert outcomes(made) == {outcome}
    assert detail in made.requests[0].detail
    assert made.requests[0].body.isascii()
    assert made.requests[0].body.isprintable()
    assert evidence.read(tmp_path / "evidence" / made.identity.directory) == made


def test_a_reply_of_a_byte_a_second_is_late(tmp_path: Path, scratch: Path, tag: str) -> None:
    made = attacked(tmp_path, tag, "byte-a-second", spec=scenario(clients=1, load=Load(timeout=1.5)), limits=PATIENT)
    assert outcomes(made) == {"late"}


# --- what of all that a reader gets to see --------------------------------------------------------------------------

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]")
JUDGE = """
[probes.one]
delay = 1.0
clients = 1
load = { expect = "My first web server!", timeout = 30 }
[[probes.one.claims]]
id = "answers"
stage = "answers"
metric = "requests.correct"
equals = 1

[[diagnoses]]
id = "zombies"
when = [ { probe = "one", metric = "left.zombies", at_least = 1 } ]
"""


@pytest.mark.parametrize(("does", "outcome"), [("ugly", "accepted"), ("markup", "rejected"), ("garbage", "rejected")])
def test_pages_and_terminal_show_hostile_output_as_text_and_obey_none_of_it(
    tmp_path: Path, scratch: Path, does: str, outcome: str
) -> None:
    root, rules = judging(tmp_path)
    command = f"{{python}} hostile.py --port {{port}} --delay {{delay}} --does {does}"
    folder = REPOSITORY / "tests" / "fakes" / "servers"
    one = candidates.brought(root, rules, command, None, folder, None, 0.1)
    (made,) = judge.judge_all(root, [one], root / "judged", 1)
    assert made.judgement.outcome == outcome
    words = judge.Words(root, [rules])
    files = words.files(made, candidates.again(one, None, folder), forgetful)
    for language in ("ko", "en"):
        page, text = files[f"verdict.{language}.html"].decode(), files[f"verdict.{language}.md"].decode()
        tree = parsed(page)
        assert not dead(tree)
        assert not unspoken(tree)
        assert not loads(tree)
        assert [element.tag.rpartition("}")[2] for element in tree.iter()].count("script") == 1
        assert "onerror" not in {name for element in tree.iter() for name in element.attrib}
        for shown in (page, text, *words.lines(made, "ko" if language == "ko" else "en", "page", "again")):
            assert not UNSEEN.search(shown)
        assert ("\\u202e" in page) == (does == "ugly")


@pytest.mark.parametrize(("does", "stages"), [("allocates", ["answers"]), ("allocate-at-once", ["starts"])])
def test_a_verdict_says_in_both_languages_what_a_server_took_too_much_of(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, does: str, stages: list[str]
) -> None:
    monkeypatch.setattr(judge, "JUDGING", replace(judge.JUDGING, bounds=LITTLE))
    root, rules = judging(tmp_path)
    command = f"{{python}} hostile.py --port {{port}} --delay {{delay}} --does {does}"
    folder = REPOSITORY / "tests" / "fakes" / "servers"
    one = candidates.brought(root, rules, command, None, folder, None, 0.1)
    (made,) = judge.judge_all(root, [one], root / "judged", 1)
    assert [finding.stage for finding in made.judgement.of("fails")] == stages
    words = judge.Words(root, [rules])
    assert any("메모리 160.0 MiB" in line for line in words.lines(made, "ko", "page", "again"))
    assert any("160.0 MiB of memory" in line for line in words.lines(made, "en", "page", "again"))


def judging(tmp_path: Path) -> tuple[Path, Rules]:
    """A repository with one assignment that is judged by one probe."""
    root = tmp_path / "root"
    write(root, "assignments/echo/scenario.toml", ECHO)
    write(root, "assignments/echo/judge.toml", JUDGE)
    for script in (REPOSITORY / "assignments").glob("*.py"):
        (root / "assignments" / script.name).symlink_to(script)
    (root / "templates").symlink_to(REPOSITORY / "templates")
    return root, candidates.rules(root, course.load(root, metrics.problem))["echo"]


def test_a_build_that_the_tool_cannot_start_is_not_charged_to_the_server(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left() -> tuple[int, int]:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    root, rules = judging(tmp_path)
    monkeypatch.setattr("os.openpty", none_left)
    one = candidates.brought(root, rules, "{python} server.py {port} {delay}", "cc server.c", tmp_path, None, None)
    (made,) = judge.judge_all(root, [one], root / "judged", 1)
    assert made.judgement.outcome == "unjudged"
    assert any("Too many open files" in line for line in judge.Words(root, [rules]).lines(made, "en", "page", "again"))


# --- clients against our own servers --------------------------------------------------------------------------------


def state(server: Server) -> tuple[int, int, list[int]]:
    """Descriptors, threads, children."""
    return server.descriptors(), server.threads(), server.children()


def pipelined(server: Server) -> None:
    assert body_of(server.ask(GET * 500)) == GREETING


def nul_bytes(server: Server) -> None:
    assert status_of(server.ask(b"GET /\0 HTTP/1.1\r\nHost: \0\r\n\r\n")) == 400
    assert status_of(server.ask(bytes(1000) + b"\r\n\r\n")) == 400


def one_megabyte_header(server: Server) -> None:
    assert status_of(server.ask(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n")) == 431


def half_closed(server: Server) -> None:
    with server.connect() as client:
        client.sendall(GET)
        client.shutdown(socket.SHUT_WR)
        assert body_of(read_all(client)) == GREETING


def thousands_that_come_and_go(server: Server) -> None:
    """A connection a millisecond, or as many as this machine can make, none of which asks for anything."""
    for _ in range(2_000):
        server.connect().close()


def five_thousand_at_once(server: Server) -> None:
    """As many as this machine lets one process have."""
    count = min(5_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200)
    url = f"http://127.0.0.1:{server.port}/"
    words = [sys.executable, "-m", "assignments.accesses", url, "--clients", str(count), "--timeout", "90"]
    load = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert f"{count} sent, {count} answered, 0 failed" in load.stdout, load.stdout[-500:] + load.stderr


ATTACKS = (
    pipelined,
    nul_bytes,
    one_megabyte_header,
    half_closed,
    thousands_that_come_and_go,
    five_thousand_at_once,
)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_is_after_hostile_clients_as_it_was_before(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as server:
        assert body_of(server.ask()) == GREETING
        server.wait_for_lines("#1 closed")
        wait_for(lambda: not server.children(), "the child to be reaped")
        if name == "thread":
            wait_for(lambda: server.threads() == 1, "the thread to end")
        before = state(server)
        for attack in ATTACKS:
            attack(server)
        assert body_of(server.ask()) == GREETING
        wait_for(lambda: settled(name, server, before), "descriptors, threads and children to be as before")
        assert server.stop() == 0


def settled(name: str, server: Server, before: tuple[int, int, list[int]]) -> bool:
    """As before; the queue's workers come and go by their own rule, which is tested elsewhere."""
    now = state(server)
    return now[0] == before[0] and now[2] == before[2] and (now[1] == before[1] or name == "message_queue")
