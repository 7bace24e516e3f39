"""Floor 3. A new assignment made after one that is there: right at once, and ready to be filled in.

The old one's servers, the scenario of its transcript and the way it is judged are taken over; what is said of them, and
one planted mistake, come from templates/new/. Written whole or not at all. Prints nothing.
"""

import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template

from report import course, judgement, languages, publish
from report.errors import SpecError
from report.models import near
from report.rendering import metrics
from report.scenario import BOUNDS, Claim
from report.settings import FILE as REPORT
from report.spec import LANGUAGES, Assignment

TEMPLATES = "templates/new"
MISTAKE = "mistakes/no_delay.py"
_NEEDED = ("server.py", "expected.txt", course.JUDGE)
_TABLE = re.compile(r"\[\[?([\w.-]+)\]")  # at the beginning of a line
_SHOWN_BY_TEXT = ("diagrams", "tradeoffs")  # families of tables that only the old one's explanation shows


def make(root: Path, assignments: Sequence[Assignment], number: str, name: str, wanted: str) -> list[str]:
    """Makes the folder after the assignment that is `wanted` and names it in report.toml; returns its files.

    Raises SpecError, and then nothing has changed.
    """
    chosen = _number(assignments, number)
    _must_be_free(root, name)
    old = _old(assignments, wanted)
    files = {f"assignments/{name}/{path}": text.encode() for path, text in _files(root, old, chosen, name)}
    order = _ordered(root, name)
    stage, folder = root / f".new.{os.getpid()}", root / "assignments" / name
    try:
        publish.write(files, stage)
        _must_load(root, stage, old)
        (stage / "assignments" / name).rename(folder)
        try:
            publish.write(order, root)
        except BaseException:
            shutil.rmtree(folder)
            raise
    except OSError as error:
        raise SpecError(f"assignments/{name}: cannot be made: {error.strerror}") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return sorted(files)


def _number(assignments: Sequence[Assignment], number: str) -> int:
    if not re.fullmatch("[0-9]{1,2}", number):
        raise SpecError(f"--number {number}: expected a whole number from 0 to 99")
    taken = {assignment.number: assignment.name for assignment in assignments}
    if int(number) in taken:
        free = next(one for one in range(100) if one not in taken)
        raise SpecError(f"--number {number}: is taken by assignments/{taken[int(number)]}; {free} is free")
    return int(number)


def _must_be_free(root: Path, name: str) -> None:
    if not course.FOLDER.fullmatch(name):
        raise SpecError(f"--name {name}: expected a word of a-z, 0-9 and _ after a letter, such as my_server")
    there = [path.name for path in (root / "assignments").iterdir() if path.name.partition(".")[0] == name]
    if there:  # a module beside the folders, too: it would hide a folder of its name
        raise SpecError(f"--name {name}: is taken by assignments/{there[0]}; choose another")


def _old(assignments: Sequence[Assignment], wanted: str) -> Assignment:
    fit = {a.name: a for a in assignments if a.transcript and all((a.folder / file).is_file() for file in _NEEDED)}
    if wanted not in fit:
        raise SpecError(f"--from {wanted}: expected one of {', '.join(fit) or 'none'}{near(wanted, fit)}")
    return fit[wanted]


def _files(root: Path, old: Assignment, number: int, name: str) -> Iterator[tuple[str, str]]:
    """Every file of the new folder, by its path there."""
    assert old.transcript is not None  # one that lacks it was refused
    words = {"old": old.name, "number": str(number), "name": name, "scenario": old.transcript.scenario}
    claims = [claim for claim in old.scenarios[old.transcript.scenario].claims if _stands_alone(old, claim)]

    def renamed(text: str) -> str:
        return re.sub(rf"\bassignments([./]){old.name}\b", rf"assignments\1{name}", text)

    for path in sorted(old.folder.iterdir()):
        if path.suffix in (".py", ".c", ".h"):
            yield path.name, renamed(path.read_text(encoding="utf-8"))
    yield "scenario.toml", _filled(root, "scenario.toml", words) + renamed("".join(_kept(old, claims)))
    judged = "".join(text for table, text in _tables(old.folder / course.JUDGE) if not table.startswith("mistakes."))
    yield course.JUDGE, f"{judged.rstrip()}\n\n{_filled(root, 'mistake.toml', words)}"
    yield MISTAKE, _filled(root, "no_delay.py", words)
    printed = (old.folder / "expected.txt").read_text(encoding="utf-8")
    yield "expected.txt", printed.replace(f"# {old.name} ·", f"# {name} ·", 1)
    sentences = languages.read(root / TEMPLATES, "claims.toml", TEMPLATES)
    for language in LANGUAGES:
        cited = "\n".join(_cited(sentences[language], claim) for claim in claims)
        yield f"explanation.{language}.md", _filled(root, f"explanation.{language}.md", words | {"claims": cited})
    for texts in (languages.file(languages.TEXTS, language) for language in languages.ADDED):
        yield texts, _filled(root, texts, words)


def _stands_alone(old: Assignment, claim: Claim) -> bool:
    """Whether a claim asks nothing of other scenarios, nor of a server with a mistake."""
    faulty = claim.server is not None and old.servers[claim.server].mistake is not None
    return claim.relative_to is None and claim.minus is None and not faulty


def _kept(old: Assignment, claims: Sequence[Claim]) -> Iterator[str]:
    """The tables of the old scenario.toml that the new one has as well."""
    assert old.transcript is not None
    scenario, faulty = old.transcript.scenario, {name for name, server in old.servers.items() if server.mistake}
    asks_events = bool(old.held) or any("events." in f"{claim.metric} {claim.over}" for claim in claims)
    for table, text in _tables(old.folder / "scenario.toml"):
        family, name, rest = (*table.split(".", 2), "", "")[:3]
        if not family or family in _SHOWN_BY_TEXT or (family == "events" and not asks_events):
            continue
        if (family == "servers" and name in faulty) or (family == "scenarios" and name != scenario):
            continue
        if rest == "claims":
            (claim,) = tomllib.loads(text)["scenarios"][scenario]["claims"]
            if claim["id"] not in {one.id for one in claims}:
                continue
        yield text


def _tables(file: Path) -> Iterator[tuple[str, str]]:
    """The tables of a TOML file in order: its name ("" before the first), and its text with the comments above it."""
    name, text, above = "", "", ""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if found := _TABLE.match(line):
            yield name, text
            name, text, above = found[1], above + line, ""
        elif not line.strip() or line.startswith("#"):
            above += line
        else:
            text, above = text + above + line, ""
    yield name, text


def _cited(sentences: Mapping[str, str], claim: Claim) -> str:
    bound = next(bound for bound in BOUNDS if getattr(claim, bound) is not None)
    return Template(sentences[bound]).substitute(id=claim.id, metric=claim.metric + claim.beside)


def _filled(root: Path, template: str, words: Mapping[str, str]) -> str:
    try:
        return Template((root / TEMPLATES / template).read_text(encoding="utf-8")).substitute(words)
    except OSError as error:
        raise SpecError(f"{TEMPLATES}/{template}: cannot be read: {error.strerror}") from None


def _ordered(root: Path, name: str) -> dict[str, bytes]:
    """report.toml with the name at the end of its order, if it states one."""
    before = (root / REPORT).read_text(encoding="utf-8") if (root / REPORT).is_file() else ""
    wanted = tomllib.loads(before)
    if not wanted.get("order"):
        return {}
    wanted["order"].append(name)
    after = re.sub(r"(?m)^(order\s*=\s*\[[^\]]*?),?(\s*\])", rf'\1, "{name}"\2', before, count=1)
    try:
        if tomllib.loads(after) == wanted:
            return {REPORT: after.encode()}
    except tomllib.TOMLDecodeError:
        pass
    raise SpecError(f'{REPORT}: order: cannot be added to; write it on one line, as in order = ["a", "b"]')


def _must_load(root: Path, stage: Path, old: Assignment) -> None:
    """Raises SpecError if what was made cannot be loaded by itself."""
    shutil.copy(root / "assignments" / course.JUDGE, stage / "assignments")
    try:
        judgement.load(stage, course.load(stage, metrics.problem), metrics.problem)
    except SpecError as error:
        raise SpecError(f"--from {old.name}: gives no assignment: {problem}" for problem in error.problems) from None
