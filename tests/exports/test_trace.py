"""A trace: the rules of the Trace Event Format, and that its slices, flows and counters are what the evidence has.

The package `perfetto` is no part of these tests: it fetches its trace processor from outside when it is first used.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from report.exports.trace import CLIENTS, SERVER, trace
from report.rendering import lines
from report.run import Run
from report.spec import Assignment
from tests.builders import assignment, request, run, sample
from tests.builders import lines as printed
from tests.exports.published import RUNS, recorded

Event = dict[str, Any]


class Read:
    """A trace as a reader takes it: events by their phase, tracks by their names."""

    def __init__(self, made: Run, spec: Assignment) -> None:
        found = json.loads(trace(made, spec).decode("utf-8"))
        assert set(found) == {"traceEvents", "displayTimeUnit", "otherData"}
        assert found["displayTimeUnit"] in ("ms", "ns")
        assert all(isinstance(value, str | int) for value in found["otherData"].values())
        self.told: Mapping[str, Any] = found["otherData"]
        self.events: list[Event] = found["traceEvents"]
        self.names = {(e["pid"], e["tid"]): e["args"]["name"] for e in self.events if e["name"] == "thread_name"}
        self.must_be_well_formed()

    def of(self, phase: str, pid: int | None = None) -> list[Event]:
        return [e for e in self.events if e["ph"] == phase and pid in (None, e["pid"])]

    def requests(self, pid: int) -> list[Event]:
        """The slices that are whole requests, not phases of one."""
        return [e for e in self.of("X", pid) if "args" in e]

    def must_be_well_formed(self) -> None:
        assert {e["ph"] for e in self.events} <= {"M", "X", "C", "i", "s", "f"}
        processes = {e["pid"]: e["args"]["name"] for e in self.of("M") if e["name"] == "process_name"}
        assert processes[CLIENTS] == "clients"
        for event in self.events:
            assert isinstance(event["ts"], int)
            assert event["ts"] >= 0
            assert event["pid"] in processes
            assert isinstance(event["tid"], int)
            assert isinstance(event["name"], str)
        for event in self.of("X"):
            assert event["dur"] >= 0
            assert (event["pid"], event["tid"]) in self.names
        assert len({tid for _, tid in self.names}) == len(self.names), "a track is known by its tid alone"
        for event in self.of("C"):
            assert all(isinstance(value, int | float) for value in event["args"].values())
        assert all(event["s"] == "p" for event in self.of("i"))
        self.must_nest()
        self.must_flow()

    def must_nest(self) -> None:
        """Slices of a track lie apart or within each other, and come in that order."""
        for place in self.names:
            ends: list[int] = []
            for event in (e for e in self.of("X") if (e["pid"], e["tid"]) == place):
                while ends and ends[-1] <= event["ts"]:
                    ends.pop()
                end = event["ts"] + event["dur"]
                assert not ends or end <= ends[-1], event
                ends.append(end)

    def must_flow(self) -> None:
        """Each flow begins in a client's slice and ends, not earlier, in one of the server's."""
        starts, ends = ({e["id"]: e for e in self.of(phase)} for phase in ("s", "f"))
        assert starts.keys() == ends.keys()
        assert len(starts) == len(self.of("s")) == len(self.of("f"))
        for number, start in starts.items():
            assert (start["pid"], ends[number]["pid"]) == (CLIENTS, SERVER)
            assert start["ts"] <= ends[number]["ts"]
            assert ends[number]["bp"] == "e"
            for event in (start, ends[number]):
                assert any(
                    (e["pid"], e["tid"]) == (event["pid"], event["tid"])
                    and e["ts"] <= event["ts"] <= e["ts"] + e["dur"]
                    for e in self.of("X")
                )


@pytest.mark.parametrize("name", RUNS)
def test_every_request_is_a_slice_of_the_clients_with_its_own_times(name: str) -> None:
    made, spec = recorded(name)
    read = Read(made, spec)
    shown = {e["name"]: e for e in read.requests(CLIENTS)}
    assert len(shown) == len(read.requests(CLIENTS)) == len(made.requests)
    for one in made.requests:
        event = shown[f"{one.kind} {one.number}"]
        assert event["ts"] - read.told["zero_ts"] == pytest.approx(one.due * 1e6, abs=1)
        assert one.done is None or event["dur"] == pytest.approx((one.done - one.due) * 1e6, abs=1)
        assert event["args"]["outcome"] == one.outcome


@pytest.mark.parametrize("name", RUNS)
def test_every_connection_is_a_slice_on_the_track_of_who_served_it(name: str) -> None:
    made, spec = recorded(name)
    assert spec.connections is not None
    begun = [one for one in lines.courses(made.server_lines, spec.connections) if one.begun is not None]
    assert begun
    read = Read(made, spec)
    served = Counter(read.names[e["pid"], e["tid"]].split(" (")[0] for e in read.requests(SERVER))
    assert served == Counter(one.actor for one in begun)
    shown = {e["name"]: e for e in read.requests(SERVER)}
    for one in begun:
        event = shown[f"#{one.connection}"]
        assert event["ts"] - read.told["zero_ts"] == pytest.approx((one.begun or 0) * 1e6, abs=1)
        if one.answered is not None and one.begun is not None:
            assert event["dur"] == pytest.approx((one.answered - one.begun) * 1e6, abs=1)


def test_each_worker_of_the_queue_has_its_share_and_the_queue_is_a_counter() -> None:
    made, spec = recorded("message_queue/tide.python")
    read = Read(made, spec)
    shares = lines.shares(made.server_lines, spec.shares["worker"])
    assert Counter(read.names[e["pid"], e["tid"]] for e in read.requests(SERVER)) == {
        f"worker {who}": count for who, count in shares.items()
    }
    for name, series in spec.series.items():
        points = [(point.time, point.value) for point in lines.series(made.server_lines, series)]
        shown = [
            ((e["ts"] - read.told["zero_ts"]) / 1e6, e["args"]["value"]) for e in read.of("C") if e["name"] == name
        ]
        assert [value for _, value in shown] == [value for _, value in points]
        assert [time for time, _ in shown] == [pytest.approx(time, abs=2e-6) for time, _ in points]
    assert len(read.of("s")) == len(made.requests)
    added = [e for e in read.of("i") if e["name"] == "added"]
    assert len(added) == len(lines.events(made.server_lines, spec.events["added"])) > 0


def test_samples_of_the_process_tree_are_counters() -> None:
    read = Read(run(samples=[sample(0.0), sample(2.5, 3, 4)]), assignment())
    assert [e["args"]["value"] for e in read.of("C") if e["name"] == "threads"] == [1, 4]


def test_what_one_actor_does_at_once_lies_on_tracks_beside_each_other() -> None:
    texts = [f"server: #{n} accepted from 127.0.0.1:{40000 + n}" for n in (1, 2)]
    texts += ["loop: #1 request", "loop: #2 request", "loop: #1 answered", "loop: #2 answered"]
    read = Read(run(server_lines=printed(*texts)), assignment())
    assert {read.names[e["pid"], e["tid"]]: e["name"] for e in read.requests(SERVER)} == {
        "loop": "#1",
        "loop (2)": "#2",
    }


def test_a_connection_that_was_never_answered_lasts_to_the_last_line() -> None:
    texts = ["server: #1 accepted from 127.0.0.1:40001", "loop: #1 request", "server: stopping"]
    (event,) = Read(run(server_lines=printed(*texts)), assignment()).requests(SERVER)
    assert event["dur"] == 100_000
    assert event["args"]["answered"] is False


def test_a_port_that_two_clients_had_leads_nowhere_rather_than_astray() -> None:
    read = Read(run(requests=[request(1, local_port=40001), request(2, local_port=40001)]), assignment())
    assert read.of("s") == read.of("f") == []


def test_a_server_that_prints_nothing_known_has_clients_and_counters_all_the_same() -> None:
    read = Read(run(server_lines=printed("hello", "queue x/ #y accepted")), assignment())
    assert (len(read.requests(CLIENTS)), len(read.requests(SERVER))) == (2, 0)
    assert read.of("C")


def test_zero_is_told_on_the_wall_clock() -> None:
    read = Read(run(epoch=1_772_442_001.25, samples=[sample(-0.5)]), assignment())
    assert datetime.fromisoformat(read.told["zero"]).timestamp() == 1_772_442_001.25
    assert read.told["zero_ts"] == 500_000, "the first thing seen is a sample half a second before"
