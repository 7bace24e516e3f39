"""A course of one assignment with as many runs and requests as wanted, to see what recording and rendering cost.

    python -m benchmarks.small_course record FOLDER
    python -m benchmarks.small_course render FOLDER

Recording prints the processor time of the recorder itself, without the servers and load scripts that it started.
"""

import json
import shutil
import sys
import time
from pathlib import Path

from benchmarks.measure import ROOT

JOBS = 8  # as the task has it
_HEAD = r"""
number = 1
title = { ko = "측정", en = "A measurement" }

[servers.python]
command = ["{python}", "-m", "assignments.measured.server", "--port", "{port}", "--delay", "{delay}"]

[connections]
accepted = '#(?P<connection>\d+) accepted from \S+:(?P<port>\d+)'
begun    = '^(?P<actor>[^:]+): #(?P<connection>\d+) request'
answered = '^(?P<actor>[^:]+): #(?P<connection>\d+) answered'
"""
_SCENARIO = """
[scenarios.{name}]
delay = {delay}
{load}

[[scenarios.{name}.claims]]
id = "{name}-makespan"
metric = "makespan.delays"
at_most = 10000
"""
_SECTION = """
### {name}

{{% call claim("{name}-makespan") %}}{claim}{{% endcall %}}

{{{{ terminal("{name}", "server") }}}}

{{{{ figure("timeline", "{name}") }}}}
"""
_END = '\n{{ excerpt("server.py", "serve") }}\n\n{{ claims_table() }}\n'
_SAID = {"ko": "총 소요 시간은 {limit}보다 길지 않다", "en": "The makespan is never longer than {limit}"}


def make(folder: Path, design: str, runs: int, requests: int, delay: float, rate: int = 0) -> None:
    """Writes the course: each run sends so many requests, all at once or at this rate."""
    shutil.copytree(ROOT / "templates", folder / "templates")
    place = folder / "assignments" / "measured"  # a name for which templates/wording.toml excuses nothing
    place.mkdir(parents=True)
    for file in (ROOT / "assignments").glob("*.py"):
        shutil.copy(file, place.parent)
    for file in (ROOT / "assignments" / design).glob("*.py"):
        shutil.copy(file, place)
    names = [f"run-{number}" for number in range(1, runs + 1)]
    load = f"arrival = [ {{ rate = {rate}, seconds = {requests / rate:g} }} ]" if rate else f"clients = {requests}"
    scenarios = [_SCENARIO.format(name=name, delay=delay, load=load) for name in names]
    (place / "scenario.toml").write_text(_HEAD + "".join(scenarios), encoding="utf-8")
    for language, claim in _SAID.items():
        limits = {name: f'{{{{ limit("{name}-makespan") }}}}' for name in names}
        sections = "".join(_SECTION.format(name=n, claim=claim.format(limit=limits[n])) for n in names)
        (place / f"explanation.{language}.md").write_text(sections + _END, encoding="utf-8")


def _record(root: Path) -> None:
    from report import jobs, plan
    from report.recording import progress_for, record_all

    wanted = plan.plan(jobs.load(root).assignments, 1.0)
    cpu, begin = time.process_time(), time.monotonic()
    with progress_for(wanted) as progress:
        record_all(root, wanted, root / "evidence", progress, JOBS)
    print(json.dumps({"cpu": time.process_time() - cpu, "seconds": time.monotonic() - begin}))


def _render(root: Path) -> None:
    from report import jobs, publish

    publish.write(jobs.render(root, jobs.load(root), root / "evidence", root / "kept").files, root / "made")


if __name__ == "__main__":
    {"record": _record, "render": _render}[sys.argv[1]](Path(sys.argv[2]))
