"""Floor 2, pure. Every figure and diagram by its kind: one function for both languages, for each kind.

A figure takes Subjects (an assignment's scenario and one run each) and the labels of a language, and gives SVG and an
alternative text that says in words what is to be seen; a diagram is made from what scenario.toml declares. Knows no
assignment by name.
"""

from collections.abc import Callable, Mapping, Sequence

from report.diagrams import Queue
from report.errors import SpecError
from report.rendering.compared import KINDS, Bars, Growth
from report.rendering.labels import Labels
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.pictures import comparisons, curves, growth, timelines
from report.rendering.pictures.descriptors import descriptors
from report.rendering.pictures.picture import Picture
from report.rendering.pictures.queueing import queue
from report.spec import Assignment

ONE: Mapping[str, Callable[[Subject, Labels], Picture]] = {
    "timeline": timelines.timeline,
    "series": curves.series,
    "processes": curves.processes,
    "shares": curves.shares,
}
SEVERAL: Mapping[str, Callable[[Sequence[Subject], Labels], Picture]] = {
    "designs": timelines.designs,
    "latency": curves.latency,
}
FIGURES = (*ONE, *SEVERAL)


def draw(kind: str, subjects: Subject | Sequence[Subject], label: Labels, asked_by: str) -> Picture:
    """The figure of this kind; raises SpecError that names the explanation when it cannot be drawn."""
    every = [subjects] if isinstance(subjects, Subject) else list(subjects)
    call = f"{asked_by}: figure({kind!r})"
    if kind not in FIGURES:
        raise SpecError(f"{call}: there is no such figure; there are {', '.join((*FIGURES, *KINDS))}")
    if not every:
        raise SpecError(f"{call}: needs a scenario to draw, such as figure({kind!r}, 'ten')")
    if kind in ONE and len(every) > 1:
        raise SpecError(f"{call}: draws one scenario, and {len(every)} are given; call it once for each")
    try:
        return ONE[kind](every[0], label) if kind in ONE else SEVERAL[kind](every, label)
    except (UnmeasuredError, SpecError) as error:
        raise SpecError(f"{call}: {error}") from None


def compare(table: Bars | Growth, label: Labels) -> Picture:
    """The figure of the numbers that were gathered from several places."""
    return comparisons.bars(table, label) if isinstance(table, Bars) else growth.growth(table, label)


def diagram(name: str, assignment: Assignment, label: Labels, asked_by: str) -> Picture:
    """The diagram that scenario.toml declares by this name; raises SpecError that names the explanation."""
    call = f"{asked_by}: diagram({name!r})"
    declared = assignment.diagrams.get(name)
    if declared is None:
        known = ", ".join(assignment.diagrams) or "none"
        raise SpecError(f"{call}: scenario.toml declares no such diagram; there are {known}")
    try:
        return queue(declared, label) if isinstance(declared, Queue) else descriptors(declared, label)
    except SpecError as error:
        raise SpecError(f"{call}: {error}") from None
