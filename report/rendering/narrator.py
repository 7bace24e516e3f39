"""Floor 2, pure. What an explanation may call: claims, measured and declared numbers, excerpts, terminals, figures.

One Narrator speaks for one assignment in one language; it remembers which claims were cited and which pictures drawn.
"""

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from report.errors import SpecError
from report.rendering import figures, metrics, sources
from report.rendering.display import fence, shortened, visible
from report.rendering.labels import Labels
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.verdicts import Evidence, Verdict, bound, worst
from report.run import Run
from report.spec import FAMILIES, Assignment, declared_names, resolve

_PLACE = re.compile(r"(?P<place>(?:[a-z0-9_]+/)?[a-z0-9_-]+(?::[a-z0-9_-]+)?)\.(?P<metric>.+)")
_LINES_SHOWN = 36
_DECLARED = ("clients", "delay", "sends", "settle")


class Narrator:
    """Speaks for `assignment` from `evidence`; `file` is the explanation that calls, named in every error."""

    def __init__(
        self,
        root: Path,
        evidence: Evidence,
        assignment: Assignment,
        verdicts: Sequence[Verdict],
        label: Labels,
        file: str,
    ) -> None:
        self.assignment = assignment
        self.cited: list[str] = []
        self.trail: list[str] = []
        self.pictures: dict[str, bytes] = {}
        self._root, self._evidence, self._verdicts, self._label, self._file = root, evidence, verdicts, label, file

    def calls(self) -> Mapping[str, Callable[..., str]]:
        """The names an explanation can use; each call is put on the trail, which must be alike in all languages."""
        names = ("claim", "metric", "declared", "predicted", "excerpt", "terminal", "figure", "claims_table")
        return {name: self._noted(name) for name in names}

    def _noted(self, name: str) -> Callable[..., str]:
        call: Callable[..., str] = getattr(self, name)

        def noted(*words: str, **more: Any) -> str:
            options = [f"{key}={value!r}" for key, value in more.items() if key != "caller"]
            self.trail.append(f"{name}({', '.join([*map(repr, words), *options])})")
            return call(*words, **more)

        return noted

    def claim(self, claim_id: str, caller: Callable[[], str]) -> str:
        """A sentence with its verdict, the measured value and a link to the evidence."""
        found = [verdict for verdict in self._verdicts if verdict.claim.id == claim_id]
        if not any(claim.id == claim_id for s in self.assignment.scenarios.values() for claim in s.claims):
            raise SpecError(f'{self._file}: claim("{claim_id}"): scenario.toml has no such claim')
        self.cited.append(claim_id)
        sentence = caller().strip()
        if not found:  # a claim of another speed than this evidence's
            return f"{sentence} ({self._label('not_asked')})"
        state = worst(verdict.state for verdict in found)
        values = ", ".join(self.measured(verdict) for verdict in found)
        return f"{sentence} ([{self._label.mark(state)} {self._label(state)}: {values}]({self._link(found[0])}))"

    def measured(self, verdict: Verdict) -> str:
        """The value a verdict rests on, with its unit; the reason when there is none."""
        if verdict.value is None:
            return verdict.reason
        unit = "ratio" if verdict.claim.relative_to else metrics.find(verdict.claim.metric).unit
        return self._label.value(verdict.value, unit)

    def metric(self, reference: str) -> str:
        """A measured value with its unit, by `[assignment/]scenario[:server].metric`."""
        match = _PLACE.fullmatch(reference)
        if match is None:
            raise SpecError(f'{self._file}: metric("{reference}"): expected [assignment/]scenario[:server].metric')
        assignment, scenario, server = self._resolve(match["place"], f'metric("{reference}")')
        declared = declared_names({family: getattr(assignment, family) for family in FAMILIES})
        if problem := metrics.problem(match["metric"], declared):
            raise SpecError(f'{self._file}: metric("{reference}"): {problem}')
        try:
            values = self._evidence.values(assignment.name, scenario, server, match["metric"])
        except UnmeasuredError as error:
            return f"{self._label('undecided')} ({error})"
        return self._label.value(statistics.median(values), metrics.find(match["metric"]).unit)

    def declared(self, scenario: str, key: str) -> str:
        """A number that scenario.toml states."""
        assignment, name, _ = self._resolve(scenario, f'declared("{scenario}", "{key}")')
        if key not in _DECLARED:
            raise SpecError(f'{self._file}: declared("{scenario}", "{key}"): there are {", ".join(_DECLARED)}')
        value = getattr(assignment.scenarios[name], key)
        if value is None:
            raise SpecError(f'{self._file}: declared("{scenario}", "{key}"): scenario.toml does not state it')
        return f"{value:g}"

    def predicted(self, scenario: str, metric: str) -> str:
        """A value that scenario.toml predicts, with its unit."""
        assignment, name, _ = self._resolve(scenario, f'predicted("{scenario}", "{metric}")')
        if metric not in assignment.scenarios[name].predicted:
            raise SpecError(f'{self._file}: predicted("{scenario}", "{metric}"): scenario.toml predicts no such thing')
        return self._label.value(assignment.scenarios[name].predicted[metric], metrics.find(metric).unit)

    def excerpt(self, path: str, name: str) -> str:
        """A function or class of a source file as a code block, with a link to file and lines."""
        file = path if "/" in path else f"assignments/{self.assignment.name}/{path}"
        piece = sources.excerpt(self._root, file, name, self._file)
        text = re.sub(r"[^\t\n]+", lambda shown: visible(shown[0]), piece.text)
        marks = fence(text)
        link = f"[{file}:{piece.first}–{piece.last}](../{file}#L{piece.first}-L{piece.last})"
        return f"{marks}{piece.language}\n{text}\n{marks}\n\n{link}"

    def terminal(self, scenario: str, who: str, server: str | None = None) -> str:
        """A captured terminal as text, shortened in the middle, with a link to the whole capture."""
        if who not in ("server", "client"):
            raise SpecError(f'{self._file}: terminal("{scenario}", "{who}"): expected server or client')
        run = self._run(scenario, server, f'terminal("{scenario}", "{who}")')
        command = run.record.command if who == "server" else run.record.load_command
        captured = run.server_lines if who == "server" else run.client_lines
        lines = shortened([visible(line.text) for line in captured], _LINES_SHOWN, self._label("lines_left_out"))
        text = "\n".join(["$ " + visible(" ".join(command)), *lines])
        marks = fence(text)
        title = self._label(f"{who}_terminal")
        link = f"evidence/{run.identity.directory}/{who}.log"
        return f"*{title}*\n\n{marks}text\n{text}\n{marks}\n\n[{self._label('whole_capture')}]({link})"

    def figure(self, kind: str, scenario: str, server: str | None = None) -> str:
        """A picture with its alternative text and caption."""
        run = self._run(scenario, server, f'figure("{kind}", "{scenario}")')
        assignment = self._evidence.assignments[run.identity.assignment]
        subject = Subject(assignment, assignment.scenarios[run.identity.scenario], run)
        picture = figures.draw(kind, subject, self._label, self._file)
        name = f"{run.identity.directory.replace('/', '-')}-{kind}.{self._label.language}.svg"
        self.pictures[f"figures/{name}"] = picture.svg
        title = f"{assignment.number} · {run.identity.scenario} · {run.identity.server}"
        return f"![{picture.alt}](figures/{name})\n\n*{self._label(f'caption_{kind}', title=title)}*"

    def claims_table(self) -> str:
        """Every claim of the assignment with bound, measured value and verdict."""
        head = [self._label(key) for key in ("scenario", "server", "claim", "metric", "bound", "measured", "verdict")]
        table = [_row(head), _row(["---"] * len(head))]
        for v in self._verdicts:
            beside = f" ÷ {v.claim.relative_to}" if v.claim.relative_to else ""
            cells = [
                v.scenario,
                v.server,
                f"`{v.claim.id}`",
                self._label.metric(v.claim.metric) + beside,
                bound(v.claim),
            ]
            verdict = f"{self._label.mark(v.state)} [{self._label(v.state)}]({self._link(v)})"
            table.append(_row([*cells, self.measured(v), verdict]))
        return "\n".join(table)

    def _link(self, verdict: Verdict) -> str:
        run = self._evidence.runs.get((verdict.assignment, verdict.scenario, verdict.server), (None,))[0]
        directory = run.identity.directory if run else f"{verdict.assignment}/{verdict.scenario}.{verdict.server}"
        return f"evidence/{directory}/{metrics.find(verdict.claim.metric).table}"

    def _resolve(self, reference: str, call: str) -> tuple[Assignment, str, str]:
        folder, scenario, server = resolve(reference, self.assignment.name, "")
        assignment = self._evidence.assignments.get(folder)
        if assignment is None or scenario not in assignment.scenarios:
            raise SpecError(f"{self._file}: {call}: there is no scenario {folder}/{scenario}")
        servers = assignment.servers_of(scenario)
        if server is not None and server not in servers:
            raise SpecError(f"{self._file}: {call}: no server {server} runs there; there are {', '.join(servers)}")
        return assignment, scenario, server or servers[0]

    def _run(self, reference: str, server: str | None, call: str) -> Run:
        assignment, scenario, first = self._resolve(f"{reference}:{server}" if server else reference, call)
        runs = self._evidence.runs.get((assignment.name, scenario, first), ())
        if not runs:
            raise SpecError(f"{self._file}: {call}: {assignment.name}/{scenario}.{first} was not run")
        return runs[0]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
