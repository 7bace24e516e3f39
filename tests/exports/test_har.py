"""The HTTP Archive: its format's rules, what a reader of it sees, and that it says what the evidence says."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from haralyzer import HarEntry, HarParser

from report.exports.har import har
from report.run import Request, Run
from report.scenario import Scenario
from tests.builders import assignment, request, run
from tests.exports.published import RUNS, recorded

SCENARIO = assignment().scenarios["two"]
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"  # of the format's published JSON schema
KEYS = {
    "log": "version creator entries pages",
    "entry": "startedDateTime time request response cache timings serverIPAddress connection",
    "request": "method url httpVersion cookies headers queryString headersSize bodySize",
    "response": "status statusText httpVersion cookies headers content redirectURL headersSize bodySize",
    "content": "size mimeType text",
    "timings": "blocked dns connect send wait receive ssl",
}
OPTIONAL = {"serverIPAddress", "connection", "text"}


def log_of(made: Run, scenario: Scenario = SCENARIO) -> dict[str, Any]:
    """The log, after everything that the specification demands was looked at."""
    log: dict[str, Any] = json.loads(har(made, scenario, "0.1.0").decode("utf-8"))["log"]
    must_have(log, "log")
    assert log["version"] == "1.2"
    assert set(log["creator"]) == {"name", "version"}
    for entry in log["entries"]:
        must_have(entry, "entry")
        for key in ("request", "response", "timings"):
            must_have(entry[key], key)
        must_have(entry["response"]["content"], "content")
        assert re.fullmatch(MOMENT, entry["startedDateTime"])
        timings = entry["timings"]
        assert all(timings[name] >= 0 for name in ("send", "wait", "receive")), "not optional, never negative"
        assert all(value == -1 or value >= 0 for value in timings.values())
        assert entry["time"] == pytest.approx(sum(value for value in timings.values() if value != -1))
    assert log["entries"] == sorted(log["entries"], key=lambda entry: entry["startedDateTime"])
    return log


def must_have(found: dict[str, Any], what: str) -> None:
    """Just the fields of the specification; any other begins with an underscore."""
    own = {key for key in found if not key.startswith("_")}
    known = set(KEYS[what].split())
    assert known - OPTIONAL <= own <= known, what


def entry_of(one: Request) -> dict[str, Any]:
    (entry,) = log_of(run(requests=[one]))["entries"]
    found: dict[str, Any] = entry
    return found


@pytest.mark.parametrize("name", RUNS)
def test_a_reader_sees_the_requests_of_the_evidence_in_order_with_their_times(name: str) -> None:
    made, spec = recorded(name)
    requests = [one for one in made.requests if one.kind == "request"]
    log = log_of(made, spec.scenarios[made.identity.scenario])
    entries = HarParser({"log": log}).har_data["entries"]
    assert [entry["_number"] for entry in entries] == [one.number for one in requests]
    assert [entry["response"]["status"] for entry in entries] == [one.status or 0 for one in requests]
    answered = [(e, r) for e, r in zip(entries, requests, strict=True) if r.done is not None]
    assert answered
    assert all(e["time"] == pytest.approx((r.done - r.due) * 1000, abs=0.001) for e, r in answered if r.done)
    anchor = datetime.fromisoformat(log["_anchor"]["dateTime"])
    due = [(datetime.fromisoformat(e["startedDateTime"]) - anchor).total_seconds() for e in entries]
    assert due == [pytest.approx(one.due, abs=1e-6) for one in requests]


def test_a_reader_of_archives_understands_status_and_text_and_where_they_came_from() -> None:
    first, second = (HarEntry(entry) for entry in log_of(run())["entries"])
    assert (first.status, second.status) == (200, 200)
    assert first.response.text == "My first web server!"
    assert first.url == "http://127.0.0.1:20001/"


def test_the_phases_are_those_of_the_record() -> None:
    one = request(1, due=0.5, started=0.501, connected=0.503, sent=0.507, first_byte=0.515, done=0.531)
    timings = entry_of(one)["timings"]
    assert timings == {"blocked": 1, "connect": 2, "send": 4, "wait": 8, "receive": 16, "dns": -1, "ssl": -1}


def test_what_was_never_reached_is_minus_one_where_the_format_lets_it() -> None:
    refused = request(
        1, None, connected=None, sent=None, first_byte=None, status=None, bytes=0, body="", outcome="refused"
    )
    entry = entry_of(refused)
    assert entry["timings"] == {"blocked": 1, "connect": -1, "send": 0, "wait": 0, "receive": 0, "dns": -1, "ssl": -1}
    assert (entry["response"]["status"], entry["response"]["bodySize"]) == (0, -1)
    assert entry["_outcome"] == "refused"


def test_an_answer_that_began_before_the_request_was_whole_has_no_negative_time() -> None:
    early = request(1, sent=2.0, first_byte=1.0, done=3.0)
    assert entry_of(early)["timings"]["wait"] == 0
    assert entry_of(early)["time"] == pytest.approx(3000)


def test_a_body_of_which_only_the_beginning_was_kept_is_not_passed_off_as_the_body() -> None:
    assert "text" not in entry_of(request(1, bytes=4096, body="a" * 60))["response"]["content"]
    assert "text" not in entry_of(request(1, bytes=4, body="\\xff"))["response"]["content"]
    assert entry_of(request(1))["response"]["content"]["text"] == "My first web server!"


def test_connections_that_only_disturb_are_no_requests() -> None:
    assert [e["_number"] for e in log_of(run(requests=[request(1), request(2, kind="stalled")]))["entries"]] == [1]


def test_times_stand_on_the_clock_from_the_kept_moment_or_else_from_the_second_in_which_the_run_began() -> None:
    kept = log_of(run(epoch=1_772_442_001.25))
    assert kept["_anchor"] == {"from": "epoch", "dateTime": "2026-03-02T09:00:01.250000Z"}
    assert kept["entries"][0]["startedDateTime"] == "2026-03-02T09:00:01.250000Z"
    assert log_of(run())["_anchor"] == {"from": "recorded", "dateTime": "2026-03-02T09:00:00.000000Z"}


def test_the_paths_asked_for_in_turn_are_those_of_the_scenario() -> None:
    load = SCENARIO.load.model_copy(update={"also": ("/spin?work=100&deep",)})
    log = log_of(run(), SCENARIO.model_copy(update={"load": load}))
    assert [e["request"]["url"] for e in log["entries"]] == [
        "http://127.0.0.1:20001/",
        "http://127.0.0.1:20001/spin?work=100&deep",
    ]
    query = log["entries"][1]["request"]["queryString"]
    assert query == [{"name": "work", "value": "100"}, {"name": "deep", "value": ""}]
