"""Floor 2. The command lines of a run: placeholders replaced, times divided by the speed.

Knows scenario.toml's words and the load script's options; starts nothing. No shell and no str.format: a word in
braces is replaced inside its list element and nothing else is ever interpreted.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report.errors import SpecError
from report.planned import Planned
from report.scenario import Load
from report.spec import Assignment

HOST = "127.0.0.1"
LOAD, IMPOLITE_LOAD = "assignments.accesses", "assignments.impolite"
RECORD = "requests.csv"  # the load script's record, in its scratch directory
PIPED = ("sh", "-c", 'out=$(mktemp -d)/out && mkfifo "$out" && (cat "$out" &) && exec "$@" > "$out"', "sh")
"""What comes before a command that is to print into a pipe. It stays the same process, and `cat` is no child of its."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Built:
    """Where a server's build lies: the directory itself, and as evidence shows it."""

    directory: Path
    shown: str


@dataclass(frozen=True, slots=True)
class Command:
    """Words as they are executed, and as evidence shows them."""

    words: tuple[str, ...]
    shown: tuple[str, ...]


def number(value: float) -> str:
    """The shortest usual spelling: 5, 0.25, 1.666666667."""
    return f"{value:.10g}"


def server_command(planned: Planned, port: int, build: Built | None) -> Command:
    """The server's command with the scenario's options; raises SpecError for unknown placeholders."""
    name, values = planned.identity.server, _values(port, planned.delay, planned.identity.speed)
    parts = {
        "piped": PIPED if planned.scenario.piped else (),
        f"servers.{name}.command": planned.server.command,
        f"scenarios.{planned.identity.scenario}.options": planned.scenario.options,
    }
    return _filled(planned.assignment, parts, values, build)


def plain_command(assignment: Assignment, server: str, port: int, delay: float, build: Built | None) -> Command:
    """The server's command without any scenario, as by hand; raises SpecError for unknown placeholders."""
    parts = {f"servers.{server}.command": assignment.servers[server].command}
    return _filled(assignment, parts, _values(port, delay, 1.0), build)


def build_command(assignment: Assignment, server: str, build: Built) -> Command:
    """The command that builds the server; raises SpecError for unknown placeholders."""
    return _filled(assignment, {f"servers.{server}.build": assignment.servers[server].build or ()}, {}, build)


def load_command(planned: Planned, port: int, scratch: Path) -> Command:
    """The load script's command: `--clients N` or `--arrival R1xS1,R2xS2` at this run's speed."""
    scenario, speed = planned.scenario, planned.identity.speed
    words = ["-m", IMPOLITE_LOAD if scenario.load.is_impolite else LOAD]
    words += [f"http://{HOST}:{port}{scenario.load.path}"]
    if scenario.arrival:
        phases = (f"{number(p.rate * speed)}x{number(p.seconds / speed)}" for p in scenario.arrival)
        words += ["--arrival", ",".join(phases)]
    else:
        words += ["--clients", str(scenario.clients)]
    for path in scenario.load.also:
        words += ["--also", path]
    if scenario.load.stalled:
        words += ["--stalled", str(scenario.load.stalled)]
    words += _impolite_words(scenario.load, speed)
    words += ["--timeout", number(scenario.load.timeout), "--record"]
    return Command((sys.executable, *words, str(scratch / RECORD)), ("python", *words, RECORD))


def _impolite_words(load: Load, speed: float) -> list[str]:
    words = []
    if load.resets:
        words += ["--resets", str(load.resets)]
    if load.half_closed_resets:
        words += ["--half-closed-resets", str(load.half_closed_resets)]
    if load.pieces is not None:
        words += ["--pieces", number(load.pieces / speed)]
    return [*words, "--reverse"] if load.reverse else words


def _values(port: int, delay: float, speed: float) -> dict[str, str]:
    return {"host": HOST, "port": str(port), "delay": number(delay), "speed": number(speed)}


def _filled(
    assignment: Assignment, parts: Mapping[str, Sequence[str]], values: Mapping[str, str], build: Built | None
) -> Command:
    real = {**values, "python": sys.executable}
    shown = {**values, "python": "python"}  # evidence tells no machine's paths
    if build is not None:
        real["build"], shown["build"] = str(build.directory), build.shown
    problems = [
        f"assignments/{assignment.name}/scenario.toml: {key}: unknown placeholder {{{name}}} in {word!r}; "
        f"known are {', '.join(sorted(real))}"
        for key, words in parts.items()
        for word in words
        for name in _PLACEHOLDER.findall(word)
        if name not in real
    ]
    if problems:
        raise SpecError(problems)
    every = [word for words in parts.values() for word in words]
    return Command(tuple(_replace(w, real) for w in every), tuple(_replace(w, shown) for w in every))


def _replace(word: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], word)
