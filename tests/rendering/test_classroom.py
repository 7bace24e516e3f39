"""The page of a class: every count follows from the results, outside texts stay texts, both languages say all."""

import re
import tomllib
from collections import Counter
from html.parser import HTMLParser
from typing import get_args

import pytest

from report.graded import Graded, Step
from report.judgement import Stage
from report.rendering import labels
from report.rendering.classroom.contents import LETTERS, Classroom
from report.rendering.classroom.figures import BINS, HEIGHT, Figure, figures
from report.rendering.classroom.overview import MARKS, OUTCOMES, SIGNS, Row, words
from report.rendering.pictures.fonts import lacking
from report.run import Held
from report.spec import LANGUAGES, Language
from tests.builders import REPOSITORY
from tests.rendering import classes
from tests.rendering import test_strict_html as strict

RAW = tomllib.loads((REPOSITORY / "templates" / "classroom.toml").read_text(encoding="utf-8"))
ROWS = classes.classroom(60)
FIRST = next(iter(classes.rules()))


def shown(*rows: Row, language: Language = "en") -> Classroom:
    return Classroom(rows, classes.titles(), classes.diagnoses(language), words(REPOSITORY, language))


def one(student: str = "kim", outcome: str = "accepted", assignment: str = FIRST, **more: object) -> Graded:
    number = classes.rules()[assignment].assignment.number
    about = {"student": student, "assignment": assignment, "number": number, "submission": "s", "rules": "r"}
    return Graded.model_validate({**about, "outcome": outcome, **more})


def step(**more: object) -> Step:
    about = {"stage": "together", "state": "holds", "claim": "quick", "metric": "makespan.seconds", "unit": "seconds"}
    return Step.model_validate({**about, **more})


class Cells(HTMLParser):
    """The texts of a table's cells by rows, and every link of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self._within = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        named = dict(attrs)
        self.links += [named["href"] or ""] if tag == "a" else []
        self._within = (self._within or (named.get("id") or "").startswith("r")) if tag == "tr" else self._within
        if self._within and tag == "tr":
            self.rows.append([])
        if self._within and tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag != "tr"

    def handle_data(self, data: str) -> None:
        if self._within and self.rows[-1]:
            self.rows[-1][-1] += data


def cells(html: bytes) -> Cells:
    text = html.decode()
    assert text.startswith("<!doctype html>")
    return Cells(text)


# --- the words -----------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_words_with_the_same_values() -> None:
    assert RAW["ko"].keys() == RAW["en"].keys()
    assert len(RAW["ko"]) > 40
    for key, text in RAW["ko"].items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", RAW["en"][key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_takes_the_place_of_another_and_each_is_used(language: Language) -> None:
    others = {**labels.load(REPOSITORY / "templates")[language]._words}
    others |= tomllib.loads((REPOSITORY / "templates" / "verdict.toml").read_text(encoding="utf-8"))[language]
    assert not RAW[language].keys() & others.keys()
    places = ["templates/overview.html.j2", *(f"report/rendering/classroom/{n}.py" for n in ("contents", "overview"))]
    told = "".join(
        (REPOSITORY / place).read_text(encoding="utf-8")
        for place in (*places, "report/graded.py", "report/judgement.py")
    )
    made = {f"file_{what}" for what in ("results", "evidence")} | {
        f"attention_{what}" for what in ("unjudged", "unsteady")
    }
    kinds = {"room": ["none"], "network": ["own", "shared"], "bounds": get_args(Held.model_fields["by"].annotation)}
    made |= {f"by_{means}_{value}" for means, values in kinds.items() for value in values} | {"by_cores_1"}
    assert {key for key in RAW[language] if f'"{key.removesuffix("_one")}"' not in told} <= made


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pinned_font_has_every_character_of_the_words(language: Language) -> None:
    assert lacking("".join(RAW[language].values()) + "".join(SIGNS.values()) + MARKS) == ""


def test_the_marks_of_the_style_sheet_are_among_those_that_the_page_brings_glyphs_for() -> None:
    style = (REPOSITORY / "templates" / "overview.css").read_text(encoding="utf-8")
    contents = "".join(re.findall(r'content: "([^"]+)"', style))
    assert set(contents) - {" "} == set(MARKS)


# --- counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_has_a_row_for_each_result_that_says_what_it_says(language: Language) -> None:
    label = words(REPOSITORY, language)
    found = cells(classes.page(language, ROWS)).rows
    assert len(found) == len(ROWS) == 180
    wanted = sorted((row.name, str(row.graded.number), label(row.graded.outcome)) for row in ROWS)
    assert (
        sorted((cell[0], cell[1], re.sub("^. ", "", cell[2]).removesuffix(f" {label('unsteady')}")) for cell in found)
        == wanted
    )
    assert found == sorted(found, key=lambda cell: (cell[0], cell[1]))


def test_counts_are_those_of_the_results() -> None:
    made = shown(*ROWS)
    assert made.counts() == Counter(row.graded.outcome for row in ROWS)
    assert sum(sum(made.counts(name).values()) for name in made.numbers) == len(ROWS)
    assert dict(made.about)["Submissions"] == "60 students"
    assert set(OUTCOMES) == set(made.counts())


def test_rows_with_the_same_diagnosis_stand_together_the_most_frequent_first() -> None:
    made = shown(*ROWS)
    rejected = [place for place, row in enumerate(made.rows) if row.graded.outcome == "rejected"]
    assert sorted(place for places in made.failures.values() for place in places) == rejected
    assert [len(places) for places in made.failures.values()] == sorted(map(len, made.failures.values()), reverse=True)
    for title, places in made.failures.items():
        assert {made.said(made.rows[place]) for place in places} == {title}


def test_a_student_who_fails_twice_for_the_same_reason_is_one_student() -> None:
    made = shown(
        *(Row(one(outcome="rejected", assignment=name, diagnosis="zombies"), "kim") for name in classes.rules())
    )
    ((title, places),) = made.failures.items()
    assert (title, len(places), made.people(places)) == (classes.diagnoses("en")["zombies"], 3, "1 student")


def test_what_no_diagnosis_fits_is_named_by_what_fails_first_and_an_unknown_diagnosis_by_itself() -> None:
    claim = (
        step(state="holds", claim="first"),
        step(state="fails", claim="second"),
        step(state="fails", claim="third"),
    )
    stage = (Step(stage="builds", state="fails"),)
    rejected = [one(outcome="rejected", steps=claim), one(outcome="rejected", steps=stage), one(outcome="rejected")]
    made = [shown(Row(graded, "kim")).said(Row(graded, "kim")) for graded in rejected]
    assert [text.rpartition(": ")[2] for text in made] == ["second", "builds", "–"]
    renamed = Row(one(outcome="rejected", diagnosis="of-old"), "kim")
    assert shown(renamed).said(renamed) == "of-old"


def test_who_came_through_a_stage_is_who_fails_at_none_up_to_it_and_the_unjudged_do_not_count() -> None:
    chain: tuple[Stage, ...] = ("builds", "answers", "together")
    rows = [Row(one(steps=tuple(Step(stage=stage, state="holds") for stage in chain)), "good")]
    for place, stage in enumerate(chain):
        states = [
            Step(stage=s, state="holds" if n < place else "fails" if n == place else "skipped")
            for n, s in enumerate(chain)
        ]
        rows.append(Row(one(stage, "rejected", steps=tuple(states)), stage))
    rows.append(Row(one("late", "unjudged"), "late"))
    found = {stage: counts[FIRST] for stage, counts in shown(*rows).through.items()}
    assert found == {"builds": (3, 4), "answers": (2, 4), "together": (1, 4)}


def test_what_could_not_be_judged_and_what_is_unsteady_is_told_with_the_reason() -> None:
    rows = [Row(one(name, "unjudged", told="no port is free"), name) for name in ("kim", "lee")]
    rows += [Row(one("park", "unjudged", told="ended"), "park"), Row(one("choi", "rejected", unsteady=True), "choi")]
    found = {
        what: {reason: len(places) for reason, places in groups.items()}
        for what, groups in shown(*rows).attention.items()
    }
    assert found == {"unjudged": {"no port is free": 2, "ended": 1}, "unsteady": {"not passed": 1}}


def test_points_are_out_of_those_of_the_assignment_also_where_nothing_was_found() -> None:
    steps = (step(claim="a", points=2), step(claim="b", points=1, state="fails"))
    rows = [
        Row(one("kim", "rejected", steps=steps), "kim"),
        Row(one("lee", "missing"), "lee"),
        Row(one("park", "unjudged"), "park"),
    ]
    made = shown(*rows)
    assert {row.name: made.points(place) for place, row in enumerate(made.rows)} == {
        "kim": "2 / 3",
        "lee": "0 / 3",
        "park": "– / 3",
    }
    assert made.median(FIRST) == "1 / 3"


# --- outside texts ------------------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202e\0{{ 7 * 7 }}"


def test_a_name_or_a_reason_is_never_anything_but_text() -> None:
    rows = [
        Row(
            one(
                HOSTILE,
                "unjudged",
                told=f"{HOSTILE}\n{HOSTILE}",
                measured_by={"room": HOSTILE, HOSTILE: HOSTILE},
                rules=HOSTILE,
                diagnosis=None,
            ),
            HOSTILE,
        )
    ]
    rows += [Row(one("x", "rejected", diagnosis=HOSTILE), "x")]
    html = classes.page("en", rows)
    assert cells(html).tags["script"] == 1
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae", html)
    assert b"49" not in html[html.index(b"<main") :].replace(b"{{ 7 * 7 }}", b"")
    assert HOSTILE.encode() not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_html_without_an_error_that_loads_nothing_and_leads_nowhere_that_is_not(language: Language) -> None:
    hostile = Row(one(HOSTILE, "unjudged", told=HOSTILE, unsteady=True), HOSTILE, {"verdict": HOSTILE})
    root = strict.parsed(classes.page(language, [*ROWS, hostile]).decode())
    assert (strict.dead(root), strict.unspoken(root), strict.loads(root)) == ([], [], [])
    assert max(strict.ids(root).values()) == 1
    assert len(strict.ids(root)) > len(ROWS)


@pytest.mark.parametrize(
    "path", ["javascript:alert(1)", "a b/#c?d&e", "학생 1/판정.html", '"><b>', "//elsewhere.example/x"]
)
def test_a_link_leads_beside_the_page_and_nowhere_else(path: str) -> None:
    html = classes.page("en", [Row(one(), "kim", {"verdict": path})])
    (link,) = [link for link in cells(html).links if link.startswith("./")]
    assert not re.search(r"[:#?\"<> ]", link)
    assert link.startswith("./")
    assert b"javascript:" not in html


def test_an_endless_reason_is_cut_and_all_of_the_class_stays_small() -> None:
    told = "\n".join("endless " * 100 for _ in range(1000))
    rows = [Row(one(str(n), "unjudged", told=f"{n} {told}"), str(n)) for n in range(20)]
    made = shown(*rows)
    assert max(map(len, made.attention["unjudged"])) <= LETTERS
    assert len(classes.page("en", rows)) < 200_000


def test_in_the_table_a_long_reason_is_cut_and_says_so() -> None:
    rows = [Row(one(told, "missing", told=told), told) for told in ("short", "x" * 101)]
    assert [shown(*rows).said(row) for row in rows] == ["short", "x" * 100 + "…"]


def test_a_pseudonym_hides_the_name() -> None:
    html = classes.page("ko", [Row(one("202012345 김민수", told="?", outcome="missing"), "학생 17")])
    assert "202012345" not in html.decode()
    assert "김민수" not in html.decode()


def test_the_page_is_the_same_bytes_twice_whatever_order_results_come_in() -> None:
    assert classes.page("ko", ROWS) == classes.page("ko", list(reversed(ROWS)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_class_in_which_nothing_is_wrong_has_no_empty_sections(language: Language) -> None:
    html = classes.page(language, [Row(one(), "kim")]).decode()
    assert re.findall(r'<h2 id="(\w+)"', html) == ["at_a_glance", "classroom", "through"]
    assert re.findall(r'<li><a href="#(\w+)"', html) == ["at_a_glance", "classroom", "through"]


# --- figures -------------------------------------------------------------------------------------------------------


def figure(*values: float, **more: object) -> Figure:
    found = list(figures([[step(value=value, at_most=2.0, limit="≤ 2", **more)] for value in values]))
    assert len(found) == 1
    return found[0]


def test_quartiles_and_outliers_are_those_of_the_textbook() -> None:
    found = figure(*range(1, 12), 40)
    assert found.quartiles == (3.75, 6.5, 9.25)
    assert found.outliers == [(40.0, 11)]


@pytest.mark.parametrize(
    ("values", "more"), [(range(12), {"metric": "left.zombies", "unit": "count"}), ([1, 1, 9], {})]
)
def test_a_count_and_a_handful_of_values_have_no_outliers(values: list[float], more: dict[str, object]) -> None:
    assert figure(*values, 1000, **more).outliers == []


def test_a_picture_spans_every_value_and_the_bound() -> None:
    assert figure(0.5, 0.9).reach == (0.5, 2.0)
    assert figure(0.5, 3.0).reach == (0.5, 3.0)
    assert figure(0.5, 3.0).x(3.0) == 240


def test_every_value_is_in_one_bar_and_the_highest_bar_reaches_the_top() -> None:
    bars = re.findall(r"v-(\d+)h", figure(*[1.0] * 90, *[1.5] * 45, 2.0).shape())
    assert [int(bar) for bar in bars] == [HEIGHT, HEIGHT // 2, 1]
    assert len(re.findall("M", figure(*(n / 10 for n in range(1000)), at_least=0.0).shape())) == BINS


def test_values_that_are_few_are_told_with_whether_the_bound_allows_them() -> None:
    found = figure(0.0, 0.0, 5.0)
    assert found.is_told
    assert {(value, count, found.is_within(value)) for value, count in found.tally.items()} == {
        (0.0, 2, True),
        (5.0, 1, False),
    }
    assert not figure(*range(7)).is_told


def test_what_was_skipped_or_not_measured_is_in_no_figure_and_claims_keep_the_order_of_the_chain() -> None:
    chain = [step(claim="b", value=1.0), step(claim="a", value=None, state="undecided"), step(claim="c", value=2.0)]
    short = [step(claim="c", value=3.0), step(claim="b", value=9.0, state="skipped")]
    found = {one.step.claim: one.values for one in figures([short, [], chain])}
    assert list(found) == ["b", "c"]
    assert found == {"b": [(1.0, 2)], "c": [(2.0, 2), (3.0, 0)]}


def test_the_unjudged_are_in_no_figure() -> None:
    rows = [
        Row(one("kim", steps=(step(value=1.0),)), "kim"),
        Row(one("lee", "unjudged", steps=(step(value=9.0),)), "lee"),
    ]
    ((made,),) = shown(*rows).spread.values()
    assert made.numbers == [1.0]
