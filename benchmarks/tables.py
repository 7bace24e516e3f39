"""Medians, spreads and ratios of what was measured, and the tables that show them. Pure: numbers in, Markdown out."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Values = Mapping[str, Mapping[str, Sequence[float]]]  # contender → metric → one value a round


@dataclass(frozen=True)
class Target:
    """What is asked of ours beside a peer: the ratio of a metric in the same round, at least (`cpu`: at most)."""

    ours: str
    metric: str
    peer: str
    bound: float | None
    aim: float | None = None

    def reached(self, ratio: float, wanted: float) -> bool:
        """Whether the ratio is on the right side, to the two digits that the tables show."""
        return round(ratio, 2) >= wanted if METRICS[self.metric].more_is_better else round(ratio, 2) <= wanted


@dataclass(frozen=True)
class Metric:
    """How a metric is headed and written."""

    heading: str
    scale: float = 1.0
    digits: int = 0
    more_is_better: bool = False

    def written(self, value: float) -> str:
        """The value in the heading's unit."""
        return f"{value * self.scale:,.{self.digits}f}"


METRICS = {
    "rate": Metric("requests/s", more_is_better=True),
    "cpu": Metric("CPU µs/request", 1e6),
    "switches": Metric("context switches/request", digits=1),
    "p50": Metric("p50 ms", 1e3, 2),
    "p99": Metric("p99 ms", 1e3, 2),
    "failed": Metric("failed"),
}


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, lowest, highest."""
    return statistics.median(values), min(values), max(values)


def ratios(values: Values, target: Target) -> list[float]:
    """Ours by the peer's, round by round; empty where either was not measured."""
    ours = values.get(target.ours, {}).get(target.metric, ())
    peers = values.get(target.peer, {}).get(target.metric, ())
    return [a / b for a, b in zip(ours, peers, strict=False) if b]


def measured(values: Values, metrics: Sequence[str]) -> Iterable[str]:
    """A row for each contender: median, and in brackets the lowest and the highest round."""
    yield from _head(["", *(METRICS[metric].heading for metric in metrics)])
    for name, row in values.items():
        cells = [_cell(METRICS[metric], row.get(metric, ())) for metric in metrics]
        yield f"| {name} | {' | '.join(cells)} |"


def _cell(metric: Metric, values: Sequence[float]) -> str:
    if not values:
        return "–"
    middle, low, high = map(metric.written, spread(values))
    return middle if low == high else f"{middle} ({low}–{high})"


def compared(values: Values, targets: Iterable[Target]) -> Iterable[str]:
    """A row for each ratio that is asked for: median, spread, what is asked, and whether it is reached."""
    yield from _head(["ours", "beside", "of", "ratio", "asked", "aim", "reached"])
    for target in targets:
        found = ratios(values, target)
        metric = METRICS[target.metric]
        sign = "≥" if metric.more_is_better else "≤"
        asked, aim = (f"{sign} {wanted:g}" if wanted is not None else "" for wanted in (target.bound, target.aim))
        cells = [target.ours, target.peer, metric.heading, *_verdict(found, target, asked, aim)]
        yield f"| {' | '.join(cells)} |"


def _verdict(found: Sequence[float], target: Target, asked: str, aim: str) -> list[str]:
    if not found:
        return ["not measured", asked, aim, "–"]
    middle, low, high = spread(found)
    wanted = [("asked", target.bound), ("aim", target.aim)]
    told = [f"{word} {'yes' if target.reached(middle, w) else 'no'}" for word, w in wanted if w is not None]
    return [f"{middle:.2f} ({low:.2f}–{high:.2f})", asked, aim, ", ".join(told)]


def _head(names: Sequence[str]) -> Iterable[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
