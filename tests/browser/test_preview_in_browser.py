"""An open page of the preview reloads by itself in a real browser, shows what is wrong, and comes back when mended."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, browser, tab
from tests.published import page
from tests.test_preview import DEADLINE, PAGE, Preview

pytestmark = pytest.mark.timeout(300)
TEXT = "document.body.innerText"


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Browser]:
    (tmp_path / "chromium").mkdir()
    with browser(tmp_path / "chromium") as started:
        yield started


@pytest.fixture(params=["made up", "published"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Preview]:
    """A preview of a small page, and of the report's own with its policy, fonts and script."""
    (tmp_path / "report").mkdir()
    whole = page("ko").replace("</h1>", " TEXT</h1>", 1)
    started = Preview(tmp_path / "report", PAGE if request.param == "made up" else whole)
    started.begin()
    yield started
    started.stop.set()
    started.thread.join(DEADLINE)


def test_an_open_page_follows_every_change_and_every_mistake(running: Preview, chromium: Browser) -> None:
    with tab(chromium) as opened:
        opened.open(f"http://127.0.0.1:{running.port}/")
        assert "first" in opened.value(TEXT)
        for text, shown in [("second", "second"), ("wrong", "<b>wrong</b> & so on"), ("mended", "mended")]:
            running.write(text)
            opened.loaded()
            assert shown in opened.value(TEXT)
        assert [complaint for complaint in opened.complaints() if "500" not in complaint] == []
