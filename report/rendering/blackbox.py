"""Floor 2, pure. Metrics of a server that is seen from outside only: the kernel's samples, its answers, its end.

Knows nothing of what a server prints but how much. The details of a failed request are those that
`assignments.answers` gives it. What holds on a slow machine too is counted, never what is merely quick.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from report.rendering.measure import Measure, Metric, Subject, UnmeasuredError, requests
from report.rendering.reports import REPORTS
from report.run import Request, Sample

EARLY = 0.8  # of a delay: an answer in less than this cannot have waited for it
APART = 0.5  # of a delay: less between two answers tells nothing of their order
_BARE_LF = re.compile(r"a bare LF after ")
_BAD_HEADER = re.compile(
    r"not a (?:status|header) line: |not the one length of a body: |not understood here: |a head of over |"
    r"closed before the blank line"
)
_LONG_BODY = re.compile(r"a body longer than |a body of over ")
_LEFT_OPEN = re.compile(r"left open by the server|\d+ bytes?, not closed")
_JOINED = re.compile(r'^[^"]*:')  # a media type has no colon outside quotes (RFC 9110, 8.3.1): a second header has


WHOLE = ("answered", "other status")
_LASTING = ("request", "stalled")  # kinds of connections that are not reset at once by the client


def _count(keep: Callable[[Request], bool]) -> Measure:
    return lambda subject: sum(keep(request) for request in requests(subject))


def _outcome(name: str) -> Metric:
    return Metric("count", _count(lambda r: r.outcome == name))


def _told(outcomes: tuple[str, ...], detail: re.Pattern[str]) -> Callable[[Request], bool]:
    return lambda r: r.outcome in outcomes and detail.match(r.detail) is not None


def _bad_header(request: Request) -> bool:
    return _told(("invalid",), _BAD_HEADER)(request) or _JOINED.match(request.content_type) is not None


def _reset_after(request: Request) -> bool:
    """A whole answer, and then a reset: the server closed what it had not read to the end."""
    return request.outcome in WHOLE and request.detail not in ("", "left open by the server")


def _unasked(request: Request) -> bool:
    """The answer began before the request had been sent to its end."""
    return request.first_byte is not None and (request.sent is None or request.first_byte < request.sent)


def delay_of(subject: Subject) -> float:
    """The server's delay in seconds, of which there is one."""
    if not subject.run.record.delay:
        raise UnmeasuredError("no_delay")
    return subject.run.record.delay


def _took(request: Request) -> float | None:
    """Seconds from before it was opened to the end of its answer: no less than the server's own."""
    if request.outcome not in WHOLE or request.done is None or request.started is None:
        return None
    return request.done - request.started


def _early(subject: Subject) -> float:
    least = EARLY * delay_of(subject)
    return sum(took < least for r in requests(subject) if (took := _took(r)) is not None)


def _out_of_order(subject: Subject) -> float:
    """Answers that came half a delay or more before that of a request which was due earlier, or opened earlier."""
    apart, latest, found = APART * delay_of(subject), -1e9, 0
    for request in sorted(requests(subject), key=lambda r: (r.due, r.number)):
        if request.outcome in WHOLE and request.done is not None:
            found += request.done < latest - apart
            latest = max(latest, request.done)
    return found


def _proved(subject: Subject) -> float:
    """The most requests that were in the server's hands together, by whichever proof shows the most of them."""
    return max(_by_tasks(subject), _by_sleep(subject), _by_order(subject))


def _by_tasks(subject: Subject) -> int:
    """Processes and threads that had come before any answer did: none of them can be done with its request yet."""
    ends = [r.done for r in subject.run.requests if r.done is not None and r.first_byte is not None]
    before = _complete(subject, min(ends)) if ends else []
    idle = idle_sample(subject)
    return min(max(s.threads for s in before) - idle.threads, len(_opened(subject))) if before and idle else 0


def _by_sleep(subject: Subject) -> int:
    """Answers closer together than half a delay: each was slept for, and one after the other takes a delay each."""
    delay = subject.run.record.delay
    slept = sorted(
        r.done for r in requests(subject) if r.done and (took := _took(r)) is not None and took >= EARLY * delay > 0
    )
    return max((sum(end - APART * delay < one <= end for one in slept) for end in slept), default=0)


def _by_order(subject: Subject) -> int:
    """Connections opened before one that was answered, and whose own requests were sent only afterwards, if ever."""
    most = 0
    for one in requests(subject):
        if one.outcome in WHOLE and one.done is not None:
            opened = _opened(subject)
            earlier = opened[: opened.index(one)] if one in opened else []
            most = max(most, 1 + sum(_is_silent(r, one.done) for r in earlier))
    return most


def _is_silent(request: Request, at: float) -> bool:
    """Open at that moment, and nothing was asked on it yet."""
    return (request.sent is None or request.sent > at) and (request.done is None or request.done > at)


def _opened(subject: Subject) -> list[Request]:
    """Connections that were to be answered or stay silent, in the order in which they came about."""
    opened = [(r.connected, r) for r in subject.run.requests if r.kind in _LASTING and r.connected is not None]
    return [request for _, request in sorted(opened, key=lambda pair: pair[0])]


def _complete(subject: Subject, moment: float) -> Sequence[Sample]:
    """The samples that had been taken to their end by then: `time` is when one began, and each ends before the next."""
    samples = subject.run.samples
    return samples[: max(0, sum(sample.time <= moment for sample in samples) - 1)]


def idle_sample(subject: Subject) -> Sample | None:
    """The last sample before the first connection was opened: by then what a server starts with is there."""
    first = min((r.started for r in subject.run.requests if r.started is not None), default=0.0)
    before = [sample for sample in subject.run.samples if sample.time <= first]
    return next(reversed(_complete(subject, first)), next(iter(before), None))  # the very first one is taken apart


def asked_to_stop(subject: Subject) -> float:
    """When, in seconds of the run."""
    asked = subject.run.record.ending.asked
    if asked is None:
        raise UnmeasuredError("not_kept")
    return asked


def before_the_stop(subject: Subject) -> list[Sample]:
    """All samples, one at least, until the server was asked to stop."""
    asked = asked_to_stop(subject)
    before = [sample for sample in subject.run.samples if sample.time <= asked]
    if not before:
        raise UnmeasuredError("no_sample")
    return before


def _last(field: str) -> Measure:
    return lambda subject: float(getattr(before_the_stop(subject)[-1], field))


def _seen(field: str) -> Measure:
    """No less than this there were together, however seldom somebody looked."""
    return lambda subject: float(max(getattr(sample, field) for sample in before_the_stop(subject)))


def _growth(field: str) -> Measure:
    def measure(subject: Subject) -> float:
        first, last = idle_sample(subject), before_the_stop(subject)[-1]
        if first is None:
            raise UnmeasuredError("no_sample")
        if not last.processes:
            raise UnmeasuredError("ended")
        return float(getattr(last, field) - getattr(first, field))

    return measure


def _cpu_share(subject: Subject) -> float:
    """From the first sample on, when it listened already: what starting costs is no sign of waiting badly."""
    samples = before_the_stop(subject)
    seconds = samples[-1].time - samples[0].time
    if not seconds:
        raise UnmeasuredError("no_sample")
    return (max(sample.cpu for sample in samples) - samples[0].cpu) / seconds  # who ended is in no later sample


def _ended(subject: Subject) -> float:
    ended = subject.run.record.ending.ended
    if ended is None:
        raise UnmeasuredError("not_kept")
    return float(ended < asked_to_stop(subject))


def _lines(subject: Subject) -> float:
    asked = asked_to_stop(subject)
    return sum(line.time <= asked for line in subject.run.server_lines)


def _stalled_answered(subject: Subject) -> float:
    return sum(r.kind == "stalled" and r.first_byte is not None for r in subject.run.requests)


BLACKBOX: Mapping[str, Metric] = {
    "requests.invalid": _outcome("invalid"),
    "requests.incomplete": _outcome("incomplete"),
    "requests.other_status": _outcome("other status"),
    "requests.bare_lf": Metric("count", _count(_told(("invalid",), _BARE_LF))),
    "requests.bad_header": Metric("count", _count(_bad_header)),
    "requests.long_body": Metric("count", _count(_told(("invalid",), _LONG_BODY))),
    "requests.left_open": Metric("count", _count(_told((*WHOLE, "late"), _LEFT_OPEN))),
    "requests.reset_after": Metric("count", _count(_reset_after)),
    "answers.early": Metric("count", _early),
    "answers.unasked": Metric("count", _count(_unasked)),
    "answers.out_of_order": Metric("count", _out_of_order),
    "stalled.answered": Metric("count", _stalled_answered),
    "together.proved": Metric("count", _proved),
    "processes.last": Metric("count", _last("processes"), "samples.csv"),
    "threads.last": Metric("count", _last("threads"), "samples.csv"),
    "processes.seen": Metric("count", _seen("processes"), "samples.csv"),
    "threads.seen": Metric("count", _seen("threads"), "samples.csv"),
    "descriptors.growth": Metric("count", _growth("descriptors"), "samples.csv", least=float("-inf")),
    "memory.growth": Metric("bytes", _growth("rss"), "samples.csv", least=float("-inf")),
    "cpu.share": Metric("ratio", _cpu_share, "samples.csv"),
    "lines.count": Metric("count", _lines, "server.log"),
    "server.ended": Metric("count", _ended, "run.json"),
    "server.signal": Metric("count", lambda s: s.run.record.ending.signal or 0, "run.json"),
    "left.orphans": Metric("count", lambda s: s.run.record.leftovers.orphans, "run.json"),
    "left.listeners": Metric("count", lambda s: s.run.record.leftovers.listeners, "run.json"),
    **REPORTS,
}
