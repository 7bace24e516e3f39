"""Floor 2, pure. What the page of a class says: counts, what somebody must look at, why submissions failed, and how
values are spread. Names and reasons are outside texts: each passes the display filter here; the template escapes it.
"""

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import get_args
from urllib.parse import quote

from report.graded import Graded, Result
from report.judgement import STAGES, Stage
from report.rendering import labels
from report.rendering.classroom.figures import Figure, figures
from report.rendering.display import shortened, visible
from report.rendering.labels import Labels
from report.spec import Text

OUTCOMES: Sequence[Result] = get_args(Result)
LINES, LETTERS = 12, 400  # of a reason that are shown; the whole of it stands with the verdict
SHORT = 100  # letters of it in the table


@dataclass(frozen=True, slots=True)
class Row:
    """One result as it is shown: under a name, which may be a pseudonym, with files that it leads to.

    `links` are paths relative to the page, as they are on disk: of the `verdict` in the page's language, of the
    `results` for Gradescope, of the `evidence`; what there is none of is left out.
    """

    graded: Graded
    name: str
    links: Mapping[str, str] = field(default_factory=dict)


class Classroom:
    """What the template shows, in one language; rows are told apart by their place in the table."""

    def __init__(
        self, rows: Sequence[Row], assignments: Mapping[str, Text], diagnoses: Mapping[str, str], label: Labels
    ) -> None:
        self.rows = sorted(rows, key=lambda row: (row.name, row.graded.number))
        self.numbers = {row.graded.assignment: row.graded.number for row in sorted(rows, key=lambda r: r.graded.number)}
        self.earned = [row.graded.earned for row in self.rows]
        self._titles, self._diagnoses, self._label = assignments, diagnoses, label
        self.title = label("class_title", numbers=", ".join(map(str, self.numbers.values())))

    def has(self, section: str) -> bool:
        """Whether there is anything to say in it."""
        return {"attention": self.attention, "failures": self.failures, "spread": self.spread}.get(section, True) != {}

    def heading(self, assignment: str) -> str:
        """An assignment's number and title."""
        return f"{self.numbers[assignment]}. {getattr(self._titles[assignment], self._label.language)}"

    def of(self, assignment: str, *outcomes: Result) -> list[Row]:
        """The rows of an assignment with one of these outcomes."""
        return [
            row
            for row in self.rows
            if row.graded.assignment == assignment and row.graded.outcome in (outcomes or OUTCOMES)
        ]

    @property
    def about(self) -> Iterator[tuple[str, str]]:
        """How many, when, by which rules, and on what kind of machine."""
        label = self._label
        yield label("students"), self.people(range(len(self.rows)))
        yield label("verdicts"), f"{len(self.rows):,}"
        times = sorted(
            row.graded.recorded.removesuffix("Z").replace("T", " ") for row in self.rows if row.graded.recorded
        )
        yield from [(label("judged_when"), " – ".join(dict.fromkeys((times[0], times[-1]))))] if times else []
        rules = sorted({(row.graded.number, row.graded.rules[:12]) for row in self.rows})
        yield label("rules"), ", ".join(f"{number}: {visible(digest)}" for number, digest in rules)
        by = sorted({self._by(row.graded.measured_by) for row in self.rows if row.graded.measured_by})
        yield from [(label("measured_by"), " / ".join(by))] if by else []

    def _by(self, means: Mapping[str, str]) -> str:
        """By what servers were kept apart, and the machine; what has no words of its own stands as it is."""
        told = (
            self._label.first(f"by_{key}_{value}", f"machine_{key}", otherwise=value, value=value)
            for key, value in means.items()
        )
        return ", ".join(visible(one) for one in told)

    def counts(self, assignment: str | None = None) -> Counter[Result]:
        """How many rows of an assignment, or of all, have each outcome."""
        return Counter(row.graded.outcome for row in self.rows if assignment in (None, row.graded.assignment))

    @cached_property
    def possible(self) -> dict[str, float]:
        """The points of each assignment."""
        return {name: max(row.graded.possible for row in self.of(name)) for name in self.numbers}

    def median(self, assignment: str) -> str:
        """The points that half of the class have or exceed, of the possible ones."""
        earned = zip(self.rows, self.earned, strict=True)
        known = [one for row, one in earned if row.graded.assignment == assignment and one is not None]
        return f"{_points(statistics.median(known))} / {_points(self.possible[assignment])}" if known else "–"

    def points(self, place: int) -> str:
        earned, most = self.earned[place], _points(self.possible[self.rows[place].graded.assignment])
        return f"– / {most}" if earned is None else f"{_points(earned)} / {most}"

    def name(self, row: Row) -> str:
        return visible(row.name)

    def link(self, row: Row, what: str) -> str | None:
        """An address that leads to a file beside the page and nowhere else, whatever it is called."""
        path = row.links.get(what)
        return path and re.sub(r"[^\w/.~-]", lambda found: quote(found[0], safe=""), f"./{path}")

    def people(self, places: Sequence[int]) -> str:
        """How many students these rows are of."""
        rows = [self.rows[place] for place in places]
        return self._label.counted(f"{len({(row.name, row.graded.student) for row in rows}):,}", "people")

    def said(self, row: Row) -> str:
        """The diagnosis, or in short why there is none."""
        one = row.graded
        if one.diagnosis or one.outcome == "rejected":
            return self._named(one)
        line = _reason(one.told).partition("\n")[0] if one.outcome in ("unjudged", "missing") else ""
        return line if len(line) <= SHORT else f"{line[:SHORT]}…"

    def stage(self, row: Row) -> Stage | None:
        """The stage that it did not come through."""
        return next((step.stage for step in row.graded.steps if step.state == "fails"), None)

    def place(self, stage: Stage | None) -> int:
        return len(STAGES) if stage is None else STAGES.index(stage)

    def _named(self, one: Graded) -> str:
        """What explains a failure; without a diagnosis, what fails first."""
        if one.diagnosis:
            return self._diagnoses.get(one.diagnosis, visible(one.diagnosis))
        failed = next((step for step in one.steps if step.state == "fails"), None)
        said = failed.claim or self._label(failed.stage) if failed else "–"
        return self._label("undiagnosed", failed=said)

    @cached_property
    def attention(self) -> dict[str, dict[str, list[int]]]:
        """What somebody must look at: rows by what is the matter and the reason that was told."""
        unjudged = ((place, row) for place, row in enumerate(self.rows) if row.graded.outcome == "unjudged")
        unsteady = ((place, row) for place, row in enumerate(self.rows) if row.graded.unsteady)
        found = {
            "unjudged": _grouped((_reason(row.graded.told), place) for place, row in unjudged),
            "unsteady": _grouped((self._label(row.graded.outcome), place) for place, row in unsteady),
        }
        return {what: groups for what, groups in found.items() if groups}

    @cached_property
    def failures(self) -> dict[str, list[int]]:
        """Rows that were rejected by what explains it, the most frequent first."""
        return _grouped(
            (self._named(row.graded), place) for place, row in enumerate(self.rows) if row.graded.outcome == "rejected"
        )

    @cached_property
    def through(self) -> dict[Stage, dict[str, tuple[int, int] | None]]:
        """For each stage, how many of the judged ones of each assignment came through it; None where it has no such."""
        judged = {name: self.of(name, "accepted", "rejected") for name in self.numbers}
        looked = {name: {step.stage for row in rows for step in row.graded.steps} for name, rows in judged.items()}
        return {
            stage: {
                name: (sum(self.place(self.stage(row)) > place for row in rows), len(rows))
                if stage in looked[name]
                else None
                for name, rows in judged.items()
            }
            for place, stage in enumerate(STAGES)
            if any(stage in found for found in looked.values())
        }

    @cached_property
    def spread(self) -> dict[str, list[Figure]]:
        """What was measured of each assignment's claims, of servers that were judged."""
        judged = ("accepted", "rejected")
        every = [(row.graded, row.graded.steps if row.graded.outcome in judged else ()) for row in self.rows]
        found = {
            name: [*figures([steps if one.assignment == name else () for one, steps in every])] for name in self.numbers
        }
        return {name: some for name, some in found.items() if some}

    def metric(self, figure: Figure) -> str:
        return self._label.metric(figure.step.metric) + figure.step.beside

    def value(self, figure: Figure, value: float) -> str:
        return self._label.value(value, figure.step.unit)

    def digits(self, figure: Figure, value: float) -> str:
        return labels.number(value, figure.step.unit)

    def summary(self, figure: Figure) -> str:
        """The distribution in words."""
        first, median, third = figure.quartiles
        named = {
            "least": figure.numbers[0],
            "first": first,
            "median": median,
            "third": third,
            "most": figure.numbers[-1],
        }
        said = {name: self.digits(figure, value) for name, value in named.items()}
        return self._label("figure_text", limit=figure.step.limit, count=f"{len(figure.values):,}", **said)


def _grouped(every: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, place in every:
        found.setdefault(key, []).append(place)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _reason(told: str) -> str:
    """A reason's lines without anything invisible, and not too many."""
    return "\n".join(shortened([visible(line)[:LETTERS] for line in told.splitlines()], LINES, "…"))[:LETTERS]


def _points(number: float) -> str:
    return f"{round(number, 2):g}"
