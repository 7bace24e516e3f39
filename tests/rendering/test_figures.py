"""Figures: the same bytes everywhere, only from the pinned font, and drawn whatever a server printed."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib import font_manager

from report.errors import SpecError
from report.rendering import labels
from report.rendering.measure import Subject
from report.rendering.pictures import figures, theme
from report.rendering.pictures.picture import Picture
from report.run import LogLine, Run
from report.spec import LANGUAGES, Language
from tests.builders import ECHO, REPOSITORY, assignment, lines, request, run, sample, served

WORDS = labels.load(REPOSITORY / "templates")
QUEUE = lines("queue 0/10, workers 1", "queue 8/10, workers 1", "queue 2/10, workers 2", step=2.5)
BUSY = run(server_lines=[*served(2), *QUEUE])
SVG = "{http://www.w3.org/2000/svg}"


def subject(made: Run = BUSY, toml: str = ECHO) -> Subject:
    echo = assignment(toml)
    return Subject(echo, echo.scenarios["two"], made)


def drawn(kind: str, made: Run = BUSY, language: Language = "en", toml: str = ECHO) -> Picture:
    return figures.draw(kind, subject(made, toml), WORDS[language], "explanation.en.md")


@pytest.mark.parametrize("kind", figures.FIGURES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_is_the_same_bytes_twice_and_says_in_words_what_is_to_be_seen(kind: str, language: Language) -> None:
    first, second = drawn(kind, language=language), drawn(kind, language=language)
    assert first == second
    assert len(first.alt) > 20
    assert not {"{", "}"} & set(first.alt)


@pytest.mark.parametrize("kind", figures.FIGURES)
def test_a_figure_is_plain_svg_without_text_date_program_or_anything_from_outside(kind: str) -> None:
    svg = drawn(kind).svg
    root = ElementTree.fromstring(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert {"path", "use"} <= tags
    assert not tags & {"text", "script", "image", "foreignObject", "a"}
    references = [value for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")]
    assert references
    assert all(reference.startswith("#") for reference in references)
    assert not tags & {"metadata", "RDF"}
    assert not any(word in svg for word in (b"<!--", b"Created with", b"@import", b"url(http", b"xlink"))
    assert not any(line.endswith(b" ") for line in svg.splitlines())


def test_the_settings_of_a_user_and_of_a_test_before_change_nothing() -> None:
    before = drawn("timeline")
    with matplotlib.rc_context(
        {"font.size": 30, "svg.fonttype": "none", "axes.facecolor": "red", "lines.linewidth": 9}
    ):
        assert drawn("timeline") == before
        assert matplotlib.rcParams["font.size"] == 30


def test_a_font_of_the_system_with_the_same_name_changes_nothing() -> None:
    before = drawn("timeline")
    manager: Any = font_manager.fontManager
    fonts = list(manager.ttflist)
    other = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSerif.ttf"
    named = font_manager.FontEntry(fname=str(other), name="NanumGothic", weight=400, size="scalable")
    try:
        manager.ttflist.insert(0, named)
        manager._findfont_cached.cache_clear()
        assert drawn("timeline") == before
    finally:
        manager.ttflist[:] = fonts
        manager._findfont_cached.cache_clear()


def test_a_label_that_the_font_cannot_write_is_an_error_that_names_the_character() -> None:
    words = labels.Labels("en", {**WORDS["en"]._words, "client": "client 😀"})
    echo = assignment()
    with pytest.raises(SpecError, match=r"explanation.en.md: figure\('timeline'\): .*GRINNING FACE"):
        figures.draw("timeline", Subject(echo, echo.scenarios["two"], BUSY), words, "explanation.en.md")


HOSTILE = [
    "$x^2$ $\\frac{1}{0}$",
    "_hidden",
    "😀 한글 \x1b[31m",
    "\u202e mark",
    "</text><script>",
    "",
    " ",
    "actor " * 500,
    "\\" * 50,
]


@pytest.mark.parametrize("actor", HOSTILE)
def test_whatever_an_actor_is_called_the_figures_are_drawn(actor: str) -> None:
    printed = [
        LogLine(0.0, "server: #1 accepted from 127.0.0.1:40001"),
        LogLine(0.1, f"{actor}: #1 request GET /"),
        LogLine(5.0, f"{actor}: #1 answered 200"),
    ]
    toml = ECHO.replace(r"'^worker (\d+): #\d+ answered'", r"'^(.*): #\d+ answered'")
    for kind in ("timeline", "shares"):
        ElementTree.fromstring(drawn(kind, run(server_lines=printed), toml=toml).svg)


EVIDENCE: dict[str, dict[str, Any]] = {
    "nothing printed": {"server_lines": ()},
    "no samples": {"samples": ()},
    "one sample": {"samples": [sample(0.0)]},
    "no requests": {"requests": ()},
    "one request": {"requests": [request(1)]},
    "all failed at once": {"requests": [request(n, done=0.0, outcome="refused", local_port=None) for n in (1, 2)]},
    "never settled": {"requests": [request(1, done=None, outcome="late"), request(2, done=None, outcome="late")]},
    "many clients": {"requests": [request(n, done=5.0 + n / 100) for n in range(1, 201)]},
    "many workers": {"server_lines": [LogLine(0.0, f"worker {n}: #{n} answered") for n in range(100)]},
    "seventeen clients": {"requests": [request(n) for n in range(1, 18)]},
    "a flat series": {"server_lines": lines("queue 0/10")},
    "a large number": {"server_lines": lines("queue 99999999999/10, workers 1")},
    "a line before the first request": {"server_lines": lines("queue 3/10, workers 2", start=-9.0)},
}


@pytest.mark.parametrize("kind", figures.FIGURES)
@pytest.mark.parametrize("case", EVIDENCE)
def test_a_figure_is_drawn_from_whatever_was_recorded(case: str, kind: str) -> None:
    ElementTree.fromstring(drawn(kind, run(**EVIDENCE[case])).svg)


@pytest.mark.parametrize("kind", ["series", "shares"])
def test_a_figure_of_what_is_not_declared_is_refused_with_the_explanation_that_asked(kind: str) -> None:
    start = ECHO.index("[series]")
    toml = ECHO[:start] + ECHO[ECHO.index("[transcript]") :]
    with pytest.raises(
        SpecError, match=rf"explanation.en.md: figure\('{kind}'\): scenario.toml declares no \[{kind}\]"
    ):
        drawn(kind, toml=toml)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("series", r"'queue (\d+)/'", r"'queue (\S+)/'"),
        ("timeline", r"#(?P<connection>\d+) accepted", r"#(?P<connection>\S+) accepted"),
    ],
)
@pytest.mark.parametrize("word", ["many", "nan", "inf", "9" * 5000, "-"])
def test_a_line_whose_number_is_none_is_told_with_the_explanation_that_asked(
    kind: str, old: str, new: str, word: str
) -> None:
    printed = lines(f"queue {word}/10, workers 1", f"server: #{word} accepted from 127.0.0.1:1")
    with pytest.raises(SpecError, match=rf"explanation.en.md: figure\('{kind}'\): .* is not a number"):
        drawn(kind, run(server_lines=printed), toml=ECHO.replace(old, new))


def test_a_figure_that_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(SpecError, match=r"explanation.en.md: figure\('pie'\): .* there are timeline, series"):
        drawn("pie")


@pytest.mark.parametrize("kind", ["timeline", "designs"])
def test_identifiers_are_a_picture_s_own_but_for_the_outlines_of_glyphs(kind: str) -> None:
    found = [
        set(re.findall(r' id="([^"]+)"', drawn(kind, run(requests=[request(1), failed])).svg.decode()))
        for failed in (request(2, outcome="reset"), request(2, outcome="reset", done=2.0))
    ]
    own = [{name for name in names if not name.startswith("NanumGothic-")} for names in found]
    assert all(own)
    assert not own[0] & own[1]
    assert found[0] - own[0]


@pytest.mark.parametrize("kind", figures.FIGURES)
def test_every_reference_within_a_picture_has_its_place(kind: str) -> None:
    svg = drawn(kind, run(requests=[request(1), request(2, outcome="reset")])).svg.decode()
    places = set(re.findall(r'id="([^"]+)"', svg))
    wanted = set(re.findall(r'(?:href="|url\()#([\w-]+)', svg))
    assert wanted
    assert wanted <= places


@pytest.mark.parametrize("kind", figures.FIGURES)
def test_every_colour_is_one_of_the_theme_and_the_paper_shows_through(kind: str) -> None:
    svg = drawn(kind).svg.decode()
    colours = set(re.findall(r"#[0-9a-fA-F]{6}\b", svg.replace(theme.STYLE, "")))
    assert colours <= {light for light, _ in theme.COLOURS.values()}
    plain = theme.plain(drawn(kind).svg)
    assert b"var(" not in plain
    assert b"<style" not in plain
    first = next(element for element in ElementTree.fromstring(plain).iter(f"{SVG}path") if "d" in element.attrib)
    assert "576 " not in first.attrib["d"]


def test_a_picture_of_a_hundred_clients_stays_small() -> None:
    made = run(requests=[request(n, done=5.0 + n / 300) for n in range(1, 101)], server_lines=served(100))
    assert len(drawn("timeline", made, "ko").svg) < 60_000


def test_one_scenario_may_be_given_as_a_sequence_too() -> None:
    assert figures.draw("timeline", [subject()], WORDS["en"], "x") == figures.draw(
        "timeline", subject(), WORDS["en"], "x"
    )


@pytest.mark.parametrize("kind", figures.ONE)
def test_a_figure_of_one_scenario_is_not_drawn_of_two(kind: str) -> None:
    with pytest.raises(SpecError, match=rf"explanation.en.md: figure\('{kind}'\): draws one scenario, and 2 are given"):
        figures.draw(kind, [subject(), subject()], WORDS["en"], "explanation.en.md")


@pytest.mark.parametrize("kind", figures.FIGURES)
def test_a_figure_of_nothing_is_refused(kind: str) -> None:
    with pytest.raises(SpecError, match="needs a scenario to draw"):
        figures.draw(kind, [], WORDS["en"], "explanation.en.md")
