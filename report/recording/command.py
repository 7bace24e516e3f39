"""Floor 2. The command lines of a run: placeholders replaced, times divided by the speed.

Knows scenario.toml's words and the load script's options; starts nothing. No shell and no str.format: a word in
braces is replaced inside its list element and nothing else is ever interpreted.
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report.errors import SpecError
from report.run import Identity
from report.spec import Assignment, Scenario, Server

HOST = "127.0.0.1"
LOAD = ("{python}", "-m", "assignments.accesses")
RECORD = "requests.csv"  # the load script's record, in its scratch directory
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Planned:
    """One run that is to be made: an assignment and which of its scenarios, servers and speeds."""

    assignment: Assignment
    identity: Identity

    @property
    def scenario(self) -> Scenario:
        return self.assignment.scenarios[self.identity.scenario]

    @property
    def server(self) -> Server:
        return self.assignment.servers[self.identity.server]

    @property
    def delay(self) -> float:
        """Seconds that each answer takes, at this run's speed."""
        return self.scenario.delay / self.identity.speed

    @property
    def settle(self) -> float:
        """Seconds of observing after the last answer, at this run's speed."""
        return self.scenario.settle / self.identity.speed

    @property
    def last_due(self) -> float:
        """Seconds from the first request to the end of the last phase, at this run's speed."""
        return sum(phase.seconds for phase in self.scenario.arrival or ()) / self.identity.speed

    @property
    def busiest(self) -> float:
        """Seconds after the first request at which the most is under way: late in the fastest phase's answers."""
        end, best, moment = 0.0, 0.0, 0.0
        for phase in self.scenario.arrival or ():
            end += phase.seconds
            if phase.rate > best:
                best, moment = phase.rate, end
        return moment / self.identity.speed + 0.6 * self.delay

    @property
    def expected_seconds(self) -> float:
        """A guess at how long the run takes, so that the longest begins first."""
        delays = float(self.scenario.predicted.get("makespan.delays", 1))
        return self.last_due + max(delays, 1) * self.delay + self.settle


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
    values = {
        "port": str(port),
        "host": HOST,
        "delay": number(planned.delay),
        "speed": number(planned.identity.speed),
    }
    where = f"assignments/{planned.assignment.name}/scenario.toml"
    parts = (
        (f"{where}: servers.{planned.identity.server}.command", planned.server.command),
        (f"{where}: scenarios.{planned.identity.scenario}.options", planned.scenario.options),
    )
    return _filled(parts, values, build)


def build_command(planned: Planned, build: Built) -> Command:
    """The command that builds the server; raises SpecError for unknown placeholders."""
    where = f"assignments/{planned.assignment.name}/scenario.toml: servers.{planned.identity.server}.build"
    return _filled([(where, planned.server.build or ())], {}, build)


def load_command(planned: Planned, port: int, scratch: Path) -> Command:
    """The load script's command: `--clients N` or `--arrival R1xS1,R2xS2` at this run's speed."""
    scenario, speed = planned.scenario, planned.identity.speed
    words = [f"http://{HOST}:{port}{scenario.load.path}"]
    if scenario.arrival:
        phases = (f"{number(p.rate * speed)}x{number(p.seconds / speed)}" for p in scenario.arrival)
        words += ["--arrival", ",".join(phases)]
    else:
        words += ["--clients", str(scenario.clients)]
    if scenario.load.stalled:
        words += ["--stalled", str(scenario.load.stalled)]
    words += ["--timeout", number(scenario.load.timeout)]
    command = _filled([("the load script", words)], {}, None)
    return Command((*command.words, "--record", str(scratch / RECORD)), (*command.shown, "--record", RECORD))


def _filled(parts: Iterable[tuple[str, Sequence[str]]], values: Mapping[str, str], build: Built | None) -> Command:
    real = {**values, "python": sys.executable}
    shown = {**values, "python": "python"}  # evidence tells no machine's paths
    if build is not None:
        real["build"], shown["build"] = str(build.directory), build.shown
    problems = [
        f"{where}: unknown placeholder {{{name}}} in {word!r}; known are {', '.join(sorted(real))}"
        for where, words in parts
        for word in words
        for name in _PLACEHOLDER.findall(word)
        if name not in real
    ]
    if problems:
        raise SpecError(problems)
    every = [word for _, words in parts for word in words]
    return Command(tuple(_replace(w, real) for w in every), tuple(_replace(w, shown) for w in every))


def _replace(word: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], word)
