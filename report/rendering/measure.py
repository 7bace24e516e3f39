"""Floor 2, pure. What a metric is: a unit and a way to measure it on a run, or a reason why that cannot be done."""

from collections.abc import Callable
from dataclasses import dataclass

from report.rendering.reasons import Reason, ReasonKey
from report.run import Request, Run
from report.scenario import Scenario
from report.spec import Assignment


class UnmeasuredError(Exception):
    """This evidence does not decide the metric; `reason` says why, and as text in English."""

    def __init__(self, key: ReasonKey, **values: object) -> None:
        self.reason = Reason(key, tuple((name, str(value)) for name, value in sorted(values.items())))
        super().__init__(key)

    def __str__(self) -> str:
        return str(self.reason)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a metric is measured on."""

    assignment: Assignment
    scenario: Scenario
    run: Run


Measure = Callable[[Subject], float]
Witness = Callable[[Subject], int | None]


def requests(subject: Subject) -> list[Request]:
    """The connections that were to be answered, in due order; not those that only disturb."""
    return [request for request in subject.run.requests if request.kind == "request"]


def nobody(_: Subject) -> None:
    """The witness of a value that no single line decides."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure with its unit: count, seconds, delays (multiples of the server's delay), bytes, ratio or per_request.

    `witness` is the line of `table`, from 1, that alone decides a value that was measured. Under `least` there is
    no value, whatever the evidence: it may be undecided there, but never lower.
    """

    unit: str
    measure: Measure
    table: str = "requests.csv"
    witness: Witness = nobody
    least: float = 0.0

    @property
    def timed(self) -> bool:
        """Whether the value depends on how fast the machine is and on what else runs there."""
        return self.unit in ("seconds", "microseconds", "delays", "per_request")
