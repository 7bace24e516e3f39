"""Floor 1. What became of one student's server for one assignment: a line of results.jsonl, and the grades made of it.

Recording writes none and rendering reads none of it alone: `grading` makes it, pages and tables show it. Knows no
file; must not know how a server was judged.
"""

import hashlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal

from pydantic import Field

from report.judgement import Stage, Visibility
from report.models import Model

SCHEMA = 1
Result = Literal["accepted", "rejected", "unjudged", "missing"]  # missing: nothing was found that could be judged
State = Literal["holds", "fails", "skipped", "undecided"]


class Step(Model):
    """One claim, or a stage without one (`claim` is empty): its state, what was measured, and what it is worth.

    `value` is what was measured of `metric` (and of what stands `beside` it), in `unit`; `limit` is the bound as it is
    shown, `at_least` and `at_most` are its ends in that unit; `reason` is the key of why it is undecided.
    `exports.grades.steps` makes them of a judgement.
    """

    stage: Stage
    state: State
    claim: str = ""
    probe: str = ""
    metric: str = ""
    beside: str = ""
    unit: str = "count"
    value: float | None = None
    limit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    reason: str = ""
    points: float = Field(default=0.0, ge=0)
    visibility: Visibility = "visible"


class Graded(Model):
    """The verdict on the server of `student` for an assignment, and what it was reached with.

    `submission` is the digest of the files that were taken, `rules` that of what servers are judged by: while both
    stay, so does the verdict. `attempts` counts judgements, of which `unsteady` ones did not agree. `measured_by` says
    what kept the server apart and to its bounds, and on what kind of machine.
    """

    schema_: int = Field(default=SCHEMA, alias="schema")
    student: str
    assignment: str
    number: int
    outcome: Result
    diagnosis: str | None = None
    told: str = ""
    steps: tuple[Step, ...] = ()
    submission: str
    rules: str
    attempts: int = 1
    unsteady: bool = False
    recorded: str = ""
    seconds: float = 0.0
    measured_by: Mapping[str, str] = {}

    @property
    def possible(self) -> float:
        """The points of all claims."""
        return float(sum((Fraction(step.points) for step in self.steps), Fraction()))

    @property
    def earned(self) -> float | None:
        """Of the possible points those that were reached; None where the server could not be judged.

        What is undecided neither gives nor takes: its points are shared out among the other claims.
        """
        if self.outcome == "unjudged":
            return None
        counted = sum((Fraction(s.points) for s in self.steps if s.state != "undecided"), Fraction())
        held = sum((Fraction(s.points) for s in self.steps if s.state == "holds"), Fraction())
        return float(Fraction(self.possible) * held / counted) if counted else 0.0


def verdicts_digest(every: Iterable[Graded]) -> str:
    """SHA-256 of who was judged how, whatever was measured on the way: the same on every machine and schedule."""
    lines = sorted(f"{one.student}\t{one.assignment}\t{one.outcome}\t{one.diagnosis or ''}\n" for one in every)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
