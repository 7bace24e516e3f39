"""What recording costs beside the run itself, and how recording and rendering grow with requests and with runs."""

import csv
import functools
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import script, small_course
from benchmarks.contenders import ours
from benchmarks.measure import Finished, Sample, finished, serving
from benchmarks.parts import Part, Table, Target, Words

CLIENTS = 1000
DELAY = 5.0
DESIGNS = ("fork", "thread")
REQUESTS = (10, 100, 1000, 10_000)
RUNS = (1, 10, 100)
_RATE = 1000  # requests a second, which the thread server answers without trouble
_SHORT = 0.1  # seconds of delay


def _bare(design: str) -> Sample:
    with serving(ours(design, "python"), DELAY) as (port, _):
        sample, _ = script.recorded(port, "--clients", str(CLIENTS))
    return sample | {"makespan": sample["makespan"] / DELAY}


def _recorded(design: str) -> Sample:
    with _course(design, 1, CLIENTS, DELAY) as folder:
        told = json.loads(_called("record", folder).said.splitlines()[-1])
        (file,) = folder.glob("evidence/*/*/requests.csv")
        sample = script.of_record(csv.DictReader(file.read_text().splitlines()))
    return sample | {"makespan": sample["makespan"] / DELAY, "share": told["cpu"] / told["seconds"]}


def _grown(runs: int, requests: int, rate: int) -> Sample:
    with _course("thread", runs, requests, _SHORT, rate) as folder:
        recorded = _called("record", folder)
        rendered = _called("render", folder)
        cpu = json.loads(recorded.said.splitlines()[-1])["cpu"]
    return {
        "record_cpu": cpu,
        "record_peak": float(recorded.peak),
        "render_cpu": rendered.used.cpu,
        "render_peak": float(rendered.peak),
    }


@contextmanager
def _course(design: str, runs: int, requests: int, delay: float, rate: int = 0) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-course-") as name:
        folder = Path(name, "course")
        small_course.make(folder, design, runs, requests, delay, rate)
        yield folder


def _called(what: str, folder: Path) -> Finished:
    return finished([sys.executable, "-m", "benchmarks.small_course", what, str(folder)], peak=True)


_RECORDING, _RENDERING = Words("기록", "recording"), Words("렌더링", "rendering")
GROWING = {
    "record_cpu": _RECORDING,
    "record_peak": _RECORDING,
    "render_cpu": _RENDERING,
    "render_peak": _RENDERING,
}
PART = Part(
    "recorder",
    "The recorder",
    [
        Table(
            "cost",
            Words(f"클라이언트 {CLIENTS:,}명을 기록할 때의 비용", f"The cost of recording {CLIENTS:,} clients"),
            f"{CLIENTS:,} clients at once, delay {DELAY:g} s: bare, with the server's lines to /dev/null, and "
            "recorded, with pseudo-terminals, samples and evidence. The share is of the recorder's own process, over "
            "the whole run.",
            ["makespan", "share", "retries", "failed"],
            {
                f"{design}, {how}": functools.partial(measure, design)
                for design in DESIGNS
                for how, measure in (("bare", _bare), ("recorded", _recorded))
            },
            [
                *(Target(f"{design}, recorded", "share", bound=0.15) for design in DESIGNS),
                *(Target(f"{design}, recorded", "makespan", f"{design}, bare", 1.02) for design in DESIGNS),
            ],
        ),
        Table(
            "by-requests",
            Words("요청 수에 따른 기록과 렌더링", "Recording and rendering by the number of requests"),
            f"One run of so many requests on the thread server, {_RATE:,} a second, delay {_SHORT:g} s; rendered with "
            "its timeline and terminal in both languages.",
            [*GROWING],
            {str(requests): functools.partial(_grown, 1, requests, _RATE) for requests in REQUESTS},
            most_rounds=3,
            grows=GROWING,
            counted=Words("요청 수", "requests"),
        ),
        Table(
            "by-runs",
            Words("실행 수에 따른 기록과 렌더링", "Recording and rendering by the number of runs"),
            f"So many runs of 10 requests each on the thread server, delay {_SHORT:g} s, {small_course.JOBS} runs side "
            "by side; all in one report in both languages, each with its timeline and terminal.",
            [*GROWING],
            {str(runs): functools.partial(_grown, runs, 10, 0) for runs in RUNS},
            most_rounds=3,
            grows=GROWING,
            counted=Words("실행 수", "runs"),
        ),
    ],
)
