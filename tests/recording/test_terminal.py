"""The pseudo-terminal: every byte, with times, bounded, and never in the way of who prints."""

import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.evidence import split_lines
from report.recording.terminal import Captured, Kept, Terminal
from tests.recording.harness import DEADLINE, wait_for


def printed_by(code: str, terminal: Terminal) -> Captured:
    process = subprocess.Popen([sys.executable, "-c", code], stdout=terminal.slave, stderr=terminal.slave)
    terminal.start()
    assert process.wait(DEADLINE) == 0
    captured, whole = terminal.finish(DEADLINE)
    assert whole
    return captured


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=30), st.integers(1, 20), st.integers(1, 20))
def test_the_first_and_the_last_bytes_are_kept_and_the_rest_is_counted(
    pieces: list[bytes], head: int, tail: int
) -> None:
    kept = Kept(head, tail)
    for moment, piece in enumerate(pieces):
        kept.add(piece, float(moment))
    captured, whole = kept.captured(), b"".join(pieces)
    assert captured.printed == len(whole)
    assert captured.cut == max(0, len(whole) - head - tail)
    if captured.cut:
        marker = b"\n[... %d bytes cut ...]\n" % captured.cut
        assert captured.data == whole[:head] + marker + whole[-tail:]
    else:
        assert captured.data == whole


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=30), st.integers(1, 20), st.integers(1, 20))
def test_each_kept_byte_has_the_time_at_which_it_came(pieces: list[bytes], head: int, tail: int) -> None:
    kept = Kept(head, tail)
    for moment, _ in enumerate(pieces):
        kept.add(b"%c" % (65 + moment) * len(pieces[moment]), float(moment))
    captured = kept.captured()
    offsets = [chunk.offset for chunk in captured.chunks]
    assert offsets == sorted(set(offsets))
    for chunk in captured.chunks:
        assert captured.data[chunk.offset : chunk.offset + 1] == b"%c" % int(65 + chunk.seconds)


def test_a_line_is_kept_as_the_terminal_sends_it_and_handed_on_as_text() -> None:
    lines: list[str] = []
    captured = printed_by("print('서버'); print('b')", Terminal(lines.append))
    assert captured.data == "서버\r\nb\r\n".encode()
    assert lines == ["서버", "b"]


def test_output_without_a_line_end_and_bytes_that_are_no_text_are_kept() -> None:
    captured = printed_by(r"import os; os.write(1, b'\xff\x00\xfe\n'); os.write(2, b'open')", Terminal(lambda _: None))
    assert captured.data == b"\xff\x00\xfe\r\nopen"


def test_the_terminal_is_plain_120_columns_and_echoes_nothing() -> None:
    terminal = Terminal(lambda _: None)
    os.write(terminal._master, b"typed\n")
    captured = printed_by("import os; print(os.isatty(1), os.get_terminal_size(1).columns)", terminal)
    assert captured.data == b"True 120\r\n"


def test_a_flood_is_drained_to_its_end_and_cut_in_the_middle() -> None:
    code = "import sys; [sys.stdout.write('.' * 99 + '\\n') for _ in range(100_000)]"
    captured = printed_by(code, Terminal(lambda _: None))
    assert captured.printed == 100_000 * 101
    assert captured.cut == captured.printed - 8 * 1024 * 1024
    assert f"[... {captured.cut} bytes cut ...]" in [line.text for line in split_lines(captured.data, [])]


def test_who_listens_may_fail_without_stopping_the_draining() -> None:
    def fail(line: str) -> None:
        raise LookupError(line)

    terminal = Terminal(fail)
    with pytest.raises(LookupError, match="^0$"):
        printed_by("[print(n) for n in range(100_000)]", terminal)


def test_a_terminal_held_open_by_a_stranger_is_given_up_and_said_to_be() -> None:
    arrived = threading.Event()
    terminal = Terminal(lambda _: arrived.set())
    stranger = os.dup(terminal.slave)
    try:
        terminal.start()
        os.write(stranger, b"here\n")
        assert arrived.wait(DEADLINE)
        captured, whole = terminal.finish(0.05)
    finally:
        os.close(stranger)
    assert (captured.data, whole) == (b"here\r\n", False)


def test_times_are_of_the_moment_at_which_the_bytes_came() -> None:
    lines: list[str] = []
    terminal = Terminal(lines.append)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as gate, os.fdopen(reading) as far:
        process = subprocess.Popen(
            [sys.executable, "-c", "print('a', flush=True); input(); print('b')"], stdin=far, stdout=terminal.slave
        )
        terminal.start()
        wait_for(lambda: lines == ["a"], "the first line")
        gate.write("go on\n")
        gate.flush()
        assert process.wait(DEADLINE) == 0
    captured, _ = terminal.finish(DEADLINE)
    first, second = split_lines(captured.data, [(chunk.offset, chunk.seconds) for chunk in captured.chunks])
    assert (first.text, second.text) == ("a", "b")
    assert first.time < second.time


def test_lines_for_an_error_message_obey_no_terminal() -> None:
    captured = printed_by(r"print('\x1b[31mred\u202eder 한글 \u200b')", Terminal(lambda _: None))
    assert captured.lines() == [r"\x1b[31mred\x202eder 한글 \x200b"]
