"""Floor 3, pure. What a report is handed in as: one zip archive, the same bytes whenever it is made of the same files.

Knows what belongs beside a report, its evidence and its sources: the verdicts as data, the machines, the manifest.
What is written here, `verify` reads; it lies in the archive and needs nothing of this project.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from report.evidence import canonical_json, digest
from report.exports.verify import MANIFEST
from report.rendering.verdicts import Evidence, Verdict
from report.run import Run
from report.spec import Assignment, resolve

EXECUTABLE = ("inv",)
_LEVEL = 9  # of zlib; other versions of zlib may give other bytes
_COUNTED = ("series", "shares", "events")  # families of which `verify` counts lines


def verdicts(evidence: Evidence, found: Iterable[Verdict]) -> bytes:
    """verdicts.json: each claim with its bound, its value, and what its metric is computed from."""
    return canonical_json({"verdicts": [_verdict(evidence, verdict) for verdict in found]})


def environments(runs: Sequence[Run]) -> bytes:
    """environment.json: each machine that runs were recorded on, and which."""
    machines: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for run in runs:
        machines.setdefault(tuple(sorted(run.record.environment.items())), []).append(str(run.identity))
    return canonical_json([{"machine": dict(machine), "runs": sorted(own)} for machine, own in machines.items()])


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Digests and paths as sha256sum(1) writes and checks them, in the order of the paths."""
    return "".join(f"{digest(data)}  {path}\n" for path, data in sorted(files.items())).encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files and their manifest as a zip; every entry is dated 1980, the first day that the format has."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as packed:
        for path, data in sorted({**files, MANIFEST: manifest(files)}.items()):
            entry = zipfile.ZipInfo(path)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = (0o100755 if path in EXECUTABLE else 0o100644) << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED, _LEVEL)
    return made.getvalue()


def _verdict(evidence: Evidence, verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    scenario = evidence.assignments[verdict.assignment].scenarios[verdict.scenario]
    place = (verdict.assignment, verdict.scenario, verdict.server)
    base = None
    if claim.relative_to is not None:
        folder, other, server = resolve(claim.relative_to, verdict.assignment, verdict.scenario)
        base = _runs(evidence, (folder, other, server or verdict.server))
    return {
        "assignment": verdict.assignment,
        "scenario": verdict.scenario,
        "server": verdict.server,
        "claim": claim.id,
        "metric": claim.metric,
        "over": claim.over,
        "minus": claim.minus,
        "relative_to": base,
        "bound": claim.model_dump(include={"equals", "at_least", "at_most", "between"}, exclude_none=True),
        "state": verdict.state,
        "value": verdict.value,
        "reason": None if verdict.reason is None else str(verdict.reason),
        "runs": _runs(evidence, place),
        "declared": {
            "sends": scenario.sends,
            "expect": scenario.load.expect,
            "patterns": _patterns(evidence.assignments[verdict.assignment], (claim.metric, claim.over or "")),
        },
    }


def _runs(evidence: Evidence, place: tuple[str, str, str]) -> list[str]:
    return [run.identity.directory for run in evidence.runs.get(place, ())]


def _patterns(assignment: Assignment, metrics: Iterable[str]) -> dict[str, str]:
    """The patterns that these metrics count lines by."""
    found = {}
    for metric in metrics:
        family, _, rest = metric.partition(".")
        if family in _COUNTED:
            declared = getattr(assignment, family)[rest.split(".")[0]]
            found[metric] = declared if isinstance(declared, str) else declared.pattern
    return found
