"""Transcripts: what is masked, what is ordered, and what must make them differ."""

import random
from itertools import combinations

import pytest

from report.errors import SpecError
from report.rendering.transcript import difference, transcript
from tests.builders import ECHO, assignment, lines, run

SERVER = (
    "server: listening on 127.0.0.1:20001, delay 5 s",
    "server: #1 accepted from 127.0.0.1:40001",
    "worker 2: #1 request GET /",
    "worker 2: #1 answered 200, 20 bytes",
    "server: #2 accepted from 127.0.0.1:40002",
    "worker 3: #2 request GET /",
    "worker 3: #2 answered 200, 20 bytes",
    "server: stopped",
)


def text(*printed: str) -> str:
    return transcript(assignment(), run(server_lines=lines(*(printed or SERVER)), client_lines=()))


def test_volatile_values_become_labels() -> None:
    found = text()
    assert "127.0.0.1:<port 1>, delay <seconds> s" in found
    assert "#1 accepted from 127.0.0.1:<port 2>" in found
    assert "worker <worker 1..4>: #1 answered 200, 20 bytes" in found
    assert "40001" not in found


def test_a_value_outside_its_range_stays_and_differs() -> None:
    changed = [line.replace("worker 3", "worker 9") for line in SERVER]
    assert "worker 9: #2" in text(*changed)
    assert text(*changed) != text()


def test_no_order_across_actors_and_connections_is_claimed() -> None:
    keys = [(line.split(":")[0].split()[0], "#1" in line, "#2" in line) for line in SERVER]
    shuffled = random.Random(7).sample(range(len(SERVER)), len(SERVER))
    stable = sorted(range(len(SERVER)), key=lambda i: (shuffled.index(keys.index(keys[i])), i))
    assert text(*(SERVER[i] for i in stable)) == text()


def test_two_lines_of_one_actor_the_other_way_round_differ() -> None:
    swapped = [*SERVER[:2], SERVER[3], SERVER[2], *SERVER[4:]]
    assert text(*swapped) != text()


def test_every_line_that_is_left_out_differs() -> None:
    for place in range(len(SERVER)):
        assert text(*SERVER[:place], *SERVER[place + 1 :]) != text()


def test_lines_that_may_vary_in_number_are_shapes() -> None:
    once, often = text(*SERVER, "server: heartbeat 3.1 s"), text(*SERVER, *["server: heartbeat 4.2 s"] * 5)
    assert once == often
    assert "### any number of\nserver: heartbeat <seconds> s\n" in once


def test_hostile_text_becomes_visible() -> None:
    found = text(*SERVER, "server: \x1b[31mred\u202e")
    assert "\\x1b[31mred\\u202e" in found


def test_a_difference_names_the_file() -> None:
    assert difference(text(), text(), "echo") == ""
    assert "assignments/echo/expected.txt" in difference(text(), text(*SERVER[:-1]), "echo")


def masked(*printed: str, masks: str) -> str:
    """The lines under other masks."""
    start, end = ECHO.index("[transcript.masks]"), ECHO.index("[scenarios.two]")
    echo = assignment(f"{ECHO[:start]}[transcript.masks]\n{masks}\n{ECHO[end:]}")
    return transcript(echo, run(server_lines=lines(*printed), client_lines=()))


def test_any_two_different_lines_of_one_actor_the_other_way_round_differ() -> None:
    printed = [*SERVER, "worker 3: #2 closed", "server: #2 done", "server: worker 2 told to leave", "worker 3: #2 left"]
    compared = 0
    for one, two in combinations(range(len(printed)), 2):
        actors = {
            (printed[place].split(":")[0], "#1" in printed[place], "#2" in printed[place]) for place in (one, two)
        }
        if len(actors) == 1:
            compared += 1
            swapped = list(printed)
            swapped[one], swapped[two] = printed[two], printed[one]
            assert text(*swapped) != text(*printed), (printed[one], printed[two])
    assert compared > 5


def test_other_ports_processes_and_seconds_are_the_same_transcript() -> None:
    again = [
        line.replace("20001", "61234").replace("40001", "51000").replace("40002", "50999").replace("5 s", "0.25 s")
        for line in SERVER
    ]
    assert text(*again) == text()


def test_the_same_value_has_the_same_label_and_another_value_another() -> None:
    found = text("server: process 71 forked", "server: process 72 forked", "server: process 71 reaped")
    assert "process <pid 1> forked\nserver: process <pid 2> forked\nserver: process <pid 1> reaped" in found
    mixed = text("server: process 71 forked", "server: process 72 forked", "server: process 72 reaped")
    assert mixed != found


def test_a_value_that_changes_hands_between_lines_differs() -> None:
    changed = [line.replace("40002", "40001") for line in SERVER]
    assert text(*changed) != text()


@pytest.mark.parametrize("value", ["0", "5", "²", "99999999999999999999999", "9" * 5000, "-1", "x"])
def test_only_whole_numbers_in_the_range_are_masked(value: str) -> None:
    assert f"worker {value} left" in masked(
        f"server: worker {value} left", masks=r"worker = { pattern = 'worker (\S+)', between = [1, 4] }"
    )


def test_a_shape_that_was_not_expected_differs() -> None:
    assert text(*SERVER, "server: heartbeat 3.1 s") != text(*SERVER, "server: heartbeat late")


@pytest.mark.parametrize("pattern", ["(.+)", r"^(.*)$", r"(\w+: .*)", r"(\S+)"])
def test_a_mask_that_would_swallow_a_line_is_refused(pattern: str) -> None:
    with pytest.raises(SpecError) as caught:
        masked("server: stopped", masks=f"all = {{ pattern = '{pattern}' }}")
    assert str(caught.value).startswith("assignments/echo/scenario.toml: transcript.masks: leave nothing literal of ")


def test_a_line_that_has_no_word_of_its_own_stays_as_it_is() -> None:
    assert "\n\n---\n" in text("", "---")


def test_a_mask_whose_group_took_no_part_changes_nothing() -> None:
    assert "server: stopped" in masked("server: stopped", masks=r"pid = { pattern = 'server(?: (\d+))?' }")


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-3"])
def test_a_connection_number_that_is_none_makes_no_connection(number: str) -> None:
    start = ECHO.index("[transcript]")
    echo = assignment(ECHO[:start] + "[transcript]\nconnection = '#(\\S+)'" + ECHO[start + len("[transcript]") :])
    found = transcript(echo, run(server_lines=lines(f"server: #{number} done"), client_lines=()))
    assert f"### server\nserver: #{number} done" in found


def test_the_load_script_is_ordered_by_its_requests_and_its_failures_differ() -> None:
    def client(*printed: str) -> str:
        return transcript(assignment(), run(server_lines=(), client_lines=lines(*printed)))

    one, two = "request 1: answered 200, after 5.01 s", "request 2: answered 200, after 5.02 s"
    assert client(one, two) == client(two, one.replace("5.01", "4.99"))
    assert client(one, two) != client(one, two.replace("answered 200", "reset"))
    assert client(one, two) != client(one)
    assert "## load script\n### connection 1 · request\nrequest 1: answered 200, after <seconds> s\n" in client(one)
