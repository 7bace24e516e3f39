"""Floor 1. What judge.toml files may say: probes for any server, diagnoses, planted mistakes; read, merged, checked.

assignments/judge.toml holds for every server, assignments/NAME/judge.toml for the servers of that assignment, whose
probes add to or take the place of the common ones. Knows shapes and files; must not know how a probe is run, measured
or shown. Which metrics exist is asked of the caller.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from report import languages
from report.course import JUDGE as FILE
from report.course import MetricCheck
from report.diagrams import Text
from report.errors import SpecError
from report.models import Model, near, parse, validate
from report.scenario import Bound, Claim, Name, Scenario
from report.spec import COMMAND, FAMILIES, Assignment, declared_names, resolve

Stage = Literal["builds", "starts", "listens", "answers", "correct", "together", "recovers", "cleans", "stops"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Tool = Literal["thread", "address", "valgrind", "helgrind", "wakeups", "refusals"]
Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]  # as Gradescope names them
TOOLS: tuple[Tool, ...] = get_args(Tool)
UNRECORDED: Mapping[Stage, str] = {"builds": "does-not-build", "starts": "ends-at-once", "listens": "never-listens"}
"""The diagnosis of a server that came no further than the stage before, so that there is no evidence of a probe."""
ELSEWHERE = "listens-elsewhere"  # that of one which listens, but not where it was told to
EXCEEDS = "exceeds-limits"  # that of one which was ended since it used too much
REPORTED = (
    *("data-race", "freed-memory", "buffer-overflow", "thread-leak"),
    *("memory-leak", "uninitialised-memory", "other-report"),
)
"""The diagnoses of what a tool reports, whatever the assignment: the first one that was reported is named."""
_MEANINGLESS = ("server", "only_at_speed", "check")  # keys of a claim that tell between runs a probe does not have


class ProbeClaim(Claim):
    """A claim of scenario.toml on one stage of the chain; when a stage fails, those after it are skipped.

    `points` and `visibility` are for classes: what it is worth beside the others, and when a student sees it.
    """

    stage: Stage
    points: float = Field(default=1.0, ge=0, le=1000)
    visibility: Visibility = "visible"


class Probe(Scenario):
    """A scenario for any server: its durations are in delays of the server, since it is made at speed 1 ÷ delay.

    A server is put to it without any tool, unless `under` says under which.
    """

    under: tuple[Literal["plain"] | Tool, ...] = Field(default=("plain",), min_length=1)
    claims: tuple[ProbeClaim, ...] = ()


class Condition(Bound):
    """A bound on a metric of a probe, divided by `over` or less what the probe `minus` measures, if given.

    A metric that is undecided does not meet it.
    """

    probe: Name
    metric: str
    over: str | None = None
    minus: Name | None = None


class Diagnosis(Model):
    """What a server suffers from of which all conditions are met; earlier ones of a file go before later ones."""

    id: Name
    when: tuple[Condition, ...] = Field(min_length=1)


class Mistake(Model):
    """A server with exactly one mistake, and the diagnosis that it must get; `course` is its number in the course.

    What no observer can see from outside is `shown_by` a tool, under which alone it is judged.
    """

    title: Text
    build: tuple[str, ...] | None = None
    command: tuple[str, ...] = Field(default=COMMAND, min_length=1)
    diagnosis: Name
    course: int | None = Field(default=None, ge=1, le=14)
    shown_by: Tool | None = None


class Sheet(Model):
    """One judge.toml; `without` names common probes that the assignment does not use."""

    probes: Mapping[Name, Probe] = {}
    diagnoses: tuple[Diagnosis, ...] = ()
    mistakes: Mapping[Name, Mistake] = {}
    without: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """How servers of one assignment are judged: its probes and diagnoses in order, and its planted mistakes."""

    assignment: Assignment
    probes: Mapping[str, Probe]
    diagnoses: tuple[Diagnosis, ...]
    mistakes: Mapping[str, Mistake]


def load(root: Path, assignments: Sequence[Assignment], check_metric: MetricCheck) -> dict[str, Rules]:
    """The rules of each assignment that has a judge.toml, by its name.

    Raises SpecError with one sentence for each fault of each file.
    """
    problems: list[str] = []
    common: dict[str, Any] = {}
    shared = Sheet()
    where = f"assignments/{FILE}"
    try:
        common = parse(root / where, where) if (root / where).is_file() else {}
        shared = validate(common, Sheet, where, languages.texts(root))
        problems += [f"{where}: {p}" for p in _common_faults(shared, check_metric)]
    except SpecError as error:
        problems += error.problems
    found = {}
    for assignment in assignments:
        if not (root / (where := f"assignments/{assignment.name}/{FILE}")).is_file():
            continue
        try:
            texts = languages.texts(root, assignment.name)
            sheet = _own(parse(root / where, where), _table(common, "probes"), where, texts)
            rules = _merged(assignment, shared, sheet)
            problems += [f"{where}: {p}" for p in _faults(rules, shared, sheet, check_metric)]
            found[assignment.name] = rules
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(dict.fromkeys(problems))
    return found


def _own(raw: dict[str, Any], common: Mapping[str, Any], where: str, texts: Mapping[str, Any]) -> Sheet:
    """An assignment's sheet, in which a probe that is common too says only what differs, and its own claims."""
    probes = _table(raw, "probes")
    filled = {
        name: _extended(_table(common, name), probe) if isinstance(probe, dict) and name in common else probe
        for name, probe in probes.items()
    }
    return validate(raw | ({"probes": filled} if probes else {}), Sheet, where, texts)


def _extended(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    other = {"clients": "arrival", "arrival": "clients"}
    gone = {"claims"} | {other[key] for key in own if key in other}
    return {key: value for key, value in common.items() if key not in gone} | dict(own)


def _merged(assignment: Assignment, shared: Sheet, own: Sheet) -> Rules:
    probes = {name: probe for name, probe in shared.probes.items() if name not in own.without}
    for name, probe in own.probes.items():
        replaced = {claim.id for claim in probe.claims}
        before = probes[name].claims if name in probes else ()
        claims = (*(claim for claim in before if claim.id not in replaced), *probe.claims)
        probes[name] = probe.model_copy(update={"claims": claims})
    return Rules(assignment, probes, (*own.diagnoses, *shared.diagnoses), own.mistakes)


def _common_faults(sheet: Sheet, check: MetricCheck) -> Iterator[str]:
    for name in sheet.mistakes:
        yield f"mistakes.{name}: belongs to an assignment; move it to assignments/NAME/{FILE}"
    for name in sheet.without:
        yield f"without: {name}: is said by an assignment that does not use a common probe"
    none = declared_names({family: {} for family in FAMILIES})
    yield from _sheet_faults(sheet, sheet.probes, none, check)


def _faults(rules: Rules, shared: Sheet, own: Sheet, check: MetricCheck) -> Iterator[str]:
    declared = declared_names({family: getattr(rules.assignment, family) for family in FAMILIES})
    for name in own.without:
        if name not in shared.probes:
            yield f"without: there is no common probe {name}{near(name, shared.probes)}"
    if not rules.probes:
        yield "probes: there is none, here or in assignments/judge.toml; nothing could be judged"
    yield from _sheet_faults(own, rules.probes, declared, check)
    seen: dict[str, str] = {}
    for name, probe in rules.probes.items():
        for claim in probe.claims:
            if claim.id in seen:
                yield f"probes.{name}: the claim {claim.id} is already one of probes.{seen[claim.id]}"
            seen[claim.id] = name
    known = {*(diagnosis.id for diagnosis in rules.diagnoses), *UNRECORDED.values(), ELSEWHERE, *REPORTED}
    yield from _mistake_faults(rules, known)


def _sheet_faults(
    sheet: Sheet, probes: Mapping[str, Probe], declared: Mapping[str, frozenset[str]], check: MetricCheck
) -> Iterator[str]:
    """Faults in what one file says of metrics and of probes, its own and those it shares."""
    for name, probe in sheet.probes.items():
        for index, claim in enumerate(probe.claims):
            at = f"probes.{name}.claims[{index}]"
            yield from (f"{at}.{problem}" for problem in _metric_faults(claim, declared, check))
            yield from (f"{at}.{problem}" for problem in _claim_faults(claim, probes))
    for index, diagnosis in enumerate(sheet.diagnoses):
        for place, condition in enumerate(diagnosis.when):
            at = f"diagnoses[{index}].when[{place}]"
            for key in ("probe", "minus"):
                if (probe := getattr(condition, key)) is not None and probe not in probes:
                    yield f"{at}.{key}: there is no probe {probe}{near(probe, probes)}"
            yield from (f"{at}.{problem}" for problem in _metric_faults(condition, declared, check))


def _metric_faults(
    stated: Claim | Condition, declared: Mapping[str, frozenset[str]], check: MetricCheck
) -> Iterator[str]:
    for key in ("metric", "over"):
        if (metric := getattr(stated, key)) is not None and (problem := check(metric, declared)):
            yield f"{key}: {problem}"


def _claim_faults(claim: Claim, probes: Mapping[str, Probe]) -> Iterator[str]:
    for key in ("relative_to", "minus"):
        if (reference := getattr(claim, key)) is not None:
            folder, probe, server = resolve(reference, "", "")
            if folder or server or probe not in probes:
                yield f"{key}: expected the name of a probe, one of {', '.join(probes)}; found {reference}"
    for key in _MEANINGLESS:
        if getattr(claim, key) is not None:
            yield f"{key}: says nothing of a probe, which one server runs once at its own delay; leave it out"


def _mistake_faults(rules: Rules, known: Iterable[str]) -> Iterator[str]:
    names = sorted(known)
    for name, mistake in rules.mistakes.items():
        if name in rules.assignment.servers:
            yield f"mistakes.{name}: is the name of a good server in scenario.toml; call it otherwise"
        if mistake.diagnosis not in names:
            hint = near(mistake.diagnosis, names)
            yield f"mistakes.{name}.diagnosis: there is no diagnosis {mistake.diagnosis}{hint}"
        if not any((mistake.shown_by or "plain") in probe.under for probe in rules.probes.values()):
            yield f"mistakes.{name}.shown_by: no probe is under {mistake.shown_by or 'plain'}; see probes.NAME.under"


def _table(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}
