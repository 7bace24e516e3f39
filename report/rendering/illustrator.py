"""Floor 2, pure. What an explanation may show: excerpts of sources, captured terminals, figures, diagrams.

Gives Markdown and keeps the pictures that it names. Drawing is dear and depends on few things, so a caller may
remember pictures by a key that holds all that they are made from.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from report.errors import SpecError
from report.rendering import compared, sources
from report.rendering.display import fence, visible
from report.rendering.labels import Labels
from report.rendering.measure import Subject, UnmeasuredError
from report.rendering.memory import Memory, key
from report.rendering.pages.appendix import Tables
from report.rendering.pictures import fonts
from report.rendering.pictures.picture import Picture
from report.rendering.places import Places

CAPTURED = 6  # lines that stand within the text


class Illustrator:
    """Shows things for one explanation; `pictures` are the SVGs by their path beside the report,
    `sources` the files that excerpts are of."""

    def __init__(self, root: Path, places: Places, label: Labels, file: str, remember: Memory) -> None:
        self.pictures: dict[str, bytes] = {}
        self.sources: set[str] = set()
        self._root, self._places, self._label, self._file, self._remember = root, places, label, file, remember

    def excerpt(self, path: str, name: str) -> str:
        """A function, class or marked region of a source file as a code block, with a link to file and lines."""
        file = path if "/" in path else f"assignments/{self._places.assignment.name}/{path}"
        self.sources.add(file)
        piece = sources.excerpt(self._root, file, name, self._file)
        text = re.sub(r"[^\t\n]+", lambda shown: visible(shown[0], fonts.missing(shown[0])), piece.text)
        marks = fence(text)
        link = f"[{file}:{piece.first}–{piece.last}](../{file}#L{piece.first}-L{piece.last})"
        return f"{marks}{piece.language}\n{text}\n{marks}\n\n{link}"

    def terminal(self, scenario: str, who: str, server: str | None = None) -> str:
        """A captured terminal as a picture, and below it, folded, the whole capture as text."""
        call = f'terminal("{scenario}", "{who}")'
        if who not in ("server", "client"):
            raise SpecError(f"{self._file}: {call}: expected server or client")
        run = self._places.run(scenario, server, call)
        command = visible(" ".join(run.record.command if who == "server" else run.record.load_command))
        lines = [line.text for line in (run.server_lines if who == "server" else run.client_lines)]
        title = f"{self._label(f'{who}_terminal')} · {run.identity.assignment}/{run.identity.scenario}"

        def draw() -> Picture:
            from report.rendering.pictures import terminal  # only here: what is remembered needs no library that draws

            return terminal.picture(self._root, lines, command, title, self._label)

        picture = self._drawn(["terminal", who, command, title, lines], draw)
        name = f"{run.identity.directory.replace('/', '-')}-{who}-terminal"
        return "\n\n".join(
            [
                self._shown(name, picture, title),
                self._folded(lines, f"evidence/{run.identity.directory}/{who}.log"),
            ]
        )

    def captured(self, reference: str, file: str, *words: str) -> str:
        """The first lines of a run's evidence file that hold one of these words, with a link; why not, if none do."""
        call = f"captured({', '.join(map(repr, (reference, file, *words)))})"
        assignment, scenario, server = self._places.resolve(reference, call)
        try:
            run = self._places.repetitions(assignment, scenario, server)[0]
            path = f"evidence/{run.identity.directory}/{file}"
            lines = Tables(self._places.evidence)[path].lines
            found = [(n, line) for n, line in enumerate(lines, start=1) if any(word in line for word in words)]
            if not found:
                raise UnmeasuredError("no_line", pattern=" | ".join(words))
        except UnmeasuredError as error:
            return f"{self._label('undecided')} ({self._label.reason(error.reason)})"
        except KeyError:
            raise SpecError(f"{self._file}: {call}: there is no {file}; expected server.log, say") from None
        found = found[:CAPTURED]
        text = "\n".join(line for _, line in found)
        marks = fence(text)
        where = f"{scenario} · {server} · {file}:{', '.join(str(number) for number, _ in found)}"
        return f"{marks}text\n{text}\n{marks}\n\n[{where}]({path}#L{found[0][0]})"

    def _folded(self, lines: Sequence[str], file: str) -> str:
        """The whole capture as text; the page and GitHub fold it."""
        text = "\n".join(visible(line, fonts.missing(line)) for line in lines)
        marks = fence(text)
        summary = self._label("whole_capture", count=len(lines), file=file.rpartition("/")[2])
        return f"<details>\n<summary>{summary}</summary>\n\n{marks}text\n{text}\n{marks}\n\n</details>"

    def figure(self, kind: str, *references: str, server: str | None = None, log: bool = False, **options: str) -> str:
        """A figure of one run, or of several beside each other, with its alternative text and caption.

        Figures that compare places take `metric`, or names of an event and its groups: see `compared`.
        """
        call = f"figure({', '.join(map(repr, (kind, *references)))})"
        if not references:
            raise SpecError(f"{self._file}: {call}: needs a scenario, such as figure({kind!r}, 'ten')")
        if kind in compared.KINDS:
            asked = tuple(f"{reference}:{server}" if server else reference for reference in references)
            return self._comparison(kind, asked, log, options, call)
        if options or log:
            raise SpecError(f"{self._file}: {call}: takes no {', '.join(options) or 'log'}")
        subjects = [self._places.subject(reference, server, call) for reference in references]

        def draw() -> Picture:
            from report.rendering.pictures import figures  # only here: what is remembered needs no library that draws

            return figures.draw(kind, subjects, self._label, self._file)

        picture = self._drawn([kind, *(_made_from(subject) for subject in subjects)], draw)
        places = [subject.run.identity.directory.replace("/", "-") for subject in subjects]
        ours = len({subject.assignment.name for subject in subjects}) == 1
        numbers = ", ".join(f"#{subject.assignment.number}" for subject in subjects)
        first = subjects[0].run.identity
        title = f"#{subjects[0].assignment.number} {first.scenario} ({first.server})" if len(subjects) == 1 else numbers
        if ours and len(subjects) > 1:
            title = f"#{subjects[0].assignment.number} {', '.join(s.run.identity.server for s in subjects)}"
        return self._shown(f"{'-'.join(places)}-{kind}", picture, self._label(f"caption_{kind}", title=title))

    def _comparison(self, kind: str, references: tuple[str, ...], log: bool, options: dict[str, str], call: str) -> str:
        """A figure of numbers from several places, which are all that it depends on."""
        asked = compared.Asked(self._file, call, self._places, references, options)
        if log and kind != "bars":
            raise SpecError(f"{self._file}: {call}: takes no log; its axes are logarithmic where they can be")
        table = compared.bars(asked, log) if kind == "bars" else compared.growth(asked)

        def draw() -> Picture:
            from report.rendering.pictures import figures  # only here: what is remembered needs no library that draws

            return figures.compare(table, self._label)

        picture = self._drawn([kind, asdict(table)], draw)
        which = key(references, log, options)[:8]  # the places themselves may be too many for the name of a file
        what = "-".join(options.get(name, "") for name in ("metric", "event", "y") if options.get(name))
        name = f"{self._places.assignment.name}-{what.replace('.', '-')}-{which}-{kind}"
        return self._shown(name, picture, compared.caption(table, [place for _, place in asked.found()], self._label))

    def diagram(self, name: str) -> str:
        """A diagram that scenario.toml declares, with its alternative text and caption."""
        assignment = self._places.assignment
        declared = assignment.diagrams.get(name)
        if declared is None:
            known = ", ".join(assignment.diagrams) or "none"
            raise SpecError(f'{self._file}: diagram("{name}"): scenario.toml declares no such diagram; it has {known}')

        def draw() -> Picture:
            from report.rendering.pictures import figures  # only here: what is remembered needs no library that draws

            return figures.diagram(name, assignment, self._label, self._file)

        picture = self._drawn(["diagram", assignment.number, name, declared.model_dump(mode="json")], draw)
        return self._shown(
            f"{assignment.name}-{name}-diagram", picture, self._label(f"caption_diagram_{declared.kind}")
        )

    def _shown(self, name: str, picture: Picture, caption: str) -> str:
        path = f"figures/{name}.{self._label.language}.svg"
        self.pictures[path] = picture.svg
        return f"![{bracketed(picture.alt)}]({path})\n\n*{caption}*"

    def _drawn(self, made_from: Sequence[object], draw: Callable[[], Picture]) -> Picture:
        """The picture, drawn only if the memory does not have it."""

        def make() -> bytes:
            picture = draw()
            return json.dumps([picture.alt, picture.svg.decode()], ensure_ascii=False).encode()

        alt, svg = json.loads(
            self._remember(key("picture", self._label.language, self._label.digest, *made_from), make)
        )
        return Picture(svg.encode(), alt)


def _made_from(subject: Subject) -> list[object]:
    """All that a figure of this subject can depend on: what is declared, and the evidence by its digests."""
    return [
        subject.assignment.model_dump(mode="json", exclude={"folder", "scenarios"}),
        subject.scenario.model_dump(mode="json", exclude={"claims"}),
        subject.run.identity.model_dump(mode="json"),
        subject.run.record.delay,
        dict(subject.run.record.files),
    ]


def bracketed(text: str) -> str:
    """Text that cannot end the brackets it stands in, nor begin markup."""
    return re.sub(r"([\\\[\]`*_<&])", r"\\\1", text.replace("\n", " "))
