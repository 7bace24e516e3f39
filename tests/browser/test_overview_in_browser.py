"""The page of a class of 500 students and three assignments in a real browser: sorted, filtered, read by everyone."""

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

from report.graded import Graded
from report.rendering.classroom.overview import words
from report.spec import LANGUAGES
from tests.browser.chromium import Browser, Tab, browser, tab
from tests.browser.test_accessibility import examined
from tests.builders import REPOSITORY
from tests.rendering import classes

pytestmark = pytest.mark.timeout(600)
PHONE, DESK = 360, 1400
MOST = 1_500_000  # bytes
ROWS = 1500
CELLS = "[...document.querySelectorAll('#results tbody tr:not([hidden])')].map((r) => r.cells[%d].textContent.trim())"
KEYS = "[...document.querySelectorAll('#results tbody tr')].map((r) => r.cells[%d].dataset.key)"
HEADS = "[...document.querySelectorAll('#results thead th')].map((head) => head.ariaSort)"
FILTER = """((text) => {
  const field = document.getElementById("filter");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
})"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Both pages beside each other, and nothing else."""
    place = tmp_path_factory.mktemp("class")
    for language in LANGUAGES:
        (place / f"overview.{language}.html").write_bytes(classes.page(language, classes.classroom()))
    return lambda language: Path(place / f"overview.{language}.html").as_uri()


def results() -> list[Graded]:
    return [row.graded for row in classes.classroom()]


def cells(of: Tab, column: int) -> list[str]:
    """The texts of a column in the rows that are shown, from top to bottom."""
    found: list[str] = of.value(CELLS % column)
    return found


def test_the_pages_are_small_enough(url: Callable[[str], str]) -> None:
    for language in LANGUAGES:
        assert 300_000 < len(Path(url(language).removeprefix("file://")).read_bytes()) < MOST


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browser_has_nothing_to_complain_of(chromium: Browser, url: Callable[[str], str], language: str) -> None:
    with tab(chromium) as opened:
        opened.open(url(language))
        assert len(cells(opened, 0)) == ROWS
        assert opened.complaints() == []


@pytest.mark.parametrize("width", [PHONE, 800, DESK])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_never_scrolls_sideways_and_on_a_telephone_the_table_neither(
    chromium: Browser, url: Callable[[str], str], language: str, width: int
) -> None:
    with tab(chromium, width) as opened:
        opened.open(url(language))
        opened.value('document.querySelectorAll("details").forEach((fold) => { fold.open = true; })')
        assert opened.value("innerWidth") == width
        assert opened.value("document.documentElement.scrollWidth") <= width
        if width == PHONE:
            assert (
                opened.value(
                    "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)(document.querySelector('.window'))"
                )
                <= 0
            )


def test_rows_that_are_cards_on_a_telephone_are_still_rows_of_a_table(
    chromium: Browser, url: Callable[[str], str]
) -> None:
    with tab(chromium, PHONE) as opened:
        opened.open(url("en"))
        opened.value("document.querySelectorAll('#results tbody tr:nth-child(n + 4)').forEach((row) => row.remove())")
        nodes = opened.call("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
        for row in range(3):
            assert opened.value(f"getComputedStyle(document.getElementById('r{row}')).display") == "grid"
        assert roles.count("rowheader") >= 3
        assert roles.count("columnheader") >= 7
        assert roles.count("cell") >= 18


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("ko", PHONE), ("en", DESK)])
def test_the_page_violates_no_rule(
    chromium: Browser, url: Callable[[str], str], language: str, width: int, dark: bool
) -> None:
    with tab(chromium, width, dark=dark) as opened:
        opened.open(url(language))
        opened.value('document.querySelectorAll("details").forEach((fold) => { fold.open = true; })')
        keep = "new Set(['accepted', 'rejected', 'unjudged', 'missing', 'unsteady'].map((k) => document.querySelector(`#results .${k}`)))"
        opened.value(  # a row of each kind, since axe looks at each cell anew; and chips in both states
            f"((kept) => document.querySelectorAll('#results tbody tr').forEach((r) => kept.has(r) || r.remove()))({keep});"
            "document.querySelector('.controls button').click(); document.querySelector('.controls button').click();"
            "document.querySelector('[data-class=n1]').click()"
        )
        found = examined(opened)
        assert len(found["passed"]) > 20
        assert "color-contrast" in found["passed"]
        assert found["violated"] == []


# --- sorting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", range(7))
def test_every_column_sorts_both_ways_and_says_so(chromium: Browser, url: Callable[[str], str], column: int) -> None:
    with tab(chromium) as opened:
        opened.open(url("ko"))
        head = f"document.querySelectorAll('#results thead th')[{column}].querySelector('button')"
        before = sorted(cells(opened, column))
        for way in ("ascending", "descending"):
            opened.value(f"{head}.click()")
            assert opened.value(HEADS) == [way if place == column else None for place in range(7)]
            found: list[Any] = opened.value(KEYS % column)
            if found[0] is not None:  # by numbers; who has none comes last
                numbers = [float(key) for key in found if key]
                assert all(found[: len(numbers)])
                assert numbers == sorted(numbers, reverse=way == "descending")
            else:
                texts = [text for text in cells(opened, column) if text]
                compare = "new Intl.Collator('ko', { numeric: true }).compare"
                signed = "(a, b) => -" if way == "descending" else "(a, b) => "
                assert texts == opened.value(f"{texts!r}.sort({signed}{compare}(a, b))")
            assert sorted(cells(opened, column)) == before
        assert opened.complaints() == []


def test_a_heading_sorts_by_keyboard_and_shows_that_it_is_reached(chromium: Browser, url: Callable[[str], str]) -> None:
    with tab(chromium) as opened:
        opened.open(url("en"))
        opened.value("document.querySelector('.window').focus()")
        for key, way in (("Enter", "ascending"), (" ", "descending")):
            opened.press("Tab") if way == "ascending" else None
            assert opened.value("document.activeElement.closest('th').cellIndex") == 0
            assert opened.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            opened.press(key)
            assert opened.value(HEADS)[0] == way
        names = sorted({row.name for row in classes.classroom()}, reverse=True)
        assert cells(opened, 0)[0] in names[:20]


# --- filtering -----------------------------------------------------------------------------------------------------


def test_chips_of_one_kind_add_and_of_two_kinds_narrow(chromium: Browser, url: Callable[[str], str]) -> None:
    def count(*outcomes: str, number: int | None = None) -> int:
        return sum(one.outcome in outcomes and number in (None, one.number) for one in results())

    with tab(chromium) as opened:
        opened.open(url("en"))
        chip = "document.querySelector('[data-class=%s]').click()"
        opened.value(chip % "unjudged")
        assert len(cells(opened, 0)) == count("unjudged") > 0
        opened.value(chip % "missing")
        assert len(cells(opened, 0)) == count("unjudged", "missing")
        opened.value(chip % "n2")
        assert len(cells(opened, 0)) == count("unjudged", "missing", number=2)
        assert set(cells(opened, 1)) == {"2"}
        status = opened.value("document.querySelector('.controls [role=status]').textContent")
        assert status == f"{count('unjudged', 'missing', number=2)} of 1,500 verdicts shown"
        pressed = "[...document.querySelectorAll('[aria-pressed=true]')].map((c) => c.dataset.class)"
        assert opened.value(pressed) == ["unjudged", "missing", "n2"]
        for name in ("unjudged", "missing", "n2"):
            opened.value(chip % name)
        assert len(cells(opened, 0)) == ROWS


def test_the_filter_finds_names_outcomes_and_diagnoses_and_sorting_keeps_it(
    chromium: Browser, url: Callable[[str], str]
) -> None:
    with tab(chromium) as opened:
        opened.open(url("ko"))
        name = classes.classroom()[0].name
        for text in (name, name.upper(), name.swapcase()):
            opened.value(f"{FILTER}({text!r})")
            assert set(cells(opened, 0)) == {name}
        label = words(REPOSITORY, "ko")
        opened.value(f"{FILTER}({label('missing')!r})")
        assert len(cells(opened, 0)) == sum(one.outcome == "missing" for one in results())
        title = classes.diagnoses("ko")["zombies"]
        opened.value(f"{FILTER}({title!r})")
        found = cells(opened, 0)
        assert len(found) == sum(one.diagnosis == "zombies" for one in results()) > 0
        opened.value("document.querySelector('#results thead button').click()")
        assert sorted(cells(opened, 0)) == sorted(found)
        assert set(cells(opened, 3)) == {title}


def test_typing_filters(chromium: Browser, url: Callable[[str], str]) -> None:
    with tab(chromium) as opened:
        opened.open(url("en"))
        opened.value("document.getElementById('filter').focus()")
        opened.call("Input.insertText", text="no such student")
        assert cells(opened, 0) == []
        assert opened.value("document.querySelector('.controls [role=status]').textContent").startswith("0 of ")


def test_a_group_of_failures_is_shown_in_the_table(chromium: Browser, url: Callable[[str], str]) -> None:
    with tab(chromium) as opened:
        opened.open(url("en"))
        group = "document.querySelector('#failures ~ .groups details')"
        opened.value(f"{group}.open = true; {group}.querySelector('button').click()")
        title = opened.value(f"{group}.dataset.filter")
        assert set(cells(opened, 3)) == {title}
        assert opened.value("document.activeElement.id") == "filter"


def test_a_link_to_a_row_shows_it_whatever_is_filtered(chromium: Browser, url: Callable[[str], str]) -> None:
    with tab(chromium) as opened:
        opened.open(url("en"))
        group = "document.querySelector('#failures ~ .groups details')"
        for _ in range(2):  # the second time the address is the same
            opened.value(f"{FILTER}('no such student'); {group}.open = true; {group}.querySelector('a').click()")
            opened.drawn()
            row = f"document.getElementById({group}.querySelector('a').hash.slice(1))"
            assert opened.value(f"{row}.hidden") is False
            box = opened.value(f"(({{top, bottom}}) => [top, bottom])({row}.getBoundingClientRect())")
            assert 0 <= box[0] < box[1] <= opened.value("innerHeight")


# --- without a script, by keyboard, on paper ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_scripts_it_is_a_plain_table_with_every_link(
    chromium: Browser, url: Callable[[str], str], language: str
) -> None:
    with tab(chromium, scripts=False) as opened:
        opened.open(url(language))
        there = sum(one.outcome != "missing" for one in results())
        assert opened.count("#results tbody tr:not([hidden]) th[scope=row]") == ROWS
        assert opened.count('#results th a[href$="/verdict.ko.html"]') == there
        assert opened.count("#results button") == 0
        assert opened.count(".controls[hidden]") == 1
        assert opened.count("details[data-filter] a[href^='#r']") == sum(one.outcome == "rejected" for one in results())
        assert opened.count(".figures svg path.bound") > 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_key_leads_to_the_text_and_every_control_can_be_reached(
    chromium: Browser, url: Callable[[str], str], language: str
) -> None:
    with tab(chromium) as opened:
        opened.open(url(language))
        opened.press("Tab")
        assert opened.value("document.querySelector(document.activeElement.hash).closest('main') !== null")
        assert opened.value("document.activeElement.getBoundingClientRect().left >= 0")
        assert opened.value(
            "[...document.querySelectorAll('button, input, a, summary')].every((e) => e.tabIndex === 0)"
        )


def test_the_other_language_is_a_click_away(chromium: Browser, url: Callable[[str], str]) -> None:
    with tab(chromium, DESK) as opened:
        opened.open(url("ko"))
        opened.value("document.querySelector('header a[hreflang]').click()")
        opened.loaded()
        assert opened.value("document.documentElement.lang") == "en"
        assert len(cells(opened, 0)) == ROWS


def test_print_has_the_whole_table_and_no_controls(chromium: Browser, url: Callable[[str], str]) -> None:
    with tab(chromium) as opened:
        opened.shape(DESK, dark=True, media="print")
        opened.open(url("ko"))
        assert opened.value("getComputedStyle(document.querySelector('.controls')).display") == "none"
        assert (
            opened.value(
                "(({scrollHeight, clientHeight}) => scrollHeight - clientHeight)(document.querySelector('.window'))"
            )
            <= 0
        )
        assert min(opened.rgb("body", "background-color"), default=255) > 240


def test_every_printed_page_of_the_table_has_its_headings(chromium: Browser, url: Callable[[str], str]) -> None:
    with tab(chromium) as opened:
        opened.shape(DESK, dark=False, media="print")
        opened.open(url("en"))
        opened.value("document.querySelectorAll('#results tbody tr:nth-child(n + 200)').forEach((row) => row.remove())")
        printed = base64.b64decode(opened.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    texts = ["".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(printed)).pages]
    pages = [text for text in texts if "/29" in text]
    assert len(pages) > 5
    assert all("stagethatfails" in text for text in pages if text.count("/29") > 1)
