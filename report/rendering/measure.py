"""Floor 2, pure. What a metric is: a unit and a way to measure it on a run, or a reason why that cannot be done."""

from collections.abc import Callable
from dataclasses import dataclass

from report.run import Run
from report.spec import Assignment, Scenario


class UnmeasuredError(Exception):
    """This evidence does not decide the metric; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a metric is measured on."""

    assignment: Assignment
    scenario: Scenario
    run: Run


Measure = Callable[[Subject], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure with its unit: count, seconds, delays (multiples of the server's delay), bytes or ratio."""

    unit: str
    measure: Measure
    table: str = "requests.csv"
