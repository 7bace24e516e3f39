"""Medians, spreads, ratios and slopes of what was measured, and the tables that show them.

Pure: numbers in, Markdown out. Knows no contender by name.
"""

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.metrics import METRICS, Metric
from benchmarks.parts import Part, Table, Target, Words

_RATIO = Metric(Words("비", "ratio"), digits=2)
Values = Mapping[str, Mapping[str, Sequence[float]]]  # contender → metric → one value a round


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, lowest, highest."""
    return statistics.median(values), min(values), max(values)


def ratios(values: Values, target: Target) -> list[float]:
    """Ours by the peer's, round by round, or ours alone where there is no peer; empty where it was not measured."""
    ours = values.get(target.ours, {}).get(target.metric, ())
    if not target.peer:
        return [*ours]
    peers = values.get(target.peer, {}).get(target.metric, ())
    return [a / b for a, b in zip(ours, peers, strict=False) if b]


def reached(values: Values, target: Target, wanted: float) -> bool:
    """Whether the median is on the right side (of a ratio, as it is shown), or no further off than the slack."""
    median = statistics.median(ratios(values, target))
    if target.peer:
        median = round(median, 2)
    if median >= wanted if METRICS[target.metric].more_is_better else median <= wanted:
        return True
    ours, peer = (statistics.median(values[name][target.metric]) for name in (target.ours, target.peer or target.ours))
    return 0 < abs(ours - peer) <= target.slack


def slope(values: Values, metric: str) -> tuple[float, float]:
    """How much a metric grows by one of what contenders are counted by, and with which power of it (1: linearly).

    Both from the last two counts, where what is there from the start weighs least.
    """
    (few, low), (many, high) = [
        (int(name), statistics.median(row[metric])) for name, row in values.items() if row.get(metric)
    ][-2:]
    return (high - low) / (many - few), math.log(high / low) / math.log(many / few)


def markdown(part: Part, result: Mapping[str, Any], pictures: Sequence[str] = ()) -> str:
    """The section of a part: what was measured, how, with which versions, and the English ones of its pictures."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines = [f"## {part.title}", "", f"Taken {result['taken']} with {versions}."]
    for table in part.tables:
        found = result["tables"].get(table.name)
        if found is not None:
            lines += ["", *_table(table, found["samples"], found["left_out"])]
            drawn = [path for path in pictures if path.startswith(f"{part.name}-{table.name}") and ".en." in path]
            lines += [line for path in drawn for line in ("", f"![{table.title.en}]({path})")]
    return "\n".join(lines) + "\n"


def _table(table: Table, values: Values, left_out: Mapping[str, str]) -> Iterator[str]:
    rounds = max((len(v) for row in values.values() for v in row.values()), default=0)
    taken = f"{rounds} rounds, in turn; medians (lowest–highest)." if rounds > 1 else "One round."
    yield from (f"### {table.title.en}", "", f"{table.about} {taken}", "")
    yield from _head(["", *(METRICS[metric].heading.en for metric in table.metrics)])
    for name, row in values.items():
        yield _row([name, *(_cell(METRICS[metric], row.get(metric, ())) for metric in table.metrics)])
    if table.targets and values:
        yield ""
        yield from _compared(values, table.targets)
    if table.grows and len(values) > 1:
        yield ""
        yield from (_grown(values, table, metric) for metric in table.grows)
    if left_out:
        yield ""
        yield from (f"- Left out: {name}: {reason}" for name, reason in left_out.items())


def _cell(metric: Metric, values: Sequence[float]) -> str:
    if not values:
        return "–"
    middle, low, high = map(metric.written, spread(values))
    return middle if low == high else f"{middle} ({low}–{high})"


def _compared(values: Values, targets: Iterable[Target]) -> Iterator[str]:
    yield from _head(["ours", "beside", "of", "ratio, or value", "asked", "aim", "reached"])
    for target in targets:
        metric = METRICS[target.metric]
        sign = "≥" if metric.more_is_better else "≤"
        wanted = {"asked": target.bound, "aim": target.aim}
        found = ratios(values, target)
        told = [
            f"{word} {'yes' if reached(values, target, w) else 'no'}"
            for word, w in wanted.items()
            if w is not None and found
        ]
        asked = [f"{sign} {w:g}" if w is not None else "" for w in wanted.values()]
        shown = _cell(metric if not target.peer else _RATIO, found) if found else "not measured"
        yield _row([target.ours, target.peer, metric.heading.en, shown, *asked, ", ".join(told)])


def _grown(values: Values, table: Table, metric: str) -> str:
    by_one, power = slope(values, metric)
    scale, unit = METRICS[metric].by_one
    few, many = [*values][-2:]
    of = f"{METRICS[metric].heading.en}: from {few} to {many} {table.counted.en}"
    return f"- {of} {by_one * scale:.3g} {unit} for each one more; it grows with the power {power:.2f}"


def _head(names: Sequence[str]) -> Iterator[str]:
    yield _row(names)
    yield f"|{'---|' * len(names)}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
