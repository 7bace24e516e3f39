"""Floor 2, pure. The evidence as it travels inside a page: each table and capture of each run, line by line.

The lines are those of the files beside the report, so that `requests.csv#L7` means the same in both. Of a long file
a page holds only what its text refers to and the ends; the whole file lies beside it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby

from report.evidence import canonical_json, rows
from report.rendering.display import visible
from report.rendering.pictures import fonts
from report.rendering.verdicts import Evidence
from report.run import Request, Run, Sample

LONG = 60  # lines; a file of more is shown in part
HEAD, AROUND, TAIL = 10, 3, 3  # lines of a long file: its first, those on each side of one referred to, its last


@dataclass(frozen=True, slots=True)
class Table:
    """One file of a run's evidence: the run's directory, the file's name, its lines from 1 as a reader may see them."""

    run: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that follow on one another, each with its number in the file, after so many that are left out."""

    left_out: int
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """What a page shows of a file: stretches of it, each line with its own number; `count` are the whole file's."""

    path: str
    table: Table
    stretches: tuple[Stretch, ...]

    @property
    def count(self) -> int:
        """Number of lines of the whole file."""
        return len(self.table.lines)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not any(stretch.left_out for stretch in self.stretches)


def extract(path: str, table: Table, targets: Collection[int]) -> Extract:
    """The file with all lines that are referred to; of a long one no more than these, what is near them and the ends.

    No single line is left out: saying so would take as much room.
    """
    shown = _shown(len(table.lines), targets)
    stretches: list[Stretch] = []
    left_out = 0
    for is_shown, group in groupby(enumerate(table.lines, start=1), key=lambda line: line[0] in shown):
        lines = tuple(group)
        if is_shown:
            stretches.append(Stretch(left_out, lines))
        left_out = 0 if is_shown else len(lines)
    return Extract(path, table, tuple(stretches))


def _shown(count: int, targets: Collection[int]) -> set[int]:
    every = range(1, count + 1)
    if count <= LONG:
        return set(every)
    near = {line for target in targets for line in range(target - AROUND, target + AROUND + 1)}
    shown = near | set(every[:HEAD]) | set(every[-TAIL:])
    return {line for line in every if line in shown or {line - 1, line + 1} <= shown}


def tables(evidence: Evidence) -> dict[str, Table]:
    """Each file that a report can refer to, by its path beside the report."""
    found: dict[str, Table] = {}
    for runs in evidence.runs.values():
        for run in runs:
            for name, lines in _files(run).items():
                directory = run.identity.directory
                found[f"evidence/{directory}/{name}"] = Table(
                    directory, name, tuple(visible(line, fonts.missing(line)) for line in lines)
                )
    return found


def _files(run: Run) -> Mapping[str, list[str]]:
    return {
        "run.json": _split(canonical_json(run.record.model_dump(mode="json"))),
        "requests.csv": _split(rows(run.requests, Request)),
        "samples.csv": _split(rows(run.samples, Sample)),
        "server.log": [line.text for line in run.server_lines],
        "client.log": [line.text for line in run.client_lines],
    }


def _split(data: bytes) -> list[str]:
    return data.decode().removesuffix("\n").split("\n")
