"""Floor 2, pure. Metrics of a queue and its workers, seen from outside only: who is handed the next request, when the
first of them leaves, how many requests wait.

Here a worker is a thread that sleeps the server's delay for each request. Where none does (a worker may be a process,
or share its thread with others) turns are undecided, as is all that looks too far apart could hide.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from math import inf

from report.evidence import WAITS
from report.rendering.blackbox import BLACKBOX, asked_to_stop, before_the_stop, delay_of, idle_sample
from report.rendering.measure import Metric, Subject, UnmeasuredError, requests
from report.run import Wait

_TIMED = re.compile(r"nanosleep|poll_schedule|select|^do_(?:sys_)?poll")  # sleeps that time ends; epoll(7) serves many
NAP = 0.2  # of a delay: who is seen asleep for so long may be serving
GONE = 0.2  # of a delay: who was not seen for so long is gone
OTHERS = 3  # workers passed over: no server has so many threads besides that nap at first and then wait
LOW = 2  # messages: as long as so many wait or fewer, the rule has workers leave
HELD = 2  # descriptors that a thread may hold for the one request that it serves
SLOTS = 11  # of the queue, and one connection in the hands of who accepted it


def _naps(subject: Subject) -> list[Wait]:
    """The sleeps in which a request may have been served: none of a thread that sleeps while nobody asks anything."""
    least = NAP * delay_of(subject)
    spans = [(r.started, inf if r.done is None else r.done) for r in requests(subject) if r.started is not None]
    begun = min((start for start, _ in spans), default=0.0)
    sleeps = [w for w in subject.run.waits if _TIMED.search(w.place)]
    naps = [w for w in sleeps if _length(w) >= least]
    alone = [nap for nap in naps if not any(start <= nap.last and nap.first <= end for start, end in spans)]
    others = {sleep.thread for sleep in (*alone, *(s for s in sleeps if s.last < begun))}
    return [nap for nap in naps if nap.first >= begun and nap.thread not in others]


def _handed(subject: Subject) -> list[tuple[float, float, int]]:
    """When a request was sent, when its answer came, and the thread that served it, wherever that is certain: it napped
    between the two and not beyond them, until shortly before the answer, and nobody else did for nearly as long.

    All are looked at together: who serves sleeps all the time between, and is seen asleep whenever others are.
    """
    delay, naps, found = delay_of(subject), _naps(subject), []
    for request in requests(subject):
        sent, answered = request.started, request.first_byte
        if request.outcome == "answered" and sent is not None and answered is not None:
            late = answered - (1 - NAP) * delay
            here = [nap for nap in naps if sent <= nap.first and late < nap.last <= answered]
            who = max(here, key=_length, default=None)
            if who and all(_length(who) - _length(nap) > NAP * delay for nap in here if nap.thread != who.thread):
                found.append((sent, answered, who.thread))
    return sorted(found, key=lambda one: one[1])


def _length(nap: Wait) -> float:
    return nap.last - nap.first


def _idle(subject: Subject, since: float, until: float) -> set[int]:
    """Threads that had napped before, and waited for something else in all of this time without being woken."""
    before = {nap.thread for nap in _naps(subject) if nap.first < since}
    rests = [w for w in subject.run.waits if w.place and not _TIMED.search(w.place)]
    return before & {rest.thread for rest in rests if rest.first <= since and rest.last >= until}


def _turns(subject: Subject) -> list[tuple[int, int]]:
    """The threads of two requests, the second sent after the answer to the first, while others had nothing to do."""
    found = [
        (one, other)
        for (since, answered, one), (sent, until, other) in pairwise(_handed(subject))
        if answered <= sent and len(_idle(subject, since, until)) >= OTHERS
    ]
    if not found:
        raise UnmeasuredError("no_turns")
    return found


def _repeated(subject: Subject) -> float:
    return sum(one == other for one, other in _turns(subject))


def _favourite(subject: Subject) -> float:
    """Which worker it is, in the order in which they came."""
    again = [one for one, other in _turns(subject) if one == other]
    if not again:
        raise UnmeasuredError("no_turns")
    came = dict.fromkeys(wait.thread for wait in sorted(subject.run.waits, key=lambda wait: (wait.first, wait.thread)))
    workers = {nap.thread for nap in _naps(subject)}
    return 1 + [thread for thread in came if thread in workers].index(max(again, key=again.count))


def _leaving(subject: Subject) -> float:
    """From when no more than `LOW` can have waited to when the first of the threads that were added was gone, in
    delays."""
    delay, waits = delay_of(subject), subject.run.waits
    begun = min((r.started for r in requests(subject) if r.started is not None), default=0.0)
    first = {wait.thread: wait.first for wait in reversed(waits)}
    last = {wait.thread: wait.last for wait in waits}
    left = min((last[thread] for thread in last if first[thread] > begun), default=inf)
    if left > min(asked_to_stop(subject), max(last.values(), default=0.0)) - GONE * delay:
        raise UnmeasuredError("nobody_left")
    # Who is answered had been in a worker's hands for a delay; until then it may have waited.
    queue = [
        (r.started, inf if r.first_byte is None else r.first_byte - delay)
        for r in requests(subject)
        if r.started is not None
    ]
    ends = [min(end, left) for begin, end in queue if begin <= left]
    full = [time for time in ends if sum(begin <= time <= end for begin, end in queue) > LOW]
    return (left - max(full, default=0.0)) / delay


def _queued(subject: Subject) -> float:
    """Connections that were accepted while nobody can have served them, at the most; what a thread may hold besides is
    taken off, so that there were at least so many."""
    samples, idle = before_the_stop(subject), idle_sample(subject)
    spans = [(r.connected, r.done) for r in requests(subject) if r.connected is not None and r.done is not None]
    after = [sample for sample in samples if sample.time > max((done for _, done in spans), default=inf)]
    if idle is None or not after:
        raise UnmeasuredError("no_sample")
    if max(sample.processes for sample in samples) > idle.processes or after[0].descriptors > idle.descriptors + 1:
        raise UnmeasuredError("own_descriptors")
    pairs = [(sample, HELD * max(sample.threads, later.threads)) for sample, later in pairwise(samples)]
    if all(sum(a <= sample.time < b for a, b in spans) - held <= SLOTS for sample, held in pairs):
        raise UnmeasuredError("never_full")
    return max(0.0, *(sample.descriptors - idle.descriptors - held for sample, held in pairs))


OUTSIDE: Mapping[str, Metric] = {
    **BLACKBOX,
    "workers.repeated": Metric("count", _repeated, WAITS),
    "workers.favourite": Metric("count", _favourite, WAITS, least=1),
    "workers.leaving": Metric("delays", _leaving),
    "queue.least": Metric("count", _queued, "samples.csv"),
}
