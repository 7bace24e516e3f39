"""Transcripts: what is masked, what is ordered, and what must make them differ."""

import random

from report.rendering.transcript import difference, transcript
from tests.builders import assignment, lines, run

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
