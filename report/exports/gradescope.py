"""Floor 3, pure. Verdicts as results.json of a Gradescope autograder.

(gradescope-autograders.readthedocs.io, "Autograder Specifications", "Output format".) What is undecided has neither
status nor score, so that nobody gains or loses by it: the points are shared out among all other claims. What is
skipped because an earlier stage fails earns nothing. Gradescope wants a score somewhere; there is one only where
somebody says how many points there are, and where the server could be judged.
"""

from collections import Counter
from collections.abc import Sequence

from report.evidence import canonical_json
from report.exports.cases import Case, State, Suite
from report.exports.summary import escaped, tally
from report.rendering.display import fence
from report.rendering.labels import Labels

_STATUS = {"holds": "passed", "fails": "failed"}
_COUNTED: tuple[State, ...] = ("holds", "fails", "skipped")


def results(
    suites: Sequence[Suite], label: Labels, points: float | None = None, explained: Sequence[str] = ()
) -> bytes:
    """The JSON; with `points` each claim that counts is worth an equal share of them. Lines may explain the whole."""
    tallies = [f"**{escaped(suite.title)}**: {tally(suite, label)}" for suite in suites]
    marks = fence("\n".join(explained))
    fenced = [f"{marks}text\n" + "\n".join(explained) + f"\n{marks}"] if explained else []
    states = Counter(case.state for suite in suites for case in suite.cases)
    counted = sum(states[state] for state in _COUNTED)
    share = points / counted if points is not None and counted and not states["error"] else None
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
        made["score"] = round(share * states["holds"], 4)
    return canonical_json(made)


def _test(number: str, case: Case, share: float | None) -> dict[str, object]:
    made: dict[str, object] = {
        "name": f"{' '.join(case.place)}: {case.name}",
        "number": number,
        "output": escaped(case.told),
        "tags": list(case.place),
        "visibility": "visible",
        "extra_data": {"state": case.state, **case.data},
    }
    if case.state in _STATUS:
        made["status"] = _STATUS[case.state]
    if share is not None and case.state in _COUNTED:
        made |= {"score": share if case.state == "holds" else 0.0, "max_score": share}
    return made
