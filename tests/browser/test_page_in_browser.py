"""What a real browser makes of the pages: nothing refused, nothing cut off, the pinned fonts, all there without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from report.spec import LANGUAGES
from tests.browser.chromium import Browser, browser, tab
from tests.published import page, published

pytestmark = pytest.mark.timeout(300)
PHONE, DESK = 360, 1400


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both pages beside each other, and nothing else: they need nothing else."""
    place = tmp_path_factory.mktemp("pages")
    for language in LANGUAGES:
        (place / f"report.{language}.html").write_bytes(published()[f"report.{language}.html"])
    return place


def url(folder: Path, language: str, anchor: str = "") -> str:
    return (folder / f"report.{language}.html").as_uri() + (f"#{anchor}" if anchor else "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browser_has_nothing_to_complain_of(chromium: Browser, folder: Path, language: str) -> None:
    with tab(chromium) as opened:
        opened.open(url(folder, language))
        assert opened.complaints() == []


def test_a_refused_script_would_be_noticed(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page("en").replace("</body>", "<script>1</script></body>"), encoding="utf-8")
    with tab(chromium) as opened:
        opened.open((tmp_path / "page.html").as_uri())
        (complaint,) = opened.complaints()
        assert "Content Security Policy" in complaint


@pytest.mark.parametrize("width", [PHONE, 800, DESK])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_never_scrolls_sideways(chromium: Browser, folder: Path, language: str, width: int) -> None:
    with tab(chromium, width) as opened:
        opened.open(url(folder, language))
        opened.value('document.querySelectorAll("details").forEach((fold) => { fold.open = true; })')
        assert opened.value("innerWidth") == width
        assert opened.value("document.documentElement.scrollWidth") <= width
        # nor does anything stick out to the left, where no reader could scroll to it
        assert opened.value(
            '[...document.querySelectorAll("main *:not(svg *)")].filter((e) => e.getClientRects().length'
            " && e.getBoundingClientRect().left < 0).map((e) => e.outerHTML.slice(0, 200))"
        ) == []  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_is_drawn_in_a_font_that_the_page_brings(chromium: Browser, folder: Path, language: str) -> None:
    with tab(chromium) as opened:
        opened.open(url(folder, language))
        opened.value('document.querySelectorAll("details").forEach((fold) => { fold.open = true; })')
        faces = opened.value("document.fonts.ready.then((all) => [...all].map((face) => [face.family, face.status]))")
        assert len(faces) >= 2
        assert {status for _, status in faces} == {"loaded"}
        drawn, foreign = opened.fonts()
        assert drawn > 50_000
        assert foreign == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_scripts_contents_folds_and_evidence_are_all_there(
    chromium: Browser, folder: Path, language: str
) -> None:
    with tab(chromium, scripts=False) as opened:
        opened.open(url(folder, language))
        assert opened.count("nav li a") > 20
        assert opened.count("nav details[open]") == 1
        assert opened.count("main section.evidence details pre") > 50
        assert opened.count("main .picture svg") > 10


def test_scripts_were_really_off(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p><script>document.body.append(document.createElement('b'))</script>")
    for scripts in (False, True):
        with tab(chromium, scripts=scripts) as opened:
            opened.open((tmp_path / "page.html").as_uri())
            assert opened.count("b") == scripts


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_key_leads_to_the_text(chromium: Browser, folder: Path, language: str) -> None:
    with tab(chromium) as opened:
        opened.open(url(folder, language))
        opened.press("Tab")
        focused = "document.activeElement"
        assert opened.value(f"{focused}.getAttribute('href')").startswith("#")
        assert opened.value(f"{focused}.getBoundingClientRect().left >= 0")
        assert opened.value(f"!!document.querySelector({focused}.hash).closest('main')")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_into_the_evidence_unfolds_what_it_leads_to(chromium: Browser, folder: Path, language: str) -> None:
    with tab(chromium) as opened:
        opened.open(url(folder, language))
        link = "[...document.querySelectorAll('main a[href^=\"#e-\"]')].at(-1)"
        target = f"document.getElementById(decodeURIComponent({link}.hash.slice(1)))"
        assert opened.value(f"{target}.closest('details').open") is False
        opened.value(
            f"new Promise((done) => {{ addEventListener('hashchange', done, {{once: true}}); {link}.click() }})"
        )
        assert opened.value(f"{target}.closest('details').open") is True
        box = opened.value(f"(({{top, bottom}}) => [top, bottom])({target}.getBoundingClientRect())")
        assert 0 <= box[0] <= opened.value("innerHeight")


def test_the_contents_follow_the_reader(chromium: Browser, folder: Path) -> None:
    with tab(chromium, DESK) as opened:
        opened.open(url(folder, "en"))
        anchors = opened.value('[...document.querySelectorAll("nav li a")].map((a) => a.getAttribute("href").slice(1))')
        opened.open(url(folder, "en", anchors[7]))
        current = '[...document.querySelectorAll("nav [aria-current]")].map((a) => a.getAttribute("href"))'
        assert opened.value(current) == [f"#{anchors[7]}"]


def test_the_other_language_opens_at_the_same_place(chromium: Browser, folder: Path) -> None:
    with tab(chromium, DESK) as opened:
        opened.open(url(folder, "ko"))
        anchors = opened.value('[...document.querySelectorAll("nav li a")].map((a) => a.getAttribute("href").slice(1))')
        opened.open(url(folder, "ko", anchors[9]))
        opened.value('document.querySelector("header a[hreflang]").click()')
        opened.loaded()
        assert opened.value("document.documentElement.lang") == "en"
        assert opened.value("location.hash") == f"#{anchors[9]}"
        assert opened.value("!!document.querySelector(location.hash)")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_print_is_black_on_white_and_without_what_only_a_screen_needs(
    chromium: Browser, folder: Path, dark: bool
) -> None:
    with tab(chromium) as opened:
        opened.shape(DESK, dark, media="print")
        opened.open(url(folder, "ko"))
        assert opened.value('matchMedia("print").matches')
        shown = 'getComputedStyle(document.querySelector("%s")).display'
        assert opened.value(shown % "nav") == "none"
        assert opened.value(shown % "main") != "none"
        assert max(opened.rgb("body", "color")) < 90
        assert min(opened.rgb("body", "background-color"), default=255) > 240


CLOCK = """(() => {
  let now = 0;
  const frames = [];
  performance.now = () => now;
  window.requestAnimationFrame = (frame) => frames.push(frame);
  window.cancelAnimationFrame = () => { frames.length = 0; };
  window.later = (seconds) => { now += 1000 * seconds; frames.shift()(); };
})()"""
REPLAYED = """(() => {
  const line = document.querySelector("figure[data-timeline] line.now");
  const run = line.closest("figure").dataset.timeline;
  return [...document.querySelectorAll(`figure[data-run="${run}"]`)].map(
    (figure) => figure.nextElementSibling.querySelector("code").textContent.trimEnd().split("\\n").length);
})()"""


def test_both_terminals_of_a_run_are_replayed_in_step_with_its_timeline(chromium: Browser, folder: Path) -> None:
    with tab(chromium) as opened:
        opened.open(url(folder, "ko"))
        opened.value(CLOCK)
        opened.value("""(() => {
          const run = document.querySelector("figure[data-timeline]").dataset.timeline;
          const figures = [...document.querySelectorAll(`figure[data-run="${run}"]`)];
          window.codes = figures.map((figure) => figure.nextElementSibling.querySelector("code"));
          window.whole = window.codes.map((code) => code.textContent);
          window.button = figures[0].querySelector("button");
          window.button.click();
        })()""")
        assert opened.value("button.textContent").startswith("■")
        begun = opened.value(REPLAYED)
        assert opened.value("codes.every((code) => code.closest('details').open)")
        opened.value("later(1)")
        assert sum(opened.value(REPLAYED)) > sum(begun)
        first = opened.value("Number(document.querySelector('line.now').getAttribute('x1'))")
        opened.value("later(1)")
        assert opened.value("Number(document.querySelector('line.now').getAttribute('x1'))") > first
        opened.value("later(1000)")
        assert opened.value("codes.every((code, place) => code.textContent === whole[place])")
        assert opened.value("document.querySelector('line.now')") is None
        assert opened.value("button.textContent").startswith("▶")
        opened.value("button.click(); later(1); button.click()")  # stopped midway
        assert opened.value("codes.every((code, place) => code.textContent === whole[place])")
        assert opened.complaints() == []
