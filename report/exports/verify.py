"""Checks the bundle that this file lies in; needs nothing but Python 3.8 or later: python3 verify.py

Every file is as the manifest says, every run is as it was recorded, and every verdict follows from its value and its
bound. Values that are simple counts, sums and extremes are computed anew from the evidence; the others are compared
with their bound as they were recorded. It shows that nothing changed by itself, not who made the bundle.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import re
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MANIFEST = "manifest-sha256.txt"
EVIDENCE = "docs/evidence"
OUTCOMES = ("requests.closed", "requests.reset", "requests.refused", "requests.late")

WORDS = {
    "en": {
        "line": "{path}: line {line} is no digest with a path; the manifest was changed",
        "missing": "{path}: cannot be read; the bundle is not whole",
        "changed": "{path}: is not what the manifest says; it was changed after the bundle was made",
        "recorded": "{path}: is not what was recorded, as run.json has it",
        "state": "{claim}: the verdict is {state}, which does not follow from the value {value} and the bound {bound}",
        "value": "{claim}: the evidence gives {found}, not the value {value} that the verdict rests on",
        "files": "files as the manifest says: {files} (others, which are no part of the bundle: {others})",
        "runs": "runs as they were recorded: {runs}",
        "verdicts": "verdicts that follow from values: {decided} ({holds} hold, {fails} fail); undecided: {undecided}",
        "again": "values computed anew from the evidence: {again}; only compared with their bound: {compared}",
        "digest": "the manifest's own digest: {digest}",
    },
    "ko": {
        "line": "{path}: {line}번째 줄이 다이제스트와 경로가 아니다. 목록이 바뀌었다",
        "missing": "{path}: 읽을 수 없다. 제출물이 온전하지 않다",
        "changed": "{path}: 목록의 다이제스트와 다르다. 제출물을 만든 뒤에 바뀌었다",
        "recorded": "{path}: run.json에 적힌, 기록할 때의 내용과 다르다",
        "state": "{claim}: 판정은 {state}인데 값 {value}, 한계 {bound}에서 나올 수 없다",
        "value": "{claim}: 근거에서 다시 계산하면 {found}인데, 판정이 바탕으로 삼은 값은 {value}이다",
        "files": "파일 {files}개가 목록의 다이제스트와 같다(제출물에 속하지 않는 파일 {others}개)",
        "runs": "실행 {runs}건의 근거가 기록할 때 그대로이다",
        "verdicts": "값과 한계에 맞는 판정 {decided}건: 성립 {holds}건, 불성립 {fails}건. 판정 보류 {undecided}건",
        "again": "근거에서 다시 계산한 값 {again}개, 기록된 값을 한계와 견주기만 한 것 {compared}개",
        "digest": "목록 자체의 다이제스트: {digest}",
    },
}


class FaultError(Exception):
    """Something is not as it must be: a key of WORDS, and what belongs in its sentence."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


def words() -> dict[str, str]:
    """The sentences in the language of the terminal."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return WORDS["ko" if spoken.startswith("ko") else "en"]


def content(root: Path, path: str) -> bytes:
    """The bytes of a file of the bundle."""
    try:
        return (root / path).read_bytes()
    except OSError:
        raise FaultError("missing", path=path) from None


def listed(root: Path) -> dict[str, str]:
    """Paths and digests of the manifest, in which nothing else may stand."""
    found: dict[str, str] = {}
    text = content(root, MANIFEST).decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n")[:-1] if text.endswith("\n") else [""], start=1):
        match = re.match(r"([0-9a-f]{64})  ([^/\\\0][^\\\0]*)\Z", line)
        if match is None or ".." in match.group(2).split("/") or match.group(2) <= max(found, default=""):
            raise FaultError("line", path=MANIFEST, line=number)
        found[match.group(2)] = match.group(1)
    return found


def unchanged(root: Path) -> dict[str, int]:
    """Counts the files of the manifest, each as it says, and those that it does not name."""
    manifest = listed(root)
    for path, expected in manifest.items():
        if hashlib.sha256(content(root, path)).hexdigest() != expected:
            raise FaultError("changed", path=path)
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return {"files": len(manifest), "others": len(there - set(manifest) - {MANIFEST})}


def as_recorded(root: Path) -> dict[str, int]:
    """Counts the runs, the files of each being what its run.json says."""
    runs = sorted((root / EVIDENCE).glob("*/*/run.json"))
    for run in runs:
        for name, expected in json.loads(run.read_text(encoding="utf-8"))["files"].items():
            path = (run.parent / name).relative_to(root).as_posix()
            if hashlib.sha256(content(root, path)).hexdigest() != expected:
                raise FaultError("recorded", path=path)
    return {"runs": len(runs)}


def follow(root: Path) -> dict[str, int]:
    """Counts the verdicts, each following from its value and its bound, and the values that were computed anew."""
    counts = dict.fromkeys(("decided", "holds", "fails", "undecided", "again", "compared"), 0)
    for verdict in json.loads(content(root, "verdicts.json"))["verdicts"]:
        counts[verdict["state"]] += 1
        if verdict["state"] == "undecided":
            continue
        counts["decided"] += 1
        name = "{assignment}/{scenario}.{server}: {claim}".format(**verdict)
        value, bound = verdict["value"], verdict["bound"]
        if within(bound, value) != (verdict["state"] == "holds"):
            raise FaultError("state", claim=name, state=verdict["state"], value=value, bound=bound)
        found = again(root / EVIDENCE, verdict)
        counts["compared" if found is None else "again"] += 1
        if found is not None and not math.isclose(found, value, rel_tol=1e-9, abs_tol=1e-9):
            raise FaultError("value", claim=name, found=found, value=value)
    return counts


def within(bound: dict[str, Any], value: float) -> bool:
    """Whether a value is within its one bound, which is inclusive."""
    ((kind, limit),) = bound.items()
    if kind == "between":
        return bool(limit[0] <= value <= limit[1])
    return bool({"equals": value == limit, "at_least": value >= limit, "at_most": value <= limit}[kind])


def again(evidence: Path, verdict: dict[str, Any]) -> float | None:
    """The value that a verdict rests on, from the evidence alone; None where that is more than a simple count."""
    if verdict["minus"] is not None:
        return None

    def of(runs: list[str]) -> list[float]:
        made = []
        for run in runs:
            metrics = [verdict["metric"], *([verdict["over"]] if verdict["over"] else [])]
            value, *under = [measured(evidence / run, metric, verdict["declared"]) for metric in metrics]
            made.append(value / under[0] if under else value)
        return made

    try:
        value = statistics.median(of(verdict["runs"]))
        return value / statistics.median(of(verdict["relative_to"])) if verdict["relative_to"] else value
    except LookupError:
        return None


def measured(run: Path, metric: str, declared: dict[str, Any]) -> float:
    """A metric of one run; raises LookupError for those that are not simply counted here."""
    family, _, what = metric.partition(".")
    if metric in declared["patterns"]:
        return of_lines(run, metric.split("."), declared["patterns"][metric])
    if family in ("processes", "threads"):
        return {"peak": max(float(row[family]) for row in rows(run / "samples.csv"))}[what]
    if family in ("left", "exit", "cpu", "memory"):
        return of_record(json.loads((run / "run.json").read_text(encoding="utf-8")), metric)
    return of_requests([row for row in rows(run / "requests.csv") if row["kind"] == "request"], run, metric, declared)


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table, by the names of its columns."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_requests(every: list[dict[str, str]], run: Path, metric: str, declared: dict[str, Any]) -> float:
    """Counts, latencies and the makespan of the requests that were to be answered."""
    answered = [row for row in every if row["outcome"] == "answered"]

    def makespan() -> float:
        return max(float(row["done"]) for row in answered) - min(float(row["due"]) for row in every)

    def correct(row: dict[str, str]) -> bool:
        kind = row["content_type"].split(";")[0].strip().lower()
        return row["body"] == declared["expect"] and row["content_length"] == row["bytes"] and kind == "text/plain"

    known: dict[str, Callable[[], float]] = {
        "requests.answered": lambda: len(answered),
        "requests.correct": lambda: sum(map(correct, answered)),
        "requests.unaccounted": lambda: declared["sends"] - sum(bool(row["outcome"]) for row in every),
        "makespan.seconds": makespan,
        "makespan.delays": lambda: makespan() / json.loads((run / "run.json").read_text(encoding="utf-8"))["delay"],
        "latency.median": lambda: statistics.median(float(row["done"]) - float(row["due"]) for row in answered),
    }
    if metric in OUTCOMES:
        return sum(f"requests.{row['outcome']}" == metric for row in every)
    return float(known[metric]())


def of_record(record: dict[str, Any], metric: str) -> float:
    """What run.json says at once: what was left, how it ended, what it used."""
    left, spent, ending = record["leftovers"], record["resources"], record["ending"]
    known: dict[str, Callable[[], float]] = {
        "left.killed": lambda: ending["killed"],
        "left.total": lambda: sum(left.values()) + ending["killed"],
        "exit.status": lambda: 128 + ending["signal"] if ending["exit_status"] is None else ending["exit_status"],
        "cpu.seconds": lambda: spent["user_seconds"] + spent["system_seconds"],
    }
    family, _, what = metric.partition(".")
    if family == "memory":
        return float(spent[f"{what}_bytes"])
    return float(left[what] if what in left else known[metric]())


def of_lines(run: Path, metric: list[str], pattern: str) -> float:
    """What the server's captured lines tell by a pattern that the assignment declares."""
    family, what = metric[0], metric[-1]
    lines = (run / "server.log").read_bytes().decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    found = [match for match in map(re.compile(pattern).search, lines) if match]
    if what == "count":
        return len(found)
    group = metric[2] if family == "events" else 1
    taken = [match.group(group) for match in found if match.group(group) is not None]
    if family != "shares":
        values = [float(text) for text in taken]
        return {"min": min(values), "max": max(values), "first": values[0], "last": values[-1]}[what]
    shares = [taken.count(who) for who in dict.fromkeys(taken)]
    return float({"total": sum(shares), "actors": len(shares), "largest": max(shares), "smallest": min(shares)}[what])


def main() -> int:
    """0 when the bundle is whole and consistent; else 1, and one sentence that says what is not."""
    root, said = Path(__file__).resolve().parent, words()
    try:
        for keys, check in ((("files",), unchanged), (("runs",), as_recorded), (("verdicts", "again"), follow)):
            counts = check(root)
            for key in keys:
                print(said[key].format(**counts))
    except FaultError as fault:
        print(said[fault.key].format(**fault.values), file=sys.stderr)
        return 1
    print(said["digest"].format(digest=hashlib.sha256(content(root, MANIFEST)).hexdigest()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
