"""Floor 2, pure. The page of a class: who came through, who did not and why, what nobody could decide, and how values
are spread. One offline file in each language.

Its table has a row for each student and assignment, not one for each student: a row is one decision with one outcome,
diagnosis and verdict to open, so that a filter or an order never mixes assignments, and it fits on a telephone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from report.graded import Result
from report.rendering import advice, labels
from report.rendering.classroom.contents import OUTCOMES, Classroom, Row
from report.rendering.classroom.figures import HEIGHT, WIDTH
from report.rendering.labels import Labels
from report.rendering.pages import frame
from report.rendering.pages.page import Entry
from report.spec import Language, Text

WORDS = "classroom.toml"
SIGNS: Mapping[Result, str] = {"accepted": "○", "rejected": "×", "unjudged": "△", "missing": "–"}
MARKS = "↕↑↓●"  # which the style sheet adds
SECTIONS = ("at_a_glance", "attention", "classroom", "failures", "through", "spread")


def words(root: Path, language: Language) -> Labels:
    """The words of reports, verdicts and classes in one language; exports take them, too."""
    templates = root / "templates"
    return advice.words(templates, advice.words(templates, labels.load(templates)[language]), WORDS)


def overview(
    root: Path,
    rows: Sequence[Row],
    assignments: Mapping[str, Text],
    diagnoses: Mapping[str, str],
    language: Language,
    others: Mapping[Language, str],
) -> bytes:
    """The page in one language: titles by assignment, diagnoses by id; `others` are the other languages' files."""
    label = words(root, language)
    shown = Classroom(rows, assignments, diagnoses, label)
    told = {"label": label, "shown": shown, "signs": SIGNS, "outcomes": OUTCOMES, "width": WIDTH, "height": HEIGHT}
    body = frame.filled(root, "overview.html.j2", told)
    values = {
        "language": language,
        "title": shown.title,
        "others": others,
        "contents": [Entry(name, label(name), []) for name in SECTIONS if shown.has(name)],
        "body": body,
        "runs": {},
    }
    return frame.framed(root, values, label, body + MARKS, own="overview").encode()
