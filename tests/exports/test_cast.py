"""A captured terminal as an asciicast: the format's rules, and that it plays what was captured, when it was."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from report import evidence
from report.evidence import Chunk
from report.exports import cast as casting
from report.exports.cast import cast
from report.recording import terminal
from tests.builders import run
from tests.exports.published import EVIDENCE, RUNS, recorded

RECORD = run().record


def played(data: bytes) -> tuple[dict[str, Any], list[tuple[float, str]]]:
    """The header and the events, after the rules of the format were looked at."""
    header, *events = [json.loads(line) for line in data.decode("utf-8").splitlines()]
    assert header["version"] == 2
    for key in ("width", "height", "timestamp"):
        assert isinstance(header[key], int)
    assert set(header) <= {"version", "width", "height", "timestamp", "duration", "command", "title", "env"}
    for event in events:
        time, kind, text = event
        assert isinstance(time, float | int)
        assert time >= 0
        assert kind == "o"
        assert isinstance(text, str)
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    return header, [(time, text) for time, _, text in events]


def of(log: bytes, chunks: Sequence[Chunk], start: float = 0.0) -> list[tuple[float, str]]:
    return played(cast(RECORD, "server", log, chunks, start))[1]


@pytest.mark.parametrize("who", ["server", "client"])
@pytest.mark.parametrize("name", RUNS)
def test_what_is_played_is_what_was_captured_when_it_was(name: str, who: str) -> None:
    record = recorded(name)[0].record
    log = (EVIDENCE / name / f"{who}.log").read_bytes()
    chunks = evidence.parse_rows((EVIDENCE / name / f"{who}.times.csv").read_bytes(), Chunk, name)
    header, events = played(cast(record, who, log, chunks, chunks[0].seconds - 1))
    assert "".join(text for _, text in events).encode() == log
    assert [time for time, _ in events] == [pytest.approx(c.seconds - chunks[0].seconds + 1, abs=1e-6) for c in chunks]
    assert header["title"] == f"{name} {who}"


def test_a_letter_that_came_in_two_pieces_is_played_when_it_is_whole() -> None:
    letter = "가".encode()
    assert of(letter, [Chunk(0, 1.0), Chunk(1, 2.0)]) == [(2.0, "가")]


def test_bytes_that_are_no_utf_8_are_read_as_the_report_reads_them() -> None:
    assert of("서버".encode("cp949"), [Chunk(0, 0.0)]) == [(0.0, "서버")]
    assert of(b"a\xff", [Chunk(0, 0.0)]) == [(0.0, "a\\xff")]


def test_a_terminal_on_which_nothing_was_printed_is_a_header() -> None:
    assert of(b"", []) == []


def test_the_recording_begins_at_the_start_on_the_wall_clock() -> None:
    record = run(epoch=1_772_442_001.9).record
    assert played(cast(record, "client", b"", [], -0.5))[0]["timestamp"] == 1_772_442_001
    assert played(cast(record, "client", b"", [], -1.0))[0]["timestamp"] == 1_772_442_000


def test_the_size_is_that_of_the_terminal_that_is_recorded() -> None:
    assert (casting.WIDTH, casting.HEIGHT) == (terminal.COLUMNS, terminal.ROWS)
