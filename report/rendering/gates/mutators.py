"""Floor 2, pure. Ways to change a run's evidence so that a metric moves; chosen by the metric's table and patterns.

Knows tables, columns and declared patterns; no metric and no assignment by name. A change takes a run and a strength,
gives a changed run (or the same one where it has nothing to change), and is the same each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from report.evidence import WAITS
from report.rendering import metrics
from report.rendering.gates import scribbles
from report.rendering.measure import Subject
from report.run import Request, Run, Sample
from report.spec import FAMILIES, Assignment, Held, Ring, Series

Change = Callable[[Run, int], Run]
STRENGTHS = (1, 2, 5, 10, 25, 100, 1000, 10_000, 100_000)
_MOMENTS = ("started", "connected", "sent", "first_byte", "done")
_FAILURES = ("incomplete", "closed", "reset", "refused", "late", "invalid", "other status")
ANY = "^"  # a pattern that every line matches
_FAULTS = (  # outcome and detail, as the load script tells them
    ("invalid", 'a bare LF after "HTTP/1.1 200 OK"'),
    ("invalid", 'not a header line: "Content-Length"'),
    ("invalid", "a body longer than its 20 bytes"),
    ("answered", "left open by the server"),
    ("answered", "Connection reset by peer"),
)
_LEVELS = ("processes", "threads", "zombies", "rss", "descriptors")


def changes(subject: Subject, metric: str, up: bool, others: Sequence[Run]) -> list[Change]:
    """What may move the metric up, or down, in the order in which to try; lines may be borrowed from other runs."""
    table = metrics.find(metric).table
    if table == "requests.csv":
        return _of_requests(subject, up)
    if table == "samples.csv":
        return [
            lambda run, strength: _levels(run, _LEVELS, _moved(up, strength)),
            lambda run, strength: _levels(run, _LEVELS, _moved(not up, strength)),
            lambda run, strength: _levels(run, ("cpu",), _scaled(up, strength)),
            lambda run, strength: _kept(run, _moved(up, strength)),
            lambda run, strength: _kept(run, _scaled(up, strength)),
        ]
    if table == WAITS:
        return [_of_one, _turned]
    if table == "run.json":
        return _of_facts(subject.run, up)
    return scribbles.changes(patterns(subject.assignment, metric), up, others)


def patterns(assignment: Assignment, metric: str) -> tuple[str, ...]:
    """The patterns by which a metric reads the server's lines.

    What is not declared by name reads [connections], or any line at all.
    """
    family, _, rest = metric.partition(".")
    if family not in FAMILIES:
        course = assignment.connections
        return (course.begun, course.answered, ANY) if course else (ANY,)
    declared = getattr(assignment, family)[rest.split(".")[0]]
    if isinstance(declared, Series):
        return (declared.pattern,)
    if isinstance(declared, Held):
        return assignment.series[declared.series].pattern, assignment.events[declared.at]
    if isinstance(declared, Ring):
        return declared.take, declared.join, declared.free, declared.leave
    return (declared,)


def _moved(up: bool, strength: int) -> Callable[[float], float]:
    return lambda value: value + strength if up else max(type(value)(0), value - strength)


def _scaled(up: bool, strength: int) -> Callable[[float], float]:
    factor = 1 + strength / 4
    return lambda value: type(value)(value * factor if up else value / factor)


def _of_requests(subject: Subject, up: bool) -> list[Change]:
    def is_answered(request: Request) -> bool:
        return request.kind == "request" and request.outcome == "answered"

    def fail(outcome: str) -> Callable[[Request], Sequence[Request]]:
        return lambda request: (replace(request, outcome=outcome, body=""),)

    def tell(outcome: str, detail: str) -> Callable[[Request], Sequence[Request]]:
        return lambda request: (replace(request, outcome=outcome, detail=detail),)

    def mend(request: Request) -> Request:
        body = subject.scenario.load.expect or ""
        size = len(body.encode())
        done = request.due + subject.run.record.delay if request.done is None else request.done
        whole = replace(request, body=body, bytes=size, content_length=size, content_type="text/plain")
        return replace(whole, outcome="answered", status=200, done=done)

    def each(keep: Callable[[Request], bool], how: Callable[[Request], Sequence[Request]]) -> Change:
        """The last of those to keep, as many as the strength says, each replaced."""

        def change(run: Run, strength: int) -> Run:
            chosen = {place for place, request in enumerate(run.requests) if keep(request)}
            chosen = set(sorted(chosen)[-strength:])
            table = [new for i, old in enumerate(run.requests) for new in (how(old) if i in chosen else (old,))]
            return replace(run, requests=tuple(table)) if chosen else run

        return change

    return [
        *(each(is_answered, fail(outcome)) for outcome in _FAILURES),
        each(lambda request: request.kind == "request" and not is_answered(request), lambda r: (mend(r),)),
        each(lambda request: request.kind == "request", lambda request: ()),
        each(lambda request: request.kind == "request", lambda request: (request, request)),
        lambda run, strength: _times(run, (*_MOMENTS, "due"), _scaled(up, strength)),
        lambda run, strength: _times(run, _MOMENTS, lambda time: time + (strength if up else -strength) / 10),
        *(each(is_answered, tell(*fault)) for fault in _FAULTS),
        each(is_answered, lambda request: (request, replace(request, kind="stalled"))),
        lambda run, strength: _times(run, ("sent",), lambda time: time + strength),
        lambda run, strength: _last(run, lambda time: time + strength),
        lambda run, strength: _last(run, lambda time: time - strength),
    ]


def _times(run: Run, columns: Sequence[str], move: Callable[[float], float]) -> Run:
    """Every time in these columns moved; what was not reached stays so."""
    return replace(run, requests=tuple(_with(request, columns, move) for request in run.requests))


def _last(run: Run, move: Callable[[float], float]) -> Run:
    """The answer of the last request moved, and of no other."""
    *others, last = run.requests or (None,)
    return replace(run, requests=(*others, _with(last, ("first_byte", "done"), move))) if last else run


def _levels(run: Run, columns: Sequence[str], move: Callable[[float], float]) -> Run:
    samples: list[Sample] = [_with(sample, columns, move) for sample in run.samples]
    return replace(run, samples=tuple(samples))


def _kept(run: Run, move: Callable[[float], float]) -> Run:
    """What a server holds on to moved, in the later half of the samples."""
    begin = len(run.samples) // 2
    later: list[Sample] = [_with(sample, ("rss", "descriptors"), move) for sample in run.samples[begin:]]
    return replace(run, samples=(*run.samples[:begin], *later))


def _of_one(run: Run, place: int) -> Run:
    """What two threads waited for is told of one of them."""
    one, other, *_ = *_threads(run)[place - 1 :], 0, 0
    return replace(run, waits=tuple(replace(w, thread=one) if w.thread == other else w for w in run.waits))


def _turned(run: Run, places: int) -> Run:
    """What each thread waited for is told of the one so many places on."""
    threads = _threads(run)
    places %= max(1, len(threads))
    told = dict(zip(threads, threads[places:] + threads[:places], strict=True))
    return replace(run, waits=tuple(replace(wait, thread=told[wait.thread]) for wait in run.waits))


def _threads(run: Run) -> list[int]:
    return sorted({wait.thread for wait in run.waits})


def _with(row: Any, columns: Sequence[str], move: Callable[[float], float]) -> Any:
    values = {column: getattr(row, column) for column in columns}
    return replace(row, **{column: move(value) for column, value in values.items() if value is not None})


def _of_facts(run: Run, up: bool) -> list[Change]:
    """What run.json states of the ending, of what was left and of the resources: each count moved; all scaled."""

    def changed(part: str, names: Sequence[str], move: Callable[[float], float], run: Run) -> Run:
        facts = getattr(run.record, part)
        values = {name: getattr(facts, name) for name in names}
        numbers = {name: move(value) for name, value in values.items() if value is not None}
        return replace(run, record=run.record.model_copy(update={part: facts.model_copy(update=numbers)}))

    def one(part: str, name: str) -> Change:
        return lambda run, strength: changed(part, [name], _moved(up, strength), run)

    def every(part: str, names: Sequence[str]) -> Change:
        return lambda run, strength: changed(part, names, _scaled(up, strength), run)

    def killed(run: Run, strength: int) -> Run:
        ending = run.record.ending.model_copy(update={"exit_status": None, "signal": strength})
        return replace(run, record=run.record.model_copy(update={"ending": ending}))

    numbers = (int, float)
    stated = {part: dict(getattr(run.record, part)) for part in ("ending", "leftovers", "resources")}
    counts = [(part, name) for part, facts in stated.items() for name in facts if isinstance(facts[name], int)]
    alone = [(part, name) for part, facts in stated.items() for name in facts if isinstance(facts[name], numbers)]
    return [
        *(one(*count) for count in counts),
        *(every(part, list(facts)) for part, facts in stated.items()),
        *(every(part, [name]) for part, name in alone),
        killed,
    ]
