"""The pure halves of the benchmarks: what load tools print, medians, ratios, slopes, tables, pictures; never a measurement."""

import csv
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import generators, measure, run, script, small_course, tables
from benchmarks.measure import MissingError, Sample
from benchmarks.metrics import METRICS
from benchmarks.parts import Part, Table, Target, Words
from report import jobs
from report.errors import SpecError
from report.rendering import benchmarks
from tests.builders import write

REPOSITORY = Path(__file__).resolve().parents[1]
TABLES = [(part, table) for part in run.PARTS.values() for table in part.tables]
WRK = """\
Running 2s test @ http://127.0.0.1:8090/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.50ms    2.00ms  21.00ms   93.26%
    Req/Sec    17.91k     1.20k   19.54k    80.00%
  Latency Distribution
     50%  649.00us
     75%    1.10ms
     90%    1.90ms
     99%    1.02s
  35248 requests in 2.00s, 4.20MB read
  Socket errors: connect 1, read 20, write 300, timeout 4000
  Non-2xx or 3xx responses: 5
Requests/sec:  17604.86
Transfer/sec:      2.10MB
"""
AB = """\
Complete requests:      20000
Failed requests:        3
Non-2xx responses:      4
Requests per second:    10963.01 [#/sec] (mean)
"""


def test_what_wrk_prints_is_read_in_seconds_with_every_failure() -> None:
    assert generators.wrk_output(WRK) == {
        "rate": 17604.86, "requests": 35248.0, "failed": 4326.0, "p50": 0.000649, "p99": 1.02,
    }  # fmt: skip


def test_wrk_says_nothing_of_errors_where_there_are_none() -> None:
    clean = "\n".join(line for line in WRK.splitlines() if "errors" not in line and "Non-2xx" not in line)
    assert generators.wrk_output(clean)["failed"] == 0


def test_what_ab_prints_is_read_with_every_failure() -> None:
    assert generators.ab_output(AB) == {"rate": 10963.01, "requests": 20000.0, "failed": 7.0}


@pytest.mark.parametrize("read", [generators.wrk_output, generators.ab_output, script.of_summary])
def test_the_output_of_something_else_is_refused(read: Callable[[str], Sample]) -> None:
    with pytest.raises(ValueError, match="command not found"):
        read("sh: 1: command not found")


def test_a_program_that_is_not_there_is_named_with_its_package() -> None:
    with pytest.raises(MissingError, match="no-such-tool is not installed; on Debian and Ubuntu: apt install"):
        generators.program("no-such-tool")


def test_the_summary_of_our_load_script_is_a_rate() -> None:
    said = "9 sent, 8 answered, 1 failed, in 4.000 s\nlatency: ...\nbehind schedule: at most 0.625 s\n"
    assert script.of_summary(said) == {"rate": 2.0, "requests": 8.0, "failed": 1.0, "lag": 0.625}


def test_a_record_tells_makespan_failures_connections_that_came_late_and_latencies() -> None:
    record = (
        "due,started,connected,sent,done,outcome\n"
        "10.0,10.1,10.2,10.2,15.2,answered\n"
        "10.0,10.0,11.1,11.1,17.1,answered\n"
        "10.0,10.0,,,10.5,refused\n"
    )
    found = script.of_record(csv.DictReader(record.splitlines()))
    assert {name: round(value, 6) for name, value in found.items()} == {
        "makespan": 7.1, "failed": 1, "retries": 1, "lag": 0.1,
        "p50": 6.0, "p99": 6.0, "p50_whole": 7.1, "p99_whole": 7.1,
    }  # fmt: skip


def test_contenders_are_measured_in_turn_and_one_that_cannot_be_is_asked_once() -> None:
    asked: list[str] = []

    def contender(name: str) -> Sample:
        asked.append(name)
        if name == "c":
            raise MissingError("c is not installed")
        return {"rate": float(len(asked)), "other": 1.0}

    found = {name: lambda name=name: contender(name) for name in "abc"}
    samples, left_out = measure.interleaved(found, ["rate"], 3, lambda _: None)
    assert asked == ["a", "b", "c", "a", "b", "a", "b"]
    assert samples == {"a": {"rate": [1, 4, 6]}, "b": {"rate": [2, 5, 7]}}
    assert left_out == {"c": "c is not installed"}


VALUES = {
    "ours": {"rate": [10.0, 30.0, 20.0], "p99": [0.003, 0.003, 0.003]},
    "peer": {"rate": [5.0, 10.0, 40.0], "p99": [0.002] * 3},
}


def test_a_ratio_is_taken_within_each_round() -> None:
    assert tables.ratios(VALUES, Target("ours", "rate", "peer", 1)) == [2.0, 3.0, 0.5]
    assert tables.ratios(VALUES, Target("ours", "rate", bound=1)) == [10.0, 30.0, 20.0]
    assert tables.ratios(VALUES, Target("ours", "rate", "nobody", 1)) == []
    assert tables.spread([2.0, 3.0, 0.5]) == (2.0, 0.5, 3.0)


@pytest.mark.parametrize(
    ("target", "wanted", "expected"),
    [
        (Target("ours", "rate", "peer"), 2.0, True),
        (Target("ours", "rate", "peer"), 2.01, False),
        (Target("ours", "p99", "peer"), 1.5, True),
        (Target("ours", "p99", "peer"), 1.1, False),
        (Target("ours", "p99", "peer", slack=0.0011), 1.1, True),
        (Target("ours", "p99", bound=0.002, slack=1.0), 0.002, False),
    ],
)
def test_more_is_better_of_a_rate_and_less_of_a_time(target: Target, wanted: float, expected: bool) -> None:
    assert tables.reached(VALUES, target, wanted) is expected


def test_what_doubles_with_the_count_grows_with_the_power_1() -> None:
    values = {str(count): {"peak": [7.0 + 2 * count]} for count in (1, 100_000, 200_000)}
    by_one, power = tables.slope(values, "peak")
    assert by_one == 2.0
    assert power == pytest.approx(1.0, abs=1e-3)


def test_a_table_tells_medians_spreads_ratios_what_was_asked_and_who_was_left_out() -> None:
    table = Table(
        "t",
        Words("표", "A table"),
        "How.",
        ["rate"],
        {},
        [Target("ours", "rate", "peer", 1.5, 3), Target("ours", "rate", "nobody", 1)],
    )
    result = {
        "taken": "2026-01-01",
        "versions": {"wrk": "4.1"},
        "tables": {"t": {"samples": VALUES, "left_out": {"nobody": "not there"}}},
    }
    text = tables.markdown(Part("p", "A part", [table]), result, ["p-t.en.svg", "p-t.ko.svg", "p-other.en.svg"])
    assert "Taken 2026-01-01 with wrk 4.1." in text
    assert "How. 3 rounds, in turn" in text
    assert "| ours | 20 (10–30) |" in text
    assert "| ours | peer | requests/s | 2.00 (0.50–3.00) | ≥ 1.5 | ≥ 3 | asked yes, aim no |" in text
    assert "| ours | nobody | requests/s | not measured | ≥ 1 |  |  |" in text
    assert "- Left out: nobody: not there" in text
    assert re.findall(r"\((.*svg)\)", text) == ["p-t.en.svg"]


@pytest.mark.parametrize(("part", "table"), TABLES, ids=lambda one: one.name)
def test_a_target_names_contenders_and_columns_that_there_are(part: Part, table: Table) -> None:
    assert set(table.metrics) <= METRICS.keys()
    assert set(table.grows) <= set(table.metrics)
    for target in table.targets:
        assert {target.ours, target.peer or target.ours} <= table.contenders.keys()
        assert target.metric in table.metrics


def made_up() -> dict[str, object]:
    """Results as if everything had been measured in two rounds."""
    results: dict[str, object] = {}
    for part in run.PARTS.values():
        found = {}
        for table in part.tables:
            rows = {
                name: {metric: [place + 1.0, (place + 1.0) * 1.3] for metric in table.metrics}
                for place, name in enumerate(table.contenders)
            }
            found[table.name] = {"samples": rows, "left_out": {}}
        results[part.name] = {"taken": "2026-01-01", "versions": {}, "tables": found}
    return results


def test_every_table_has_its_pictures_in_both_languages_and_the_text_shows_them() -> None:
    files = run.made(made_up())
    text = files["results.md"].decode()
    for part, table in TABLES:
        name = f"{part.name}-{table.name}"
        both = [{path.split(".")[1] for path in files if path.startswith(name)}]
        assert both == [{"ko", "en"}], name
        assert table.title.en in text
    assert len(re.findall(r"!\[.*\]\(", text)) == sum(".en.svg" in path for path in files)
    assert files == run.made(made_up())


def test_the_words_for_a_picture_tell_its_numbers_in_both_languages_and_the_report_shows_it(tmp_path: Path) -> None:
    files = run.made(made_up())
    index = json.loads(files[run.INDEX])
    for name, words in index.items():
        assert {f"{name}.ko.svg", f"{name}.en.svg"} <= files.keys()
        assert re.search("[가-힣]", words["ko"]["title"])
        assert words["en"]["alternative"].startswith(f"{words['en']['title']}. ")
    for path, data in files.items():
        write(tmp_path, f"benchmarks/{path}", data.decode())
    shown = benchmarks.shown(tmp_path, ["servers-designs"], "ko")
    assert shown.pictures == {"figures/benchmark-servers-designs.ko.svg": files["servers-designs.ko.svg"]}
    assert f"![{index['servers-designs']['ko']['alternative']}](figures/" in shown.text
    with pytest.raises(SpecError, match=r"no picture servers-design \(did you mean servers-designs\?\)"):
        benchmarks.shown(tmp_path, ["servers-design"], "en")
    with pytest.raises(SpecError, match=r"pictures.json cannot be read: .*--publish"):
        benchmarks.shown(tmp_path / "elsewhere", ["servers-designs"], "en")


@pytest.mark.skipif(not (run.PUBLISHED / run.RESULTS).is_file(), reason="nothing is published yet")
def test_what_is_published_is_what_its_numbers_give_byte_for_byte() -> None:
    files = run.made(run.read(run.PUBLISHED))
    assert {path: (run.PUBLISHED / path).read_bytes() for path in files} == files
    assert {path.name for path in run.PUBLISHED.glob("*.svg")} == {path for path in files if path.endswith(".svg")}
    assert not re.search(r"/(?:work|tmp|home|root|build)/", json.dumps(run.read(run.PUBLISHED)))


def test_every_peer_is_pinned_with_its_hashes() -> None:
    asked = re.findall(r"^([a-z][\w-]*)", (run.PUBLISHED / "requirements.in").read_text(), re.MULTILINE)
    pinned = (run.PUBLISHED / "requirements.txt").read_text()
    assert len(asked) > 5
    for name in asked:
        assert re.search(rf"^{name}==\S+ \\\n    --hash=sha256:", pinned, re.MULTILINE), name
    assert "://" not in pinned


def test_a_command_is_run_to_its_end_and_one_that_fails_says_why_without_paths() -> None:
    done = measure.finished([sys.executable, "-c", "print('said'); sum(range(10**6))"], peak=True)
    assert done.said == "said\n"
    assert done.used.cpu > 0
    with pytest.raises(MissingError, match=r"^python\S* -c import sys; sys.exit\('no'\) ended with 1: no$"):
        measure.finished([sys.executable, "-c", "import sys; sys.exit('no')"])
    with pytest.raises(MissingError, match="/nowhere/program cannot be started: No such file"):
        measure.finished(["/nowhere/program"])


def test_a_server_that_ends_before_it_listens_is_missing() -> None:
    started = measure.Started([sys.executable, "-c", "pass"])
    with pytest.raises(MissingError, match="ended before it listened"):
        started.wait_for_port(measure.free_port())
    started.stop()


def test_a_process_that_does_not_heed_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "PATIENCE", 0.2)
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    started = measure.Started([sys.executable, "-c", stubborn])
    started.stop()
    assert started.exit_status in (-9, -15)  # -15 where it was ended before it could say that it does not heed
    assert started.stop() == (0.0, 0, 0)


@pytest.mark.parametrize("rate", [0, 100])
def test_the_small_course_is_one_that_can_be_read(tmp_path: Path, rate: int) -> None:
    small_course.make(tmp_path / "course", "thread", runs=3, requests=50, delay=0.1, rate=rate)
    (found,) = jobs.load(tmp_path / "course").assignments
    assert [scenario.sends for scenario in found.scenarios.values()] == [50, 50, 50]
