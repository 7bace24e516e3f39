"""Floor 2, pure. What an explanation may call that is said in words: claims, measured, declared and predicted numbers.

One Narrator speaks for one assignment in one language; it remembers which claims were cited. What it shows rather
than says (excerpts, terminals, figures) it leaves to its Illustrator.
"""

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from report.errors import SpecError
from report.rendering import filling, metrics
from report.rendering.illustrator import Illustrator
from report.rendering.labels import Labels
from report.rendering.measure import UnmeasuredError
from report.rendering.memory import Memory
from report.rendering.places import Places
from report.rendering.verdicts import Evidence, Verdict, bound, worst
from report.scenario import Claim
from report.spec import FAMILIES, Assignment, Tradeoff, declared_names

_PLACE = re.compile(r"(?P<place>(?:[a-z0-9_]+/)?[a-z0-9_-]+(?::[a-z0-9_-]+)?)\.(?P<metric>.+)")
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
        remember: Memory,
    ) -> None:
        self.assignment = assignment
        self.cited: list[str] = []
        self._evidence, self._verdicts, self._label, self._file = evidence, verdicts, label, file
        self._places = Places(evidence, assignment, file)
        self._shows = Illustrator(root, self._places, label, file, remember)
        self.pictures, self.shown = self._shows.pictures, self._shows.sources

    def calls(self) -> Mapping[str, Callable[..., str]]:
        """The names an explanation can use."""
        own = ("claim", "metric", "declared", "predicted", "limit")
        shown = ("excerpt", "terminal", "captured", "figure", "diagram")
        calls = {name: getattr(self, name) for name in own} | {name: getattr(self._shows, name) for name in shown}
        tables = {"claims_table": self.claims_table, "tradeoffs_table": self.tradeoffs_table}
        return tables | {name: filling.of_texts(name, call) for name, call in calls.items()}

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
        measured = [self.measured(verdict) for verdict in found]
        named = [f"{verdict.server} {value}" for verdict, value in zip(found, measured, strict=True)]
        values = measured[0] if len(set(measured)) == 1 else ", ".join(named)
        said = f"{self._label.mark(state)}\u00a0{self._label(state)}:\u00a0{values}"
        return f"{sentence} ({self._linked(said, found[0])})"

    def measured(self, verdict: Verdict) -> str:
        """The value a verdict rests on, with its unit; the reason when there is none."""
        if verdict.value is None:
            return self._label.reason(verdict.reason) if verdict.reason else ""
        unit = "ratio" if verdict.claim.is_ratio else metrics.find(verdict.claim.metric).unit
        return self._label.value(verdict.value, unit)

    def metric(self, reference: str) -> str:
        """A measured value with its unit and a link to its evidence, by `[assignment/]scenario[:server].metric`."""
        match = _PLACE.fullmatch(reference)
        if match is None:
            raise SpecError(f'{self._file}: metric("{reference}"): expected [assignment/]scenario[:server].metric')
        assignment, scenario, server = self._places.resolve(match["place"], f'metric("{reference}")')
        declared = declared_names({family: getattr(assignment, family) for family in FAMILIES})
        if problem := metrics.problem(match["metric"], declared):
            raise SpecError(f'{self._file}: metric("{reference}"): {problem}')
        try:
            values = self._evidence.values(assignment.name, scenario, server, match["metric"])
        except UnmeasuredError as error:
            return f"{self._label('undecided')} ({self._label.reason(error.reason)})"
        middle = values.index(statistics.median_low(values))
        target = self._target(assignment.name, scenario, server, match["metric"], middle)
        return f"[{self._label.value(statistics.median(values), metrics.find(match['metric']).unit)}]({target})"

    def declared(self, scenario: str, key: str) -> str:
        """A number that scenario.toml states."""
        assignment, name, _ = self._places.resolve(scenario, f'declared("{scenario}", "{key}")')
        if key not in _DECLARED:
            raise SpecError(f'{self._file}: declared("{scenario}", "{key}"): there are {", ".join(_DECLARED)}')
        value = getattr(assignment.scenarios[name], key)
        if value is None:
            raise SpecError(f'{self._file}: declared("{scenario}", "{key}"): scenario.toml does not state it')
        return f"{value:g}"

    def predicted(self, scenario: str, metric: str) -> str:
        """A value that scenario.toml predicts, with its unit."""
        assignment, name, _ = self._places.resolve(scenario, f'predicted("{scenario}", "{metric}")')
        if metric not in assignment.scenarios[name].predicted:
            raise SpecError(f'{self._file}: predicted("{scenario}", "{metric}"): scenario.toml predicts no such thing')
        return self._label.value(assignment.scenarios[name].predicted[metric], metrics.find(metric).unit)

    def limit(self, claim_id: str, side: str = "") -> str:
        """The bound of a claim with its unit, as scenario.toml states it; `side` least or most of a `between`."""
        call = f'limit("{claim_id}", "{side}")' if side else f'limit("{claim_id}")'
        every = [claim for scenario in self.assignment.scenarios.values() for claim in scenario.claims]
        claim = next((claim for claim in every if claim.id == claim_id), None)
        if claim is None:
            raise SpecError(f"{self._file}: {call}: scenario.toml has no such claim")
        try:
            value = _limit(claim, side)
        except ValueError as error:
            raise SpecError(f"{self._file}: {call}: {error}") from None
        unit = "ratio" if claim.is_ratio else metrics.find(claim.metric).unit
        return self._label.counted(f"{value:g}", unit)

    def claims_table(self) -> str:
        """Every claim of the assignment with bound, measured value and verdict; those on planted mistakes apart."""
        faulty = {name for name, server in self.assignment.servers.items() if server.mistake}
        good, planted = ([v for v in self._verdicts if (v.server in faulty) is wanted] for wanted in (False, True))
        tables = [self._claims(good), self._label("planted_claims"), self._claims(planted)]
        return "\n\n".join(tables if planted else tables[:1])

    def _claims(self, verdicts: Sequence[Verdict]) -> str:
        head = [self._label(key) for key in ("scenario", "server", "claim", "metric", "bound", "measured", "verdict")]
        table = [_row(head), _row(["---"] * len(head))]
        for v in verdicts:
            beside = f" ÷ {self._label.metric(v.claim.over)}" if v.claim.over else ""
            beside += f" – {v.claim.minus}" if v.claim.minus else ""
            beside += f" ÷ {v.claim.relative_to}" if v.claim.relative_to else ""
            cells = [
                v.scenario,
                v.server,
                f"`{v.claim.id}`",
                self._label.metric(v.claim.metric) + beside,
                bound(v.claim),
            ]
            verdict = f"{self._label.mark(v.state)}\u00a0{self._linked(self._label(v.state), v)}"
            table.append(_row([*cells, self.measured(v), verdict]))
        return "\n".join(table)

    def tradeoffs_table(self) -> str:
        """What textbooks say beside what was measured, a column for each kind of server, and what follows."""
        columns = list(dict.fromkeys(column for row in self.assignment.tradeoffs for column in row.claims))
        words = [self._label(word) for word in ("tradeoff", "textbook", "what_was_measured")]
        table = [_row([*words, *(self._label.name(column) for column in columns), self._label("finding")])]
        table.append(_row(["---"] * (len(words) + len(columns) + 1)))
        for row in self.assignment.tradeoffs:
            said = [str(getattr(text, self._label.language)) for text in (row.topic, row.textbook, row.measured)]
            decided = [self._decided(row.claims.get(column)) for column in columns]
            table.append(_row([*said, *decided, self._finding(row)]))
        return "\n".join(table)

    def _finding(self, row: Tradeoff) -> str:
        """What follows from a row while all its claims hold; otherwise the worst of their verdicts."""
        state = worst(verdict.state for verdict in self._verdicts if verdict.claim.id in row.claims.values())
        return str(getattr(row.finding, self._label.language)) if state == "holds" else self._label(state)

    def _decided(self, claim_id: str | None) -> str:
        """The value and verdict of a claim that is cited elsewhere, with its evidence; a dash where there is none."""
        found = next((verdict for verdict in self._verdicts if verdict.claim.id == claim_id), None)
        if found is None:
            return "–"
        said = f"{self._label.mark(found.state)}\u00a0{self._linked(self._label(found.state), found)}"
        return said if found.value is None else f"{self.measured(found)} {said}"

    def _linked(self, said: str, verdict: Verdict) -> str:
        """What is said, as a link to the file that a verdict rests on, and the line where one decides it, if any."""
        runs = self._evidence.runs.get((verdict.assignment, verdict.scenario, verdict.server), ())
        if not runs:  # what it needs was not there
            return said
        line = f"#L{verdict.witness}" if verdict.witness else ""
        directory = runs[verdict.place].identity.directory
        return f"[{said}](evidence/{directory}/{metrics.find(verdict.claim.metric).table}{line})"

    def _target(self, assignment: str, scenario: str, server: str, metric: str, place: int) -> str:
        """The file that a measured number was read from, and the line where one decides it."""
        run = self._evidence.runs[assignment, scenario, server][place]
        witness = self._evidence.witness(assignment, scenario, server, metric, place)
        line = f"#L{witness}" if witness else ""
        return f"evidence/{run.identity.directory}/{metrics.find(metric).table}{line}"


def _limit(claim: Claim, side: str) -> float:
    """The one number of a bound, or the named side of a `between`; raises ValueError that says what is lacking."""
    if claim.between is not None:
        if side not in ("least", "most"):
            raise ValueError("its bound is between two numbers; say which: least or most")
        return claim.between[side == "most"]
    if side:
        raise ValueError(f"its bound is {bound(claim)}, one number; leave {side!r} out")
    return next(number for number in (claim.equals, claim.at_least, claim.at_most) if number is not None)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
