"""Diagrams of scenario.toml: what follows from declared operations, and faults told by their place in the file."""

import json
from pathlib import Path
from typing import Any

import pytest

from report.diagrams import Descriptors, Diagram, State
from report.errors import SpecError
from report.models import validate
from report.spec import Assignment
from tests.builders import ECHO, assignment

ACCEPT = {"does": "open", "who": "parent", "descriptor": 4}
FORK = {"does": "fork"}


def close(who: str, descriptor: int = 4) -> dict[str, Any]:
    return {"does": "close", "who": who, "descriptor": descriptor}


def declared(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    objects = [{"descriptor": n, "name": {"ko": "소켓", "en": "socket"}} for n in (3, 4)]
    table = {"kind": "descriptors", "watched": 4, "at_start": [3], "objects": objects, "steps": list(steps)}
    return table | changes


def read(table: object) -> Diagram:
    raw = {"number": 1, "title": {"ko": "가", "en": "a"}, "name": "echo", "folder": Path("echo")}
    return validate(raw | {"diagrams": {"drawn": table}}, Assignment, "scenario.toml").diagrams["drawn"]


def states(*steps: dict[str, Any]) -> list[State]:
    diagram = read(declared(*steps))
    assert isinstance(diagram, Descriptors)
    return list(diagram.states())


def test_a_fork_copies_the_table_and_fin_leaves_at_the_last_close() -> None:
    found = states(ACCEPT, FORK, close("parent"), close("child", 3), close("child"))
    assert [state.references for state in found] == [1, 2, 1, 1, 0]
    assert [state.fin for state in found] == [False, False, False, False, True]
    assert found[1].tables == {"parent": (3, 4), "child": (3, 4)}
    assert found[2].tables == {"parent": (3,), "child": (3, 4)}
    assert found[4].tables == {"parent": (3,), "child": ()}


def test_what_the_parent_keeps_open_holds_fin_back() -> None:
    found = states(ACCEPT, FORK, close("child"), {"does": "exit", "who": "child"})
    assert [state.references for state in found] == [1, 2, 1, 1]
    assert not any(state.fin for state in found)


def test_an_exit_closes_all_that_the_process_had() -> None:
    found = states(ACCEPT, FORK, close("parent"), {"does": "exit", "who": "child"})
    assert found[-1].tables == {"parent": (3,)}
    assert found[-1].changed == {"child": (3, 4)}
    assert found[-1].fin


def test_a_descriptor_that_is_opened_again_refers_anew() -> None:
    found = states(ACCEPT, close("parent"), ACCEPT, close("parent"))
    assert [state.references for state in found] == [1, 0, 1, 0]
    assert [state.fin for state in found] == [False, True, False, True]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (declared(close("parent")), "diagrams.drawn: steps[0]: close: the parent has no descriptor 4 open"),
        (declared(ACCEPT, ACCEPT), "diagrams.drawn: steps[1]: open: the parent has descriptor 4 open already"),
        (declared(close("child")), "diagrams.drawn: steps[0]: the child does not live"),
        (declared(FORK, FORK), "diagrams.drawn: steps[1]: fork: the child lives already; a diagram shows one child"),
        (declared(), "diagrams.drawn: steps: needs at least one"),
        (declared(FORK, watched=5), "diagrams.drawn: objects: descriptor 5 has no name; add { descriptor = 5, name = … }"),
        (declared(FORK | {"who": "parent"}), "diagrams.drawn.steps[0]: fork takes no who"),
        (declared({"does": "close", "who": "parent"}), "diagrams.drawn.steps[0]: close needs descriptor"),
        (declared({"does": "opn"}), "diagrams.drawn.steps[0].does: input should be 'open', 'fork', 'close' or 'exit'; found 'opn'"),
        (declared(close("parent", -1)), "diagrams.drawn.steps[0].descriptor: input should be greater than or equal to 0; found -1"),
        ({"kind": "queu"}, "diagrams.drawn: kind: must be queue or descriptors (did you mean queue?); found 'queu'"),
        ({}, "diagrams.drawn: kind: must be queue or descriptors; found None"),
        ("queue", "diagrams.drawn: kind: must be queue or descriptors; found None"),
        ({"kind": "queue", "capacity": 10, "add_at": 8}, "diagrams.drawn.remove_at: is missing"),
        ({"kind": "queue", "capacity": 10, "add_at": 2, "remove_at": 8}, "diagrams.drawn: needs remove_at < add_at <= capacity; found 8, 2 and 10"),
        ({"kind": "queue", "capacity": "10", "add_at": 8, "remove_at": 2}, "diagrams.drawn.capacity: input should be a valid integer; found '10'"),
        ({"kind": "queue", "capacity": 10, "add_at": 8, "remove_at": 2, "removes_at": 2}, "diagrams.drawn.removes_at: unknown key (did you mean remove_at?)"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_its_place_in_the_file(table: object, sentence: str) -> None:
    with pytest.raises(SpecError) as told:
        read(table)
    assert f"scenario.toml: {sentence}" in told.value.problems


def test_a_diagram_goes_through_json_and_back() -> None:
    toml = ECHO + '\n[diagrams.queue]\nkind = "queue"\ncapacity = 10\nadd_at = 8\nremove_at = 2\n'
    made = assignment(toml).model_copy(update={"diagrams": {"drawn": read(declared(ACCEPT, FORK))}})
    dumped = json.dumps(made.model_dump(mode="json"))
    assert Assignment.model_validate_json(dumped) == made
