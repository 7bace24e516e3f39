"""Floor 3. Kept evidence of a class judged by today's rules, without any server: whose verdict would change, and why.

Knows what a cell has packed. What a probe does otherwise now than when it was recorded, and what it did not do then, is
not decided by such evidence, and said.
"""

import io
import json
import lzma
import shlex
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import candidates, evidence, plan
from report import judge as judging
from report.candidates import Candidate
from report.errors import EvidenceError, ReportError
from report.exports import grades
from report.graded import Graded
from report.grading import cell, private, store
from report.grading.submissions import place
from report.judgement import Rules
from report.rendering.edition import evidence_of
from report.rendering.judging import Fault, Judgement, judge
from report.spec import Server

MOST = 256 * 2**20  # bytes that an archive may unpack to; what a cell packs is bounded far below


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict as it was and as it would be, the claims that decide otherwise, and probes that evidence lacks."""

    before: Graded
    outcome: str
    diagnosis: str | None
    claims: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def is_one(self) -> bool:
        return (self.outcome, self.diagnosis) != (self.before.outcome, self.before.diagnosis)


def regraded(root: Path, folder: Path) -> Iterator[Change | Graded]:
    """Each result of the folder judged anew; one without evidence, or for an assignment without rules, as it is.

    Raises EvidenceError where there is none at all, or where some was changed.
    """
    results = store.read(folder / store.RESULTS)
    if not results:
        raise EvidenceError(f"{folder}/{store.RESULTS}: has no result; grade a class into that folder first")
    rules = cell.every_rule(root)
    for one in results:
        packed = folder / store.STUDENTS / place(one.student) / str(one.number) / cell.PACKED
        if one.assignment in rules and packed.is_file():
            yield _anew(rules[one.assignment], one, packed)
        else:
            yield one


def _anew(rules: Rules, before: Graded, packed: Path) -> Change:
    with private.directory() as directory:
        _unpack(packed, directory)
        try:
            case = json.loads((directory / cell.CASE).read_bytes())
            made, unseen = _judged(rules, case, directory / "judged")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EvidenceError(f"{packed}: cannot be read: {error}; grade this submission again") from None
    named = made.diagnosis.id if made.diagnosis else None
    then = {step.claim: step.state for step in before.steps if step.claim}
    now = {step.claim: step.state for step in grades.steps(made) if step.claim}
    claims = tuple(
        f"{claim}: {then.get(claim, 'new')} → {now.get(claim, 'gone')}"
        for claim in dict.fromkeys([*then, *now])
        if then.get(claim) != now.get(claim)
    )
    return Change(before, made.outcome, named, claims, unseen)


def _judged(rules: Rules, case: dict[str, Any], folder: Path) -> tuple[Judgement, tuple[str, ...]]:
    server = Server(command=tuple(shlex.split(case["command"])), directory=".", sources=())
    delay, sleeps = case["delay"], "{delay}" in case["command"]
    alone = candidates.alone(rules, candidates.GIVEN, server, delay, sleeps=sleeps)
    one = Candidate(alone, candidates.GIVEN, rules, delay, case["port"])
    same = {name for name, probe in rules.probes.items() if case["probes"].get(name) == cell.shape(probe)}
    wanted = [p for p in judging.runs_of(one) if p.identity.scenario in same]
    there = [p for p in wanted if evidence.find(folder / p.identity.directory) is not None]
    found = evidence_of([alone], plan.read(there, folder))
    faults = [
        Fault(probe, stage, told, elsewhere, (used[0], used[1]) if used else None)
        for probe, stage, told, elsewhere, used in case["faults"]
    ]
    made = judge(found, alone, one.name, rules.diagnoses, faults, is_built=case["is_built"])
    return made, tuple(name for name in rules.probes if name not in same)


def _unpack(packed: Path, directory: Path) -> None:
    try:
        with tarfile.open(packed, "r:xz") as archive:
            members = archive.getmembers()
            if sum(member.size for member in members) > MOST:
                raise EvidenceError(f"{packed}: is larger than what grading packs; grade this submission again")
            archive.extractall(directory, filter="data")
    except ReportError:
        raise
    except (OSError, tarfile.TarError, lzma.LZMAError, EOFError, io.UnsupportedOperation) as error:
        raise EvidenceError(f"{packed}: cannot be read: {error}; grade this submission again") from None
