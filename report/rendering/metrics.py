"""Floor 2, pure. Every metric: its name, unit and how it is measured on a Run; the one registry claims refer to.

Knows records and declared patterns; must not know claims, languages or pictures. A metric that the evidence cannot
decide is UnmeasuredError, with the reason, never a guess.
"""

import math
import statistics
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from report.evidence import rows
from report.rendering import lines
from report.rendering.declared import FAMILIES
from report.rendering.measure import Measure, Metric, Subject, UnmeasuredError, Witness, requests
from report.rendering.workers import OUTSIDE
from report.run import Request, Sample


def _count(keep: Callable[[Request], bool]) -> Measure:
    return lambda subject: sum(keep(request) for request in requests(subject))


def _answered(request: Request) -> bool:
    return request.outcome == "answered"


def _correct(subject: Subject) -> float:
    """Whole answers that carry the expected body, its Content-Length and a text/plain Content-Type (RFC 9110, 8)."""
    expected = subject.scenario.load.expect
    if expected is None:
        raise UnmeasuredError("no_expect")
    return sum(
        _answered(r)
        and r.body == expected
        and r.content_length == r.bytes
        and r.content_type.split(";")[0].strip().lower() == "text/plain"
        for r in requests(subject)
    )


def _unaccounted(subject: Subject) -> float:
    """Declared requests that are neither answered nor failed in the load script's record."""
    return subject.scenario.sends - len([r for r in requests(subject) if r.outcome])


def _answers(subject: Subject) -> list[tuple[int, float, float]]:
    """(place in the table, due, done) of each request that was answered; raises UnmeasuredError at none."""
    found = [
        (place, r.due, r.done)
        for place, r in enumerate(subject.run.requests)
        if r.kind == "request" and r.done is not None and _answered(r)
    ]
    if not found:
        raise UnmeasuredError("no_answer")
    return found


def _makespan(subject: Subject) -> float:
    return max(done for _, _, done in _answers(subject)) - min(request.due for request in requests(subject))


def _last_answer(subject: Subject) -> int:
    return _row(subject, max(_answers(subject), key=lambda one: one[2])[0])


def _latency(pick: Callable[[list[float]], float]) -> Measure:
    return lambda subject: pick([done - due for _, due, done in _answers(subject)])


def _latency_row(pick: Callable[..., tuple[int, float, float]]) -> Witness:
    return lambda subject: _row(subject, pick(_answers(subject), key=lambda one: one[2] - one[1])[0])


def _row(subject: Subject, place: int) -> int:
    """The line of requests.csv on which a row begins: a cell may hold line ends."""
    return 1 + rows(subject.run.requests[:place], Request).count(b"\n")


def _in_delays(measure: Measure) -> Measure:
    def measured(subject: Subject) -> float:
        if not subject.run.record.delay:
            raise UnmeasuredError("no_delay")
        return measure(subject) / subject.run.record.delay

    return measured


def _lag(subject: Subject) -> float:
    return max((r.started - r.due for r in requests(subject) if r.started is not None), default=0.0)


def _peak(field: str) -> Measure:
    def measure(subject: Subject) -> float:
        if not subject.run.samples:
            raise UnmeasuredError("never_sampled")
        if not _sampled_when_busiest(subject):
            raise UnmeasuredError("unseen_peak")
        return float(max(getattr(sample, field) for sample in subject.run.samples))

    return measure


def _peak_row(field: str) -> Witness:
    def witness(subject: Subject) -> int:
        values = [getattr(sample, field) for sample in subject.run.samples]
        return 1 + rows(subject.run.samples[: values.index(max(values))], Sample).count(b"\n")

    return witness


def _sampled_when_busiest(subject: Subject) -> bool:
    """Whether a peak can have been seen at all: on a busy machine samples may be further apart than one delay.

    All that were in progress together still were until the oldest of them had slept its delay, or the next answer came;
    where no lines tell of them, in the half delay before the first. Asked only where all requests come at once.
    """
    if subject.scenario.arrival is not None:
        return True
    spec = subject.assignment.connections
    busiest = lines.most_together(subject.run.server_lines, spec) if spec else None
    delay = subject.run.record.delay
    if busiest is None or busiest.count == 0:
        first = min((r.done for r in requests(subject) if r.done is not None), default=None)
        return not delay or first is None or _has_sample(subject, first - delay / 2, first)
    answers = [r.done for r in requests(subject) if r.done is not None and r.done > busiest.since]
    end = min([*([busiest.since + delay] if delay else []), *answers], default=math.inf)
    return _has_sample(subject, busiest.time, end)


def _has_sample(subject: Subject, since: float, until: float) -> bool:
    return any(since <= sample.time <= until for sample in subject.run.samples)


def _memory(kind: str) -> Measure:
    def measure(subject: Subject) -> float:
        swept: int | None = getattr(subject.run.record.resources, f"{kind}_bytes")
        if swept is None:
            raise UnmeasuredError("no_pss")
        return float(swept)

    return measure


def _each(measure: Measure) -> Measure:
    return lambda subject: measure(subject) / max(1, len(requests(subject)))


def _per_request(field: str) -> Measure:
    """A count of the whole tree's exit accounting, for each request that was sent."""
    return _each(lambda subject: float(getattr(subject.run.record.resources, field)))


def _percentile(percent: int) -> Callable[[list[float]], float]:
    """The smallest value at or under which so many percent of all values lie (nearest rank)."""
    return lambda values: sorted(values)[max(0, math.ceil(percent * len(values) / 100) - 1)]


def _cpu(subject: Subject) -> float:
    resources = subject.run.record.resources
    return resources.user_seconds + resources.system_seconds


def _exit_status(subject: Subject) -> float:
    ending = subject.run.record.ending
    if ending.exit_status is None:
        return 128.0 + (ending.signal or 0)  # as a shell shows a death by signal
    return float(ending.exit_status)


def _left(subject: Subject) -> float:
    left = subject.run.record.leftovers
    return left.zombies + left.orphans + left.listeners + subject.run.record.ending.killed


def _together(subject: Subject) -> float:
    if subject.assignment.connections is None:
        raise UnmeasuredError("undeclared", table="connections")
    most = lines.most_together(subject.run.server_lines, subject.assignment.connections)
    if not most.count:
        raise UnmeasuredError("no_line", pattern="connections.begun")
    return most.count


def _together_line(subject: Subject) -> int | None:
    spec = subject.assignment.connections
    return lines.most_together(subject.run.server_lines, spec).index + 1 if spec else None


METRICS: Mapping[str, Metric] = {
    "requests.answered": Metric("count", _count(_answered)),
    "requests.failed": Metric("count", _count(lambda r: not _answered(r))),
    "requests.correct": Metric("count", _correct),
    "requests.closed": Metric("count", _count(lambda r: r.outcome == "closed")),
    "requests.reset": Metric("count", _count(lambda r: r.outcome == "reset")),
    "requests.refused": Metric("count", _count(lambda r: r.outcome == "refused")),
    "requests.late": Metric("count", _count(lambda r: r.outcome == "late")),
    "requests.unaccounted": Metric("count", _unaccounted, least=-math.inf),
    "makespan.seconds": Metric("seconds", _makespan, witness=_last_answer),
    "makespan.delays": Metric("delays", _in_delays(_makespan), witness=_last_answer),
    "latency.shortest": Metric("seconds", _latency(min), witness=_latency_row(min)),
    "latency.median": Metric("seconds", _latency(statistics.median)),
    "latency.p95": Metric("seconds", _latency(_percentile(95))),
    "latency.p99": Metric("seconds", _latency(_percentile(99))),
    "latency.longest": Metric("seconds", _latency(max), witness=_latency_row(max)),
    "client.behind": Metric("seconds", _lag),
    "connections.together": Metric("count", _together, "server.log", _together_line, least=1),
    "processes.peak": Metric("count", _peak("processes"), "samples.csv", _peak_row("processes")),
    "threads.peak": Metric("count", _peak("threads"), "samples.csv", _peak_row("threads")),
    "memory.pss": Metric("bytes", _memory("pss"), "run.json"),
    "memory.rss": Metric("bytes", _memory("rss"), "run.json"),
    "memory.uss": Metric("bytes", _memory("uss"), "run.json"),
    "memory.pss_each": Metric("bytes", _each(_memory("pss")), "run.json"),
    "cpu.seconds": Metric("seconds", _cpu, "run.json"),
    "switches.voluntary": Metric("per_request", _per_request("voluntary_switches"), "run.json"),
    "switches.forced": Metric("per_request", _per_request("involuntary_switches"), "run.json"),
    "left.killed": Metric("count", lambda s: s.run.record.ending.killed, "run.json"),
    "left.zombies": Metric("count", lambda s: s.run.record.leftovers.zombies, "run.json"),
    "left.total": Metric("count", _left, "run.json"),
    "exit.status": Metric("count", _exit_status, "run.json"),
    **OUTSIDE,
}


def find(name: str) -> Metric:
    """The metric of this name, which `problem` has nothing against."""
    if name in METRICS:
        return METRICS[name]
    family, declared, what = name.split(".", 2)
    return FAMILIES[family][1](declared, what)


def problem(name: str, declared: Mapping[str, frozenset[str]]) -> str | None:
    """What is wrong with a metric's name in an assignment that declares these series, shares and so on; or None."""
    if name in METRICS:
        return None
    family, _, _rest = name.partition(".")
    if family not in FAMILIES:
        near = get_close_matches(name, METRICS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"there is no metric {name}{hint}; there are {', '.join(METRICS)} and {', '.join(FAMILIES)}.NAME..."
    names = declared.get(family, frozenset())
    possible = [f"{family}.{n}.{what}" for n in sorted(names) for what in FAMILIES[family][0] if "GROUP" not in what]
    if family == "events":
        possible = [f"events.{n}.{w}" for n in sorted(names) for w in (("min", "max") if "." in n else ("count",))]
    if name in possible:
        return None
    near = get_close_matches(name, possible, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"there is no metric {name}{hint}; this scenario.toml declares {', '.join(possible) or f'no [{family}]'}"
