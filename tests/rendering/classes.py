"""A class of any size, made from a seed: results such as the course's own rules give, for tests that start nothing."""

import random
from collections.abc import Mapping, Sequence
from functools import cache

from report import candidates, course
from report.graded import Graded, Result, Step
from report.judgement import STAGES, Rules, Stage
from report.rendering import advice, metrics
from report.rendering.classroom.overview import Row, overview
from report.rendering.judged import limit
from report.spec import LANGUAGES, Language, Text
from tests.builders import REPOSITORY

FAMILY = "김이박최정강조윤장임한오서신권황안송류홍"
GIVEN = "민준서연도윤하은시우지호예린건태현수아진영재원소율채유나경성훈혜승빈"
LATIN = ("Nguyễn Văn An", "Li Wei", "María José", "O'Brien", "Zoë")
TROUBLE = "no port is free\nthe machine stretched even bare sleeps to 1.9 delays"


@cache
def rules() -> Mapping[str, Rules]:
    """Those of assignments 1 to 3, by their names."""
    every = candidates.rules(REPOSITORY, course.load(REPOSITORY, metrics.problem))
    return {name: one for name, one in every.items() if 1 <= one.assignment.number <= 3}


def titles() -> dict[str, Text]:
    return {name: one.assignment.title for name, one in rules().items()}


def diagnoses(language: Language) -> dict[str, str]:
    named = [diagnosis.id for one in rules().values() for diagnosis in one.diagnoses]
    texts = advice.load(REPOSITORY / "templates", [*named, "does-not-build", "ends-at-once", "never-listens"])
    return {name: text.title for name, text in texts[language].items()}


@cache
def chain(assignment: str) -> tuple[Step, ...]:
    """The steps of a server of which everything holds, each with a value within its bound."""
    steps = [Step(stage=stage, state="holds", points=0) for stage in STAGES[:3]]
    for name, probe in rules()[assignment].probes.items():
        for claim in probe.claims:
            unit = "ratio" if claim.is_ratio else metrics.find(claim.metric).unit
            low, high = claim.between or (claim.at_least, claim.at_most)
            low, high = (claim.equals if end is None else end for end in (low, high))
            value = low if low is not None else high
            about = {"metric": claim.metric, "beside": claim.beside, "unit": unit, "limit": limit(claim, unit)}
            ends = {"value": value, "at_least": low, "at_most": high, "points": claim.points}
            steps.append(Step(stage=claim.stage, state="holds", claim=claim.id, probe=name, **about, **ends))  # type: ignore[arg-type]
    return tuple(sorted(steps, key=lambda step: STAGES.index(step.stage)))


def name(chance: random.Random, number: int) -> str:
    if chance.random() < 0.04:
        return f"{chance.choice(LATIN)} {number}"
    given = "".join(chance.sample(GIVEN, 2))
    return f"{2020 + chance.randrange(6)}{number:05d} {chance.choice(FAMILY)}{given}"


def graded(chance: random.Random, student: str, assignment: str) -> Graded:
    """One result: most are accepted, some fail at a stage by chance, few cannot be judged or are not there."""
    outcome: Result = chance.choices(("accepted", "rejected", "unjudged", "missing"), (70, 24, 2, 4))[0]
    told = {"unjudged": TROUBLE, "missing": "server.c, server_01.c or submission.toml were looked for"}.get(outcome, "")
    steps: tuple[Step, ...] = ()
    diagnosis = None
    if outcome != "missing":
        failing = chance.choice(STAGES[:1] + STAGES[3:]) if outcome == "rejected" else None
        steps = tuple(varied(chance, step, failing) for step in chain(assignment))
        known = [one.id for one in rules()[assignment].diagnoses]
        if failing and chance.random() < 0.95:
            diagnosis = "does-not-build" if failing == "builds" else chance.choice(known[:12])
    return Graded(
        student=student, assignment=assignment, number=rules()[assignment].assignment.number, outcome=outcome,
        diagnosis=diagnosis, told=told, steps=steps, submission="0" * 64, rules=f"{assignment[:4]:0<64}", attempts=1,
        unsteady=outcome == "rejected" and chance.random() < 0.02, recorded=f"2026-11-28T{12 + chance.randrange(3)}:00:00Z",
        seconds=round(chance.uniform(5, 40), 3), measured_by={"room": "bubblewrap 0.8.0", "network": "own", "bounds": "cgroup v2", "processor": "x86_64", "cores": "2"},
    )  # fmt: skip


def varied(chance: random.Random, step: Step, failing: Stage | None) -> Step:
    """The step with a value as machines have them, or failed, or skipped after what fails."""
    if failing and STAGES.index(step.stage) > STAGES.index(failing):
        return step.model_copy(update={"state": "skipped", "value": None})
    fails = step.stage == failing
    if step.value is None or not step.claim:
        return step.model_copy(update={"state": "fails" if fails else "holds"})
    value = step.value
    if metrics.find(step.metric).timed or step.unit == "bytes":
        value *= chance.choice((1.0, 1.0, 1.0, chance.uniform(0.8, 1.2))) * chance.gauss(0.8, 0.02)
    if fails:
        value = value * 2 + chance.randrange(1, 4)
    return step.model_copy(update={"state": "fails" if fails else "holds", "value": value})


def page(language: Language, rows: Sequence[Row]) -> bytes:
    """The class's page; the other language's is called overview.LANGUAGE.html."""
    (other,) = (one for one in LANGUAGES if one != language)
    return overview(REPOSITORY, rows, titles(), diagnoses(language), language, {other: f"overview.{other}.html"})


@cache
def classroom(students: int = 500, seed: int = 7) -> Sequence[Row]:
    """A row for each student and assignment, with links for the Korean page."""
    chance = random.Random(seed)
    rows = []
    for number in range(students):
        who = name(chance, number)
        for assignment, one in rules().items():
            made = graded(chance, who, assignment)
            folder = f"students/{who}/{one.assignment.number}"
            files = {"verdict": "verdict.ko.html", "results": "results.json", "evidence": "evidence.tar.xz"}
            links = {} if made.outcome == "missing" else {what: f"{folder}/{file}" for what, file in files.items()}
            rows.append(Row(made, who, links))
    return rows
