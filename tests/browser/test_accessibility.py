"""Both pages hold against WCAG 2.1 A and AA as axe-core checks it, light and dark, on a desk and on a telephone.

axe-core runs in the page as it is published: orders to the browser stand outside the page's policy.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from report.spec import LANGUAGES
from tests.browser.chromium import Browser, Tab, browser, tab
from tests.published import page

pytestmark = pytest.mark.timeout(600)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
NARROW, WIDE = 360, 1400
RUN = f"""axe.run(document, {{runOnly: {{type: "tag", values: {TAGS}}}}}).then((found) => ({{
  passed: found.passes.map((rule) => rule.id),
  violated: found.violations.flatMap((rule) => rule.nodes.map((n) => `${{rule.id}}: ${{n.html.slice(0, 200)}}`)),
}}))"""
# How much each text of a picture stands out from the shape that is painted under its middle (axe leaves pictures out).
CONTRASTS = """(() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function channels(colour) {
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }
  function luminance(colour) {
    const [r, g, b] = channels(colour).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  const paper = getComputedStyle(document.body).backgroundColor;
  return [...document.querySelectorAll("svg text:not(:has(tspan)), svg tspan")].map((text) => {
    const box = text.getBoundingClientRect();
    const here = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const shape = here.find((e) => e.closest("svg") && !e.closest("text") && e.tagName !== "svg" && e.tagName !== "g"
      && !["none", "transparent"].includes(getComputedStyle(e).fill) && getComputedStyle(e).fillOpacity > 0.5);
    const [a, b] = [getComputedStyle(text).fill, shape ? getComputedStyle(shape).fill : paper].map(luminance);
    return [text.textContent.slice(0, 60), box.width > 0, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
})()"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def axe() -> str:
    """The source of axe-core, out of the package that carries it."""
    spec = find_spec("axe_core_python")
    assert spec is not None
    assert spec.submodule_search_locations
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def opened(of: Tab, folder: Path, html: str) -> None:
    """The page, with everything that folds unfolded."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    of.open((folder / "page.html").as_uri())
    of.value('document.querySelectorAll("details").forEach((fold) => { fold.open = true; })')


def examined(of: Tab) -> dict[str, Any]:
    of.call("Runtime.evaluate", expression=axe())
    found: dict[str, Any] = of.value(RUN)
    return found


# Every two of language, width and colours once together, since axe takes half a minute for a page.
PAIRWISE = [("ko", NARROW, True), ("ko", WIDE, False), ("en", NARROW, False), ("en", WIDE, True)]


@pytest.mark.parametrize(("language", "width", "dark"), PAIRWISE)
def test_a_page_violates_no_rule(chromium: Browser, tmp_path: Path, language: str, width: int, dark: bool) -> None:
    with tab(chromium, width, dark=dark) as opening:
        opened(opening, tmp_path, page(language))
        assert opening.value("innerWidth") == width
        assert opening.value('matchMedia("(prefers-color-scheme: dark)").matches') is dark
        found = examined(opening)
        assert len(found["passed"]) > 20
        assert "color-contrast" in found["passed"]
        assert found["violated"] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_of_pictures_stands_out(chromium: Browser, tmp_path: Path, language: str, dark: bool) -> None:
    with tab(chromium, WIDE, dark=dark) as opening:
        opened(opening, tmp_path, page(language))
        height = opening.value("document.documentElement.scrollHeight")
        opening.call(  # all of the page in view: what is painted where is known only there
            "Emulation.setDeviceMetricsOverride", width=WIDE, height=height, deviceScaleFactor=1, mobile=False
        )
        contrasts = [(text, ratio) for text, drawn, ratio in opening.value(CONTRASTS) if drawn and text.strip()]
        assert len(contrasts) > 100
        assert [found for found in contrasts if found[1] < 4.5] == []


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ('<p style="color: #ccc; background: #fff">pale</p>', "color-contrast"),
        ('<img src="data:,">', "image-alt"),
        ('<a href="#top"></a>', "link-name"),
    ],
)
def test_a_planted_fault_is_found(chromium: Browser, tmp_path: Path, fault: str, rule: str) -> None:
    with tab(chromium) as opening:
        opened(opening, tmp_path, f'<!doctype html><html lang="en"><title>t</title><main>{fault}</main></html>')
        assert [found.split(":")[0] for found in examined(opening)["violated"]] == [rule]


def test_a_pale_text_in_a_picture_is_found(chromium: Browser, tmp_path: Path) -> None:
    with tab(chromium) as opening:
        shapes = '<rect width="200" height="50" fill="#ffffff"/><text x="10" y="30" fill="#aaaaaa">pale</text>'
        opened(opening, tmp_path, f'<!doctype html><svg width="200" height="50">{shapes}</svg>')
        ((_, drawn, ratio),) = opening.value(CONTRASTS)
        assert drawn
        assert 1 < ratio < 4.5
