"""Floor 2, pure. Whether a run's times can be trusted: the machine had the cores, and nobody else used them.

Knows what a scenario asks of its machine and what the record says of it. A time from a machine that does not suit is
no measurement of the server: undecided, with the reason, never a failure.
"""

from report.rendering.measure import Subject, UnmeasuredError

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
