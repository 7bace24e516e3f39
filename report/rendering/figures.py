"""Floor 2, pure. The figures, each one function for both languages; coordinates are rounded before drawing.

A figure takes a Subject (an assignment's scenario and one run) and the labels of a language, and gives SVG and an
alternative text that says in words what is to be seen. Knows no assignment by name.
"""

from collections.abc import Callable, Mapping

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from report.errors import SpecError
from report.rendering import canvas, lines
from report.rendering.display import visible
from report.rendering.fonts import lacking
from report.rendering.labels import Labels
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.metrics import METRICS
from report.rendering.picture import Picture
from report.run import Request

_FEW = 16  # clients; above it, bars are thin and carry no names
_LONG = 24  # characters of a captured name


Draw = Callable[[Subject, Labels], Picture]


def timeline(subject: Subject, label: Labels) -> Picture:
    """Each request a bar from when it was due: waiting, then being served, by whom, until its answer was whole."""
    requests = [request for request in subject.run.requests if request.kind == "request"]
    spec = subject.assignment.connections
    by_port = {c.port: c for c in lines.courses(subject.run.server_lines, spec)} if spec else {}
    few = len(requests) <= _FEW
    with canvas.drawing(1.2 + (0.3 * len(requests) if few else min(6.0, 0.055 * len(requests)))) as figure:
        axes = figure.subplots()
        height = 0.72 if few else 0.9
        for row, request in enumerate(requests, start=1):
            course = by_port.get(request.local_port)
            begun = course.begun if course else None
            _bar(axes, row, height, request, begun)
            if few and course and course.actor and request.done is not None:
                axes.text(_t(request.done), row, f" {_shown(course.actor)}", va="center", fontsize=9)
        axes.set(xlabel=label("time_axis"), ylabel=label("client"), xlim=(0, None))
        axes.set_ylim(len(requests) + 0.6, 0.4)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=_FEW if few else 10, min_n_ticks=1))
        if few:
            axes.margins(x=0.12)
        kinds = [(canvas.WAITING, label("waiting")), (canvas.SERVED, label("served"))]
        if any(request.outcome != "answered" for request in requests):
            kinds.append((canvas.FAILED, label("failed_request")))
        handles = [Patch(color=colour, label=text) for colour, text in kinds]
        figure.legend(handles=handles, loc="outside upper right", ncols=len(kinds))
        picture = canvas.svg(figure)
    answered = sum(request.outcome == "answered" for request in requests)
    return Picture(
        picture,
        label(
            "alt_timeline",
            requests=len(requests),
            answered=answered,
            makespan=_value("makespan.seconds", subject, label),
        ),
    )


def _bar(axes: Axes, row: int, height: float, request: Request, begun: float | None) -> None:
    """Waiting ends where the server said it began; without such a line all the time is waiting."""
    if request.done is None:
        return
    due, done = _t(request.due), _t(request.done)
    start = min(max(_t(begun), due), done) if begun is not None else done
    axes.barh(row, start - due, left=due, height=height, color=canvas.WAITING)
    colour = canvas.SERVED if request.outcome == "answered" else canvas.FAILED
    axes.barh(row, done - start, left=start, height=height, color=colour)
    if request.outcome != "answered":
        axes.plot([done], [row], marker="x", color=canvas.FAILED)


def series(subject: Subject, label: Labels) -> Picture:
    """Every declared series as steps over one time axis, with the levels that scenario.toml marks."""
    declared = subject.assignment.series
    if not declared:
        raise UnmeasuredError("scenario.toml declares no [series]")
    found = {name: lines.series(subject.run.server_lines, spec) for name, spec in declared.items()}
    end = max((sample.time for sample in subject.run.samples), default=0.0)
    with canvas.drawing(1.9 * len(found)) as figure:
        grid = figure.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, points) in zip(grid, found.items(), strict=True):
            xs = [_t(point.time) for point in points]
            ys = [point.value for point in points]
            if points:
                xs, ys = [*xs, max(_t(end), xs[-1])], [*ys, ys[-1]]
                axes.step(xs, ys, where="post", color=canvas.SERVED, linewidth=1.4)
                axes.fill_between(xs, ys, step="post", color=canvas.SERVED, alpha=0.15, linewidth=0)
            for mark in declared[name].marks:
                axes.axhline(mark, color=canvas.FAILED, linewidth=0.9, linestyle=(0, (4, 3)))
                axes.annotate(
                    f"{mark:g}", (1.005, mark), xycoords=("axes fraction", "data"), va="center", color=canvas.FAILED
                )
            axes.set(ylabel=label.name(name), ylim=(0, max([1.0, *ys, *declared[name].marks]) * 1.12))
            axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        grid[-1].set_xlabel(label("time_axis"))
        picture = canvas.svg(figure)
    ranges = "; ".join(_range(label, name, [point.value for point in points]) for name, points in found.items())
    return Picture(picture, label("alt_series", names=", ".join(label.name(name) for name in found), ranges=ranges))


def _range(label: Labels, name: str, values: list[float]) -> str:
    low, high = (f"{min(values):g}", f"{max(values):g}") if values else ("–", "–")
    return label("range", name=label.name(name), low=low, high=high)


def processes(subject: Subject, label: Labels) -> Picture:
    """Living processes and threads of the server's tree over time, as sampled."""
    samples = subject.run.samples
    with canvas.drawing(2.6) as figure:
        axes = figure.subplots()
        xs = [_t(sample.time) for sample in samples]
        for field, colour, style in (("threads", canvas.ACCENT, "-"), ("processes", canvas.SERVED, "--")):
            axes.step(
                xs,
                [getattr(s, field) for s in samples],
                where="post",
                color=colour,
                linestyle=style,
                label=label(field),
            )
        axes.set(xlabel=label("time_axis"), ylabel=label("number_axis"), ylim=(0, None))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        figure.legend(loc="outside upper right", ncols=2)
        picture = canvas.svg(figure)
    return Picture(
        picture,
        label(
            "alt_processes",
            samples=len(samples),
            processes=max((s.processes for s in samples), default=0),
            threads=max((s.threads for s in samples), default=0),
        ),
    )


def shares(subject: Subject, label: Labels) -> Picture:
    """How many requests each actor answered, by the server's lines."""
    if not subject.assignment.shares:
        raise UnmeasuredError("scenario.toml declares no [shares]")
    (name, pattern), *_ = subject.assignment.shares.items()
    counts = lines.shares(subject.run.server_lines, pattern)
    actors = sorted(counts, key=lambda actor: (len(actor), actor))
    with canvas.drawing(2.6) as figure:
        axes = figure.subplots()
        axes.bar(range(len(actors)), [counts[a] for a in actors], color=canvas.SERVED)
        axes.set_xticks(range(len(actors)), [_shown(a) for a in actors] if len(actors) <= 32 else [""] * len(actors))
        axes.set(xlabel=label.name(name), ylabel=label("answered_axis"))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        picture = canvas.svg(figure)
    values = list(counts.values()) or [0]
    return Picture(
        picture,
        label("alt_shares", actors=len(counts), total=sum(values), largest=max(values), smallest=min(values)),
    )


FIGURES: Mapping[str, Draw] = {"timeline": timeline, "series": series, "processes": processes, "shares": shares}


def draw(kind: str, subject: Subject, label: Labels, asked_by: str) -> Picture:
    """The figure of this kind; raises SpecError that names the explanation when it cannot be drawn."""
    if kind not in FIGURES:
        raise SpecError(f"{asked_by}: figure({kind!r}): there is no such figure; there are {', '.join(FIGURES)}")
    try:
        return FIGURES[kind](subject, label)
    except (UnmeasuredError, SpecError) as error:
        raise SpecError(f"{asked_by}: figure({kind!r}): {error}") from None


def _shown(captured: str) -> str:
    """Captured text that a figure can show: short, nothing invisible, nothing that the font lacks."""
    return visible(captured[:_LONG], lacking(captured)) + ("…" if len(captured) > _LONG else "")


def _t(seconds: float) -> float:
    return round(seconds, 3)


def _value(metric: str, subject: Subject, label: Labels) -> str:
    try:
        return label.value(METRICS[metric].measure(subject), METRICS[metric].unit)
    except UnmeasuredError:
        return label("undecided")
