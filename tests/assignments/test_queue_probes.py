"""What is claimed of any queue server is what the rule of #3 gives, and not what a rule with a mistake gives.

The rule is driven on a clock of its own, so this holds whatever the machine; servers are judged by `invoke judge`.
"""

import dataclasses
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from report import course, judgement
from report.judgement import Probe, ProbeClaim
from report.rendering import metrics
from tests.assignments import simulation
from tests.assignments.compiled import compile_c, sanitizer
from tests.assignments.simulation import COURSE, DELAY, Rule, Simulation
from tests.servers import GET, GREETING, ROOT, Server, becomes_ready, free_port, read_all

QUEUE = "assignments/message_queue/mistakes/queue.c"
MAKESPAN = "makespan.delays"


@pytest.fixture(scope="module")
def every() -> dict[str, Probe]:
    """The assignment's own probes."""
    (queue,) = (one for one in course.load(ROOT, metrics.problem) if one.name == "message_queue")
    rules = judgement.load(ROOT, [queue], metrics.problem)["message_queue"]
    common = {"one", "stalled", "pieces", "resets", "recover", "under-stop"}
    return {name: probe for name, probe in rules.probes.items() if name not in common}


@pytest.fixture(scope="module")
def probes(every: dict[str, Probe]) -> dict[str, Probe]:
    """Those of which the time is claimed."""
    return {name: probe for name, probe in every.items() if timed(probe)}


def timed(probe: Probe) -> list[ProbeClaim]:
    return [claim for claim in probe.claims if claim.metric == MAKESPAN]


def offsets(probe: Probe) -> Iterator[float]:
    """When each request is due, in delays."""
    begin = 0.0
    for phase in probe.arrival or ():
        yield from (begin + k / phase.rate for k in range(round(phase.rate * phase.seconds)))
        begin += phase.seconds


def makespan(probe: Probe, rule: Rule, monkeypatch: pytest.MonkeyPatch) -> float:
    return Simulation(monkeypatch, rule).run([DELAY * due for due in offsets(probe)]) / DELAY


def leaving(probe: Probe, rule: Rule, monkeypatch: pytest.MonkeyPatch) -> float:
    """Delays from when two or fewer wait until the first worker is gone."""
    made = Simulation(monkeypatch, rule)
    made.run([DELAY * due for due in offsets(probe)])
    gone = made.time_of("removed")
    low = 0.0
    for time, line in zip(made.times, made.lines, strict=True):
        if time < gone and int(line.partition("queue ")[2].partition("/")[0]) > 2:
            low = next(later for later in made.times if later > time)
    return (gone - low) / DELAY


def failing(probes: dict[str, Probe], rule: Rule, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The claims that servers with this rule do not hold."""
    found = set()
    for probe in probes.values():
        took = makespan(probe, rule, monkeypatch)
        for claim in timed(probe):
            least, most = claim.between or (claim.at_least, claim.at_most)
            if (least is not None and took < least) or (most is not None and took > most):
                found.add(claim.id)
    return found


def test_what_is_predicted_of_a_probe_is_what_the_rule_gives(
    probes: dict[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {"eight", "nine", "ten", "thirty", "again", "wave"} == set(probes)
    for name, probe in probes.items():
        assert makespan(probe, COURSE, monkeypatch) == pytest.approx(probe.predicted[MAKESPAN], abs=0.35), name


@pytest.mark.parametrize("most", [100, 10, 4])
def test_the_rule_holds_every_claim_however_many_workers_are_allowed(
    probes: dict[str, Probe], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    assert failing(probes, dataclasses.replace(COURSE, max_workers=most), monkeypatch) == set()


def test_a_machine_on_which_each_answer_takes_a_fifth_longer_changes_no_verdict(
    probes: dict[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "DELAY", 1.2 * DELAY)
    assert failing(probes, dataclasses.replace(COURSE, hold=1.2 * DELAY), monkeypatch) == set()


@pytest.mark.parametrize(
    ("mistake", "claim"),
    [
        ({"add_at": 7}, "eight-one-by-one"),
        ({"add_at": 9}, "nine-two-rows"),
        ({"max_workers": 1}, "thirty-adds-many"),
        ({"hold": 0.0}, "wave-finds-three"),
        ({"hold": 1e9}, "again-one-by-one"),
    ],
)
def test_a_rule_with_a_mistake_fails_the_claim_that_is_there_for_it(
    probes: dict[str, Probe], monkeypatch: pytest.MonkeyPatch, mistake: dict[str, float], claim: str
) -> None:
    assert claim in failing(probes, dataclasses.replace(COURSE, **mistake), monkeypatch)  # type: ignore[arg-type]


def test_the_probe_that_keeps_one_waiting_takes_as_long_as_predicted(
    every: dict[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert makespan(every["low"], COURSE, monkeypatch) == pytest.approx(every["low"].predicted[MAKESPAN], abs=1.0)


@pytest.mark.parametrize(("hold", "removes_at"), [(1, 2), (4, 2), (1, 1), (1, 0), (3, 0)])
def test_who_removes_at_two_does_so_while_one_waits_however_long_the_hold_and_who_removes_at_none_later(
    every: dict[str, Probe], monkeypatch: pytest.MonkeyPatch, hold: int, removes_at: int
) -> None:
    rule = dataclasses.replace(COURSE, hold=hold * DELAY, remove_at=removes_at)
    (claim,) = (claim for claim in every["low"].claims if claim.minus == "again")
    assert claim.at_most is not None
    more = leaving(every["low"], rule, monkeypatch) - leaving(every["again"], rule, monkeypatch)
    spare = 0.5  # of a delay, by which a machine may be late
    assert more + spare < claim.at_most if removes_at else more - spare > claim.at_most


def test_three_come_one_by_one_while_more_workers_are_idle_than_the_claim_needs(
    every: dict[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Simulation(monkeypatch, COURSE)
    made.run([DELAY * due for due in offsets(every["tide"])])
    handed = [line.split("handed to ")[1].split(",")[0] for line in made.lines if re.search(r"#3[678] handed", line)]
    assert len(set(handed)) == 3
    for first, last in ((36, 37), (37, 38)):
        since, until = made.time_of(f"#{first} handed"), made.time_of(f"#{last} done")
        assert made.time_of(f"#{first} done") < made.time_of(f"#{last} handed")
        seen = list(zip(made.times, made.lines, strict=True))
        woken = {name for time, line in seen if since <= time <= until for name in re.findall(r"worker \d+", line)}
        served = {name for time, line in seen if time < since for name in re.findall(r"handed to (worker \d+)", line)}
        gone = {name for time, line in seen if time <= until for name in re.findall(r"(worker \d+) removed", line)}
        assert len(served - woken - gone) >= 3


@pytest.mark.parametrize(
    ("macro", "told"), [("UNLOCKED_LENGTH", "data race"), ("NEVER_DETACHED", "thread leak"), ("RIGHT", "")]
)
def test_what_no_answer_of_a_queue_shows_a_sanitizer_does(tmp_path: Path, macro: str, told: str) -> None:
    binary, output, port = tmp_path / "server", tmp_path / "log", free_port()
    compile_c(binary, [QUEUE], *sanitizer("thread", tmp_path), f"-D{macro}")
    with output.open("wb") as log:
        process = subprocess.Popen([binary, str(port), "0.2"], stdout=log, stderr=log, start_new_session=True)
    server = Server(process, port, output)
    try:
        assert becomes_ready(server)
        clients = [server.connect() for _ in range(10)]  # so that workers are added, which end when it is quiet
        for client in clients:
            client.sendall(GET)
        for client in clients:
            with client:
                assert read_all(client).endswith(GREETING)
        server.wait_for_lines("removed", 2)
        assert (server.stop() == 0) is not bool(told)
        assert told in "\n".join(server.lines)
    finally:
        server.kill_all()
