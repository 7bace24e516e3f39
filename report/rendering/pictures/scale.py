"""Floor 2, pure. A numeric axis: where a value stands on it, and which round values are written at it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def holding(cls, values: Sequence[float]) -> Self:
        """Logarithmic and a decade long at least where every value is above 0; else linear and with 0 on it."""
        if not values or min(values) <= 0:
            low, high = min([0.0, *values]), max([0.0, *values])
            return cls(low, high + (high - low) * 0.05 if high > low else low + 1.0)
        low, high = _under(min(values)), _over(max(values))
        while high < 10 * low:
            low, high = (_under(low * 0.99), high) if high >= 5 * low else (low, _over(high * 1.01))
        return cls(low, high, log=True)

    @classmethod
    def spanning(cls, values: Sequence[float]) -> Self:
        """From the lowest to the highest, logarithmic where every value is above 0; else linear and with 0 on it."""
        if not values or min(values) <= 0:
            return cls.holding(values)
        low, high = min(values), max(values)
        return cls(low, high, log=True) if high > low else cls(low / 3, low * 3, log=True)

    @classmethod
    def leaving_room(cls, ends: Iterable[tuple[float, float]], low: float, log: bool) -> Self:
        """From `low` so far that each value stands within its share of the axis."""
        axis = cls(low, 10 * low if log else low + 1.0, log)
        reach = max((axis.share(value) / room for value, room in ends), default=1.0) or 1.0
        return cls(low, low * 10**reach if log else low + reach, log)

    def share(self, value: float) -> float:
        """Where a value stands between the ends, 0 to 1."""
        if self.log:
            return math.log10(value / self.low) / math.log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[float]:
        """Round values on the axis, at most so many."""
        if not self.log:
            return self._level(most)
        first, last = math.floor(math.log10(self.low)) - 1, math.ceil(math.log10(self.high)) + 1
        for steps in (_STEPS, (1.0, 3.0), (1.0,)):
            found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
            found = [value for value in found if self.low * 0.999 <= value <= self.high * 1.001]
            if len(found) <= most:
                return found
        return found[:: -(-len(found) // most)]

    def _level(self, most: int) -> list[float]:
        step = _over((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [step * place for place in range(first, last + 1)]


def whole(low: float, high: float, most: int) -> list[float]:
    """Round whole numbers from `low` to `high`, at most so many."""
    step = 1.0
    while (count := math.floor(high / step) - math.ceil(low / step) + 1) > most:
        step = _over(step * 1.5)
    first = math.ceil(low / step)
    return [step * place for place in range(first, first + count)]


def written(value: float) -> str:
    """A value's digits as they stand at an axis."""
    return f"{value:,.10g}" if value == 0 or 1e-4 <= abs(value) < 1e9 else f"{value:.3g}"


def _over(value: float) -> float:
    """The smallest of 1, 2, 5, 10 … that is not under the value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _STEPS if step * power >= value * (1 - 1e-9)), 10 * power)


def _under(value: float) -> float:
    """The largest of 1, 2, 5, 10 … that is not over the value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in reversed(_STEPS) if step * power <= value * (1 + 1e-9))
