"""Charts of characters: bars and columns stand where the run was, fit their width, and say all without colour."""

import pytest
from rich.cells import cell_len

from report.rendering import labels
from report.rendering.advice import words
from report.rendering.lines import Point
from report.rendering.measure import Subject
from report.rendering.textcharts import columns, series, timeline
from report.rendering.timetable import design
from report.run import Run
from report.spec import LANGUAGES
from tests.builders import ECHO, REPOSITORY, assignment, lines, request, run, served

TEMPLATES = REPOSITORY / "templates"
WORDS = {name: words(TEMPLATES, label, "looking.toml") for name, label in labels.load(TEMPLATES).items()}
UNPREDICTED = ECHO.replace('predicted = { "makespan.delays" = 1 }', "")


def subject(made: Run) -> Subject:
    echo = assignment(UNPREDICTED)
    return Subject(echo, echo.scenarios["two"], made)


def bars(made: Run, width: int = 40, language: str = "en") -> list[str]:
    label = WORDS["ko" if language == "ko" else "en"]
    return [line.plain for line in timeline(design(subject(made)), label, width)]


def test_a_request_waits_and_is_then_served_where_the_axis_says_so() -> None:
    began = (*lines("server: #1 accepted from 127.0.0.1:40001"), *lines("worker 1: #1 request GET /", start=5.0))
    first, axis, key = bars(run(requests=[request(1, done=10.0)], server_lines=began), width=24)
    assert first.rstrip() == "1 ░░░░░░░░░░███████████"
    assert axis == "  0" + "10.00 s".rjust(20)
    assert key.startswith("░ waiting  █ being served  × failed")


def test_what_failed_is_told_by_its_sign_with_or_without_an_end() -> None:
    made = run(
        requests=[request(1), request(2, outcome="reset"), request(3, done=None, outcome="late")], server_lines=()
    )
    _, reset, late, *_ = bars(made)
    assert ("×" in reset, "█" in reset) == (True, False)
    assert late.strip() == "3 × failed"


def test_who_answered_stands_beside_the_bar_where_there_is_room() -> None:
    assert bars(run(), width=80)[0].endswith("█ worker 1")
    assert "worker" not in bars(run(), width=50)[0]


def test_only_the_first_clients_are_shown_and_the_others_counted() -> None:
    shown = bars(run(requests=[request(n) for n in range(1, 31)], server_lines=served(30)))
    assert shown[19].startswith("20 ")
    assert shown[20] == "… and 10 more requests"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [40, 59, 60, 80, 200])
def test_bars_and_columns_are_never_wider_than_the_terminal(width: int, language: str) -> None:
    *shown, _ = bars(run(), width, language)  # all but the key, which is a sentence and may be wrapped
    shown += [line.plain for line in series(subject(run(server_lines=QUEUE)), WORDS["en"], width)]
    assert max(map(cell_len, shown)) <= width


def test_captured_names_cannot_move_the_cursor() -> None:
    evil = (*lines("server: #1 accepted from 127.0.0.1:40001"), *lines("\x1b[2Jw: #1 request"))
    assert "\\x1b[2Jw" in bars(run(requests=[request(1)], server_lines=evil), width=80)[0]


QUEUE = lines(
    *(f"server: queued, queue {depth}/10, workers {1 + (depth > 7)}" for depth in (0, 1, 4, 8, 3, 0)), step=1.0
)


def test_each_series_is_told_with_its_range_and_marked_levels_are_dotted_and_numbered() -> None:
    shown = [line.plain for line in series(subject(run(server_lines=QUEUE)), WORDS["en"], 30)]
    assert shown[0] == WORDS["en"]("range", name=WORDS["en"].name("queue"), low="0", high="8")
    eight, two = (next(line for line in shown if line.startswith(level)) for level in ("8 ", "2 "))
    assert "█" in eight
    assert "┄" in eight
    assert two.count("█") > eight.count("█")


def test_a_column_holds_the_greatest_value_of_its_time_and_what_stood_before_stands_on() -> None:
    points = [Point(1.0, 0, 2.0), Point(1.1, 1, 4.0), Point(1.2, 2, 1.0), Point(4.5, 3, 0.0)]
    rows = [cells.plain for _, cells in columns(points, [], 4.0, (0.0, 5.0), 5)]
    assert rows == [" █   ", " █   ", " █   ", " ████"]


def test_many_levels_are_squeezed_into_a_few_rows_and_the_top_is_named() -> None:
    rows = [*columns([Point(0.0, 0, 93.0), Point(0.5, 1, 1.0)], [], 93.0, (0.0, 2.0), 2)]
    assert len(rows) == 10
    assert rows[0][0] == "93"
    assert rows[-1][1].plain == "█▁"


def test_without_any_value_there_is_no_chart() -> None:
    assert [*series(subject(run(server_lines=())), WORDS["en"], 80)] == []
