"""Floor 2, pure. What sanitizers and valgrind reported into a server's terminal: where, and of what kind it is.

Knows how their reports begin, go on and end; must not know a claim, a language or a page. Of a report it keeps what
leads to the server's own source: no addresses of a binary, no frames of a library, no directories.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from report.judgement import REPORTED
from report.rendering.measure import Measure, Metric, Witness
from report.run import LogLine, Run

LONGEST = 40  # lines of the terminal in which a report must have ended
MOST = 16  # lines of it that are kept
_SANITIZER = re.compile(r"(?:WARNING: Thread|ERROR: (?:Address|Leak))Sanitizer: (?P<what>.*)")
_VALGRIND = re.compile(
    r"^(?P<mark>==\d+==) +(?P<what>(?:Invalid|Mismatched) (?:read|write|free).*|Conditional jump .*|Use of uninit.*|"
    r"Syscall param .*|[\d,]+ (?:\([^)]*\) )?bytes in .* definitely lost.*|Source and destination overlap.*|"
    r"Jump to the invalid.*|Possible data race.*|Thread #\d+:? (?!was created|is the program|#).*)"
)
_GOES_ON = re.compile(
    r"^(?:\s|SUMMARY: |(?:READ|WRITE) of|(?:In)?[Dd]irect leak|0x[0-9a-f]+ is |(?:\w+ )?\w+ by thread)"
)
_LIBRARY = re.compile(
    r"^\s+(?:#\d+|at 0x\S+|by 0x\S+)\s.*(?:\(in /|libsanitizer|sysdeps|nptl|/csu/|<null>|\?\?\?|"
    r"start_thread|clone|pthread_create|_start)|^\s+(?:at|by) 0x\S+: _"
)
_BINARY = re.compile(
    r" \(\S+\+0x[0-9a-f]+\)(?: \(BuildId: \w+\))?$| at pc 0x.*| 0x[0-9a-f]+ in(?= )|(?<=   (?:at|by)) 0x[0-9A-F]+:"
)
_DIRECTORIES = re.compile(r"[^\s:(]*/([^/\s:]+:\d+)")
_PLACE = re.compile(r"([\w.+-]+\.\w+:\d+)")
_KINDS: Mapping[str, re.Pattern[str]] = {
    "data-race": re.compile(r"(?i)\A.*data race"),
    "freed-memory": re.compile(r"\A.*(?:use-after|double-free|Invalid free)|free'd"),
    "buffer-overflow": re.compile(r"\A.*(?:overflow|underflow)|bytes (?:after|before|inside) a block"),
    "thread-leak": re.compile(r"\A.*thread leak"),
    "memory-leak": re.compile(r"\A.*(?:detected memory leaks|definitely lost)"),
    "uninitialised-memory": re.compile(r"\A.*uninit"),
}
OTHER = next(kind for kind in REPORTED if kind not in _KINDS)


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its kind, the line of the terminal on which it begins, from 1, and what is worth reading of it."""

    kind: str
    line: int
    lines: tuple[str, ...]

    @property
    def place(self) -> str:
        """The first file:line of it that is the server's own; empty where it names none."""
        found = (_PLACE.search(line) for line in self.lines[1:])
        return next((match[1] for match in found if match), "")


def reports(printed: Sequence[LogLine]) -> Iterator[Report]:
    """Every report in a server's terminal, in order."""
    for index, line in enumerate(printed):
        if match := _SANITIZER.search(line.text) or _VALGRIND.match(line.text):
            rest = [line.text for line in printed[index + 1 : index + LONGEST]]
            mark = match.groupdict().get("mark")
            body = [match[0], *(_of_valgrind(rest, mark) if mark else _of_sanitizer(rest))]
            text = "\n".join(one.removeprefix(mark or "") for one in body).lstrip()
            kind = next((kind for kind, pattern in _KINDS.items() if pattern.search(text)), OTHER)
            yield Report(kind, index + 1, tuple(_readable(text.split("\n")))[:MOST])


def of_runs(runs: Iterable[Run], kind: str | None = None) -> list[Report]:
    """The reports of these runs, those of one kind first, if it is given."""
    found = [report for run in runs for report in reports(run.server_lines)]
    return sorted(found, key=lambda report: report.kind != kind) if kind else found


def _of_sanitizer(rest: Iterable[str]) -> Iterator[str]:
    """What follows, to the summary; lines that other threads of the server print meanwhile are left out."""
    for line in rest:
        if _SANITIZER.search(line):
            return
        if _GOES_ON.match(line):
            yield line
        if line.startswith("SUMMARY: "):
            return


def _of_valgrind(rest: Sequence[str], mark: str) -> Iterator[str]:
    """What this process says, to the first empty line after which it goes on with something else."""
    own = [line for line in rest if line.startswith(mark)]
    for line, after in zip_longest(own, own[1:], fillvalue=mark):
        if line.strip() == mark and "conflicts with" not in after:
            return
        yield line


def _readable(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.strip() and not _LIBRARY.match(line):
            yield _DIRECTORIES.sub(r"\1", _BINARY.sub("", line))


def _number(kind: str | None) -> Measure:
    return lambda subject: sum(kind in (None, one.kind) for one in reports(subject.run.server_lines))


def _first(kind: str | None) -> Witness:
    return lambda subject: next(
        (one.line for one in reports(subject.run.server_lines) if kind in (None, one.kind)), None
    )


REPORTS: Mapping[str, Metric] = {
    "reports.count": Metric("count", _number(None), "server.log", _first(None)),
    **{f"reports.{kind}": Metric("count", _number(kind), "server.log", _first(kind)) for kind in REPORTED},
}
