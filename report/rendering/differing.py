"""Floor 2, pure. What differs between two runs in words: as Markdown with a picture, and as pieces for a terminal.

Every outside text (names, lines, environment) passes the display filter and is fenced or escaped where it enters.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from report.rendering import differences, filling
from report.rendering.differences import Caveat, Figure, Side
from report.rendering.display import fence, shortened, visible
from report.rendering.document import Document, tidy
from report.rendering.glance import spread
from report.rendering.illustrator import bracketed
from report.rendering.labels import Labels, number
from report.rendering.pictures import fonts
from report.spec import Language

TEMPLATE = "templates/diff.md.j2"
PICTURE = "figures/diff-designs.{language}.svg"
_SIGNS = {"same": "=", "within": "∼", "more": "▲", "less": "▼"}
_ADDED = ("seconds", "bytes", "count")  # units that read well after a sign
_STYLES = {"@@": "cyan", "+": "green", "-": "red"}
_DIGITS = 12  # of a digest
_SHOWN, _PRINTED = 400, 60  # lines of a diff on the page and in a terminal


class Speaker:
    """Says in one language what differs between two runs, which are A and B."""

    def __init__(self, before: Side, after: Side, label: Labels) -> None:
        self._sides, self._label = (before, after), label
        self._changed, self._alike = differences.sources(before, after)
        self._lines, self._is_masked = differences.lines(before, after)

    def document(self, root: Path, others: Mapping[Language, str]) -> Document:
        """All of it; `others` are the files of the other languages."""
        from report.rendering.pictures import figures  # only here: a terminal needs no library that draws

        label = self._label
        picture = figures.draw("designs", [side.subjects()[0] for side in self._sides], label, TEMPLATE)
        path = PICTURE.format(language=label.language)
        lines = shortened(self._lines, _SHOWN, label("lines_left_out"))
        text = "\n".join(visible(line, fonts.missing(line)) for line in lines)
        values = {
            "label": label,
            "others": others,
            "sides": [bracketed(line) for line in self._named()],
            "caveats": [bracketed(line) for line in self._caveats()],
            "figures": [[cell.replace("|", "\\|") for cell in row] for row in self._figures()],
            "picture": f"![{bracketed(picture.alt)}]({path})",
            "diff": f"{fence(text)}diff\n{text}\n{fence(text)}" if text else "",
            "masked": self._is_masked,
            "environment": self._rows(differences.environment(*self._sides)),
            "sources": self._rows(self._short(self._changed)),
            "same": self._alike,
        }
        markdown = filling.fill(filling.environment(root), root, TEMPLATE, values)
        return Document(label.language, label("diff_title"), tidy(markdown), {path: picture.svg})

    def pieces(self, details: str) -> Iterator[RenderableType]:
        """The same for a terminal, without the picture; `details` is the page's file."""
        label = self._label
        yield from (Text(line) for line in self._named())
        yield from (Text(f"△ {line}", "yellow") for line in self._caveats())
        yield Text(f"\n{label('diff_figures')}", "bold")
        yield _table((label("metric"), "A", "B", label("diff_change")), self._figures())
        for heading, rows, same in (
            ("diff_environment", differences.environment(*self._sides), label("diff_environment_same")),
            ("diff_sources", self._short(self._changed), label("diff_sources_same", same=self._alike)),
        ):
            yield Text(f"\n{label(heading)}", "bold")
            yield _table((label("diff_key"), "A", "B"), rows) if rows else Text(same)
        yield Text(f"\n{label('diff_lines')}", "bold")
        if not self._is_masked:
            yield Text(label("diff_lines_raw"), "yellow")
        for line in shortened(self._lines[2:], _PRINTED, label("lines_left_out")):
            yield Text(line, next((style for sign, style in _STYLES.items() if line.startswith(sign)), ""))
        if not self._lines:
            yield Text(label("diff_lines_same"))
        yield Text(f"\n{label('diff_details', file=details)}")

    def _named(self) -> Iterator[str]:
        for letter, side in zip("AB", self._sides, strict=True):
            record = side.first.record
            told = {"folder": side.folder, "runs": len(side.runs), "speed": f"{record.identity.speed:g}"}
            delay, recorded = self._label.counted(f"{record.delay:g}", "seconds"), record.recorded.replace("T", " ")
            name, recorded = visible(side.name), visible(recorded.removesuffix("Z"))
            yield f"{letter}: {self._label('diff_side', name=name, delay=delay, recorded=recorded, **told)}"

    def _caveats(self) -> Iterator[str]:
        for caveat in differences.caveats(*self._sides):
            yield self._caveat(caveat)

    def _caveat(self, caveat: Caveat) -> str:
        values = {key: visible(value) for key, value in caveat.values.items()}
        if caveat.reason is not None:
            values["reason"] = self._label.reason(caveat.reason)
        return self._label(f"caveat_{caveat.key}", **values)

    def _figures(self) -> Iterator[list[str]]:
        for figure in differences.figures(*self._sides):
            both = [
                spread(self._label, figure.unit, median(values), min(values), max(values), len(values))
                for values in (figure.before, figure.after)
            ]
            yield [self._label.metric(figure.metric), *both, self._change(figure)]

    def _change(self, figure: Figure) -> str:
        """Sign, word, by how much, and that in percent of what it was."""
        said = f"{_SIGNS[figure.change]} {self._label(f'diff_{figure.change}')}"
        if figure.change == "same":
            return said
        sign, was, by = "+" if figure.delta > 0 else "−", median(figure.before), abs(figure.delta)
        told = self._label.value(by, figure.unit) if figure.unit in _ADDED else number(by, figure.unit)
        share = by / abs(was) if was else 0.0
        return f"{said} {sign}{told}" + (f" ({sign}{share:.{0 if share >= 0.01 else 1}%})" if was else "")

    def _short(self, rows: Sequence[tuple[str, str, str]]) -> list[tuple[str, ...]]:
        """The beginnings of digests."""
        return [(key, *(value[:_DIGITS] if len(value) == 64 else value for value in values)) for key, *values in rows]

    def _rows(self, rows: Sequence[Sequence[str]]) -> list[list[str]]:
        """Cells of a table of Markdown."""
        return [[_code(cell) if cell else self._label("diff_absent") for cell in row] for row in rows]


def _code(text: str) -> str:
    """Text as code within a cell, which neither a bar nor a backtick can leave."""
    return f"`{visible(text).replace('`', '')}`".replace("|", "\\|")


def _table(heads: Sequence[str], rows: Iterator[list[str]] | Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell) or "–") for cell in row))
    return table
