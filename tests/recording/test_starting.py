"""How a server is started: what it did not come through is told, and a port of its own is waited for."""

import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from report.errors import ServerError
from report.planned import Planned
from report.recording import JUDGING, attempt_all, kernel, network, record, starting
from report.recording.stages import LIMITS, Limits
from report.run import Bounds, Run
from report.spec import Server
from tests.recording.harness import FAKES, ROOT, SHORT, Remembering, fake, planned, scenario


def failure(tmp_path: Path, one: Planned, limits: Limits = SHORT) -> ServerError:
    with pytest.raises(ServerError) as caught:
        record(ROOT, one, tmp_path, Remembering(), limits)
    return caught.value


def fixed(name: str, port: int) -> Planned:
    return replace(planned(fake(name)), port=port)


@pytest.mark.parametrize(
    ("server", "stage", "limits"),
    [
        (fake("exits_at_once"), "starts", LIMITS),
        (Server(command=("no-such-program",), sources=(f"{FAKES}/plain.py",)), "starts", LIMITS),
        (fake("never_listens"), "listens", SHORT),
        (
            Server(command=("x",), build=("{python}", "-c", "raise SystemExit(1)"), sources=(f"{FAKES}/plain.py",)),
            "builds",
            LIMITS,
        ),
    ],
    ids=["exits at once", "no such program", "never listens", "does not build"],
)
def test_what_a_server_did_not_come_through_is_told(tmp_path: Path, server: Server, stage: str, limits: Limits) -> None:
    one = planned(server, name="fork")  # a folder that is there, in which it is built
    told = failure(tmp_path, one, limits)
    assert (told.stage, told.elsewhere) == (stage, ())


def test_what_fails_of_the_tool_s_own_is_charged_to_no_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("report.recording.command.LOAD", "tests.fakes.no_such_script")
    assert failure(tmp_path, planned(fake("answers")), LIMITS).stage is None


def test_each_run_of_many_tells_its_own_stage(tmp_path: Path) -> None:
    plan = [planned(fake("exits_at_once"), name="ends"), planned(fake("never_listens"), name="mute")]
    errors = attempt_all(ROOT, plan, tmp_path, Remembering(), 2, SHORT)
    assert {identity.assignment: getattr(error, "stage", "?") for identity, error in errors.items()} == {
        "ends": "starts",
        "mute": "listens",
    }


def test_a_server_that_listens_since_a_moment_ago_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "listeners", lambda *_: 0)  # as when it was asked just before
    made = record(ROOT, planned(fake("answers")), tmp_path, Remembering(), LIMITS)
    assert {request.outcome for request in made.requests} == {"answered"}


def test_a_server_that_listens_elsewhere_is_told_where(tmp_path: Path) -> None:
    told = failure(tmp_path, planned(fake("listens_elsewhere")), Limits(start=60.0, elsewhere=0.2))
    (port,) = told.elsewhere
    assert told.stage == "listens"
    assert f"it listens on {port}\n" in str(told)
    assert f"\n    listening on {port}" in str(told)


def test_a_server_that_only_tried_another_port_which_is_taken_is_astray_too(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = str(stranger.getsockname()[1])
        stray = Server(command=("{python}", f"{FAKES}/answers.py", "--port", taken), sources=(f"{FAKES}/plain.py",))
        told = failure(tmp_path, planned(stray), LIMITS)
    assert (told.stage, told.elsewhere, told.astray) == ("listens", (), True)
    assert "which is free: the port that it tried is taken" in str(told)


def test_another_port_that_is_open_first_is_no_fault(tmp_path: Path) -> None:
    made = record(ROOT, planned(fake("listens_late")), tmp_path, Remembering(), LIMITS)
    assert [request.outcome for request in made.requests] == ["answered", "answered"]


def test_ports_of_other_programs_are_not_those_of_a_tree() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert kernel.ports(2**22 + 1) == []  # nobody descends of it


def test_a_server_gets_the_port_that_is_its_own(tmp_path: Path) -> None:
    port = kernel.free_port()
    made = record(ROOT, fixed("answers", port), tmp_path, Remembering(), LIMITS)
    assert made.record.command[3] == str(port)
    assert [request.outcome for request in made.requests] == ["answered", "answered"]


@pytest.fixture
def one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the kernel allows no others."""
    monkeypatch.setattr(network, "is_possible", lambda: False)


@pytest.mark.skipif(not network.is_possible(), reason="this kernel allows no network of one's own")
def test_servers_with_the_same_port_in_their_source_have_networks_of_their_own(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        plan = [replace(planned(fake("binds_plainly"), name=f"fixed{n}"), port=port) for n in range(3)]
        assert not attempt_all(ROOT, plan, tmp_path, Remembering(), 3)
        stranger.settimeout(0)
        with pytest.raises(BlockingIOError):
            stranger.accept()


def test_where_no_network_can_be_had_the_words_for_one_end_with_an_error_and_run_nothing() -> None:
    ended = subprocess.run([*network.words("0"), "echo", "started"], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert ended.stdout == ""


@pytest.mark.usefixtures("one_network")
def test_a_port_of_its_own_that_another_program_holds_is_not_the_server_s_fault(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        told = failure(tmp_path, fixed("answers", port), LIMITS)
    assert told.stage is None
    assert f"port {port}, which the server has in its source, is held by another program" in str(told)


@pytest.mark.usefixtures("one_network")
def test_a_port_in_time_wait_is_waited_for_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    blocker = socket.socket()
    blocker.bind(("127.0.0.1", 0))  # bound, not listening: what TIME_WAIT is to a bind
    port = blocker.getsockname()[1]

    def forget(_: object, of: int) -> None:
        waited.append(of)
        blocker.close()

    monkeypatch.setattr(starting, "_forget", forget)
    made = record(ROOT, fixed("binds_plainly", port), tmp_path, Remembering(), LIMITS)
    assert waited == [port]
    assert [request.outcome for request in made.requests] == ["answered", "answered"]


@pytest.mark.usefixtures("one_network")
def test_runs_on_a_port_of_the_server_s_own_are_made_one_at_a_time(tmp_path: Path) -> None:
    port = kernel.free_port()
    plan = [replace(planned(fake("answers"), name=f"fixed{n}"), port=port) for n in range(3)]
    progress = Remembering()
    assert not attempt_all(ROOT, plan, tmp_path, progress, 3)
    assert progress.most_at_once == 1


# --- what a judge asks of a run ------------------------------------------------------------------------------------


def ended(tmp_path: Path, name: str, **spec: object) -> Run:
    return record(ROOT, planned(fake(name), scenario(**spec)), tmp_path, Remembering(), SHORT)


def test_it_is_kept_when_the_server_was_asked_to_stop_and_when_it_had_ended(tmp_path: Path) -> None:
    made = ended(tmp_path, "answers", settle=0.2)
    ending = made.record.ending
    assert ending.asked is not None
    assert ending.ended is not None
    last = max(request.done or 0.0 for request in made.requests)
    assert last + 0.2 <= ending.asked <= ending.ended
    assert ending.ended - ending.asked == pytest.approx(ending.seconds, abs=1e-4)


def test_a_server_that_dies_midway_had_ended_before_it_was_asked(tmp_path: Path) -> None:
    ending = ended(tmp_path, "dies_midway", clients=3).record.ending
    assert (ending.ended or 0.0) < (ending.asked or 0.0)


def test_a_server_that_dies_before_it_is_asked_in_time_ended_by_itself(tmp_path: Path) -> None:
    made = ended(tmp_path, "dies_midway", clients=3, settle=1.0, stop_after=0.8)
    ending = made.record.ending
    assert (ending.ended or 0.0) < (ending.asked or 0.0)
    assert [caveat for caveat in made.record.caveats if "ended by itself" in caveat]


def test_there_are_samples_before_the_load_and_before_the_stop(tmp_path: Path) -> None:
    made = ended(tmp_path, "answers")
    times = [sample.time for sample in made.samples]
    opened = min(request.started or 0.0 for request in made.requests)
    assert times == sorted(times)
    assert times[0] < opened
    answered = max(request.done or 0.0 for request in made.requests)
    assert any(answered < time <= (made.record.ending.asked or 0.0) for time in times)


def test_a_judge_gives_three_seconds_and_the_delay_to_stop() -> None:
    assert replace(LIMITS, stop=3.0, bounds=Bounds(), pause=0.05) == JUDGING
