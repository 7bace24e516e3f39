"""Floor 3, pure. One run as Trace Event JSON, which opens in Perfetto and chrome://tracing.

Two processes: the server, with a track for each process, thread or worker that its lines name, and the clients. Slices
of one track never overlap: what one actor does at once is put on further tracks of its name. A flow leads from each
client's request to the slice that serves it. Times are microseconds since the first thing that was seen.
("Trace Event Format", Google; that slices must nest: perfetto.dev, "Thread-scoped slices".)
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from report.exports.har import anchored, phases
from report.rendering import lines
from report.rendering.measure import UnmeasuredError
from report.run import Request, Run
from report.spec import Assignment

Event = dict[str, Any]
SERVER, CLIENTS = 1, 2  # pids
SAMPLED = ("processes", "threads", "zombies", "rss", "descriptors")
_FIRST_TRACK = 10  # tids; none is a pid, which would make its track the process's main thread


@dataclass(frozen=True, slots=True)
class Slice:
    """What an actor did from begin to end, and the phases of that; `port` is the client's."""

    actor: str
    name: str
    begin: float
    end: float
    port: int | None
    args: dict[str, Any]
    inner: tuple[tuple[str, float, float], ...] = ()


def trace(run: Run, assignment: Assignment) -> bytes:
    """The trace of a run of this assignment."""
    slices = {CLIENTS: [_sent(request) for request in run.requests], SERVER: list(_served(run, assignment))}
    moments = [*_moments(run, assignment)]
    start = min([one.begin for own in slices.values() for one in own] + [time for time, _ in moments])

    def at(seconds: float) -> int:
        return round((seconds - start) * 1e6)

    named = [_named("process_name", CLIENTS, 0, "clients"), _named("process_name", SERVER, 0, f"server {run.identity}")]
    shown = [event | {"pid": SERVER, "tid": 0, "ts": at(time)} for time, event in moments]
    ports = {pid: Counter(one.port for one in own) for pid, own in slices.items()}
    tid = _FIRST_TRACK
    for pid, own in slices.items():
        for name, track in _tracks(own):
            tid += 1
            named.append(_named("thread_name", pid, tid, name))
            for one in track:
                is_linked = one.port is not None and all(counts[one.port] == 1 for counts in ports.values())
                shown += [event | {"pid": pid, "tid": tid} for event in _events(one, at, pid, is_linked=is_linked)]
    made = {
        "traceEvents": [*named, *sorted(shown, key=lambda event: (event["ts"], -event.get("dur", 0)))],
        "displayTimeUnit": "ms",
        "otherData": {"run": str(run.identity), "zero": anchored(run.record).isoformat(), "zero_ts": at(0.0)},
    }
    return (json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _sent(request: Request) -> Slice:
    inner = [(name, begin, end) for name, (begin, end) in phases(request).items()]
    args = {"outcome": request.outcome, "status": request.status, "bytes": request.bytes, "detail": request.detail}
    end = inner[-1][2] if inner else request.due
    return Slice("client", f"{request.kind} {request.number}", request.due, end, request.local_port, args, (*inner,))


def _served(run: Run, assignment: Assignment) -> Iterator[Slice]:
    """Every connection from when it was begun to when it was answered; to the last line, if it never was."""
    try:
        courses = lines.courses(run.server_lines, assignment.connections) if assignment.connections else ()
    except UnmeasuredError:
        return
    for one in courses:
        if one.begun is not None:
            end = run.server_lines[-1].time if one.answered is None else one.answered
            args = {"accepted": one.accepted is not None, "answered": one.answered is not None}
            yield Slice(one.actor, f"#{one.connection}", one.begun, max(one.begun, end), one.port, args)


def _moments(run: Run, assignment: Assignment) -> Iterator[tuple[float, Event]]:
    """Values of counters (samples, declared series) and declared events, with their times."""
    for sample in run.samples:
        for name in SAMPLED:
            yield sample.time, {"ph": "C", "name": name, "args": {"value": getattr(sample, name)}}
    for name, series in assignment.series.items():
        try:
            for point in lines.series(run.server_lines, series):
                yield point.time, {"ph": "C", "name": name, "args": {"value": point.value}}
        except UnmeasuredError:
            continue
    for name, pattern in assignment.events.items():
        for _, line, groups in lines.events(run.server_lines, pattern):
            yield line.time, {"ph": "i", "s": "p", "cat": "event", "name": name, "args": dict(groups)}


def _tracks(slices: Iterable[Slice]) -> Iterator[tuple[str, list[Slice]]]:
    """Each actor's slices, those that overlap on tracks of their own."""
    actors: dict[str, list[list[Slice]]] = {}
    for one in sorted(slices, key=lambda one: one.begin):
        tracks = actors.setdefault(one.actor, [])
        free = next((track for track in tracks if track[-1].end <= one.begin), None)
        if free is None:
            tracks.append(free := [])
        free.append(one)
    for actor, tracks in actors.items():
        for place, track in enumerate(tracks, start=1):
            yield (actor if place == 1 else f"{actor} ({place})"), track


def _events(one: Slice, at: Callable[[float], int], pid: int, *, is_linked: bool) -> Iterator[Event]:
    whole = {"ph": "X", "cat": "request", "name": one.name, "ts": at(one.begin), "dur": at(one.end) - at(one.begin)}
    yield whole | {"args": one.args}
    for name, begin, end in one.inner:
        if at(begin) < at(end):  # what took no time would seem to be a part of what follows
            yield whole | {"name": name, "ts": at(begin), "dur": at(end) - at(begin)}
    if is_linked:
        ends = {"ph": "f", "bp": "e"} if pid == SERVER else {"ph": "s"}
        yield {"cat": "request", "name": "served", "id": one.port, "ts": at(one.begin), **ends}


def _named(what: str, pid: int, tid: int, name: str) -> Event:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0, "args": {"name": name}}
