"""Floor 2, pure. The report in one language as Markdown: explanations and templates filled from evidence.

Every number and sentence that claims something comes through here; every claim must be cited exactly once. Knows no
assignment by name, writes no file. What page one says stands in `overview`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from report.errors import ClaimError, EvidenceError, SpecError
from report.rendering.gates.mutation import Score
from report.rendering.illustrator import Illustrator
from report.rendering.labels import Labels
from report.rendering.memory import Memory, forgetful
from report.rendering.narrator import Narrator
from report.rendering.overview import Overview
from report.rendering.places import Places
from report.rendering.verdicts import Evidence, Verdict
from report.settings import FILE, Settings
from report.spec import Assignment, Language


@dataclass(frozen=True, slots=True)
class Document:
    """A report in one language: its Markdown, its pictures by their path beside it, and what its cover says."""

    language: Language
    title: str
    markdown: str
    pictures: Mapping[str, bytes]
    cover: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made from, the same for every language."""

    root: Path
    evidence: Evidence
    verdicts: Mapping[str, Sequence[Verdict]]
    settings: Settings
    score: Score
    remember: Memory = forgetful


def compose(material: Material, label: Labels, other: Mapping[Language, str]) -> Document:
    """The report in the label's language; `other` names the file of each language.

    Raises ClaimError when a claim is not cited exactly once, SpecError when a template or an explanation is wrong,
    EvidenceError when there is not one run.
    """
    root, evidence = material.root, material.evidence
    environment = _environment(root)
    narrators = []
    problems: list[str] = []
    texts: dict[str, str] = {}
    for assignment in evidence.assignments.values():
        file = f"assignments/{assignment.name}/explanation.{label.language}.md"
        narrator = Narrator(
            root, evidence, assignment, material.verdicts[assignment.name], label, file, material.remember
        )
        texts[assignment.name] = fill(environment, root, file, narrator.calls())
        problems += _citations(assignment, narrator.cited, file)
        narrators.append(narrator)
    if problems:
        raise ClaimError(problems)
    if not evidence.runs:
        raise EvidenceError("there is no run to report on; make one with: invoke run")
    overview = Overview(material.evidence, material.verdicts, material.settings, label)
    first = next(iter(evidence.assignments.values()))
    designs = Illustrator(root, Places(evidence, first, FILE), label, FILE, material.remember)
    recorded = [run for reference in material.settings.overview if (run := overview.run(reference))]
    values = {
        "label": label,
        "assignments": list(evidence.assignments.values()),
        "texts": texts,
        "title": overview.title(),
        "cover": overview.cover(),
        "overview": overview,
        "designs": designs.figure("designs", *material.settings.overview) if recorded else "",
        "tradeoffs": {one.assignment.name: one.tradeoffs_table() for one in narrators if one.assignment.tradeoffs},
        "score": material.score,
        "other": {language: file for language, file in other.items() if language in material.settings.languages},
    }
    markdown = fill(environment, root, "templates/report.md.j2", values)
    pictures = dict(designs.pictures)
    for narrator in narrators:
        pictures |= narrator.pictures
    return Document(label.language, overview.title(), _tidy(markdown), pictures, overview.cover())


def fill(environment: jinja2.Environment, root: Path, file: str, values: Mapping[str, object]) -> str:
    """A template filled in; raises SpecError with file and line for what its author can mend."""
    try:
        return environment.get_template(file).render(values)
    except jinja2.TemplateNotFound as error:
        if error.name != file:
            raise SpecError(f"{file}:{_line(error, file)}: {error.name}: there is no such file") from None
        raise SpecError(f"{file}: is missing; every assignment needs an explanation in each language") from None
    except jinja2.TemplateSyntaxError as error:
        raise SpecError(f"{file}:{error.lineno}: {error.message}") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{file}: is not UTF-8: {error}") from None
    except (jinja2.TemplateError, TypeError, ArithmeticError, RecursionError) as error:
        raise SpecError(f"{file}:{_line(error, file)}: {error}") from None
    except SpecError as error:
        line = _line(error, file)
        raise SpecError(problem.replace(f"{file}:", f"{file}:{line}:", 1) for problem in error.problems) from None


def _line(error: BaseException, file: str) -> int:
    """The template's line that was being filled; Jinja gives it as a frame of the traceback."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _environment(root: Path) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(root),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the product is Markdown; each outside text is fenced or filtered where it enters
    )


def _citations(assignment: Assignment, cited: Sequence[str], file: str) -> list[str]:
    counts = Counter(cited)
    wanted = [claim.id for scenario in assignment.scenarios.values() for claim in scenario.claims]
    problems = [
        f'{file}: claim("{one}") is cited {counts[one]} times; once is right' for one in wanted if counts[one] > 1
    ]
    problems += [f'{file}: claim("{one}") of scenario.toml is never cited' for one in wanted if not counts[one]]
    return problems


def _tidy(markdown: str) -> str:
    """No trailing blanks and no more than one empty line in a row outside code blocks."""
    out: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        if not fence and line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        elif fence and line == fence:
            fence = ""
        if line.strip() or fence or (out and out[-1].strip()):
            out.append(line if fence else line.rstrip())
    return "\n".join(out).strip("\n") + "\n"
