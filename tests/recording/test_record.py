"""Whole runs: the evidence of a good server, and each fault as a finding or as one clear sentence."""

import os
import platform
import re
import socket
import sys
from pathlib import Path
from time import time

import pytest

from report import evidence
from report.errors import ServerError
from report.recording import kernel, outcome, record, stages
from report.recording.others import Others
from report.recording.stages import Limits
from report.run import Request, Run
from report.scenario import Load, Phase, Scenario
from tests.recording.harness import FAKES, ROOT, SHORT, Remembering, fake, planned, scenario


def run(tmp_path: Path, name: str, spec: Scenario | None = None, limits: Limits = SHORT) -> Run:
    return record(ROOT, planned(fake(name), spec), tmp_path, Remembering(), limits)


def problem(tmp_path: Path, name: str, limits: Limits = SHORT) -> str:
    """What a run that cannot be recorded says; it leaves no evidence."""
    with pytest.raises(ServerError) as caught:
        run(tmp_path, name, limits=limits)
    assert list(tmp_path.rglob("*.*")) == []
    (sentence,) = caught.value.problems
    return sentence


def outcomes(made: Run) -> list[str]:
    return [request.outcome for request in made.requests]


# --- a good server -------------------------------------------------------------------------------------------------


def test_a_run_is_whole_and_reads_back_as_it_was_made(tmp_path: Path) -> None:
    spec = scenario(arrival=(Phase(rate=20, seconds=0.2),), settle=0.1)
    made = run(tmp_path, "answers", spec, stages.LIMITS)
    assert evidence.read(tmp_path / made.identity.directory) == made
    assert outcomes(made) == ["answered"] * 4
    assert made.record.load_exit_status == 0
    assert made.record.ending.exit_status == 0
    assert made.record.ending.killed == 0
    assert made.record.leftovers == made.record.leftovers.model_copy(
        update={"zombies": 0, "orphans": 0, "listeners": 0}
    )
    assert set(made.record.stages) == {"start", "load", "drained", "settle", "stop"}
    assert made.record.stages["settle"] >= 0.1
    assert made.record.captures["server"].printed == made.record.captures["server"].kept > 0
    assert made.record.resources.voluntary_switches > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.record.recorded)


def test_the_moment_from_which_times_count_is_kept_on_the_wall_clock_too(tmp_path: Path) -> None:
    before = time()
    made = run(tmp_path, "answers")
    last = max(request.done or 0 for request in made.requests)
    assert made.record.epoch is not None
    assert before < made.record.epoch < made.record.epoch + last < time()


def test_times_are_counted_from_the_first_request_that_was_due(tmp_path: Path) -> None:
    made = run(tmp_path, "answers", scenario(load=Load(stalled=1, timeout=30.0)))
    requests = [request for request in made.requests if request.kind == "request"]
    assert min(request.due for request in requests) == 0.0
    assert all(r.due <= (r.started or 0) <= (r.connected or 0) <= (r.done or 0) for r in requests)
    assert made.samples[0].time < 0 < made.samples[-1].time
    assert made.server_lines[0].time < 0, "the server spoke before the first request"
    assert made.server_lines[-1].text == "stopped"
    assert made.server_lines[-1].time > max(request.done or 0 for request in requests)
    assert made.client_lines[0].text.startswith("sending 2 requests to http://127.0.0.1:")


def test_a_stalled_connection_is_recorded_apart(tmp_path: Path) -> None:
    made = run(tmp_path, "answers", scenario(load=Load(stalled=1, timeout=30.0)))
    assert [request.kind for request in made.requests] == ["request", "request", "stalled"]
    assert outcomes(made)[:2] == ["answered", "answered"]


def test_the_whole_tree_is_sampled_and_its_memory_summed_at_the_plateau(tmp_path: Path) -> None:
    made = run(tmp_path, "answers", scenario(delay=1.0, clients=4))
    assert max(sample.processes for sample in made.samples) == 5
    swept = made.record.resources
    assert swept.pss_processes == 5
    assert (swept.rss_bytes or 0) > (swept.pss_bytes or 0) > (swept.uss_bytes or 0) > 1_000_000


def test_it_is_recorded_how_much_of_the_machine_others_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (run(tmp_path, "answers").record.resources.others_cores or 0.0) >= 0.0
    monkeypatch.setattr(Others, "cores", lambda _: 1.23456)
    assert run(tmp_path, "answers").record.resources.others_cores == 1.235


def test_evidence_tells_no_path_host_or_user(tmp_path: Path) -> None:
    made = run(tmp_path, "answers")
    text = (tmp_path / made.identity.directory / "run.json").read_text()
    for secret in (str(ROOT), sys.prefix, sys.executable, socket.gethostname() + '"', str(tmp_path), "/tmp"):
        assert secret not in text
    assert made.record.command[:2] == ("python", f"{FAKES}/answers.py")
    assert made.record.environment["python"] == platform.python_version()
    assert set(made.record.environment) >= {"implementation", "kernel", "machine", "processor", "cores", "memory"}


def test_speed_divides_the_delay_and_says_so(tmp_path: Path) -> None:
    one = planned(fake("answers"), scenario(delay=1.0), speed=20.0)
    made = record(ROOT, one, tmp_path, Remembering())
    assert made.record.delay == 0.05
    assert made.record.command[-1] == "0.05"
    assert made.identity.directory == "fake/only.one.x20"


def test_a_server_that_listens_late_is_waited_for(tmp_path: Path) -> None:
    made = run(tmp_path, "listens_late", limits=stages.LIMITS)
    assert outcomes(made) == ["answered", "answered"]


def test_nothing_is_left_in_the_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    run(tmp_path, "tells")
    assert list(scratch.iterdir()) == []


def test_a_later_run_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    first, second = run(tmp_path, "answers"), run(tmp_path, "answers")
    assert first.requests != second.requests
    assert evidence.read(tmp_path / first.identity.directory) == second
    assert [path.name for path in (tmp_path / "fake").iterdir()] == ["only.one"]


def test_what_a_killed_recorder_left_half_written_is_removed(tmp_path: Path) -> None:
    half = tmp_path / "fake" / ".only.one.h4lf"
    half.mkdir(parents=True)
    (half / "server.log").write_text("half")
    run(tmp_path, "answers")
    assert not half.exists()


# --- a server that is told to stop while it serves -----------------------------------------------------------------


def test_a_server_is_asked_to_stop_once_while_the_load_goes_on_and_clients_get_what_it_still_answers(
    tmp_path: Path,
) -> None:
    spec = scenario(clients=3, stop_after=0.3)
    made = run(tmp_path, "answers_at_term", spec, Limits(zombies=0.3, orphans=0.3, stop=3.0))
    assert outcomes(made) == ["answered"] * 3
    assert [line.text for line in made.server_lines[1:]] == ["was told to end", *["answered"] * 3]
    assert (made.record.ending.signal, made.record.ending.killed) == (9, 1), "the grace ran from when it was asked"


def test_a_server_that_ends_when_it_is_asked_in_time_has_not_ended_by_itself(tmp_path: Path) -> None:
    made = run(tmp_path, "ends_at_term", scenario(clients=2, stop_after=1.0))
    assert made.server_lines[-1].text == "stopped"
    assert set(outcomes(made)) <= {
        "answered",
        "refused",
        "reset",
        "closed",
    }  # who came after it was asked is not served
    assert (made.record.ending.exit_status, made.record.ending.killed) == (0, 0)
    assert not [caveat for caveat in made.record.caveats if "ended by itself" in caveat]


def test_a_stop_that_is_due_only_after_the_load_changes_nothing(tmp_path: Path) -> None:
    made = run(tmp_path, "answers", scenario(stop_after=3000.0), stages.LIMITS)
    assert outcomes(made) == ["answered", "answered"]
    assert (made.record.ending.exit_status, made.record.ending.killed) == (0, 0)


# --- servers that never come to serve ------------------------------------------------------------------------------


def test_a_server_that_never_listens_is_ended_and_told_with_its_last_lines(tmp_path: Path) -> None:
    told = problem(tmp_path, "never_listens")
    assert re.search(r"^fake/only.one: the server did not listen on port \d+ within 3 s\n", told)
    assert f"\n  command: python {FAKES}/never_listens.py --port " in told
    assert "\n  end: it had to be ended\n" in told
    assert told.endswith("(not true)")


def test_a_server_that_ends_at_once_is_told_with_exit_status_and_last_ten_lines(tmp_path: Path) -> None:
    told = problem(tmp_path, "exits_at_once", stages.LIMITS)
    assert re.search(r"^fake/only.one: the server ended before it listened on port \d+\n", told)
    assert "\n  end: exit status 3\n  last lines:\n    line 3\n    line 4\n" in told
    assert told.endswith("    line 11\n    \\x1b[31mno such table")


def test_a_server_that_cannot_be_started_is_told_by_name(tmp_path: Path) -> None:
    one = planned(fake("answers").model_copy(update={"command": ("no-such-program",)}))
    with pytest.raises(ServerError, match="^fake/only.one: the server: cannot start no-such-program: No such file"):
        record(ROOT, one, tmp_path, Remembering())


def test_another_port_is_tried_when_somebody_took_it_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = stranger.getsockname()[1]
        ports = iter([taken, kernel.free_port()])
        monkeypatch.setattr(kernel, "free_port", lambda: next(ports))
        made = run(tmp_path, "answers", limits=stages.LIMITS)
    assert outcomes(made) == ["answered", "answered"]
    assert str(taken) not in made.record.command


def test_a_port_that_is_always_taken_is_told_after_three_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        ports = iter([stranger.getsockname()[1]] * 3)
        monkeypatch.setattr(kernel, "free_port", lambda: next(ports))
        told = problem(tmp_path, "answers", stages.LIMITS)
    assert next(ports, None) is None
    assert "Address already in use" in told


# --- servers that misbehave: findings ------------------------------------------------------------------------------


def test_a_server_that_dies_midway_is_evidence_with_its_exit_status(tmp_path: Path) -> None:
    made = run(tmp_path, "dies_midway", scenario(arrival=(Phase(rate=4, seconds=1.0),)))
    assert outcomes(made)[0] == "answered"
    assert set(outcomes(made)[1:]) <= {"closed", "reset", "refused"}
    assert (made.record.ending.exit_status, made.record.ending.seconds) == (7, 0.0)
    assert made.record.load_exit_status == 1
    assert made.record.caveats[0].startswith("The server ended by itself (exit status 7) before it was stopped")


def test_a_server_that_ignores_term_is_killed_and_that_is_a_finding(tmp_path: Path) -> None:
    made = run(tmp_path, "ignores_term")
    assert outcomes(made) == ["answered", "answered"]
    ending = made.record.ending
    assert (ending.exit_status, ending.signal, ending.killed) == (None, 9, 1)
    assert ending.seconds >= 0.4, "one delay and the grace"
    assert "The server did not end within 0.4 s of SIGTERM and was killed." in made.record.caveats


def test_an_orphan_that_keeps_the_port_is_counted_and_then_ended(tmp_path: Path) -> None:
    made = run(tmp_path, "leaves_orphan")
    left = made.record.leftovers
    assert (left.zombies, left.orphans, left.listeners) == (0, 1, 1)
    assert (made.record.ending.signal, made.record.ending.killed) == (15, 1)
    assert kernel.listening(int(made.record.command[3])) == set()


def test_a_server_that_goes_to_the_background_is_served_by_counted_and_ended(tmp_path: Path) -> None:
    made = run(tmp_path, "daemonizes")
    assert outcomes(made) == ["answered", "answered"]
    left = made.record.leftovers
    assert (left.zombies, left.orphans, left.listeners) == (0, 1, 1)
    assert (made.record.ending.exit_status, made.record.ending.killed) == (0, 1)
    assert kernel.listening(int(made.record.command[3])) == set()


def test_children_that_nobody_waits_for_are_counted(tmp_path: Path) -> None:
    made = run(tmp_path, "leaves_zombies", scenario(clients=3))
    assert outcomes(made) == ["answered"] * 3
    assert made.record.leftovers.zombies == 3
    asked = made.record.ending.asked
    assert asked is not None  # the main process itself is one, too, for a moment after it was asked to stop
    assert max(sample.zombies for sample in made.samples if sample.time < asked) == 3
    assert made.record.leftovers.orphans == 0


def test_a_server_that_stops_itself_answers_nobody_and_still_ends(tmp_path: Path) -> None:
    made = run(tmp_path, "stops_itself", scenario(load=Load(timeout=0.3)))
    assert outcomes(made) == ["late", "late"]
    assert (made.record.ending.signal, made.record.ending.killed) == (15, 0)


def test_a_flood_is_kept_at_its_ends_and_the_cut_is_said(tmp_path: Path) -> None:
    made = run(tmp_path, "floods", limits=stages.LIMITS)
    capture = made.record.captures["server"]
    assert capture.printed > 10_000_000 > capture.kept
    log = (tmp_path / made.identity.directory / "server.log").read_bytes()
    assert len(log) == capture.kept
    (told,) = re.findall(rb"\n\[\.\.\. (\d+) bytes cut \.\.\.\]\n", log)
    assert int(told) == capture.printed - 8 * 1024 * 1024
    assert any(f"; {int(told)} in the middle were not kept" in caveat for caveat in made.record.caveats)
    assert made.server_lines[-1].text == "answered"


def test_output_without_an_end_of_line_is_kept(tmp_path: Path) -> None:
    made = run(tmp_path, "no_newline")
    assert [line.text for line in made.server_lines][-1] == "no end of line, another, another"


def test_output_that_is_no_utf_8_is_kept_as_bytes_and_read_as_far_as_it_goes(tmp_path: Path) -> None:
    made = run(tmp_path, "odd_bytes")
    log = (tmp_path / made.identity.directory / "server.log").read_bytes()
    assert log.startswith("서버를 시작합니다".encode("cp949") + b"\r\n\xff\x00\x80\x1b[31m\xfe\r\n")
    assert made.server_lines[0].text == "서버를 시작합니다"
    assert outcomes(made) == ["answered", "answered"]


# --- faults of the tool itself -------------------------------------------------------------------------------------


def test_a_load_script_that_fails_is_not_blamed_on_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("report.recording.command.LOAD", "tests.fakes.no_such_script")
    told = problem(tmp_path, "answers", stages.LIMITS)
    assert told.startswith("fake/only.one: the load script (not the server) failed\n")
    assert "No module named tests.fakes.no_such_script" in told


def test_a_load_script_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("report.recording.command.LOAD", "tests.fakes.servers.never_ends")
    one = planned(fake("answers"), scenario(load=Load(timeout=0.2)))
    with pytest.raises(ServerError, match=r"the load script \(not the server\) did not end within 0.5 s"):
        record(ROOT, one, tmp_path, Remembering(), Limits(load=0.2))


def test_a_record_with_too_few_requests_is_refused() -> None:
    one = planned(fake("answers"))
    with pytest.raises(ServerError, match="recorded 0 requests where the scenario sends 2: a fault of the tool"):
        outcome.parse_requests(evidence.rows([], Request), one)
    with pytest.raises(ServerError, match=r"the load script's record cannot be read: requests.csv:1: expected"):
        outcome.parse_requests(b"number,kind\n", one)


def test_a_load_script_behind_its_schedule_leaves_a_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "LAG", 0.0)
    made = run(tmp_path, "answers")
    assert any(re.match(r"The load script was up to \d+\.\d+ s behind its schedule", c) for c in made.record.caveats)


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory")
    with pytest.raises(ServerError, match="^fake/only.one: cannot be recorded: .*Not a directory"):
        record(ROOT, planned(fake("answers")), in_the_way, Remembering())


def test_running_out_of_descriptors_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left() -> tuple[int, int]:
        raise OSError(24, os.strerror(24))

    monkeypatch.setattr("os.openpty", none_left)
    with pytest.raises(ServerError, match="Too many open files"):
        run(tmp_path, "answers")
