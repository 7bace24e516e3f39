"""Floor 3. What a class's results are shown as: pages in each language, tables for other tools, files for each student.

Knows results and where their files lie; must not know how they came about.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from report import messages
from report.exports import grades
from report.graded import Graded
from report.grading import cell, submissions
from report.grading.store import STUDENTS, Store
from report.judgement import Rules
from report.publish import write_file
from report.rendering import advice
from report.rendering.classroom.overview import Row, overview, words
from report.spec import LANGUAGES, Language, Text

OVERVIEW: Mapping[Language, str] = {language: f"overview.{language}.html" for language in LANGUAGES}


def worth(rules: Sequence[Rules], results: Sequence[Graded]) -> list[Graded]:
    """The results with the points of today, for which nothing need be judged again."""
    claims = {
        (one.assignment.name, claim.id): {"points": claim.points, "visibility": claim.visibility}
        for one in rules
        for probe in one.probes.values()
        for claim in probe.claims
    }
    return [
        one.model_copy(
            update={"steps": tuple(s.model_copy(update=claims.get((one.assignment, s.claim), {})) for s in one.steps)}
        )
        for one in results
    ]


def write(root: Path, rules: Sequence[Rules], kept: Store, results: Sequence[Graded], spoken: Language) -> None:
    """What is made of all results: both pages, the table, JUnit XML, and a results.json for each student."""
    titles: dict[str, Text] = {one.assignment.name: one.assignment.title for one in rules}
    named = [(one.student, _spoken(one, spoken)) for one in results]
    texts = advice.load(root / "templates", sorted({one.diagnosis for one in results if one.diagnosis}))
    diagnoses = {lang: {name: one.title for name, one in found.items()} for lang, found in texts.items()}
    label = words(root, spoken)
    for student in dict.fromkeys(one.student for one in results):
        own = [one for name, one in named if name == student]
        data = grades.gradescope(own, titles, diagnoses[spoken], label)
        write_file(kept.folder / STUDENTS / submissions.place(student) / "results.json", data, lasting=False)
    for language in LANGUAGES:
        others = {other: file for other, file in OVERVIEW.items() if other != language}
        rows = [Row(_spoken(one, language), one.student, _links(kept, one, language)) for one in results]
        page = overview(root, rows, titles, diagnoses[language], language, others)
        write_file(kept.folder / OVERVIEW[language], page)
    write_file(kept.folder / "grades.csv", grades.table(named))
    write_file(kept.folder / "junit.xml", grades.junit(named, titles, diagnoses[spoken], label, label("title")))


def _spoken(one: Graded, language: Language) -> Graded:
    """What was told of it by this project itself in this language; what a compiler or a server said stays."""
    return one.model_copy(update={"told": messages.said(one.told, language)})


def _links(kept: Store, one: Graded, language: Language) -> dict[str, str]:
    """Of what there is of a result, where it lies beside the page."""
    folder = f"{STUDENTS}/{submissions.place(one.student)}"
    wanted = {
        "verdict": f"{folder}/{one.number}/verdict.{language}.html",
        "results": f"{folder}/results.json",
        "evidence": f"{folder}/{one.number}/{cell.PACKED}",
    }
    return {key: path for key, path in wanted.items() if (kept.folder / path).is_file()}
