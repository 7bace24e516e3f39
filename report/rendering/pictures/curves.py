"""Floor 2, pure. Numbers over time and how they are spread: series, processes, shares, latencies.

Lines that share a panel differ in style as well as in colour.
"""

from collections.abc import Sequence

from report.rendering import lines
from report.rendering.labels import Labels
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import Swatch
from report.rendering.pictures.panel import Panel
from report.rendering.pictures.picture import Picture
from report.rendering.pictures.timelines import titled

_PANEL = 108.0  # height in points
_HEAD = 24.0  # above a panel: what its numbers are, and the key
_ROOM = canvas.WIDTH - canvas.LEFT - canvas.RIGHT

_LEVEL = Swatch("failed", style=canvas.DASHED)
_THREADS, _PROCESSES = Swatch("accent"), Swatch("served", style=canvas.DASHED)
_ZOMBIES = Swatch("failed", style=canvas.DOTTED)
_DELAY = Swatch("ink", style=canvas.DOTTED, lw=1)
_SUBJECTS = (  # more subjects than these begin again
    Swatch("served"),
    Swatch("failed", style=canvas.DASHED),
    Swatch("accent", style=canvas.DASHDOT),
    Swatch("mark", style=canvas.DOTTED),
    Swatch("ink", style=canvas.DASHED),
)


def series(subject: Subject, label: Labels) -> Picture:
    """Every declared series as steps over one time axis, with the levels that scenario.toml marks."""
    declared = subject.assignment.series
    if not declared:
        raise UnmeasuredError("undeclared", table="series")
    found = {name: lines.series(subject.run.server_lines, spec) for name, spec in declared.items()}
    times = [sample.time for sample in subject.run.samples]
    times += [point.time for points in found.values() for point in points]
    begin, end = min([0.0, *times]), max([0.0, *times])
    with canvas.drawing(len(found) * (_HEAD + _PANEL) + canvas.FOOT - 8) as sheet:
        for place, (name, points) in enumerate(found.items()):
            top = place * (_HEAD + _PANEL)
            sheet.text(2, top + 11, label.name(name))
            marks, values = declared[name].marks, [point.value for point in points]
            panel = Panel(sheet, top + _HEAD - 6, _PANEL, *_time(begin, end, max([*marks, *values], default=1.0)))
            panel.grid(named=place == len(found) - 1)
            panel.steps(*_steps([point.time for point in points], values, end), _SUBJECTS[0], filled=True)
            for mark in marks:
                panel.level(mark, _LEVEL, 1)
                sheet.text(canvas.WIDTH - canvas.RIGHT + 3, panel.y(mark) + canvas.MIDDLE, f"{mark:g}")
        sheet.foot(label("time_axis"))
        ranges = "; ".join(_range(label, name, [point.value for point in points]) for name, points in found.items())
        names = ", ".join(label.name(name) for name in found)
        return Picture(canvas.svg(sheet), label("alt_series", names=names, ranges=ranges))


def _range(label: Labels, name: str, values: Sequence[float]) -> str:
    low, high = (f"{min(values):g}", f"{max(values):g}") if values else ("–", "–")
    return label("range", name=label.name(name), low=low, high=high)


def processes(subject: Subject, label: Labels) -> Picture:
    """Living processes and threads of the server's tree over time, as sampled; zombies too, where there were any."""
    samples = subject.run.samples
    drawn = {"threads": _THREADS, "processes": _PROCESSES}
    if any(sample.zombies for sample in samples):
        drawn["zombies"] = _ZOMBIES
    times = [sample.time for sample in samples]
    most = {field: max((getattr(sample, field) for sample in samples), default=0) for field in drawn}
    with canvas.drawing(_HEAD + _PANEL + 24 + canvas.FOOT) as sheet:
        sheet.text(2, 13, label("number_axis"))
        sheet.key(13, [(swatch, label(field)) for field, swatch in drawn.items()])
        end = max([0.0, *times])
        panel = Panel(sheet, _HEAD, _PANEL + 24, *_time(min([0.0, *times]), end, max(most.values())))
        panel.grid()
        for field, swatch in drawn.items():
            panel.steps(*_steps(times, [getattr(sample, field) for sample in samples], end), swatch)
        sheet.foot(label("time_axis"))
        zombies = most.pop("zombies", 0)
        return Picture(canvas.svg(sheet), label("alt_processes", samples=len(samples), zombies=zombies, **most))


def shares(subject: Subject, label: Labels) -> Picture:
    """How many requests each actor answered, by the server's lines, beside an even share."""
    if not subject.assignment.shares:
        raise UnmeasuredError("undeclared", table="shares")
    (name, pattern), *_ = subject.assignment.shares.items()
    counts = lines.shares(subject.run.server_lines, pattern)
    actors = sorted(counts, key=lambda actor: (len(actor), actor))
    values = [counts[actor] for actor in actors]
    total, most = sum(values), max(values, default=0)
    with canvas.drawing(_HEAD + _PANEL + 16 + canvas.FOOT) as sheet:
        sheet.text(2, 13, label("answered_axis"))
        panel = Panel(sheet, _HEAD, _PANEL + 16, (-0.6, len(actors) - 0.4), (0, (most or 1) * 1.16))
        slot = panel.x(1) - panel.x(0)
        panel.foot(_named(actors, slot))
        told_inside = slot * 0.7 >= canvas.width(str(most))
        for place, value in enumerate(values):
            x, y, bottom = panel.x(place), panel.y(value), panel.y(0)
            sheet.box(x - slot * 0.35, y, slot * 0.7, bottom - y, "served")
            if told_inside:
                inside = bottom - y > 18  # a lower bar has no room for its number inside
                sheet.text(
                    x, bottom - 5 if inside else y - 3, str(value), "center", colour="paper" if inside else "ink"
                )
        if actors:
            even = Swatch("failed", style=canvas.DASHED)
            panel.level(total / len(actors), even, 1.2)
            sheet.key(13, [(even, label("even_share", value=f"{total / len(actors):.1f}"))])
        sheet.foot(label.name(name))
        told = {"actors": len(counts), "total": total, "largest": most, "smallest": min(values, default=0)}
        return Picture(canvas.svg(sheet), label("alt_shares", **told))


def _named(actors: Sequence[str], slot: float) -> dict[float, str]:
    """The names of as many actors as there is room for, each at its place."""
    names = [canvas.captured(actor) for actor in actors]
    every = max(1, -int(-max((canvas.width(text) + 6 for text in names), default=0) // slot))
    return {float(place): names[place] for place in range(0, len(names), every)}


def latency(subjects: Sequence[Subject], label: Labels) -> Picture:
    """Which share of all requests was answered within how long (empirical distribution); delays are marked."""
    found = [_latencies(subject) for subject in subjects]
    delays = sorted({subject.run.record.delay for subject in subjects})
    reach = max([*delays, *(time for times, _ in found for time in times)])
    head = 16.0 * len(subjects) + 18
    parts = []
    with canvas.drawing(head + 150 + canvas.FOOT) as sheet:
        ups = {share: f"{share:.0%}" for share in (0, 0.25, 0.5, 0.75, 1)}
        panel = Panel(sheet, head, 150, (0, reach * 1.03), (0, 1.04), ups=ups)
        panel.grid()
        for delay in delays:
            panel.upright(delay, _DELAY)
            text = label("delay_of", value=label.value(delay, "seconds"))
            most = canvas.WIDTH - canvas.width(text) / 2
            sheet.text(min(panel.x(delay), most), head - 4, text, side="center")
        for place, (subject, (times, count)) in enumerate(zip(subjects, found, strict=True)):
            # The later, the thinner: where curves run on top of each other, each shows.
            swatch = _SUBJECTS[place % len(_SUBJECTS)]._replace(lw=max(1.2, 3.4 - 0.7 * place))
            panel.steps([0.0, *times], [(n / count) for n in range(len(times) + 1)] if count else [0.0], swatch)
            told = {"requests": count, "answered": len(times), **_middle(times, label)}
            parts.append(label("alt_latency", title=titled(subject, subjects, label), **told))
            sheet.sample(canvas.LEFT, 12 + 16 * place, swatch)
            text = label("latency_told", **told)
            room = _ROOM - 30 - canvas.width(text)
            sheet.text(canvas.LEFT + 28, 12 + 16 * place, titled(subject, subjects, label, room) + text)
        sheet.foot(label("latency_axis"))
        return Picture(canvas.svg(sheet), " ".join(parts))


def _latencies(subject: Subject) -> tuple[list[float], int]:
    """Seconds from when each answered request was due until its answer was whole, and how many requests there were."""
    requests = [request for request in subject.run.requests if request.kind == "request"]
    answered = [r.done - r.due for r in requests if r.outcome == "answered" and r.done is not None]
    return sorted(round(time, 3) for time in answered), len(requests)


def _middle(times: Sequence[float], label: Labels) -> dict[str, str]:
    if not times:
        return dict.fromkeys(("median", "longest"), label("undecided"))
    middle = (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2
    return {"median": label.value(middle, "seconds"), "longest": label.value(times[-1], "seconds")}


def _time(begin: float, end: float, most: float) -> tuple[canvas.Point, canvas.Point]:
    """The ends of a time axis, and of one of numbers up to the greatest."""
    return (begin, end if end > begin else begin + 1), (0, max(1.0, most) * 1.08)


def _steps(times: Sequence[float], values: Sequence[float], end: float) -> tuple[list[float], list[float]]:
    """The points where the value changes, rounded, and the last value held until the end."""
    xs: list[float] = []
    ys: list[float] = []
    for time, value in zip(times, values, strict=True):
        if not ys or value != ys[-1]:
            xs.append(round(time, 3))
            ys.append(value)
    if xs:
        xs.append(max(round(end, 3), xs[-1]))
        ys.append(ys[-1])
    return xs, ys
