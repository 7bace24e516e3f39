"""The whole of `invoke report` from nothing, at the course's five seconds; takes as long as that does."""

from benchmarks import workplace
from benchmarks.measure import Sample, finished
from benchmarks.parts import Part, Table, Target, Words
from report import course, evidence, plan
from report.rendering import metrics

LIMIT = 1200.0  # seconds


def _from_nothing() -> Sample:
    folder = workplace.without_evidence()
    done = finished([*workplace.INVOKE, "report"], folder, LIMIT, peak=True)
    shared, alone = [0.0], [0.0]
    assignments = course.load(folder, metrics.problem)
    for planned in plan.possible(plan.plan(assignments, 1.0), plan.lacking(assignments)):
        record = evidence.read_record(folder / "build" / "evidence" / planned.identity.directory)
        (alone if planned.scenario.exclusive else shared).append(sum(record.stages.values()))
    longest, exclusive = max(shared), sum(alone)
    overlap = (done.seconds - exclusive) / longest
    return {
        "seconds": done.seconds,
        "longest": longest,
        "exclusive": exclusive,
        "overlap": overlap,
        "peak": float(done.peak),
    }


NAME = "invoke report, from nothing"
PART = Part(
    "whole",
    "The whole",
    [
        Table(
            "from-nothing",
            Words("아무것도 없을 때의 invoke report", "invoke report from nothing"),
            "A copy of the project without evidence: every run at the real five seconds, then the report. Runs that "
            "only wait overlap; those that measure cost run alone, one after the other, and their sum is taken off "
            "before the rest is held against the longest run.",
            ["seconds", "longest", "exclusive", "overlap", "peak"],
            {NAME: _from_nothing},
            [Target(NAME, "overlap", bound=1.25)],
            most_rounds=1,
        )
    ],
    programs=("cc",),
)
