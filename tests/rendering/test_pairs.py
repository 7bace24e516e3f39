"""Rows about several servers stand together; tables without servers are let be."""

import pytest

from report.rendering.pairs import belonging

RUNS = ["assignment", "scenario", "server", "requests"]


def test_a_row_about_another_server_of_the_same_run_is_a_pair_and_a_new_assignment_a_group() -> None:
    rows = [
        ["#0", "ten", "python", "10"],
        ["#0", "ten", "c", "10"],
        ["#0", "stalled", "python", "3"],
        ["#1", "ten", "python", "10"],
        ["#1", "ten", "c", "11"],
    ]
    assert belonging(RUNS, rows, "server") == ["", "pair", "", "group", "pair"]


def test_the_servers_column_may_stand_before_what_tells_rows_apart() -> None:
    rows = [["ten", "python", "ends"], ["ten", "c", "ends"], ["ten", "python", "lost"], ["tide", "python", "lost"]]
    assert belonging(["scenario", "server", "claim", "bound"], rows, "server") == ["", "pair", "", "group"]


def test_one_server_alone_makes_no_pairs() -> None:
    assert belonging(RUNS, [["#0", "ten", "c", "1"], ["#0", "two", "c", "1"]], "server") == ["", ""]


@pytest.mark.parametrize(
    "header", [["a", "b"], ["server", "seconds"], ["a", "b", "c", "d"], ["a", "b", "c", "server"], ["a", "b", "server"]]
)
def test_a_table_that_is_not_of_runs_has_neither(header: list[str]) -> None:
    assert belonging(header, [["x"] * len(header)] * 2, "server") == ["", ""]


def test_a_table_without_rows_is_no_mistake() -> None:
    assert belonging(RUNS, [], "server") == []
