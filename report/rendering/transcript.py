"""Floor 2, pure. Captured lines made comparable: masked, ordered by connection and actor, as expected.txt holds them.

No order is claimed across actors: parent and child, reap and accept race by nature. Lines without a connection whose
number may vary are kept as a set of shapes. Masking is declared in scenario.toml; nothing is guessed here.
"""

import difflib
import re
from collections.abc import Mapping, Sequence

from report.errors import SpecError
from report.rendering.display import visible
from report.run import LogLine, Run
from report.spec import Assignment, Mask, Transcript

_CLIENT = Transcript(scenario="", connection=r"^(?:request|stalled) (\d+):", actor=r"^(request|stalled)")


def transcript(assignment: Assignment, run: Run) -> str:
    """The comparable text of one run: what the server printed, then what the load script printed.

    Raises SpecError when the masks of scenario.toml would swallow a line.
    """
    spec = assignment.transcript
    assert spec is not None  # the caller asks only where [transcript] is declared
    client = _CLIENT.model_copy(update={"masks": spec.masks, "vary": spec.vary})
    parts = [f"# {assignment.name} · {spec.scenario} · {spec.server}"]
    labels: dict[tuple[str, str], int] = {}
    for title, lines, rules in (("server", run.server_lines, spec), ("load script", run.client_lines, client)):
        try:
            parts += [f"## {title}", *_sections(lines, rules, labels)]
        except SpecError as error:
            raise SpecError(f"assignments/{assignment.name}/scenario.toml: {error}") from None
    return "\n".join(parts) + "\n"


def server_lines(assignment: Assignment, run: Run) -> list[str] | None:
    """What the server of any run printed, as comparable as its assignment makes it; None where it declares nothing, or
    where its masks are not for such lines."""
    try:
        return _sections(run.server_lines, assignment.transcript, {}) if assignment.transcript else None
    except SpecError:
        return None


def _sections(lines: Sequence[LogLine], rules: Transcript, labels: dict[tuple[str, str], int]) -> list[str]:
    """Sections by (connection, actor), each in captured order; lines without a connection first; shapes last."""
    connection, actor = re.compile(rules.connection), re.compile(rules.actor)
    vary = [re.compile(pattern) for pattern in rules.vary]
    groups: dict[tuple[int, str], list[str]] = {}
    varying: list[str] = []
    for line in lines:
        if any(pattern.search(line.text) for pattern in vary):
            varying.append(line.text)
            continue
        numbered, acting = connection.search(line.text), actor.search(line.text)
        key = ((_whole(numbered.group(1)) if numbered else None) or 0, (acting.group(1) if acting else None) or "")
        groups.setdefault(key, []).append(line.text)
    out = []
    for (number, who), texts in sorted(groups.items()):
        heading = " · ".join(part for part in (f"connection {number}" if number else "", who) if part)
        out += [f"### {heading or 'no connection'}", *(_line(text, rules, labels) for text in texts)]
    if varying:
        shapes = {_line(text, rules, labels, every=False) for text in varying}
        out += ["### any number of", *sorted(shapes)]
    return out


def _line(text: str, rules: Transcript, labels: dict[tuple[str, str], int], *, every: bool = True) -> str:
    """A line as the transcript holds it; raises SpecError when the masks leave no literal word of it."""
    shown = masked(visible(text), rules.masks, labels, every=every)
    if shown != visible(text) and not re.search(r"\w", re.sub(r"<[^>]*>", "", shown)):
        raise SpecError(
            f"transcript.masks: leave nothing literal of the line {visible(text)!r}: {shown}; "
            "let each pattern take just the value, so that a word of every line stays"
        )
    return shown


def masked(text: str, masks: Mapping[str, Mask], labels: dict[tuple[str, str], int], *, every: bool = True) -> str:
    """The text with each declared volatile value as a label; `labels` remembers which value has which number.

    With `every` false, numbered labels lose their number: a set of shapes does not tell values apart.
    """
    for name, mask in masks.items():

        def label(match: re.Match[str], name: str = name, mask: Mask = mask) -> str:
            value, whole = match.group(1), _whole(match.group(1))
            if value is None:
                return match.group(0)
            if mask.between is not None:
                low, high = mask.between
                if whole is None or not low <= whole <= high:
                    return match.group(0)
                shown = f"<{name} {low}..{high}>"
            elif mask.numbered and every:
                shown = f"<{name} {labels.setdefault((name, value), _next_number(labels, name))}>"
            else:
                shown = f"<{name}>"
            start, end = match.start(1) - match.start(), match.end(1) - match.start()
            return match.group(0)[:start] + shown + match.group(0)[end:]

        text = re.sub(mask.pattern, label, text)
    return text


def _whole(taken: str | None) -> int | None:
    """The whole number that a pattern took; None for anything else, which a server may well have printed."""
    return int(taken) if taken and taken.isdecimal() and len(taken) < 20 else None


def _next_number(labels: Mapping[tuple[str, str], int], name: str) -> int:
    return 1 + sum(kind == name for kind, _ in labels)


def difference(expected: str, found: str, assignment: str) -> str:
    """A unified diff from the expected transcript to the one found; empty when they agree."""
    return "".join(
        difflib.unified_diff(
            expected.splitlines(keepends=True),
            found.splitlines(keepends=True),
            f"assignments/{assignment}/expected.txt",
            "what this run printed",
        )
    )
