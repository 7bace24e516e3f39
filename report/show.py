"""Floor 3. What was measured last of assignments, for a terminal: verdicts, and the charts of a run. Prints nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from report import latest, plan, takeaway
from report.jobs import Course
from report.rendering import advice, glance, labels
from report.rendering.measure import Subject
from report.rendering.verdicts import judge
from report.spec import Assignment, Language

if TYPE_CHECKING:
    from rich.console import RenderableType

WORDS = "looking.toml"


def pieces(
    root: Path,
    course: Course,
    chosen: Sequence[Assignment],
    language: Language,
    scenario: str | None = None,
    server: str | None = None,
) -> Iterator["RenderableType"]:
    """The verdicts of each chosen assignment; of one alone also the charts of its first run that is asked for.

    Raises EvidenceError where there is no run of them.
    """
    label = advice.words(root / "templates", labels.load(root / "templates")[language], WORDS)
    wanted = plan.plan(chosen, 1.0, scenario, server)
    folder, there = latest.recorded(wanted, latest.folders(root))
    _, evidence = takeaway.recorded(course, folder)
    places = {(one.identity.assignment, one.identity.scenario, one.identity.server) for one in there}
    runs = [run for place, of in evidence.runs.items() if place in places for run in of]
    recorded = max(run.record.recorded for run in runs).replace("T", " ").removesuffix("Z")
    yield Text(label("shown_from", folder="/".join(folder.parts[-2:]), recorded=recorded))
    published = folder == latest.folders(root)[1]
    if stale := sum(s.reason is not None for s in plan.states(root, there, folder, published=published)):
        yield Text(label("stale_runs", count=stale), "yellow")
    found = []
    for assignment in chosen:
        own = [v for v in judge(evidence, assignment, 1.0) if (v.assignment, v.scenario, v.server) in places]
        found += own
        yield Text(f"\n#{assignment.number} {getattr(assignment.title, language)}", "bold underline")
        yield glance.Verdicts(own, label)
    yield Text(f"\n{glance.total(found, label)}\n", "bold")
    if len(chosen) == 1:
        first = runs[0]
        shown = f"{first.identity.scenario} · {first.identity.server}"
        others = dict.fromkeys(
            one.identity.scenario for one in there if one.identity.scenario != first.identity.scenario
        )
        key = "shown_runs" if others else "shown_run"
        yield Text(label(key, shown=shown, others=", ".join(others)), "bold")
        (assignment,) = chosen
        yield glance.Charts(Subject(assignment, assignment.scenarios[first.identity.scenario], first), label)
