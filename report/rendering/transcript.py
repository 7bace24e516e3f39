"""Floor 2, pure. Captured lines made comparable: masked, ordered by connection and actor, as expected.txt holds them.

No order is claimed across actors: parent and child, reap and accept race by nature. Lines without a connection whose
number may vary are kept as a set of shapes. Masking is declared in scenario.toml; nothing is guessed here.
"""

import difflib
import re
from collections.abc import Mapping, Sequence

from report.rendering.display import visible
from report.run import LogLine, Run
from report.spec import Assignment, Mask, Transcript

_CLIENT = Transcript(scenario="", connection=r"^(?:request|stalled) (\d+):", actor=r"^(request|stalled)")


def transcript(assignment: Assignment, run: Run) -> str:
    """The comparable text of one run: what the server printed, then what the load script printed."""
    spec = assignment.transcript
    assert spec is not None  # the caller asks only where [transcript] is declared
    client = _CLIENT.model_copy(update={"masks": spec.masks, "vary": spec.vary})
    parts = [f"# {assignment.name} · {spec.scenario} · {spec.server}"]
    labels: dict[tuple[str, str], int] = {}
    for title, lines, rules in (("server", run.server_lines, spec), ("load script", run.client_lines, client)):
        parts += [f"## {title}", *_sections(lines, rules, labels)]
    return "\n".join(parts) + "\n"


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
        key = (int(numbered.group(1)) if numbered else 0, acting.group(1) if acting else "")
        groups.setdefault(key, []).append(line.text)
    out = []
    for (number, who), texts in sorted(groups.items()):
        heading = " · ".join(part for part in (f"connection {number}" if number else "", who) if part)
        out += [f"### {heading or 'no connection'}", *(masked(visible(text), rules.masks, labels) for text in texts)]
    if varying:
        shapes = {masked(visible(text), rules.masks, labels, every=False) for text in varying}
        out += ["### any number of", *sorted(shapes)]
    return out


def masked(text: str, masks: Mapping[str, Mask], labels: dict[tuple[str, str], int], *, every: bool = True) -> str:
    """The text with each declared volatile value as a label; `labels` remembers which value has which number.

    With `every` false, numbered labels lose their number: a set of shapes does not tell values apart.
    """
    for name, mask in masks.items():

        def label(match: re.Match[str], name: str = name, mask: Mask = mask) -> str:
            value = match.group(1)
            if mask.between is not None:
                low, high = mask.between
                if not (value.isdigit() and low <= int(value) <= high):
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
