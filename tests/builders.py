"""Runs, an assignment and a course made by hand, for tests of the half that starts nothing.

The made-up assignment is called echo and prints what the course's servers print; it must not need any of them.
"""

import json
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from report import evidence
from report.evidence import Chunk
from report.rendering.chapter import Material
from report.rendering.gates.mutation import Score
from report.rendering.verdicts import Evidence, judge
from report.run import (
    Capture,
    Ending,
    Identity,
    Leftovers,
    LogLine,
    Record,
    Request,
    Resources,
    Run,
    Sample,
    Wait,
)
from report.settings import Settings
from report.spec import Assignment

REPOSITORY = Path(__file__).resolve().parent.parent
GREETING = "My first web server!"

ECHO = r"""
number = 1
title = { ko = "메아리 서버", en = "An echo server" }

[servers.python]
command = ["{python}", "-m", "assignments.echo.server", "--port", "{port}", "--delay", "{delay}"]

[connections]
accepted = '#(?P<connection>\d+) accepted from \S+:(?P<port>\d+)'
begun    = '^(?P<actor>[^:]+): #(?P<connection>\d+) request'
answered = '^(?P<actor>[^:]+): #(?P<connection>\d+) answered'

[series]
queue   = { pattern = 'queue (\d+)/', marks = [2, 8] }
workers = { pattern = 'workers (\d+)' }

[shares]
worker = '^worker (\d+): #\d+ answered'

[events]
added   = 'worker (?P<worker>\d+) added, queue (?P<queue>\d+)/'
leaving = 'worker (?P<worker>\d+) told to leave, queue (?P<queue>\d+)/'

[held.low]
series = "queue"
at_most = 2
at = "leaving"

[rings.worker]
join = 'worker (\d+) added'
take = '#\d+ handed to worker (\d+)'
free = '^worker (\d+): #\d+ done'
leave = 'worker (\d+) told to leave'
members = ["1"]

[transcript]
scenario = "two"
vary = ['^server: heartbeat']

[transcript.masks]
port = { pattern = '127\.0\.0\.1:(\d+)', numbered = true }
pid = { pattern = 'process (\d+)', numbered = true }
seconds = { pattern = '(\d+(?:\.\d+)?) s\b' }
worker = { pattern = 'worker (\d+)', between = [1, 4] }

[scenarios.two]
delay = 5.0
clients = 2
load = { expect = "My first web server!" }
predicted = { "makespan.delays" = 1 }

[[scenarios.two.claims]]
id = "all-answered"
metric = "requests.correct"
equals = 2
[[scenarios.two.claims]]
id = "served-together"
metric = "makespan.delays"
at_most = 1.5
"""

EXPLANATION = {
    "ko": """\
### 작업 순서

{% call claim("all-answered") %}모두 응답을 받았다{% endcall %}

{% call claim("served-together") %}총 소요 시간은 {{ limit("served-together") }}보다 길지 않다{% endcall %}

{{ excerpt("server.py", "serve") }}

{{ terminal("two", "server") }}

{{ figure("timeline", "two") }}

{{ claims_table() }}
""",
    "en": """\
### Order of work

{% call claim("all-answered") %}Everybody was answered{% endcall %}

{% call claim("served-together") %}The makespan is no longer than {{ limit("served-together") }}{% endcall %}

{{ excerpt("server.py", "serve") }}

{{ terminal("two", "server") }}

{{ figure("timeline", "two") }}

{{ claims_table() }}
""",
}

SERVER = '''\
"""Serves."""


def serve(connection):
    """Answer."""
    connection.sendall(b"hello")
'''


def assignment(toml: str = ECHO, name: str = "echo") -> Assignment:
    """The made-up assignment, or another text in its place, as if it lay in assignments/<name>/."""
    raw = tomllib.loads(toml) | {"name": name, "folder": f"assignments/{name}"}
    return Assignment.model_validate_json(json.dumps(raw))


def lines(*texts: str, start: float = 0.0, step: float = 0.1) -> tuple[LogLine, ...]:
    """Captured lines, one every `step` seconds."""
    return tuple(LogLine(round(start + step * place, 6), text) for place, text in enumerate(texts))


def request(number: int, done: float | None = 5.01, **changes: Any) -> Request:
    """A request that was due at 0 and answered well at `done`, except for the changes."""
    record: dict[str, Any] = {
        "number": number,
        "kind": "request",
        "due": 0.0,
        "started": 0.001,
        "connected": 0.002,
        "sent": 0.002,
        "first_byte": done,
        "done": done,
        "status": 200,
        "content_type": "text/plain; charset=utf-8",
        "content_length": len(GREETING),
        "bytes": len(GREETING),
        "body": GREETING,
        "outcome": "answered",
        "detail": "",
        "local_port": 40000 + number,
    }
    return Request(**record | changes)


def sample(time: float, processes: int = 1, threads: int = 1, zombies: int = 0) -> Sample:
    """The process tree at one instant."""
    return Sample(time, processes, threads, zombies, rss=9_000_000, descriptors=5, cpu=0.0)


def served(count: int) -> tuple[LogLine, ...]:
    """What a server prints that serves `count` connections at once, each by a worker of its own."""
    accepted = [f"server: #{n} accepted from 127.0.0.1:{40000 + n}" for n in range(1, count + 1)]
    begun = [f"worker {n}: #{n} request GET / HTTP/1.1, 94 bytes" for n in range(1, count + 1)]
    answered = [f"worker {n}: #{n} answered 200, 20 bytes" for n in range(1, count + 1)]
    return (
        *lines("server: listening on 127.0.0.1:20001, delay 5 s", start=-1.0),
        *lines(*accepted, *begun, step=0.001),
        *lines(*answered, start=5.0, step=0.001),
        *lines("server: stopped", start=6.0),
    )


def run(
    *,
    identity: Identity | None = None,
    requests: Iterable[Request] | None = None,
    samples: Iterable[Sample] = (sample(0.0), sample(2.5, 3, 3), sample(5.0, 1, 1)),
    server_lines: Sequence[LogLine] | None = None,
    client_lines: Sequence[LogLine] = lines("request 1: answered", "request 2: answered", start=5.0),
    waits: Sequence[Wait] = (),
    **record: Any,
) -> Run:
    """Two clients served at once by the echo server, except for the changes; others go to the record."""
    settled: dict[str, Any] = {
        "identity": identity or Identity(assignment="echo", scenario="two", server="python"),
        "delay": 5.0,
        "command": ("python", "-m", "assignments.echo.server", "--port", "20001", "--delay", "5"),
        "load_command": ("python", "-m", "assignments.accesses", "http://127.0.0.1:20001/"),
        "recorded": "2026-03-02T09:00:00Z",
        "inputs": {"scenario": "0" * 64},
        "environment": {"kernel": "6.1", "python": "3.11.7"},
        "stages": {"start": 0.1},
        "ending": Ending(exit_status=0, signal=None, seconds=0.1, killed=0, asked=6.0, ended=6.1),
        "load_exit_status": 0,
        "leftovers": Leftovers(zombies=0, orphans=0, listeners=0),
        "resources": Resources(
            user_seconds=0.25,
            system_seconds=0.5,
            voluntary_switches=10,
            involuntary_switches=1,
            pss_bytes=12 * 2**20,
            pss_processes=3,
            rss_bytes=18 * 2**20,
            uss_bytes=6 * 2**20,
            others_cores=0.0,
        ),
        "captures": {},
    }
    return Run(
        Record(**settled | record),
        tuple(requests) if requests is not None else (request(1), request(2, done=5.02)),
        tuple(samples),
        tuple(served(2) if server_lines is None else server_lines),
        tuple(client_lines),
        tuple(waits),
    )


def evidence_of(*runs: Run, assignments: Sequence[Assignment] = ()) -> Evidence:
    """The runs as evidence for the assignments (the made-up one, when none is given)."""
    found: dict[tuple[str, str, str], list[Run]] = {}
    for one in runs:
        key = (one.identity.assignment, one.identity.scenario, one.identity.server)
        found.setdefault(key, []).append(one)
    return Evidence({a.name: a for a in assignments or (assignment(),)}, found)


def material(root: Path, evidence: Evidence, speed: float = 1.0, settings: Settings | None = None) -> Material:
    """What a report of this evidence is made from, as `edition` puts it together."""
    verdicts = {name: judge(evidence, one, speed) for name, one in evidence.assignments.items()}
    return Material(root, evidence, verdicts, settings or Settings(), Score(1, 1, 1, ()))


def files(made: Run) -> dict[str, bytes]:
    """The files of a run's evidence, beside run.json."""
    captured: dict[str, bytes] = {}
    for who, printed in (("server", made.server_lines), ("client", made.client_lines)):
        log = b""
        chunks = []
        for line in printed:
            chunks.append(Chunk(len(log), line.time))
            log += line.text.encode() + b"\r\n"
        captured |= {f"{who}.log": log, f"{who}.times.csv": evidence.rows(chunks, Chunk)}
    tables = {
        "requests.csv": evidence.rows(made.requests, Request),
        "samples.csv": evidence.rows(made.samples, Sample),
    }
    waits = {evidence.WAITS: evidence.rows(made.waits, Wait)} if made.waits else {}
    return captured | tables | waits


def store(folder: Path, made: Run) -> Path:
    """Writes the run's evidence below the folder; returns its directory."""
    directory = folder / made.identity.directory
    contents = files(made)
    captures = {
        who: Capture(printed=len(log), kept=len(log), sha256=evidence.digest(log))
        for who in ("server", "client")
        for log in [contents[f"{who}.log"]]
    }
    evidence.write(directory, made.record.model_copy(update={"captures": captures}), contents)
    return directory


def write(root: Path, path: str, text: str) -> Path:
    """A text file below the root."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def course(root: Path, toml: str = ECHO, name: str = "echo", **explanation: str) -> Path:
    """A repository with one assignment and the project's own templates; returns the root.

    `ko` and `en` take the place of that language's explanation.
    """
    write(root, f"assignments/{name}/scenario.toml", toml)
    write(root, f"assignments/{name}/server.py", SERVER)
    for language, text in (EXPLANATION | explanation).items():
        write(root, f"assignments/{name}/explanation.{language}.md", text)
    shutil.copytree(REPOSITORY / "templates", root / "templates", dirs_exist_ok=True)
    return root
