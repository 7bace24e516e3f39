"""Floor 2, pure. When each request of a run waited, was served and ended, as its records and the server's lines tell.

Knows nothing of how that is drawn: `pictures.timelines` does so on a page, `textcharts` in a terminal.
"""

from dataclasses import dataclass

from report.rendering import lines
from report.rendering.labels import Labels
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.metrics import METRICS


@dataclass(frozen=True, slots=True)
class Row:
    """One request: waiting from `due` to `begun`, then being served to `done`; the server never began: all waiting."""

    due: float
    begun: float
    done: float
    answered: bool
    actor: str


@dataclass(frozen=True, slots=True)
class Design:
    """A run's requests in due order (None: no end was seen), and its makespan in seconds, if there is one."""

    subject: Subject
    rows: tuple[Row | None, ...]
    makespan: float | None
    predicted: float | None

    @property
    def reach(self) -> float:
        """The latest time that is drawn."""
        return max([row.done for row in self.rows if row] + [self.makespan or 0.0, self.predicted or 0.0])

    def told(self, label: Labels) -> dict[str, object]:
        """The numbers of the timeline in words."""
        found = [row for row in self.rows if row]
        answered = sum(row.answered for row in found)
        waits = [row.begun - row.due for row in found if row.begun < row.done]
        return {
            "requests": len(self.rows),
            "answered": answered,
            "failed": len(self.rows) - answered,
            "waited": label.value(max(waits), "seconds") if waits else label("undecided"),
            "delay": label.value(self.subject.run.record.delay, "seconds"),
            **self.ends(label),
        }

    def ends(self, label: Labels) -> dict[str, object]:
        """The measured and the predicted makespan in words."""
        return {
            "makespan": label("undecided") if self.makespan is None else label.value(self.makespan, "seconds"),
            "predicted": label("none") if self.predicted is None else label.value(self.predicted, "seconds"),
        }


def design(subject: Subject) -> Design:
    """What the load script and the server's lines tell about the requests of one run."""
    spec = subject.assignment.connections
    by_port = {c.port: c for c in lines.courses(subject.run.server_lines, spec)} if spec else {}
    rows: list[Row | None] = []
    for request in subject.run.requests:
        course = by_port.get(request.local_port)
        if request.kind == "request" and request.done is not None:
            due, done = round(request.due, 3), round(request.done, 3)
            begun = done if course is None or course.begun is None else min(max(round(course.begun, 3), due), done)
            rows.append(Row(due, begun, done, request.outcome == "answered", course.actor if course else ""))
        elif request.kind == "request":
            rows.append(None)
    try:
        makespan = round(METRICS["makespan.seconds"].measure(subject), 3)
    except UnmeasuredError:
        makespan = None
    delays = subject.scenario.predicted.get("makespan.delays")
    return Design(subject, tuple(rows), makespan, None if delays is None else delays * subject.run.record.delay)
