"""Floor 3. Who is judged: the course's good servers, its planted mistakes, or a server that somebody brings.

A program that knows nothing of this project is told its port and its delay, or has them compiled in. Runs nothing but
a build.
"""

import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import course, freshness, judgement, sanitizers
from report.errors import ReportError, SpecError
from report.judgement import Mistake, Probe, Rules, Tool
from report.recording import foreign
from report.recording.process import NotStartedError
from report.rendering import metrics
from report.rendering.judging import Fault
from report.spec import Assignment, Server, planted

DELAY = 0.5  # seconds that a server is asked to sleep, where it can be asked
# Seconds that it is asked to, where a probe asks for several delays: more than clients and a stop take together, which
# are no shorter for a short delay; and no more than one that ends well, and sleeps them all, may take.
SHORTEST, LONGEST = 5.0, 10.0
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
    building: tuple[str, ...] | None = None
    fault: Fault | None = None  # what keeps it from being put to any probe
    tool: Tool | None = None  # under which it runs

    @property
    def is_built(self) -> bool:
        return self.building is not None

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
    root: Path,
    rules: Rules,
    command: str,
    build: str | None,
    cwd: Path,
    port: int | None,
    delay: float | None,
    tool: Tool | None = None,
    room: Path | None = None,
) -> Candidate:
    """A server that somebody brings, built anew, in a room if any; raises SpecError for words that cannot be meant."""
    rules = sanitizers.under(rules, tool)
    words, building = _words("command", command), _words("build", build) if build else None
    has = {name for word in words for name in _PLACEHOLDER.findall(word)}
    if problems := list(_unmeant(has, cwd, port, delay)):
        raise SpecError(problems)
    if tool is not None and (lacking := sanitizers.problem(root, tool, *_compiler(building))):
        raise SpecError(lacking)
    fault, said = _built(rules.assignment.name, sanitizers.building(building, tool) if building else None, cwd, room)
    if fault is None and not _is_there(words[0], cwd):
        if building is None:
            raise SpecError(f"--command {words[0]}: there is no such program in {cwd}; build it first, or with --build")
        ended = f"{shlex.join(building)}\nended well, but there is no program {words[0]} in {cwd}"
        fault, said = Fault("", "builds", "\n".join(filter(None, (ended, said)))), ""
    if fault is None and (wrong := sanitizers.misbuilt(cwd.resolve() / words[0], building, tool)):
        raise SpecError(wrong)
    server = Server(command=(*sanitizers.running(root, tool), *words), directory=str(cwd.resolve()), sources=())
    return Candidate(
        assignment=alone(rules, GIVEN, server, delay or DELAY, sleeps="delay" in has),
        name=GIVEN,
        rules=rules,
        delay=delay or DELAY,
        port=port,
        command=command,
        built=said,
        building=building,
        fault=fault,
        tool=tool,
    )


def _unmeant(has: set[str], cwd: Path, port: int | None, delay: float | None) -> Iterator[str]:
    """What cannot be meant by a command that has these placeholders, and what was said beside it."""
    for name in sorted(has - {*_KNOWN}):
        yield f"--command: unknown placeholder {{{name}}}; known are {', '.join(_KNOWN)}"
    if "port" not in has and port is None:
        yield "--command has no {port}: say where the server listens, such as --port 8090"
    if "delay" not in has and delay is None:
        yield "--command has no {delay}: say how many seconds the server sleeps, such as --delay 5"
    if not cwd.is_dir():
        yield f"--cwd {cwd}: there is no such directory"
    if port is not None and not 0 < port < 65536:
        yield f"--port {port}: expected 1 to 65535"
    if delay is not None and not 0 < delay <= 60:
        yield f"--delay {delay:g}: expected seconds over 0 and at most 60"


def again(one: Candidate, build: str | None, cwd: Path) -> str:
    """The words with which a server that was brought is judged again."""
    words = ["./inv", "run", "--assignment", one.assignment.name, "--command", one.command]
    words += ["--build", build] if build else []
    words += ["--cwd", str(cwd)] if str(cwd) != "." else []
    words += ["--port", str(one.port)] if one.port else []
    words += ["--delay", f"{one.delay:g}"] if one.delay != DELAY else []
    words += ["--sanitize", one.tool] if one.tool else []
    return shlex.join(words)


def of_course(rules: Rules, delay: float = DELAY, mistake: str | None = None) -> list[Candidate]:
    """The good servers of an assignment and its planted mistakes, or one of these alone; without those that this
    machine cannot run. A good server in C is judged under each tool, too, that has a probe."""
    return [_of_course(rules, one, delay) for one in _every(rules, mistake) if not _lacking(rules, one)]


def left_out(rules: Rules) -> list[str]:
    """Those that this machine cannot run, each with the reason."""
    every = ((one, _lacking(rules, one)) for one in _every(rules, None))
    return [f"{rules.assignment.name}/{one[0]} is not judged: {reason}" for one, reason in every if reason]


Known = tuple[str, Server, Mistake | None, Tool | None]


def _every(rules: Rules, mistake: str | None) -> Iterator[Known]:
    for name, server in rules.assignment.servers.items() if mistake is None else ():
        if server.mistake is not None:
            continue
        yield name, server, None, None
        for tool in sanitizers.COURSE if sanitizers.compiles(server.build) else ():
            if any(tool in probe.under for probe in rules.probes.values()):
                sources = tuple(freshness.sources(_root(rules), rules.assignment, name))
                yield f"{name}-{tool}", server.model_copy(update={"sources": sources}), None, tool
    for name, one in rules.mistakes.items():
        if mistake in (None, name):
            yield name, Server(**planted(rules.assignment.name, one.model_dump())), one, one.shown_by


def _lacking(rules: Rules, one: Known) -> str | None:
    """Why this machine cannot run it, if it cannot."""
    _, server, _, tool = one
    needed = next((program for program in server.needs if shutil.which(program) is None), None)
    return f"needs {needed}" if needed else tool and sanitizers.problem(_root(rules), tool)


def _root(rules: Rules) -> Path:
    return rules.assignment.folder.parents[1]


def _of_course(rules: Rules, one: Known, delay: float) -> Candidate:
    name, server, mistake, tool = one
    used, words = sanitizers.under(rules, tool), (*sanitizers.running(_root(rules), tool), *server.command)
    build = sanitizers.building(server.build, tool) if server.build else None
    made = alone(used, name, server.model_copy(update={"command": words, "build": build}), delay, sleeps=True)
    said = shlex.join(server.command)
    return Candidate(made, name, used, delay, command=said, mistake=mistake, building=build, tool=tool)


def chosen(found: Mapping[str, Rules], wanted: Iterable[Assignment], mistake: str | None) -> list[Rules]:
    """The rules of the wanted assignments, of which at least one knows the mistake; raises SpecError otherwise."""
    kept = [found[assignment.name] for assignment in wanted if assignment.name in found]
    course.choose("mistake", mistake, [name for one in kept for name in one.mistakes])
    return kept


def alone(rules: Rules, name: str, server: Server, delay: float, *, sleeps: bool) -> Assignment:
    """The assignment with this server only and the probes as its scenarios."""
    probes = {probe: _fitted(spec, delay, sleeps) for probe, spec in rules.probes.items()}
    alone = {"servers": {name: server}, "scenarios": probes, "transcript": None, "tradeoffs": (), "diagrams": {}}
    return rules.assignment.model_copy(update=alone)


def _fitted(probe: Probe, delay: float, sleeps: bool) -> Probe:
    """The probe for a server of this delay: longer deadlines for a longer one, and where the delay cannot be chosen it
    is one delay, whatever the probe would ask for. Several delays are stretched or cut, and deadlines cut with them."""
    asked, timeout = probe.delay, probe.load.timeout * max(1.0, delay)
    if not sleeps and asked != 1.0:
        asked, timeout = 1.0, timeout + probe.sends * delay
    elif asked > 1.0:
        asked = max(1.0, min(max(asked, SHORTEST / delay), LONGEST / delay))
        if asked < probe.delay:
            timeout = probe.load.timeout * max(1.0, asked * delay / probe.delay)
    load = probe.load.model_copy(update={"timeout": min(timeout, 3600.0)})
    return probe.model_copy(update={"delay": asked, "load": load, "servers": None})


def _is_there(program: str, cwd: Path) -> bool:
    """Whether the program can be executed; what is filled in later is taken for granted."""
    if "{" in program:
        return True
    return shutil.which(cwd.resolve() / program if "/" in program else program) is not None


def _compiler(building: Sequence[str] | None) -> tuple[str, ...]:
    """The compiler that is called, if one is."""
    return (building[0],) if building and sanitizers.compiles(building) else ()


def _built(name: str, words: tuple[str, ...] | None, cwd: Path, room: Path | None) -> tuple[Fault | None, str]:
    if words is None:
        return None, ""
    try:
        good, said = foreign.build(f"{name}: --build", words, cwd, room=room)
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
