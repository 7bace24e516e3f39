"""What tasks print of a verdict: the value with its unit, and what the metric is held against."""

import pytest

from report import console
from report.rendering.declared import UNITS
from report.rendering.metrics import METRICS
from report.rendering.verdicts import Verdict
from report.scenario import Claim


def printed(value: float | None, **claim: object) -> str:
    """The line of a verdict that holds."""
    made = Claim.model_validate({"id": "c", "metric": "memory.rss", "at_least": 0.5, **claim})
    (line,) = console.verdicts([Verdict("echo", "two", "python", made, "holds", value, value, value, 1, None)])
    return line


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        ({}, "memory.rss 2.0 MiB (≥ 0.5)"),
        ({"over": "memory.pss"}, "memory.rss ÷ memory.pss 2097152.00 times"),
        ({"minus": ":c"}, "memory.rss – :c 2.0 MiB"),
        ({"relative_to": "base/two", "minus": "one"}, "memory.rss – one ÷ base/two 2097152.00 times"),
        ({"metric": "switches.forced"}, "switches.forced 2097152.00 a request"),
        ({"metric": "events.took.microseconds.max"}, "events.took.microseconds.max 2097152 us"),
    ],
)
def test_a_value_has_the_unit_of_its_metric_and_a_ratio_has_none(claim: dict[str, object], shown: str) -> None:
    assert f"c: {shown}" in printed(2.0 * 2**20, **claim)


def test_a_claim_of_any_metric_can_be_printed() -> None:
    metrics = [*METRICS, *(f"events.took.{unit}.max" for unit in UNITS)]
    assert all(f"{metric} " in printed(1.0, metric=metric) for metric in metrics)
