"""Floor 2, pure. Whether a run's times can be trusted: the machine had the cores, nobody else used them, and it woke
sleepers in time.

Knows what a scenario asks of its machine and what the record says of it. A time from a machine that does not suit is
no measurement of the server: undecided, with the reason, never a failure.
"""

from collections.abc import Sequence

from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.reasons import Reason
from report.run import Run
from report.scenario import Claim

WAITS = 4  # for the processor on the way of a request: client, acceptor, handler, and the handler when it has slept
OWN = 0.5  # cores: a server that uses more on average is itself what sleepers wait for
QUIET = 0.15  # of all cores: what other programs may use, on average, while a run that asks for quiet lasts


def must_suit(subject: Subject) -> None:
    """Raises UnmeasuredError unless the machine was what the scenario asks for."""
    record, scenario = subject.run.record, subject.scenario
    try:
        cores = int(record.environment.get("cores", ""))
    except ValueError:
        cores = 1
    if cores < scenario.cores:
        raise UnmeasuredError("cores", needed=scenario.cores, found=cores)
    others = record.resources.others_cores
    if scenario.quiet and others is not None and others > QUIET * cores:
        raise UnmeasuredError("busy", others=f"{others:.2f}", cores=cores)


def excuse(claim: Claim, unit: str, runs: Sequence[Run], value: float) -> Reason | None:
    """Why a time over its bound is not charged to the server, if it is not: it would be within the bound without WAITS
    times what the machine added to a bare sleep meanwhile."""
    most = claim.between[1] if claim.between else claim.at_most
    controls = [run.record.control for run in runs]
    late = max((control.late for control in controls if control), default=0.0)
    if any(_cores(run) > OWN for run in runs):
        return None
    delay = runs[0].record.delay
    if unit not in ("seconds", "delays") or claim.is_ratio or claim.minus or most is None or not late or not delay:
        return None
    if not value > most >= value - WAITS * late / (delay if unit == "delays" else 1.0):
        return None
    return UnmeasuredError("stretched", slept=f"{1 + late / delay:.2f}", waits=WAITS).reason


def _cores(run: Run) -> float:
    """Cores that the server used on average."""
    spent, lasted = run.record.resources, sum(run.record.stages.values())
    return (spent.user_seconds + spent.system_seconds) / lasted if lasted else 0.0
