"""Floor 3. Which runs a course asks for, which of them are fresh, and the runs themselves from disk.

Chooses and reads; what makes runs and what renders them is called from here only by those who ask.
"""

import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import evidence, freshness
from report.course import choose
from report.errors import EvidenceError
from report.planned import Planned
from report.run import Identity, Run
from report.spec import Assignment

NOT_RUN = "not run yet"


def lacking(assignments: Iterable[Assignment]) -> dict[tuple[str, str], str]:
    """Servers that cannot be run on this machine, by (assignment, server): the first program they need and lack."""
    missing = {
        (assignment.name, name): [program for program in server.needs if shutil.which(program) is None]
        for assignment in assignments
        for name, server in assignment.servers.items()
    }
    return {place: programs[0] for place, programs in missing.items() if programs}


def left_out(planned: Iterable[Planned], folder: Path) -> dict[tuple[str, str], str]:
    """Optional servers of which the folder has no run, by (assignment, server): the first program they need."""
    seen: dict[tuple[str, str], bool] = {}
    needed = {}
    for one in planned:
        place = (one.identity.assignment, one.identity.server)
        there = evidence.find(folder / one.identity.directory) is not None
        seen[place] = seen.get(place, False) or there or not one.server.optional
        needed[place] = next(iter(one.server.needs), place[1])
    return {place: needed[place] for place, kept in seen.items() if not kept}


def possible(planned: Iterable[Planned], missing: Container[tuple[str, str]]) -> list[Planned]:
    """The runs whose servers this machine can run."""
    return [one for one in planned if (one.identity.assignment, one.identity.server) not in missing]


def there(planned: Iterable[Planned], missing: Container[tuple[str, str]], folder: Path) -> list[Planned]:
    """The runs to read: those this machine can run, and others whose evidence was brought from elsewhere."""
    return [
        one
        for one in planned
        if (one.identity.assignment, one.identity.server) not in missing
        or evidence.find(folder / one.identity.directory) is not None
    ]


@dataclass(frozen=True, slots=True)
class State:
    """One planned run, and why it is stale; `reason` is None when its evidence is fresh."""

    planned: Planned
    reason: str | None


def plan(
    assignments: Iterable[Assignment], speed: float, scenario: str | None = None, server: str | None = None
) -> list[Planned]:
    """The runs of these assignments, narrowed to one scenario or server; raises SpecError for unknown names."""
    wanted = list(assignments)
    if scenario is not None:
        choose("scenario", scenario, [name for a in wanted for name in a.scenarios])
    if server is not None:
        choose("server", server, sorted({name for a in wanted for name in a.servers}))
    return list(_plan(wanted, speed, scenario, server))


def _plan(
    assignments: Iterable[Assignment], speed: float, scenario: str | None, server: str | None
) -> Iterator[Planned]:
    for assignment in assignments:
        for name, spec in assignment.scenarios.items():
            for against in assignment.servers_of(name):
                if scenario in (None, name) and server in (None, against):
                    for repetition in range(1, spec.repeat + 1):
                        hurried = min(speed, spec.max_speed)
                        yield Planned(assignment, Identity(
                            assignment=assignment.name, scenario=name, server=against, speed=hurried,
                            repetition=repetition,
                        ))  # fmt: skip


def states(root: Path, planned: Iterable[Planned], folder: Path, *, published: bool = False) -> list[State]:
    """Each planned run with the reason why its evidence under the folder is stale, if it is."""
    seen: dict[str, str] = {}
    inputs: dict[Sequence[str], Mapping[str, str]] = {}  # those of all repetitions are the same

    def now(one: Planned) -> Mapping[str, str]:
        place = (one.identity.assignment, one.identity.scenario, one.identity.server)
        if place not in inputs:
            inputs[place] = freshness.inputs(root, one.assignment, *place[1:], seen)
        return inputs[place]

    return [State(one, _reason(one, folder, published, now)) for one in planned]


def _reason(planned: Planned, folder: Path, published: bool, now: Callable[[Planned], Mapping[str, str]]) -> str | None:
    identity = planned.identity
    if evidence.find(folder / identity.directory) is None:
        return NOT_RUN
    try:
        record = evidence.read_record(folder / identity.directory)
    except EvidenceError as error:
        return error.problems[0]
    return freshness.staleness(record.inputs, now(planned), published=published)


def read(planned: Sequence[Planned], folder: Path) -> list[Run]:
    """The runs from disk; raises EvidenceError that names each one that is missing or was changed."""
    runs: list[Run] = []
    problems: list[str] = []
    for one in planned:
        directory = folder / one.identity.directory
        try:
            if evidence.find(directory) is None:
                raise EvidenceError(f"{folder.name}/{one.identity}: there is no such run; make it with: invoke run")
            runs.append(evidence.read(directory))
        except EvidenceError as error:
            problems += error.problems
    if problems:
        raise EvidenceError(problems)
    return runs
