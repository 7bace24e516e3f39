"""Floor 2, pure. Ways to change captured lines: numbers rewritten, lines lost, repeated, made up, or out of order.

Knows patterns and lines; not what is read off them. `strength` says how many lines, or how far a number moves.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, pairwise

from report.run import LogLine, Run

Lines = list[LogLine]
Way = Callable[[Lines, int], Lines]


def changes(patterns: Sequence[str], up: bool, others: Sequence[Run]) -> list[Callable[[Run, int], Run]]:
    """Each way, with each pattern in turn; `others` are runs to borrow a line from where a run has none."""
    compiled = [re.compile(pattern) for pattern in patterns]
    ways: list[Way] = [partial(way, one, up=up) for way in (_renumber_one, _renumber_all) for one in compiled]
    ways += [partial(way, one) for way in (_swap, _lose, _repeat) for one in compiled]
    ways += [partial(_interrupt, one, compiled[1:]) for one in compiled[:1]]
    ways += [partial(_invent, one) for one in compiled]
    ways += [partial(_pace, up=up), *(partial(_borrow, one, others) for one in compiled)]
    return [partial(_changed, way) for way in ways]


def _changed(way: Way, run: Run, strength: int) -> Run:
    return replace(run, server_lines=tuple(way(list(run.server_lines), strength)))


def _places(pattern: re.Pattern[str], lines: Iterable[LogLine]) -> list[int]:
    return [place for place, line in enumerate(lines) if pattern.search(line.text)]


def _renumbered(pattern: re.Pattern[str], line: LogLine, by: int) -> LogLine:
    """The line with every number that the pattern takes from it moved, and never below zero."""
    match = pattern.search(line.text)
    if match is None:
        return line
    text, end = line.text, len(line.text)
    spans = {match.span(group) for group in range(1, pattern.groups + 1) if match.group(group)}
    for first, last in sorted(spans, reverse=True):
        if last <= end:
            text = text[:first] + re.sub(r"\d+", lambda n: str(max(0, int(n[0]) + by)), text[first:last]) + text[last:]
            end = first
    return replace(line, text=text)


def _renumber_one(pattern: re.Pattern[str], lines: Lines, strength: int, *, up: bool) -> Lines:
    """One line only, the middle one of those that tell."""
    places = _places(pattern, lines)
    for place in places[len(places) // 2 :][:1]:
        lines[place] = _renumbered(pattern, lines[place], strength if up else -strength)
    return lines


def _renumber_all(pattern: re.Pattern[str], lines: Lines, strength: int, *, up: bool) -> Lines:
    return [_renumbered(pattern, line, strength if up else -strength) for line in lines]


def _swap(pattern: re.Pattern[str], lines: Lines, strength: int) -> Lines:
    """What two lines in a row say of somebody, exchanged; the texts change places, the times do not."""
    for one, other in list(pairwise(_places(pattern, lines)))[: 2 * strength : 2]:
        first, second = lines[one], lines[other]
        lines[one], lines[other] = replace(first, text=second.text), replace(second, text=first.text)
    return lines


def _lose(pattern: re.Pattern[str], lines: Lines, strength: int) -> Lines:
    lost = set(_places(pattern, lines)[-strength:])
    return [line for place, line in enumerate(lines) if place not in lost]


def _repeat(pattern: re.Pattern[str], lines: Lines, strength: int) -> Lines:
    twice = set(_places(pattern, lines)[-strength:])
    return [line for place, one in enumerate(lines) for line in ([one, one] if place in twice else [one])]


def _invent(pattern: re.Pattern[str], lines: Lines, strength: int) -> Lines:
    """After the last of those that tell, as many more, each with another number, higher than its own."""
    for place in _places(pattern, lines)[-1:]:
        made_up = [_renumbered(pattern, lines[place], strength + number) for number in range(strength)]
        return [*lines[: place + 1], *made_up, *lines[place + 1 :]]
    return lines


def _interrupt(pattern: re.Pattern[str], others: Sequence[re.Pattern[str]], lines: Lines, strength: int) -> Lines:
    """Before the first of what the other patterns find, one more of this one, with its number raised."""
    told = _places(pattern, lines)
    before = sorted(place for other in others for place in _places(other, lines))[:strength] if told else []
    for place in reversed(before):
        high = _renumbered(pattern, lines[told[0]], strength)
        lines.insert(place, replace(high, time=lines[place].time))
    return lines


def _pace(lines: Lines, strength: int, *, up: bool) -> Lines:
    """All at another pace: time between lines stretched or shrunk."""
    factor = 1 + strength / 4
    return [replace(line, time=line.time * factor if up else line.time / factor) for line in lines]


def _borrow(pattern: re.Pattern[str], others: Sequence[Run], lines: Lines, strength: int) -> Lines:
    """Where no line tells: one that does from the first other run that has it, as often, at the end."""
    if _places(pattern, lines):
        return lines
    found = (line.text for run in others for line in run.server_lines if pattern.search(line.text))
    return [*lines, *(LogLine(lines[-1].time if lines else 0.0, text) for text in [*islice(found, 1)] * strength)]
