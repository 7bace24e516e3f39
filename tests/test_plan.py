"""A server that needs a program which this machine lacks is not run; its claims are undecided and say so."""

from pathlib import Path

from report import plan
from report.rendering.edition import evidence_of
from report.rendering.verdicts import judge
from report.run import Identity
from tests.builders import ECHO, assignment, run, store

NEEDY = ECHO + '\n[servers.c]\ncommand = ["./server"]\nneeds = ["sh", "no-such-compiler"]\n'
WANTED = {("echo", "c"): "no-such-compiler"}


def test_the_first_program_that_is_lacking_is_named_by_server() -> None:
    assert plan.lacking([assignment(NEEDY)]) == WANTED
    assert plan.lacking([assignment(NEEDY.replace(', "no-such-compiler"', ""))]) == {}


def test_its_runs_are_not_asked_for_but_read_where_they_were_brought_from_elsewhere(tmp_path: Path) -> None:
    planned = plan.plan([assignment(NEEDY)], 1.0)
    assert [one.identity.server for one in planned] == ["python", "c"]
    assert [one.identity.server for one in plan.possible(planned, WANTED)] == ["python"]
    assert [one.identity.server for one in plan.there(planned, WANTED, tmp_path)] == ["python"]
    store(tmp_path, run(identity=Identity(assignment="echo", scenario="two", server="c")))
    assert [one.identity.server for one in plan.there(planned, WANTED, tmp_path)] == ["python", "c"]


def test_its_claims_are_undecided_for_that_reason() -> None:
    needy = assignment(NEEDY)
    verdicts = judge(evidence_of([needy], [run()], WANTED), needy, 1.0)
    states = {(v.server, v.state, v.reason.key if v.reason else None) for v in verdicts}
    assert states == {("python", "holds", None), ("c", "undecided", "needs")}
    assert str(verdicts[1].reason) == "this machine has no no-such-compiler, so the server was not run"
