"""Floor 1. What report.toml says of the report: its title, whose it is, which languages, in what order.

Every key has a neutral default, so that the file may be missing. Names of assignments are checked by the caller.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from report import languages
from report.errors import SpecError
from report.models import Model, near, parse, validate
from report.spec import LANGUAGES, Assignment, Language, Text, resolve

FILE = "report.toml"


def _kind(value: object) -> str:
    return "<each>" if isinstance(value, dict | Text) else "<all>"


Words = Annotated[Annotated[Text, Tag("<each>")] | Annotated[str, Tag("<all>")], Discriminator(_kind)]
"""The same words in every language, or words for each."""


class Settings(Model):
    """The cover and the make-up of the report; what is not said is left out of the cover."""

    title: Text | None = None
    course: Text | None = None
    author: Words = ""
    student_number: Words = ""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = LANGUAGES
    order: tuple[str, ...] = ()
    overview: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()


def load(root: Path, assignments: tuple[Assignment, ...]) -> tuple[Settings, tuple[Assignment, ...]]:
    """The settings, and the assignments in the order asked for; raises SpecError with file, key and remedy."""
    raw = parse(root / FILE, FILE) if (root / FILE).exists() else {}
    settings = validate(raw, Settings, FILE, languages.texts(root))
    problems = [f"{FILE}: languages: {one} stands there twice" for one in _twice(settings.languages)]
    problems += [f"{FILE}: order: {one} stands there twice" for one in _twice(settings.order)]
    known = {a.name: a for a in assignments}
    problems += [f"{FILE}: order: there is no assignment {n}{near(n, known)}" for n in settings.order if n not in known]
    if settings.order:
        problems += [f"{FILE}: order: does not name {name}" for name in known if name not in settings.order]
    for reference in settings.overview:
        folder, scenario, server = resolve(reference, "", "")
        if folder not in known or scenario not in known[folder].scenarios:
            problems.append(f"{FILE}: overview: there is no scenario {reference}; expected assignment/scenario")
        elif server is not None and server not in known[folder].servers_of(scenario):
            problems.append(f"{FILE}: overview: no server {server} runs in {folder}/{scenario}")
    if problems:
        raise SpecError(problems)
    return settings, tuple(known[name] for name in settings.order) or assignments


def _twice(names: tuple[str, ...]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
