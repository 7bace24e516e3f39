"""Floor 3. Who is judged: the course's good servers, its planted mistakes, or a server that somebody brings.

A program that knows nothing of this project is told its port and its delay, or has them compiled in. Runs nothing but
a build.
"""

import re
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import course, judgement
from report.errors import ReportError, SpecError
from report.judgement import Mistake, Probe, Rules
from report.recording import foreign
from report.recording.process import NotStartedError
from report.rendering import metrics
from report.rendering.judging import Fault
from report.spec import Assignment, Server, planted

DELAY = 0.5  # seconds that a server is asked to sleep, where it can be asked
LONGEST = 10.0  # seconds that it is asked to, where a probe asks for several delays: one that ends well sleeps them all
GIVEN = "yours"  # what a server that is brought is called in its evidence
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_KNOWN = ("port", "delay", "python")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server to be judged: its probes as the scenarios of its assignment, which has no other server."""

    assignment: Assignment
    name: str
    rules: Rules
    delay: float
    port: int | None = None
    command: str = ""
    built: str = ""
    mistake: Mistake | None = None
    is_built: bool = False
    fault: Fault | None = None  # what keeps it from being put to any probe

    @property
    def place(self) -> tuple[str, str]:
        return self.assignment.name, self.name


def rules(root: Path, assignments: Sequence[Assignment]) -> dict[str, Rules]:
    """How servers are judged, by assignment; raises SpecError with all faults of all judge.toml files."""
    found = judgement.load(root, assignments, metrics.problem)
    if not found:
        raise SpecError(f"no assignments/*/{judgement.FILE}; it says how servers of an assignment are judged")
    return found


def of_assignment(found: Mapping[str, Rules], assignment: Assignment) -> Rules:
    """The rules of one assignment; raises SpecError that names those that have any."""
    if assignment.name not in found:
        known = ", ".join(f"{r.assignment.number} ({r.assignment.name})" for r in found.values())
        raise SpecError(f"assignments/{assignment.name} has no {judgement.FILE}; servers can be judged for {known}")
    return found[assignment.name]


def brought(
    root: Path, rules: Rules, command: str, build: str | None, cwd: Path, port: int | None, delay: float | None
) -> Candidate:
    """A server that somebody brings, built anew; raises SpecError for words that cannot be meant."""
    words, building = _words("command", command), _words("build", build) if build else None
    has = {name for word in words for name in _PLACEHOLDER.findall(word)}
    problems = [
        f"--command: unknown placeholder {{{name}}}; known are {', '.join(_KNOWN)}" for name in sorted(has - {*_KNOWN})
    ]
    if "port" not in has and port is None:
        problems.append("--command has no {port}: say where the server listens, such as --port 8090")
    if "delay" not in has and delay is None:
        problems.append("--command has no {delay}: say how many seconds the server sleeps, such as --delay 5")
    if not cwd.is_dir():
        problems.append(f"--cwd {cwd}: there is no such directory")
    if port is not None and not 0 < port < 65536:
        problems.append(f"--port {port}: expected 1 to 65535")
    if delay is not None and not 0 < delay <= 60:
        problems.append(f"--delay {delay:g}: expected seconds over 0 and at most 60")
    if problems:
        raise SpecError(problems)
    fault, said = _built(rules.assignment, building, cwd)
    if fault is None and not _is_there(words[0], cwd):
        if building is None:
            raise SpecError(f"--command {words[0]}: there is no such program in {cwd}; build it first, or with --build")
        ended = f"{shlex.join(building)}\nended well, but there is no program {words[0]} in {cwd}"
        fault, said = Fault("", "builds", "\n".join(filter(None, (ended, said)))), ""
    server = Server(command=words, directory=str(cwd.resolve()), sources=())
    return Candidate(
        assignment=_alone(rules, GIVEN, server, delay or DELAY, sleeps="delay" in has),
        name=GIVEN,
        rules=rules,
        delay=delay or DELAY,
        port=port,
        command=command,
        built=said,
        is_built=building is not None,
        fault=fault,
    )


def again(one: Candidate, build: str | None, cwd: Path) -> str:
    """The words with which a server that was brought is judged again."""
    words = ["./inv", "run", "--assignment", one.assignment.name, "--command", one.command]
    words += ["--build", build] if build else []
    words += ["--cwd", str(cwd)] if str(cwd) != "." else []
    words += ["--port", str(one.port)] if one.port else []
    words += ["--delay", f"{one.delay:g}"] if one.delay != DELAY else []
    return shlex.join(words)


def of_course(rules: Rules, delay: float = DELAY, mistake: str | None = None) -> list[Candidate]:
    """The good servers of an assignment and its planted mistakes, or one of these alone; without those that this
    machine cannot run."""
    servers = rules.assignment.servers.items() if mistake is None else ()
    good = [(name, server, None) for name, server in servers if server.mistake is None]
    faulty = [
        (name, Server(**planted(rules.assignment.name, one.model_dump())), one)
        for name, one in rules.mistakes.items()
        if mistake in (None, name)
    ]
    found = []
    for name, server, wanted in [*good, *faulty]:
        if all(shutil.which(program) for program in server.needs):
            made = _alone(rules, name, server, delay, sleeps=True)
            words = shlex.join(server.command)
            is_built = server.build is not None
            found.append(Candidate(made, name, rules, delay, command=words, mistake=wanted, is_built=is_built))
    return found


def chosen(found: Mapping[str, Rules], wanted: Iterable[Assignment], mistake: str | None) -> list[Rules]:
    """The rules of the wanted assignments, of which at least one knows the mistake; raises SpecError otherwise."""
    kept = [found[assignment.name] for assignment in wanted if assignment.name in found]
    course.choose("mistake", mistake, [name for one in kept for name in one.mistakes])
    return kept


def _alone(rules: Rules, name: str, server: Server, delay: float, *, sleeps: bool) -> Assignment:
    """The assignment with this server only and the probes as its scenarios."""
    probes = {probe: _fitted(spec, delay, sleeps) for probe, spec in rules.probes.items()}
    alone = {"servers": {name: server}, "scenarios": probes, "transcript": None, "tradeoffs": (), "diagrams": {}}
    return rules.assignment.model_copy(update=alone)


def _fitted(probe: Probe, delay: float, sleeps: bool) -> Probe:
    """The probe for a server of this delay: longer deadlines for a longer one, and where the delay cannot be chosen it
    is one delay, whatever the probe would ask for. Delays that would take too long are cut, and deadlines with them."""
    asked, timeout = probe.delay, probe.load.timeout * max(1.0, delay)
    if not sleeps and asked != 1.0:
        asked, timeout = 1.0, timeout + probe.sends * delay
    elif asked > 1.0 and asked * delay > LONGEST:
        asked = max(1.0, LONGEST / delay)
        timeout = probe.load.timeout * max(1.0, asked * delay / probe.delay)
    load = probe.load.model_copy(update={"timeout": min(timeout, 3600.0)})
    return probe.model_copy(update={"delay": asked, "load": load, "servers": None})


def _is_there(program: str, cwd: Path) -> bool:
    """Whether the program can be executed; what is filled in later is taken for granted."""
    if "{" in program:
        return True
    return shutil.which(cwd.resolve() / program if "/" in program else program) is not None


def _built(assignment: Assignment, words: tuple[str, ...] | None, cwd: Path) -> tuple[Fault | None, str]:
    if words is None:
        return None, ""
    try:
        good, said = foreign.build(f"{assignment.name}: --build", words, cwd)
    except NotStartedError as error:
        good, said = False, str(error)
    except ReportError as error:  # trouble of the tool's own, which is never charged to the server
        return Fault("", None, str(error)), ""
    return (None, said) if good else (Fault("", "builds", said), "")


def _words(option: str, text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise SpecError(f"--{option}: not words of a shell: {error}; found {text!r}") from None
    if not words:
        raise SpecError(f"--{option}: expected a command; found nothing")
    return words
