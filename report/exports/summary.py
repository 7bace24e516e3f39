"""Floor 3, pure. Verdicts as Markdown for the page of a CI job, such as $GITHUB_STEP_SUMMARY."""

import re
from collections.abc import Iterator, Sequence

from report.exports.cases import State, Suite
from report.rendering.display import visible
from report.rendering.labels import Labels

SIGNS: dict[State, str] = {"holds": "○", "fails": "×", "undecided": "△", "skipped": "–", "error": "△"}


def summary(suites: Sequence[Suite], label: Labels, title: str) -> bytes:
    """A table of counts, then what fails, then what could not be decided and why."""
    return ("\n".join(_lines(suites, label, title)) + "\n").encode()


def tally(suite: Suite, label: Labels) -> str:
    """How many cases of a suite are in each state, with its sign and its word."""
    counts = [(state, suite.count(state)) for state in SIGNS if state != "error"]
    return ", ".join(f"{SIGNS[state]} {label(state)} {count}" for state, count in counts if count)


def escaped(text: str) -> str:
    """Text on one line in which Markdown and HTML see nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", visible(text))


def _lines(suites: Sequence[Suite], label: Labels, title: str) -> Iterator[str]:
    yield f"## {escaped(title)}"
    yield ""
    states: tuple[State, ...] = ("holds", "fails", "undecided")
    yield f"| {label('assignment')} | " + " | ".join(f"{SIGNS[state]} {label(state)}" for state in states) + " |"
    yield "| --- " + "| ---: " * len(states) + "|"
    for suite in suites:
        counts = " | ".join(str(suite.count(state)) for state in states)
        yield f"| {suite.number} {escaped(suite.title)} | {counts} |"
    for state in ("fails", "undecided"):
        found = [(suite, case) for suite in suites for case in suite.cases if case.state == state]
        if found:
            yield from ("", f"### {SIGNS[state]} {label(state)}", "")
            yield f"| {label('assignment')} | {label('claim')} | {label('measured')} |"
            yield "| --- | --- | --- |"
            for suite, case in found:
                place = ".".join((suite.name, *case.place))
                yield f"| `{place}` | `{case.name}` | {escaped(case.told)} |"
