"""Floor 3, pure. Verdicts as results.json of a Gradescope autograder.

(gradescope-autograders.readthedocs.io, "Autograder Specifications", "Output format".) What is undecided has neither
status nor score, so that nobody gains or loses by it: the points are shared out among all other claims. What is
skipped because an earlier stage fails earns nothing. Gradescope wants a score somewhere; there is one only where
somebody says how many points there are, and where the server could be judged. What tells of all claims counts those
alone that a student may see.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from report.evidence import canonical_json
from report.exports.cases import Case, State, Suite
from report.exports.summary import escaped, tally
from report.rendering.display import fence
from report.rendering.labels import Labels

_STATUS = {"holds": "passed", "fails": "failed"}
COUNTED: tuple[State, ...] = ("holds", "fails", "skipped")


def results(
    suites: Sequence[Suite], label: Labels, points: float | None = None, explained: Sequence[str] = ()
) -> bytes:
    """The JSON; with `points` each claim that counts is worth its share of them. Lines may explain the whole."""
    tallies = [f"**{escaped(suite.title)}**: {tally(_seen(suite), label)}" for suite in suites]
    marks = fence("\n".join(explained))
    fenced = [f"{marks}text\n" + "\n".join(explained) + f"\n{marks}"] if explained else []
    cases = [case for suite in suites for case in suite.cases]
    counted = [Fraction(case.points) for case in cases if case.state in COUNTED]
    is_judged = counted and all(case.state != "error" for case in cases)
    share = Fraction(points) / (sum(counted) or 1) if points is not None and is_judged else None
    tests = [
        _test(f"{suite.number}.{place}", case, share)
        for suite in suites
        for place, case in enumerate(suite.cases, start=1)
    ]
    made: dict[str, object] = {
        "execution_time": round(sum(suite.seconds for suite in suites)),
        "output": "\n\n".join(tallies + fenced),
        "output_format": "md",
        "test_output_format": "md",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "visible",
        "extra_data": {"recorded": {suite.name: suite.recorded for suite in suites}},
        "tests": tests,
    }
    if share is not None:
        held = sum(Fraction(case.points) for case in cases if case.state == "holds")
        made["score"] = round(float(share * held), 4)
    return canonical_json(made)


def _seen(suite: Suite) -> Suite:
    return replace(suite, cases=tuple(case for case in suite.cases if case.visibility == "visible"))


def _test(number: str, case: Case, share: Fraction | None) -> dict[str, object]:
    made: dict[str, object] = {
        "name": ": ".join((" ".join(case.place), case.name)) if case.place else case.name,
        "number": number,
        "output": escaped(case.told),
        "tags": list(case.place),
        "visibility": case.visibility,
        "extra_data": {"state": case.state, **case.data},
    }
    if case.state in _STATUS:
        made["status"] = _STATUS[case.state]
    if share and case.points and case.state in COUNTED:
        worth = float(share * Fraction(case.points))
        made |= {"score": worth if case.state == "holds" else 0.0, "max_score": worth}
    return made
