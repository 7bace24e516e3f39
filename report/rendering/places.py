"""Floor 2, pure. What a reference in an explanation points at: `[assignment/]scenario[:server]` in the evidence."""

from collections.abc import Sequence

from report.errors import SpecError
from report.rendering.measure import Subject
from report.rendering.verdicts import Evidence
from report.run import Run
from report.spec import Assignment, resolve


class Places:
    """Resolves references of one assignment's explanation; `file` is named in every error."""

    def __init__(self, evidence: Evidence, assignment: Assignment, file: str) -> None:
        self.assignment, self.evidence, self._file = assignment, evidence, file

    def resolve(self, reference: str, call: str) -> tuple[Assignment, str, str]:
        """Assignment, scenario and server (the scenario's first, when none is named)."""
        folder, scenario, server = resolve(reference, self.assignment.name, "")
        assignment = self.evidence.assignments.get(folder)
        if assignment is None or scenario not in assignment.scenarios:
            raise SpecError(f"{self._file}: {call}: there is no scenario {folder}/{scenario}")
        servers = assignment.servers_of(scenario)
        if server is not None and server not in servers:
            raise SpecError(f"{self._file}: {call}: no server {server} runs there; there are {', '.join(servers)}")
        return assignment, scenario, server or servers[0]

    def run(self, reference: str, server: str | None, call: str) -> Run:
        """The first run of what the reference names."""
        assignment, scenario, first = self.resolve(f"{reference}:{server}" if server else reference, call)
        runs = self.evidence.runs.get((assignment.name, scenario, first), ())
        if not runs:
            raise SpecError(f"{self._file}: {call}: {assignment.name}/{scenario}.{first} was not run")
        return runs[0]

    def repetitions(self, assignment: Assignment, scenario: str, server: str) -> Sequence[Run]:
        """Every run there; raises UnmeasuredError with the reason where there is none."""
        self.evidence.values(assignment.name, scenario, server, "requests.answered")  # which any run has
        return self.evidence.runs[assignment.name, scenario, server]

    def subject(self, reference: str, server: str | None, call: str) -> Subject:
        """The same as what a metric or figure is made from."""
        run = self.run(reference, server, call)
        assignment = self.evidence.assignments[run.identity.assignment]
        return Subject(assignment, assignment.scenarios[run.identity.scenario], run)
