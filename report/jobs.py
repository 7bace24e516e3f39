"""Floor 3. What the tasks do: record what is stale, judge it, render it, publish it. Prints nothing.

The two halves meet only here and in `check`: recording first, then rendering from what lies on disk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from report import course, plan, settings
from report.planned import Planned
from report.rendering import metrics
from report.settings import Settings
from report.spec import Assignment

# Recording and rendering are loaded where they are used: whoever only lists what there is waits for neither.
if TYPE_CHECKING:
    from report.rendering.edition import Edition
    from report.rendering.verdicts import Evidence, Verdict


@dataclass(frozen=True, slots=True)
class Course:
    """The assignments in the order of the report, and what report.toml says."""

    assignments: tuple[Assignment, ...]
    settings: Settings

    def chosen(self, wanted: str | None) -> tuple[Assignment, ...]:
        """All assignments, or the one of this number or name; raises SpecError naming those there are."""
        return self.assignments if wanted is None else (course.find(self.assignments, wanted),)


def load(root: Path) -> Course:
    """Everything the course declares; raises SpecError with all faults."""
    found, ordered = settings.load(root, course.load(root, metrics.problem))
    return Course(ordered, found)


def record_stale(
    root: Path, wanted: Sequence[Planned], folder: Path, jobs: int, *, force: bool = False, quiet: bool = False
) -> list[Planned]:
    """Records what is stale (all, with `force`) below the folder and can be run here; returns what was recorded."""
    able = plan.possible(wanted, plan.lacking({one.assignment.name: one.assignment for one in wanted}.values()))
    todo = [state.planned for state in plan.states(root, able, folder) if force or state.reason]
    if todo:
        from report import messages
        from report.recording import progress_for, record_all

        with progress_for(todo, quiet=quiet, say=messages.here) as progress:
            record_all(root, todo, folder, progress, jobs=max(1, jobs))
    return todo


def judged(
    root: Path, every: Sequence[Assignment], wanted: Sequence[Planned], speed: float, folder: Path
) -> tuple["Evidence", list["Verdict"]]:
    """The verdicts of the wanted runs, and the evidence: theirs, and that of the runs that they are relative to."""
    from report.rendering.edition import evidence_of
    from report.rendering.verdicts import judge

    rest = [one for one in plan.plan(every, speed) if one not in wanted]
    beside = [state.planned for state in plan.states(root, rest, folder) if state.reason is None]
    missing = plan.lacking(every)
    evidence = evidence_of(every, plan.read([*plan.there(wanted, missing, folder), *beside], folder), missing)
    places = {(one.identity.assignment, one.identity.scenario, one.identity.server) for one in wanted}
    chosen = [assignment for assignment in every if assignment.name in {place[0] for place in places}]
    found = [v for a in chosen for v in judge(evidence, a, speed) if (v.assignment, v.scenario, v.server) in places]
    return evidence, found


def render(root: Path, course: Course, folder: Path, kept: Path) -> "Edition":
    """The report in its languages from the evidence below the folder, at the course's own speed.

    What was made before is taken from `kept`; of what is missing there, a second process makes half.
    """
    from report import predraw
    from report.keep import Keep
    from report.rendering.edition import edition, evidence_of

    missing = plan.lacking(course.assignments)
    runs = plan.read(plan.there(plan.plan(course.assignments, 1.0), missing, folder), folder)
    evidence = evidence_of(course.assignments, runs, missing)
    keep = Keep(root, kept)
    if keep.is_empty():  # both processes will draw: what draws is loaded once, before there are two
        from report.rendering.pages import page  # noqa: F401
        from report.rendering.pictures import figures, terminal  # noqa: F401

    return edition(root, evidence, 1.0, course.settings, keep, predraw.beside)
