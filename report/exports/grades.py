"""Floor 3, pure. The results of a class as other tools read them: a table, JUnit XML, and Gradescope's results.json.

Names come with the results as they are to be shown; one inside a result is never shown. Knows no file.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from report.exports import gradescope as autograder
from report.exports import junit as xml
from report.exports.cases import Case, State, Suite
from report.graded import Graded, Result, Step
from report.rendering import metrics
from report.rendering.display import visible
from report.rendering.judged import limit
from report.rendering.judging import Finding, Judgement
from report.rendering.labels import Labels
from report.spec import Text

Named = tuple[str, Graded]
COLUMNS = ("outcome", "diagnosis", "points", "of")
BOM = "\ufeff"  # without it, Excel takes the table for one in the code page of its country
# A cell that begins so is run by a spreadsheet (OWASP, "CSV Injection", which names the full-width signs, too).
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_STATES: Mapping[Result, State] = {"accepted": "holds", "rejected": "fails", "missing": "fails", "unjudged": "error"}


def steps(judgement: Judgement) -> tuple[Step, ...]:
    """Every finding, in the order of the chain."""
    return tuple(map(_step, judgement.findings))


def _step(finding: Finding) -> Step:
    verdict, claim = finding.verdict, finding.claim
    if verdict is None or claim is None:
        return Step(stage=finding.stage, state=finding.state, points=0.0)
    unit = "ratio" if claim.is_ratio else metrics.find(claim.metric).unit
    lowest, highest = claim.between or (claim.at_least, claim.at_most)
    return Step(
        stage=finding.stage,
        state=finding.state,
        claim=claim.id,
        probe=verdict.scenario,
        metric=claim.metric,
        beside=claim.beside,
        unit=unit,
        value=verdict.value,
        limit=limit(claim, unit),
        at_least=claim.equals if lowest is None else lowest,
        at_most=claim.equals if highest is None else highest,
        reason=verdict.reason.key if verdict.reason else "",
        points=claim.points,
        visibility=claim.visibility,
    )


def possible(every: Sequence[Graded]) -> dict[str, float]:
    """The points of each assignment, also for those of whom nothing was found, by the order of the assignments."""
    found: dict[str, float] = {}
    for one in sorted(every, key=lambda one: one.number):
        found[one.assignment] = max(found.get(one.assignment, 0.0), one.possible)
    return found


def table(every: Sequence[Named]) -> bytes:
    """grades.csv: a row for each student in the order of names, with four columns for each assignment.

    In UTF-8 with a byte order mark. What could not be judged has no points; nothing in a cell is run as a formula.
    """
    of = possible([one for _, one in every])
    students: dict[tuple[str, str], dict[str, Graded]] = {}
    for name, one in every:
        students.setdefault((name, one.student), {})[one.assignment] = one
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # its rows end as RFC 4180 has it
    writer.writerow(["student", *(f"{assignment}.{column}" for assignment in of for column in COLUMNS)])
    for (name, _), own in sorted(students.items()):
        cells = [cell for assignment, most in of.items() for cell in _cells(own.get(assignment), most)]
        writer.writerow([_safe(cell) for cell in (name, *cells)])
    return (BOM + text.getvalue()).encode()


def _cells(one: Graded | None, most: float) -> list[str]:
    if one is None:
        return [""] * len(COLUMNS)
    return [one.outcome, one.diagnosis or "", "" if one.earned is None else points(one.earned), points(most)]


def points(number: float) -> str:
    """Points with as many digits as tell them apart."""
    return f"{round(number, 2):g}"


def _safe(cell: str) -> str:
    shown = visible(cell)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def junit(
    every: Sequence[Named], titles: Mapping[str, Text], diagnoses: Mapping[str, str], label: Labels, name: str
) -> bytes:
    """JUnit XML: a suite for each assignment, a case for each student; `diagnoses` are what they are called.

    That nothing was found is a failure; that a server could not be judged is an error and none.
    """
    of = {one.assignment: one.number for _, one in sorted(every, key=lambda named: named[1].number)}
    suites = []
    for assignment, number in of.items():
        own = sorted((named for named in every if named[1].assignment == assignment), key=lambda named: named[0])
        cases = tuple(Case((), visible(who), _STATES[one.outcome], told(one, diagnoses, label), {}) for who, one in own)
        suites.append(Suite(number, assignment, _title(titles, assignment, label), *_spent([o for _, o in own]), cases))
    return xml.junit(suites, name)


def told(one: Graded, diagnoses: Mapping[str, str], label: Labels) -> str:
    """The outcome in words, what explains it, and what was told of it, on one line."""
    return ": ".join([_outcome(one, diagnoses, label), *filter(None, [" ".join(one.told.split())])])


def _outcome(one: Graded, diagnoses: Mapping[str, str], label: Labels) -> str:
    named = [diagnoses.get(one.diagnosis, one.diagnosis)] if one.diagnosis else []
    return ": ".join([label(one.outcome), *named])


def gradescope(own: Sequence[Graded], titles: Mapping[str, Text], diagnoses: Mapping[str, str], label: Labels) -> bytes:
    """One student's results.json, each claim with its points and as visible as it is, and what explains the whole.

    Of an assignment of which a hidden claim does not hold, nothing but the visible claims is told.
    """
    suites = [
        Suite(
            one.number,
            one.assignment,
            _title(titles, one.assignment, label),
            *_spent([one]),
            tuple(_cases(one, diagnoses, label)),
        )
        for one in own
    ]
    explained = [line for one in own if not _hides(one) for line in _explained(one, diagnoses, label)]
    counted = (case.points for suite in suites for case in suite.cases if case.state in autograder.COUNTED)
    return autograder.results(suites, label, sum(counted), explained)


def _hides(one: Graded) -> bool:
    """Whether its outcome would tell of a claim that a student may not see."""
    return any(step.visibility != "visible" and step.state in ("fails", "undecided") for step in one.steps)


def _explained(one: Graded, diagnoses: Mapping[str, str], label: Labels) -> Iterator[str]:
    yield f"{one.number}. {_outcome(one, diagnoses, label)}"
    yield from (f"  {visible(line)}" for line in one.told.splitlines())


def _cases(one: Graded, diagnoses: Mapping[str, str], label: Labels) -> Iterator[Case]:
    """A case for each step; what is undecided leaves its points to the others of the same assignment."""
    seen = (step.stage for step in one.steps if step.state == "fails" and step.visibility == "visible")
    failed = next((f": {label('rejected_stage', stage=label(stage))}" for stage in seen), "")
    counted = sum(step.points for step in one.steps if step.state in autograder.COUNTED)
    share = one.possible / counted if counted else 0.0
    for step in one.steps:
        place = (step.stage, step.probe) if step.claim else (step.stage,)
        data = {"metric": step.metric + step.beside, "value": step.value} if step.claim else {}
        said, points = _said(step, failed, label), step.points * share
        yield Case(place, step.claim or step.stage, step.state, said, data, points, step.visibility)
    if one.outcome in ("unjudged", "missing"):
        yield Case((), "judged", _STATES[one.outcome], told(one, diagnoses, label), {}, points=0.0)


def _said(step: Step, failed: str, label: Labels) -> str:
    if not step.claim:
        return f"{label(step.stage)}: {label(step.state)}"
    if step.state == "skipped":
        return label("skipped") + failed
    value = label("undecided") if step.value is None else label.value(step.value, step.unit)
    return f"{label.metric(step.metric)}{step.beside}: {value} ({label('bound')}: {step.limit})"


def _title(titles: Mapping[str, Text], assignment: str, label: Labels) -> str:
    return str(getattr(titles[assignment], label.language))


def _spent(own: Sequence[Graded]) -> tuple[str, float]:
    """When the first of these was judged, and the seconds that all took."""
    return min((one.recorded for one in own if one.recorded), default=""), round(sum(o.seconds for o in own), 3)
