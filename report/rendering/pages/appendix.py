"""Floor 2, pure. The evidence as it travels inside a page: each table and capture of each run, line by line.

The lines are those of the files beside the report, so that `requests.csv#L7` means the same in both. Of a long file
a page holds only what its text refers to and the ends; the whole file lies beside it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from report.evidence import WAITS, canonical_json, table
from report.rendering.display import visible
from report.rendering.pictures import fonts
from report.rendering.verdicts import Evidence
from report.run import LogLine, Request, Run, Sample, Wait

LONG = 60  # lines; a file of more is shown in part
HEAD, AROUND, TAIL = 10, 3, 3  # lines of a long file: its first, those on each side of one referred to, its last


@dataclass(frozen=True, slots=True)
class Table:
    """One file of a run's evidence: the run's directory, the file's name, its lines from 1 as a reader may see them.

    Of a captured terminal, `times` are the seconds of the run at which each was printed.
    """

    run: str
    name: str
    lines: tuple[str, ...]
    times: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)


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


class Tables(Mapping[str, Table]):
    """Each file that a report can refer to, by its path beside the report; made when it is asked for."""

    def __init__(self, evidence: Evidence) -> None:
        self._runs = {run.identity.directory: run for runs in evidence.runs.values() for run in runs}
        self._places = {f"evidence/{at}/{name}": (at, name) for at in self._runs for name in _FILES}
        self._made: dict[str, Table] = {}

    def __getitem__(self, path: str) -> Table:
        if path not in self._made:
            directory, name = self._places[path]
            run = self._runs[directory]
            lines = _FILES[name](run)
            whole = "".join(lines)
            if not (whole.isascii() and whole.isprintable()):  # asked of all at once: most files show themselves
                lines = [visible(line, fonts.missing(line)) for line in lines]
            printed = _PRINTED[name](run) if name in _PRINTED else ()
            self._made[path] = Table(directory, name, tuple(lines), tuple(line.time for line in printed))
        return self._made[path]

    def __contains__(self, path: object) -> bool:
        return path in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


_PRINTED: Mapping[str, Callable[[Run], Sequence[LogLine]]] = {
    "server.log": lambda run: run.server_lines,
    "client.log": lambda run: run.client_lines,
}
_FILES: Mapping[str, Callable[[Run], Sequence[str]]] = {
    "run.json": lambda run: _split(canonical_json(run.record.model_dump(mode="json", exclude_unset=True))),
    "requests.csv": lambda run: _split(table(run.requests, Request)),
    "samples.csv": lambda run: _split(table(run.samples, Sample)),
    WAITS: lambda run: _split(table(run.waits, Wait)),
    "server.log": lambda run: [line.text for line in run.server_lines],
    "client.log": lambda run: [line.text for line in run.client_lines],
}


def _split(data: bytes) -> list[str]:
    return data.decode().removesuffix("\n").split("\n")
