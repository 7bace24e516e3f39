"""Floor 2, pure. The evidence as it travels inside a page: each table and capture of each run, line by line.

The lines are those of the files beside the report, so that `requests.csv#L7` means the same in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from report.evidence import canonical_json, rows
from report.rendering.display import visible
from report.rendering.pictures import fonts
from report.rendering.verdicts import Evidence
from report.run import Request, Run, Sample


@dataclass(frozen=True, slots=True)
class Table:
    """One file of a run's evidence: the run's directory, the file's name, its lines from 1 as a reader may see them."""

    run: str
    name: str
    lines: tuple[str, ...]


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
