"""Command lines: placeholders, speed, and what evidence shows of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from report.errors import SpecError
from report.recording.command import PIPED, Built, build_command, load_command, number, server_command
from report.scenario import Load, Phase
from report.spec import Server
from tests.recording.harness import planned, scenario


def test_placeholders_are_replaced_wherever_they_stand_in_a_word() -> None:
    server = Server(command=("{python}", "--at={host}:{port}", "{delay}s/{speed}", "{ port }", "{}", "{{port}}"))
    command = server_command(planned(server, speed=4.0), 8090, None)
    assert command.words == (
        sys.executable, "--at=127.0.0.1:8090", "0.025s/4", "{ port }", "{}", "{8090}",
    )  # fmt: skip


def test_evidence_shows_no_path_of_this_machine() -> None:
    one = planned(Server(command=("{build}/server", "{python}"), build=("cc", "-o", "{build}/server")))
    built = Built(Path("/somewhere/build/bin/abc"), "build/bin/abc")
    assert server_command(one, 1, built).words == ("/somewhere/build/bin/abc/server", sys.executable)
    assert server_command(one, 1, built).shown == ("build/bin/abc/server", "python")
    assert build_command(one.assignment, "one", built).shown == ("cc", "-o", "build/bin/abc/server")
    load = load_command(one, 1, Path("/tmp/scratch"))
    assert load.words[-1] == "/tmp/scratch/requests.csv"
    assert load.shown[-1] == "requests.csv"


def test_unknown_placeholders_are_all_named_with_file_and_key() -> None:
    one = planned(Server(command=("{pyhton}", "{build}")), scenario(options=("--workers={n}",)))
    with pytest.raises(SpecError) as caught:
        server_command(one, 8090, None)
    assert caught.value.problems == (
        "assignments/fake/scenario.toml: servers.one.command: unknown placeholder {pyhton} in '{pyhton}'; "
        "known are delay, host, port, python, speed",
        "assignments/fake/scenario.toml: servers.one.command: unknown placeholder {build} in '{build}'; "
        "known are delay, host, port, python, speed",
        "assignments/fake/scenario.toml: scenarios.only.options: unknown placeholder {n} in '--workers={n}'; "
        "known are delay, host, port, python, speed",
    )


def test_options_of_the_scenario_follow_the_servers_command() -> None:
    one = planned(Server(command=("server",)), scenario(options=("--max-workers", "4")))
    assert server_command(one, 8090, None).words == ("server", "--max-workers", "4")


def test_a_piped_server_keeps_its_process_and_prints_into_a_pipe_that_is_copied(tmp_path: Path) -> None:
    one = planned(Server(command=("server", "{port}")), scenario(piped=True, options=("--more",)))
    assert server_command(one, 8090, None).words == (*PIPED, "server", "8090", "--more")
    code = (
        "import os, stat, sys\n"
        "print(os.getpid(), stat.S_ISFIFO(os.fstat(1).st_mode), 'a b' in sys.argv)\n"
        "try:\n    os.waitpid(-1, os.WNOHANG)\nexcept ChildProcessError:\n    print('no child')"
    )
    with subprocess.Popen(
        [*PIPED, sys.executable, "-c", code, "a b"], stdout=subprocess.PIPE, text=True, env={"TMPDIR": str(tmp_path)}
    ) as process:
        said, _ = process.communicate(timeout=60)
    assert said.splitlines() == [f"{process.pid} True True", "no child"]


def test_speed_divides_waits_and_multiplies_rates_but_leaves_deadlines() -> None:
    spec = scenario(
        delay=5.0,
        settle=20.0,
        arrival=(Phase(rate=1.0, seconds=9.0), Phase(rate=0.2, seconds=25.0)),
        load=Load(stalled=2, path="/{port}", timeout=7.5),
    )
    one = planned(Server(command=("s",)), spec, speed=20.0)
    assert load_command(one, 8090, Path("/s")).words[1:] == (
        "-m", "assignments.accesses", "http://127.0.0.1:8090/{port}", "--arrival", "20x0.45,4x1.25",
        "--stalled", "2", "--timeout", "7.5", "--record", "/s/requests.csv",
    )  # fmt: skip
    assert (one.delay, one.settle, one.last_due) == (0.25, 1.0, 34 / 20)


def test_when_to_stop_is_divided_by_the_speed_and_undeclared_where_the_load_is_to_end_first() -> None:
    server = Server(command=("s",))
    assert planned(server, scenario(delay=5.0, stop_after=2.5), speed=20.0).stop_after == 0.125
    assert planned(server, scenario(stop_after=0.0), speed=20.0).stop_after == 0.0
    assert planned(server, scenario(), speed=20.0).stop_after is None


def test_other_paths_follow_in_the_order_in_which_they_take_turns() -> None:
    spec = scenario(load=Load(path="/spin?work=9", also=("/", "/count?lock=no&meet=2"), stalled=1))
    words = load_command(planned(Server(command=("s",)), spec), 8090, Path("/s")).words
    assert words[3:] == (
        "http://127.0.0.1:8090/spin?work=9", "--clients", "2", "--also", "/", "--also", "/count?lock=no&meet=2",
        "--stalled", "1", "--timeout", "60", "--record", "/s/requests.csv",
    )  # fmt: skip


def test_clients_all_come_at_once() -> None:
    command = load_command(planned(Server(command=("s",)), scenario(clients=10)), 8090, Path("/s"))
    assert command.words[4:6] == ("--clients", "10")


def test_memory_is_measured_late_in_the_fastest_phase() -> None:
    phases = tuple(Phase(rate=rate, seconds=9.0) for rate in (1.0, 2.0, 4.0, 2.0))
    one = planned(Server(command=("s",)), scenario(delay=5.0, arrival=phases), speed=10.0)
    assert one.busiest == pytest.approx(2.7 + 0.3)
    assert planned(Server(command=("s",)), scenario(delay=5.0)).busiest == 3.0


@pytest.mark.parametrize(
    ("value", "text"), [(5.0, "5"), (0.25, "0.25"), (5 / 3, "1.666666667"), (1e6, "1000000"), (0.0, "0")]
)
def test_numbers_are_written_in_their_shortest_usual_form(value: float, text: str) -> None:
    assert number(value) == text


def test_a_load_of_impolite_clients_is_sent_by_the_script_for_those() -> None:
    spec = scenario(load=Load(stalled=1, resets=2, half_closed_resets=3, pieces=1.0, timeout=7.5))
    words = load_command(planned(Server(command=("s",)), spec, speed=4.0), 8090, Path("/tmp/scratch")).words
    assert words[1:] == (
        "-m", "assignments.impolite", "http://127.0.0.1:8090/", "--clients", "2", "--stalled", "1", "--resets", "2",
        "--half-closed-resets", "3", "--pieces", "0.25", "--timeout", "7.5", "--record", "/tmp/scratch/requests.csv",
    )  # fmt: skip
    backwards = load_command(planned(Server(command=("s",)), scenario(load=Load(reverse=True))), 1, Path("/"))
    assert backwards.words[2] == "assignments.impolite"
    assert "--reverse" in backwards.words
    assert load_command(planned(Server(command=("s",))), 1, Path("/")).words[2] == "assignments.accesses"
