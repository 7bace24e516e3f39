"""Floor 3. A whole class graded: who handed in what is found and judged, and what became of it is kept and shown.

Puts the parts of `report.grading` together and writes what an assistant decides from. Prints nothing itself.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from time import monotonic
from typing import get_args

from report import candidates, course, messages
from report.errors import SpecError
from report.evidence import canonical_json, digest
from report.graded import Graded, Result
from report.grading import cell, conventions, engine, regrade, submissions, written
from report.grading.cell import Task
from report.grading.conventions import Way
from report.grading.engine import Place
from report.grading.store import Key, Names, opened
from report.grading.submissions import Files, Submission
from report.judgement import Rules
from report.rendering.classroom.overview import words
from report.rendering.display import visible
from report.rendering.labels import Labels
from report.spec import Assignment, Language

OUTCOMES: Sequence[Result] = get_args(Result)
Tell = Callable[[str], None]
_words = cache(words)


@dataclass(frozen=True, slots=True)
class Class:
    """What is graded: the submissions in a folder, for the assignments of these rules, into another folder.

    `language` is that of what the terminal shows and of what is made for other tools.
    """

    root: Path
    rules: Sequence[Rules]
    handed_in: Path
    to: Path
    language: Language
    anonymous: bool = False
    delay: float = 0.5
    probes: int = 4


@dataclass(frozen=True, slots=True)
class Graduated:
    """The results in the order of students and assignments, how many of them are new, and the seconds that took."""

    results: Sequence[Graded]
    new: int
    seconds: float

    def count(self, outcome: Result) -> int:
        return Counter(one.outcome for one in self.results)[outcome]


def chosen(found: Mapping[str, Rules], every: Sequence[Assignment], wanted: str | None) -> list[Rules]:
    """The rules of assignments that are named with commas between, or of all that have any; raises SpecError."""
    if wanted is None:
        return [found[one.name] for one in every if one.name in found]
    names = dict.fromkeys(filter(None, (name.strip() for name in wanted.split(","))))
    return [candidates.of_assignment(found, course.find(every, name)) for name in names or [wanted]]


def grade(of: Class, where: AbstractContextManager[Place], work: engine.Work, tell: Tell) -> Graduated:
    """Every submission is judged, and what became of it lies in the folder; what lay there already is not judged again.

    Raises SpecError for options that cannot be meant; whatever is raised, every result that was told is kept.
    """
    begun = monotonic()
    found = [*submissions.found(of.handed_in)]
    with opened(of.to) as kept:
        called = Names(of.to, anonymous=of.anonymous).of([one.student for one in found])
        judged_by = {r.assignment.name: cell.rules_digest(of.root, r, of.delay) for r in of.rules}
        cells = [made for one in found for made in _cells(of, one, called[one.student], judged_by)]
        todo = [one for one in cells if kept.done(_key(one)) is None]
        there = len(cells) - len(todo)
        if there:
            tell(_said(of, f"{there} of {len(cells)} results are there already, and judged by the same rules"))
        if todo:
            with where as place:
                tell(_said(of, place.told))
                try:
                    for graded, files in _judged(todo, place, work, of.rules):
                        kept.put(graded, submissions.place(graded.student), files)
                        there += 1
                        tell(_line(of, graded, f"{there}/{len(cells)}"))
                except KeyboardInterrupt:
                    tell(_interrupted(of, there, len(cells)))
                    raise
        found_of = [kept.last(*_key(one)[:2]) for one in cells]
        results = written.worth(of.rules, found_of)
        written.write(of.root, of.rules, kept, results, of.language)
    return Graduated(results, len(todo), monotonic() - begun)


def _cells(of: Class, one: Submission, called: str, judged_by: Mapping[str, str]) -> Iterator[Task | Graded]:
    """What is to be judged of a submission; of an assignment for which nothing was found, that."""
    for rules in of.rules:
        name, number = rules.assignment.name, rules.assignment.number
        try:
            if one.problem is not None:
                raise SpecError(one.problem)
            way = conventions.way(one.files, number, only=len(of.rules) == 1)
        except SpecError as error:
            yield cell.missing(called, name, number, one.digest, judged_by[name], str(error))
        else:
            files, way = _bare(one.files, way)
            whole = digest(canonical_json([one.digest, asdict(way)]))  # how it is run may change when it does not
            yield Task(called, name, number, files, way, whole, judged_by[name], of.delay, of.probes)


def _bare(files: Files, way: Way) -> tuple[Files, Way]:
    """Without folders around all that there is, which zips have, and which are called as the student is."""
    top, _, rest = way.directory.partition("/")
    if top == "." or not all(path.startswith(f"{top}/") for path in files):
        return files, way
    return _bare({path[len(top) + 1 :]: data for path, data in files.items()}, replace(way, directory=rest or "."))


def _key(one: Task | Graded) -> Key:
    return one.student, one.assignment, one.submission, one.rules


def _judged(
    todo: Sequence[Task | Graded], place: Place, work: engine.Work, every: Sequence[Rules]
) -> Iterator[tuple[Graded, Mapping[str, bytes]]]:
    """First those of whom nothing was found, then what waits beside others, at last what must be alone."""
    yield from ((one, {}) for one in todo if isinstance(one, Graded))
    tasks = [one for one in todo if isinstance(one, Task)]
    exclusive = {r.assignment.name for r in every if any(probe.exclusive for probe in r.probes.values())}

    def is_alone(task: Task) -> bool:
        return task.assignment in exclusive or (task.way.port is not None and not place.is_apart)

    for executor, alone in ((place.shared, False), (place.alone, True)):
        group = [task for task in tasks if is_alone(task) is alone]
        for _, answer in engine.judged(group, executor, place.most, work):
            yield answer.graded, answer.files


def _said(of: Class, sentence: str) -> str:
    return messages.said(sentence, of.language)


def _interrupted(of: Class, there: int, count: int) -> str:
    return _said(of, f"{there} of {count} results are kept in {of.to}; the same command goes on from there")


def _line(of: Class, one: Graded, count: str) -> str:
    label = _words(of.root, of.language)
    seconds = label.value(one.seconds, "seconds")
    return f"{count} {visible(one.student)} · {one.number} · {_outcome(label, one.outcome, one.diagnosis)} · {seconds}"


def _outcome(label: Labels, outcome: str, diagnosis: str | None) -> str:
    return f"{label(outcome)}: {diagnosis}" if diagnosis else label(outcome)


def summary(of: Class, done: Graduated) -> list[str]:
    """How many of what, how long it took, and where the page is."""
    label = _words(of.root, of.language)
    counts = [f"{label(outcome)} {done.count(outcome)}" for outcome in OUTCOMES]
    minutes = f"{done.seconds / 60:.1f}"
    return [
        _said(of, f"{len(done.results)} results, {done.new} of them new, in {minutes} min: {', '.join(counts)}"),
        f"{of.to / written.OVERVIEW[of.language]}",
    ]


def replayed(root: Path, folder: Path, language: Language, tell: Tell) -> int:
    """How many verdicts of a folder would change by the rules of today, each of which is told, with the reason."""
    label = _words(root, language)
    judged = changed = 0
    unseen = dict[str, None]()
    for one in regrade.regraded(root, folder):
        if isinstance(one, Graded):
            continue
        judged += 1
        unseen |= dict.fromkeys(one.unseen)
        if one.is_one:
            changed += 1
            was, now = one.before, _outcome(label, one.outcome, one.diagnosis)
            before = _outcome(label, was.outcome, was.diagnosis)
            tell(f"{visible(was.student)} · {was.number} · {before} → {now} ({'; '.join(one.claims)})")
    if unseen:
        sentence = (
            f"probes that are new, or made otherwise now, of which this evidence decides nothing: {', '.join(unseen)}"
        )
        tell(messages.said(sentence, language))
    tell(messages.said(f"{judged} verdicts made again from their evidence, {changed} would change", language))
    return changed
