"""Floor 2, pure. What page one says: the cover, what was asked and whether it holds, and each run in a row.

Values only; how they are laid out stands in templates/report.md.j2. Knows no assignment by name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from report.rendering import metrics
from report.rendering.labels import Labels
from report.rendering.measure import UnmeasuredError
from report.rendering.verdicts import Evidence, Verdict, worst
from report.run import Run
from report.settings import Settings
from report.spec import Assignment, Text, resolve

_MACHINE = (  # what is told of a machine, in this order; what else a record states comes after it, by its own name
    "processor",
    "cores",
    "memory",
    "system",
    "kernel",
    "machine",
    "python",
    "implementation",
    "psutil",
)
_PEAKS = ("processes.peak", "threads.peak", "series.workers.max")


@dataclass(frozen=True)
class Overview:
    """Page one's values in one language, from the evidence and its verdicts by assignment."""

    evidence: Evidence
    verdicts: Mapping[str, Sequence[Verdict]]
    settings: Settings
    label: Labels

    def title(self) -> str:
        """The report's title: report.toml's, or the label's."""
        return self._said(self.settings.title) or self.label("title")

    def cover(self) -> tuple[tuple[str, str], ...]:
        """What the cover says, as (what, value); what report.toml leaves out is left out."""
        said = [
            ("course", self._said(self.settings.course)),
            ("author", self._said(self.settings.author)),
            ("student_number", self._said(self.settings.student_number)),
            ("recorded_at", self._recorded()),
        ]
        return tuple((self.label(key), value) for key, value in said if value)

    def tally(self) -> Counter[str]:
        """How many verdicts are of each state."""
        return Counter(verdict.state for of in self.verdicts.values() for verdict in of)

    def claims(self) -> int:
        """How many claims were judged, each counted once however many servers it was asked of."""
        return len({(v.assignment, v.claim.id) for of in self.verdicts.values() for v in of})

    def tasks(self) -> list[list[str]]:
        """One row for each assignment: what was asked, how many of its verdicts hold, the worst of them."""
        rows = []
        for assignment in self.evidence.assignments.values():
            found = self.verdicts[assignment.name]
            state = worst(verdict.state for verdict in found)
            rows.append(
                [
                    f"#{assignment.number}",
                    self._said(assignment.asked) or self._said(assignment.title),
                    f"{sum(verdict.state == 'holds' for verdict in found)} / {len(found)}",
                    self._verdict(state),
                ]
            )
        return rows

    def runs(self, *, planted: bool = False) -> list[list[str]]:
        """One row for each run: its load, what was measured beside what was predicted, the worst of its verdicts.

        Either of the servers without a mistake, or of those in which one was `planted`.
        """
        rows = []
        for (name, scenario, server), runs in self.evidence.runs.items():
            assignment, run = self.evidence.assignments[name], runs[0]
            if (assignment.servers[server].mistake is not None) is not planted:
                continue
            spec = assignment.scenarios[scenario]
            predicted = spec.predicted.get("makespan.delays")
            states = [v.state for v in self.verdicts[name] if (v.scenario, v.server) == (scenario, server)]
            verdict = f"{self.label.mark(worst(states))}\u00a0" if states else ""
            said = self.label(worst(states)) if states else "–"  # nothing is claimed of it: others are held against it
            answered = self._value(assignment, scenario, server, "requests.answered")
            rows.append(
                [
                    f"#{assignment.number}",
                    scenario,
                    server,
                    f"{spec.sends}",
                    answered,
                    f"{run.record.delay:g}",
                    f"{run.identity.speed:g}",
                    self._value(assignment, scenario, server, "makespan.delays"),
                    f"{predicted:g}" if predicted is not None else "–",
                    *(self._value(assignment, scenario, server, metric) for metric in _PEAKS),
                    f"{verdict}[{said}](evidence/{run.identity.directory}/run.json)",
                ]
            )
        return rows

    def machines(self) -> list[str]:
        """Each environment that evidence comes from, once, in the report's words: first what figures depend on most."""
        found: list[Mapping[str, str]] = []
        for runs in self.evidence.runs.values():
            for run in runs:
                if run.record.environment not in found:
                    found.append(run.record.environment)
        return [", ".join(self._of_machine(one)) for one in found]

    def speeds(self) -> str:
        """The speeds of the runs, from the slowest."""
        speeds = {run.identity.speed for runs in self.evidence.runs.values() for run in runs}
        return ", ".join(f"{speed:g}" for speed in sorted(speeds))

    def run(self, reference: str) -> Run | None:
        """The first run that a reference of report.toml names, if it was recorded."""
        folder, scenario, server = resolve(reference, "", "")
        assignment = self.evidence.assignments.get(folder)
        servers = (server,) if server else assignment.servers_of(scenario) if assignment else ()
        return next((r for s in servers for r in self.evidence.runs.get((folder, scenario, s), ())), None)

    def _of_machine(self, environment: Mapping[str, str]) -> list[str]:
        known = [self.label.counted(environment[key], f"machine_{key}") for key in _MACHINE if key in environment]
        return known + [f"{key} {environment[key]}" for key in sorted(environment.keys() - set(_MACHINE))]

    def _recorded(self) -> str:
        """When the first and the last run were recorded, to the minute: the report's own date (UTC)."""
        times = sorted(run.record.recorded for runs in self.evidence.runs.values() for run in runs)
        if not times:
            return ""
        first, last = (f"{time[:10]} {time[11:16]}" for time in (times[0], times[-1]))
        return first if first == last else f"{first} – {last[11:] if first[:10] == last[:10] else last}"

    def _value(self, assignment: Assignment, scenario: str, server: str, metric: str) -> str:
        """A number without its unit, which the column names; a dash where the run has no such thing."""
        if metric.startswith("series.") and metric.split(".")[1] not in assignment.series:
            return "–"
        try:
            value = self.evidence.values(assignment.name, scenario, server, metric)[0]
        except UnmeasuredError:
            return "–"
        return f"{value:.2f}" if metrics.find(metric).unit == "delays" else f"{value:g}"

    def _verdict(self, state: str) -> str:
        return f"{self.label.mark(state)}\u00a0{self.label(state)}"

    def _said(self, text: Text | str | None) -> str:
        return str(getattr(text, self.label.language)) if isinstance(text, Text) else text or ""
