"""Floor 2, pure. The table mistake × verdict × diagnosis: what the judge made of servers whose mistake is known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report.diagrams import Text
from report.rendering.advice import Advice
from report.rendering.judged import SIGNS
from report.rendering.judging import Judgement
from report.rendering.labels import Labels
from report.rendering.reports import Report


@dataclass(frozen=True, slots=True)
class Entry:
    """One server: its judgement, the diagnosis that it must get and what its mistake is (None for a good server); the
    tool under which it ran, if it did, and what that reported."""

    judgement: Judgement
    title: Text | None = None
    wanted: str | None = None
    course: int | None = None
    tool: str | None = None
    reported: Report | None = None

    @property
    def is_named(self) -> bool:
        """Whether it was rejected with the diagnosis that it must get."""
        named = self.judgement.diagnosis
        return self.judgement.outcome == "rejected" and named is not None and named.id == self.wanted

    @property
    def is_right(self) -> bool:
        """A good server is accepted, a mistake named."""
        return self.judgement.outcome == "accepted" if self.title is None else self.is_named


def tally(entries: Sequence[Entry]) -> dict[str, int]:
    """Mistakes and good servers; mistakes that are to be seen from outside, and how many of these were rejected and
    named; those that only a tool shows, how many were named, and good servers under a tool, how many were clean."""
    mistakes = [entry for entry in entries if entry.title is not None]
    seen, shown = ([entry for entry in mistakes if bool(entry.tool) is under] for under in (False, True))
    watched = [entry for entry in entries if entry.title is None and entry.tool]
    return {
        "mistakes": len(mistakes),
        "good": len(entries) - len(mistakes) - len(watched),
        "seen": len(seen),
        "rejected": sum(entry.judgement.outcome == "rejected" for entry in seen),
        "named": sum(entry.is_named for entry in seen),
        "hidden": len(shown),
        "shown": sum(entry.is_named for entry in shown),
        "watched": len(watched),
        "clean": sum(entry.is_right for entry in watched),
    }


def summary(entries: Sequence[Entry]) -> str:
    """How many there were and how many were judged as they must be, in one line."""
    count = tally(entries)
    said = f"{count['rejected']} of {count['seen']} mistakes rejected, {count['named']} named rightly"
    right = sum(entry.is_right for entry in entries if entry.title is None and not entry.tool)
    said += f"; {right} of {count['good']} good servers accepted"
    if count["hidden"] or count["watched"]:
        said += f"; under tools {count['shown']} of {count['hidden']} mistakes named"
        said += f", {count['clean']} of {count['watched']} good servers clean"
    return said


def markdown(entries: Sequence[Entry], label: Labels, advice: Mapping[str, Advice]) -> str:
    """The table in one language, the good servers first in each assignment."""
    head = ["assignment", "server", "mistake", "course_number", "verdict", "failed_stage"]
    head += ["given_diagnosis", "wanted_diagnosis", "measured"]
    lines = [f"# {label('mistakes_title')}", "", label("mistakes_lead", **tally(entries)), ""]
    if any(entry.tool for entry in entries):
        lines += [label("tools_text", **tally(entries)), ""]
    lines += [_row([label(key) for key in head]), _row(["---"] * len(head))]
    lines += [_row(_cells(entry, label, advice)) for entry in entries]
    return "\n".join(lines) + "\n"


def unmeasured(table: str) -> str:
    """The table without its last column: what was measured is another time something else, and the verdict is not."""
    return "\n".join(line.rsplit(" | ", 1)[0] for line in table.splitlines())


def rows(table: str) -> list[str]:
    """The rows of the table, without what stands before it."""
    return [line for line in table.splitlines() if line.startswith("|")]


def _cells(entry: Entry, label: Labels, advice: Mapping[str, Advice]) -> list[str]:
    made, named = entry.judgement, entry.judgement.diagnosis
    name = label.name(made.server.removesuffix(f"-{entry.tool}"))
    what = label("good_server", name=name) if entry.title is None else _text(entry.title, label)
    failed = next((label(finding.stage) for finding in made.of("fails")), "–")
    given = f"`{named.id}` {advice[named.id].title}" if named else "–"
    value = label.value(named.value, named.unit) if named and named.value is not None else "–"
    metric = f"{label.metric(named.metric)}: {value}" if named and named.metric else "–"
    if entry.reported and entry.reported.place:
        metric += f" (`{entry.reported.place}`)"
    right = label("as_wanted" if entry.is_right else "not_as_wanted")
    wanted = f"`{entry.wanted}` {right}" if entry.wanted else right
    if entry.tool:
        wanted += f" (`--sanitize {entry.tool}`)"
    return [
        made.assignment,
        f"`{made.server}`",
        what,
        str(entry.course or "–"),
        label(made.outcome),
        failed,
        given,
        wanted,
        metric,
    ]


def lines(entries: Sequence[Entry], label: Labels) -> Iterator[str]:
    """The same for a terminal, a server a line; what is not as it must be says so."""
    width = max((len(f"{e.judgement.assignment}/{e.judgement.server}") for e in entries), default=0)
    for entry in entries:
        made = entry.judgement
        sign = SIGNS["holds" if entry.is_right else "fails"]
        named = made.diagnosis.id if made.diagnosis else "–"
        failed = ", ".join(dict.fromkeys(f.claim.id if f.claim else f.stage for f in made.of("fails")))
        under = f" --sanitize {entry.tool}" if entry.tool else ""
        expected = "" if entry.is_named or entry.wanted is None else f" ({label('wanted_diagnosis')}: {entry.wanted})"
        place = f"{made.assignment}/{made.server}"
        told = f"{label(made.outcome)}: {named}{expected}{f' [{failed}]' if failed else ''}{under}"
        yield f"{sign} {place:{width}} {told}"
        for fault in made.faults:
            if fault.stage is None:
                yield f"    {label('trouble')}: {fault.probe}: {fault.told.splitlines()[0]}"


def _text(text: Text, label: Labels) -> str:
    return str(getattr(text, label.language)).replace("|", "\\|")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
