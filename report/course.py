"""Floor 1. Reads every assignment folder; all faults of all folders are found in one pass, none after a run began.

Knows files, TOML and the models of `report.spec`; must not know how a scenario is run, measured or shown. Which
metrics exist is asked of the caller.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from report import languages
from report.errors import SpecError
from report.models import near, parse, validate
from report.scenario import Claim
from report.spec import FAMILIES, Assignment, declared_names, planted, resolve

JUDGE = "judge.toml"  # where planted mistakes are declared, see report.judgement
FOLDER = re.compile(r"[a-z][a-z0-9_]{0,39}")
Declared = Mapping[str, frozenset[str]]
MetricCheck = Callable[[str, Declared], str | None]
"""Takes a metric's name and what the assignment declares (series, shares, ...); returns what is wrong with it."""


def load(root: Path, check_metric: MetricCheck) -> tuple[Assignment, ...]:
    """All assignments under root/assignments, in the order of their numbers.

    Raises SpecError with one sentence for each fault of each scenario.toml.
    """
    files = sorted((root / "assignments").glob("*/scenario.toml"))
    if not files:
        raise SpecError(f"no assignments/*/scenario.toml under {root.name or root}; run this from the repository")
    problems: list[str] = []
    assignments: list[Assignment] = []
    for file in files:
        where = file.relative_to(root).as_posix()
        try:
            assignments.append(_read(file, where, check_metric))
        except SpecError as error:
            problems += error.problems
    problems += _references(assignments, check_metric, complete=not problems)
    if problems:
        raise SpecError(dict.fromkeys(problems))
    return tuple(sorted(assignments, key=lambda assignment: assignment.number))


def find(assignments: Sequence[Assignment], wanted: str) -> Assignment:
    """The assignment with this number or folder name; raises SpecError naming those there are."""
    for assignment in assignments:
        if wanted in (str(assignment.number), assignment.name):
            return assignment
    known = ", ".join(f"{a.number} ({a.name})" for a in assignments)
    hint = near(wanted, [a.name for a in assignments])
    raise SpecError(f"--assignment {wanted}: there is no such assignment{hint}; there are {known}")


def choose(kind: str, wanted: str | None, known: Iterable[str]) -> tuple[str, ...]:
    """The names asked for (all, when none is); raises SpecError with a near name when there is no such one."""
    names = tuple(known)
    if wanted is None:
        return names
    if wanted not in names:
        hint = near(wanted, names)
        raise SpecError(f"--{kind} {wanted}: there is no such {kind}{hint}; there are {', '.join(names) or 'none'}")
    return (wanted,)


def _read(file: Path, where: str, check_metric: MetricCheck) -> Assignment:
    if not FOLDER.fullmatch(file.parent.name):
        raise SpecError(
            f"{where}: {file.parent.name!r} cannot be an assignment's name, which links and references hold; "
            "call the folder by a word of a-z, 0-9 and _, such as my_server"
        )
    raw = parse(file, where)
    problems = [f"{where}: {problem}" for problem in _unknown_metrics(raw, check_metric)]
    problems += [f"{where}: {key}: is taken from the folder, not declared" for key in ("name", "folder") if key in raw]
    problems += [f"{where}: {problem}" for problem in _plant(raw, file.parent)]
    raw |= {"name": file.parent.name, "folder": file.parent}
    try:
        texts = languages.texts(file.parents[2], file.parent.name)
        assignment = validate(raw, Assignment, where, texts)
    except SpecError as error:
        raise SpecError([*problems, *error.problems]) from None
    if problems:
        raise SpecError(problems)
    return assignment


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _plant(raw: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Fills in how servers with a mistake are built and started, which judge.toml says; tells of unknown mistakes."""
    file = f"assignments/{folder.name}/{JUDGE}"
    faulty = {n: s for n, s in _table(raw.get("servers")).items() if isinstance(_table(s).get("mistake"), str)}
    known = _table(parse(folder / JUDGE, file).get("mistakes")) if faulty else {}
    for name, server in faulty.items():
        mistake = server["mistake"]
        if mistake not in known:
            yield f"servers.{name}.mistake: there is no [mistakes.{mistake}] in {file}{near(mistake, known)}"
        server |= planted(folder.name, _table(known.get(mistake))) | server


def _unknown_metrics(raw: Mapping[str, Any], check: MetricCheck) -> Iterator[str]:
    declared = declared_names({family: _table(raw.get(family)) for family in FAMILIES})
    for name, scenario in _table(raw.get("scenarios")).items():
        claims = _table(scenario).get("claims")
        for index, claim in enumerate(claims if isinstance(claims, list) else []):
            for key in ("metric", "over"):
                metric = _table(claim).get(key)
                if isinstance(metric, str) and (problem := check(metric, declared)):
                    yield f"scenarios.{name}.claims[{index}].{key}: {problem}"
        for metric in _table(_table(scenario).get("predicted")):
            if problem := check(metric, declared):
                yield f"scenarios.{name}.predicted.{metric}: {problem}"


def _references(assignments: Sequence[Assignment], check_metric: MetricCheck, complete: bool) -> Iterator[str]:
    """Faults in what one key says of another; `complete` tells whether every folder could be read."""
    numbers: dict[int, str] = {}
    for assignment in assignments:
        where = f"assignments/{assignment.name}/scenario.toml"
        if other := numbers.get(assignment.number):
            yield f"{where}: number: {assignment.number} is already taken by assignments/{other}"
        numbers[assignment.number] = assignment.name
        for problem in _names_within(assignment):
            yield f"{where}: {problem}"
        if complete:
            for problem in _relations(assignment, {a.name: a for a in assignments}, check_metric):
                yield f"{where}: {problem}"


def _names_within(assignment: Assignment) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, scenario in assignment.scenarios.items():
        at = f"scenarios.{name}"
        if not assignment.servers_of(name):
            yield f"{at}: has no server to run against; declare [servers.python]"
        for server in scenario.servers or ():
            if server not in assignment.servers:
                yield f"{at}.servers: there is no [servers.{server}]{near(server, assignment.servers)}"
        for index, claim in enumerate(scenario.claims):
            if claim.id in seen:
                yield f"{at}.claims[{index}].id: {claim.id} is already used in scenarios.{seen[claim.id]}"
            seen[claim.id] = name
            if claim.server and claim.server not in assignment.servers_of(name):
                yield f"{at}.claims[{index}].server: {claim.server} does not run in this scenario"
    for name, held in assignment.held.items():
        if held.series not in assignment.series:
            yield f"held.{name}.series: there is no series.{held.series}{near(held.series, assignment.series)}"
        if held.at not in assignment.events:
            yield f"held.{name}.at: there is no events.{held.at}{near(held.at, assignment.events)}"
    for index, row in enumerate(assignment.tradeoffs):
        for column, claim_id in row.claims.items():
            if claim_id not in seen:
                yield f"tradeoffs[{index}].claims.{column}: there is no claim {claim_id}{near(claim_id, seen)}"
    if (transcript := assignment.transcript) is not None:
        if transcript.scenario not in assignment.scenarios:
            yield f"transcript.scenario: there is no [scenarios.{transcript.scenario}]"
        elif transcript.server not in assignment.servers_of(transcript.scenario):
            yield f"transcript.server: {transcript.server} does not run in scenarios.{transcript.scenario}"


def _relations(assignment: Assignment, every: Mapping[str, Assignment], check: MetricCheck) -> Iterator[str]:
    for name, scenario in assignment.scenarios.items():
        for index, claim in enumerate(scenario.claims):
            for key in ("relative_to", "minus"):
                if (reference := getattr(claim, key)) is not None:
                    at = f"scenarios.{name}.claims[{index}].{key}"
                    found = _relation(assignment, name, claim, reference, every, check)
                    yield from (f"{at}: {problem}" for problem in found)


def _relation(
    assignment: Assignment,
    scenario: str,
    claim: Claim,
    reference: str,
    every: Mapping[str, Assignment],
    check: MetricCheck,
) -> Iterator[str]:
    folder, other, server = resolve(reference, assignment.name, scenario)
    if folder not in every:
        yield f"there is no assignment {folder}{near(folder, every)}"
        return
    there = every[folder]
    if other not in there.scenarios:
        yield f"there is no scenario {other} in {folder}{near(other, there.scenarios)}"
        return
    if problem := check(claim.metric, declared_names({family: getattr(there, family) for family in FAMILIES})):
        yield f"{folder}: {problem}"
    own = (claim.server,) if claim.server else assignment.servers_of(scenario)
    for wanted in (server,) if server else own:
        if wanted not in there.servers_of(other):
            yield f"no server {wanted} runs in scenario {other} of {folder}"
