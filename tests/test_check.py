"""What a check makes of verdicts: smaller scenarios with their own bounds, and what is undecided for a stated want."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from report import check
from report.errors import ClaimError
from report.planned import Planned
from report.rendering.illustrator import Illustrator
from report.rendering.pictures.picture import Picture
from report.rendering.reasons import Reason
from report.rendering.transcript import transcript
from report.rendering.verdicts import Verdict
from report.run import Run
from report.scenario import Claim
from report.settings import Settings
from report.spec import Assignment
from tests.builders import ECHO, assignment, course, request, run, store, write

SMALLER = ECHO.replace("clients = 2", "clients = 2\ncheck = { clients = 1 }").replace(
    "equals = 2", "equals = 2\ncheck = { equals = 1 }"
)
QUIET = ECHO.replace("clients = 2", "clients = 2\nquiet = true\ncores = 2")


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are not looked at here, and drawing them would take most of the time."""
    picture = Picture(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a picture")
    monkeypatch.setattr(Illustrator, "_drawn", lambda *made_from: picture)


Make = Callable[[Planned], Run]


def of_its_size(planned: Planned) -> Run:
    """A run in which every request of its scenario was answered at once."""
    return run(identity=planned.identity, requests=[request(n) for n in range(1, planned.scenario.sends + 1)])


def on_a_busy_machine(planned: Planned) -> Run:
    """The same, while another program used one and a half of two cores."""
    resources = run().record.resources.model_copy(update={"others_cores": 1.5})
    return run(identity=planned.identity, environment={"cores": "2"}, resources=resources)


def checked(
    root: Path, monkeypatch: pytest.MonkeyPatch, echo: Assignment, make: Make
) -> tuple[check.Counts, list[Planned]]:
    """What a check of this course counts, and the runs it asked for, which are made by hand."""
    asked: list[Planned] = []

    def record_all(_: Path, wanted: Sequence[Planned], folder: Path, *rest: object) -> None:
        asked.extend(wanted)
        for planned in wanted:
            store(folder, make(planned))

    monkeypatch.setattr(check, "record_all", record_all)
    write(course(root), "assignments/echo/expected.txt", transcript(echo, run()))
    return check.check(root, [echo], Settings(), root / "work", Silent(), 1, published=False), asked


class Silent:
    """A display of progress that shows nothing."""

    def stage(self, *_: object) -> None: ...

    def line(self, *_: object) -> None: ...

    def done(self, *_: object) -> None: ...

    def failed(self, *_: object) -> None: ...


def test_a_check_runs_what_its_scenarios_make_smaller_and_holds_claims_to_their_bounds_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, asked = checked(tmp_path, monkeypatch, assignment(SMALLER), of_its_size)
    assert [planned.scenario.sends for planned in asked] == [1]
    assert (counts.runs, counts.claims, counts.lacking, counts.undecided) == (1, 2, 0, ())


def test_the_bound_for_the_check_is_what_fails_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    echo = assignment(SMALLER.replace("check = { equals = 1 }", "check = { equals = 2 }"))
    with pytest.raises(ClaimError, match=r"claim all-answered fails \(two on python\): .* is 1, expected = 2"):
        checked(tmp_path, monkeypatch, echo, of_its_size)


def test_on_a_busy_machine_times_are_undecided_and_told_and_the_check_passes_without_running_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, asked = checked(tmp_path, monkeypatch, assignment(QUIET), on_a_busy_machine)
    assert [planned.identity.speed for planned in asked] == [20.0]
    assert (counts.claims, counts.lacking) == (2, 1)
    assert counts.undecided == (
        "assignments/echo: other programs used 1.50 of 2 cores, so times are not to be trusted: served-together (python)",
    )


def test_what_fails_on_a_busy_machine_fails_if_it_is_a_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClaimError, match="claim all-answered fails"):
        checked(tmp_path, monkeypatch, assignment(QUIET.replace("equals = 2", "equals = 3")), on_a_busy_machine)


# ---- The sentences ---------------------------------------------------------------------------------------------


def verdict(claim_id: str, reason: Reason | None, server: str = "c", *, names_it: bool = True) -> Verdict:
    """A claim that is undecided, on this server."""
    claim = Claim(id=claim_id, metric="cpu.seconds", at_least=1, server=server if names_it else None)
    return Verdict("echo", "two", server, claim, "undecided", None, None, None, 0, reason)


CORES = Reason("cores", (("found", "1"), ("needed", "2")))
NEEDS = Reason("needs", (("program", "cc"),))


def test_each_want_is_told_once_with_all_its_claims_each_once() -> None:
    found = [
        verdict("a", CORES),
        verdict("b", NEEDS),
        verdict("c", CORES),
        verdict("c", CORES),
        verdict("d", CORES, names_it=False),
        verdict("d", CORES, server="python", names_it=False),
    ]
    assert list(check.undecided(found)) == [
        "assignments/echo: it needs 2 cores, and the machine has 1: a, c, d (c), d (python)",
        "assignments/echo: this machine has no cc, so the server was not run: b",
    ]


def test_a_want_is_no_problem_and_any_other_reason_is() -> None:
    busy = Reason("busy", (("cores", "2"), ("others", "1.50")))
    assert check.sentences([verdict("a", reason) for reason in (CORES, NEEDS, busy)]) == []
    (told,) = check.sentences([verdict("a", Reason("spread"))])
    assert told.startswith("assignments/echo: claim a undecided (two on c): cpu.seconds is undecided: the spread of")
