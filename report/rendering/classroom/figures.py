"""Floor 2, pure. How what was measured of a claim is spread over a class: quartiles, outliers, a histogram's shape.

Knows numbers and who measured them; must not know how a page is laid out.
"""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from report.graded import Step
from report.rendering import metrics

BINS, WIDTH, HEIGHT = 24, 240, 40  # of a histogram; the last two in the units of its viewBox
WHISKER = 1.5  # times the distance between the quartiles (Tukey, Exploratory Data Analysis, 1977, section 2E)
TOLD = 6  # different values at most that are told one by one
FEWEST = 8  # values of which fewer have no outliers worth the name


@dataclass(frozen=True)
class Figure:
    """The values of one claim in ascending order, each with the place of the row that it belongs to."""

    step: Step
    values: Sequence[tuple[float, int]]

    @cached_property
    def numbers(self) -> list[float]:
        return [value for value, _ in self.values]

    @cached_property
    def quartiles(self) -> tuple[float, float, float]:
        """The first, the median and the third; between two values as far as their places say."""
        if len(self.numbers) < 2:
            return (self.numbers[0],) * 3
        first, median, third = statistics.quantiles(self.numbers, n=4, method="inclusive")
        return first, median, third

    @cached_property
    def tally(self) -> Mapping[float, int]:
        """How often each value was measured."""
        return Counter(self.numbers)

    @property
    def is_told(self) -> bool:
        """Whether its values are few enough to be told one by one, which says more than a picture."""
        return len(self.tally) <= TOLD

    def is_within(self, value: float) -> bool:
        """Whether the bound allows it."""
        low, high = self.step.at_least, self.step.at_most
        return (low is None or value >= low) and (high is None or value <= high)

    @property
    def outliers(self) -> list[tuple[float, int]]:
        """Times that lie apart from those of the class, whether or not they are within the bound."""
        first, _, third = self.quartiles
        reach = WHISKER * (third - first)
        is_timed = self.step.metric and metrics.find(self.step.metric).timed
        if not is_timed or not reach or len(self.values) < FEWEST:
            return []
        return [(value, row) for value, row in self.values if not first - reach <= value <= third + reach]

    @property
    def bounds(self) -> list[float]:
        """The ends of what is allowed."""
        ends = (self.step.at_least, self.step.at_most)
        return list(dict.fromkeys(end for end in ends if end is not None))

    @cached_property
    def reach(self) -> tuple[float, float]:
        """What the picture spans: every value and the bounds."""
        every = [self.numbers[0], self.numbers[-1], *self.bounds]
        return min(every), max(every)

    def x(self, value: float) -> float:
        """Where a value lies in the picture, which is WIDTH wide."""
        low, high = self.reach
        return round(WIDTH * (value - low) / (high - low), 1)

    def shape(self) -> str:
        """The histogram's bars as an SVG path: how high tells how many values a bin has; none is lower than a unit."""
        counts = [0] * BINS
        for value in self.numbers:
            counts[min(BINS - 1, int(self.x(value) / WIDTH * BINS))] += 1
        wide = WIDTH // BINS
        heights = [max(1, round(HEIGHT * count / max(counts))) if count else 0 for count in counts]
        bars = ((wide * place, high) for place, high in enumerate(heights) if high)
        return "".join(f"M{left}.5 {HEIGHT}v-{high}h{wide - 1}v{high}z" for left, high in bars)


def figures(every: Sequence[Sequence[Step]]) -> Iterator[Figure]:
    """One for each claim of which anything was measured, in the order of the chain; `every` has each row's steps."""
    found: dict[str, tuple[Step, list[tuple[float, int]]]] = {}
    for row, steps in enumerate(every):
        for step in steps:
            if step.claim and step.value is not None and step.state != "skipped":
                found.setdefault(step.claim, (step, []))[1].append((step.value, row))
    order = _order(every)
    for claim in sorted(found, key=lambda claim: order[claim]):
        step, values = found[claim]
        yield Figure(step, sorted(values))


def _order(every: Sequence[Sequence[Step]]) -> Mapping[str, int]:
    """The place of each claim in the longest chain that has it."""
    claims = (step.claim for steps in sorted(every, key=len, reverse=True) for step in steps)
    return {claim: place for place, claim in enumerate(dict.fromkeys(claims))}
