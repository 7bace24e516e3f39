"""Both terminals beside each other: what was printed by then, last lines first to stay, in a frame of one size."""

import pytest
from rich.cells import cell_len

from report.rendering.sidebyside import frame, printed
from tests.builders import lines, run

MADE = run(
    server_lines=(*lines("server: listening", start=-1.0), *lines("하나: 응답", "둘: 응답", start=5.0, step=0.5)),
    client_lines=lines("request 1: answered", start=5.2),
)


def test_lines_of_both_terminals_come_in_the_order_of_time() -> None:
    assert [(one.who, one.time) for one in printed(MADE)] == [
        ("server", -1.0),
        ("server", 5.0),
        ("client", 5.2),
        ("server", 5.5),
    ]


@pytest.mark.parametrize(("width", "height"), [(80, 5), (61, 2), (40, 8)])
def test_a_frame_has_one_size_however_much_was_printed(width: int, height: int) -> None:
    every = printed(MADE)
    for count in range(len(every) + 1):
        rows = [row.plain for row in frame(every[:count], ["서버 터미널", "client"], width, height)]
        assert len(rows) == height
        assert {cell_len(row) for row in rows} == {width - (width - 3) % 2 if width >= 60 else width}


def test_of_more_lines_than_rows_the_last_stay() -> None:
    shown = "\n".join(row.plain for row in frame(printed(MADE), ["a", "b"], 80, 3))
    assert "listening" not in shown
    assert "둘: 응답" in shown
    assert "request 1: answered" in shown


def test_control_characters_of_a_capture_are_shown_and_not_obeyed() -> None:
    made = run(server_lines=lines("\x1b[2Jgone"), client_lines=())
    assert printed(made)[0].text == "\\x1b[2Jgone"
