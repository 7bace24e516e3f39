"""Our load script as anybody calls it, and what its record and its last lines say. Knows its columns, not its code."""

import csv
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.measure import Finished, Sample, finished

MODULE = "assignments.accesses"
SYN_RETRY = 0.9  # seconds: whoever connects later than that has sent its SYN twice (RFC 6298: again after one second)
SOME_FAILED = 1  # its exit status where not all were answered


def command(port: int, *options: str) -> list[str]:
    """Its command line."""
    return [sys.executable, "-m", MODULE, f"http://127.0.0.1:{port}/", *options]


def recorded(port: int, *options: str) -> tuple[Sample, Finished]:
    """What its record says of a load, and the process that sent it."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        file = Path(folder, "requests.csv")
        done = finished(command(port, *options, "--record", str(file)), status=SOME_FAILED, peak=True)
        return of_record(csv.DictReader(file.read_text().splitlines())), done


def of_record(rows: Iterable[dict[str, str]]) -> Sample:
    """Makespan, failures, connections that came late, and latencies from due, and from sent, to the last byte."""
    every = list(rows)
    answered = [row for row in every if row["outcome"] == "answered"]
    begin = min(float(row["due"]) for row in every)
    sample: Sample = {
        "makespan": max(float(row["done"] or begin) for row in every) - begin,
        "failed": float(len(every) - len(answered)),
        "retries": float(sum(_between(row, "started", "connected") > SYN_RETRY for row in answered)),
        "lag": max(_between(row, "due", "started") for row in every if row["started"]),
    }
    for name, since in (("", "sent"), ("_whole", "started")):
        times = sorted(_between(row, since, "done") for row in answered)
        for percent in (50, 99):
            if times:
                sample[f"p{percent}{name}"] = times[min(len(times) - 1, len(times) * percent // 100)]
    return sample


def _between(row: dict[str, str], begin: str, end: str) -> float:
    return float(row[end]) - float(row[begin])


def of_summary(said: str) -> Sample:
    """The last lines: how many were answered, how many failed, how many a second, and how late the script was."""
    counts = re.search(r"(\d+) sent, (\d+) answered, (\d+) failed, in ([\d.]+) s", said)
    lag = re.search(r"behind schedule: at most ([\d.]+) s", said)
    if counts is None or lag is None:
        raise ValueError(f"no summary of the load script's in: {said[-200:]!r}")
    answered, failed, seconds = int(counts[2]), int(counts[3]), float(counts[4])
    return {"rate": answered / seconds, "requests": float(answered), "failed": float(failed), "lag": float(lag[1])}
