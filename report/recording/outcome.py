"""Floor 2. Turns what was observed of one run into its record and the files of its evidence.

Knows formats and doubts (caveats); starts nothing and waits for nothing. All times are moved so that zero is the
moment at which the first request was due.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from report import evidence
from report.errors import EvidenceError, ServerError
from report.evidence import Chunk
from report.planned import Planned
from report.recording import environment
from report.recording.command import RECORD, Command
from report.recording.terminal import Captured
from report.run import Capture, Control, Ending, Held, Leftovers, Record, Request, Resources, Sample, Wait

LAG = 0.1  # of a delay: more behind schedule than this is worth a caveat


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that one execution showed, on the monotonic clock, of which `epoch` is the Unix time at its zero;
    `doubts` are sentences for the reader."""

    planned: Planned
    recorded: str
    epoch: float
    inputs: dict[str, str]
    command: Command
    load_command: Command
    stages: dict[str, float]
    ending: Ending
    leftovers: Leftovers
    resources: Resources
    load_exit_status: int
    requests: tuple[Request, ...]
    samples: tuple[Sample, ...]
    captured: dict[str, Captured]
    doubts: tuple[str, ...]
    waits: tuple[Wait, ...] | None = None
    held: Held | None = None
    control: Control | None = None


def parse_requests(data: bytes, planned: Planned) -> tuple[Request, ...]:
    """The load script's record; raises ServerError when it is not one row for each request that was to be sent."""
    try:
        requests = evidence.parse_rows(data, Request, RECORD)
    except EvidenceError as error:
        raise ServerError(f"{planned.identity}: the load script's record cannot be read: {error}") from None
    sent = sum(request.kind == "request" for request in requests)
    if sent != planned.scenario.sends:
        raise ServerError(
            f"{planned.identity}: the load script recorded {sent} requests where the scenario sends "
            f"{planned.scenario.sends}: a fault of the tool, not of the server"
        )
    return requests


def composed(observed: Observed) -> tuple[Record, dict[str, bytes]]:
    """The record, and the bytes of every file beside it."""
    zero = min(request.due for request in observed.requests if request.kind == "request")
    requests = [_request_from(request, zero) for request in observed.requests]
    samples = [replace(sample, time=sample.time - zero) for sample in observed.samples]
    files = {
        "requests.csv": evidence.rows(requests, Request),
        "samples.csv": evidence.rows(samples, Sample),
    }
    if observed.waits is not None:
        waits = [replace(wait, first=wait.first - zero, last=wait.last - zero) for wait in observed.waits]
        files[evidence.WAITS] = evidence.rows(waits, Wait)
    for who, captured in observed.captured.items():
        chunks = [Chunk(chunk.offset, chunk.seconds - zero) for chunk in captured.chunks]
        files[f"{who}.log"] = captured.data
        files[f"{who}.times.csv"] = evidence.rows(chunks, Chunk)
    record = Record(
        identity=observed.planned.identity,
        delay=observed.planned.delay,
        command=observed.command.shown,
        load_command=observed.load_command.shown,
        recorded=observed.recorded,
        inputs=observed.inputs,
        environment=environment.machine(),
        stages={name: round(seconds, 6) for name, seconds in observed.stages.items()},
        ending=_ending_from(observed.ending, zero),
        load_exit_status=observed.load_exit_status,
        leftovers=observed.leftovers,
        resources=observed.resources,
        captures={
            who: Capture(printed=captured.printed, kept=len(captured.data), sha256=evidence.digest(captured.data))
            for who, captured in observed.captured.items()
        },
        caveats=(*observed.doubts, *_caveats(observed)),
        held=observed.held,
        control=observed.control,
        epoch=round(observed.epoch + zero, 6),
    )
    return record, files


def _ending_from(ending: Ending, zero: float) -> Ending:
    times = {name: getattr(ending, name) for name in ("asked", "ended")}
    moved = {name: round(time - zero, 6) for name, time in times.items() if time is not None}
    return ending.model_copy(update=moved)


def _request_from(request: Request, zero: float) -> Request:
    def moved(time: float | None) -> float | None:
        return None if time is None else time - zero

    return replace(
        request,
        due=request.due - zero,
        started=moved(request.started),
        connected=moved(request.connected),
        sent=moved(request.sent),
        first_byte=moved(request.first_byte),
        done=moved(request.done),
    )


def _caveats(observed: Observed) -> Iterator[str]:
    lags = [r.started - r.due for r in observed.requests if r.kind == "request" and r.started is not None]
    if max(lags, default=0.0) > LAG * observed.planned.delay:
        yield (
            f"The load script was up to {max(lags):.3f} s behind its schedule, more than {LAG:.0%} of the delay: "
            "the requests came later than declared. Close other programs and record again."
        )
    for who, captured in observed.captured.items():
        if captured.cut:
            yield (
                f"The {who} printed {captured.printed} bytes; {captured.cut} in the middle were not kept, "
                "so counts of its lines are too low."
            )
