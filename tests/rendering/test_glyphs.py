"""No box in place of a letter: every character of every page and picture is in the very font that shows it."""

import base64
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont

from report.spec import LANGUAGES
from tests.published import page, published

FACE = re.compile(r'font-family: ?"(Report|Report Mono)"; src: url\(data:font/woff2;base64,([^)"]+)\)')
MONO = {"code", "pre"}
SILENT = {"style", "script", "title"}
VOID = {"meta", "br", "hr", "img", "link", "input", "path", "use", "rect", "circle", "line"}


class Letters(HTMLParser):
    """The characters of a page's text, apart for what is in the monospaced font and what is not."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.mono: set[str] = set()
        self.plain: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not SILENT & set(self.open):
            (self.mono if {*MONO, "svg"} & set(self.open) else self.plain).update(data)


def faces(text: str) -> dict[str, set[str]]:
    """The characters that each font inside a page or picture has a glyph for."""
    found: dict[str, set[str]] = {}
    for name, data in FACE.findall(text):
        with TTFont(io.BytesIO(base64.b64decode(data))) as font:
            found[name] = {chr(code) for code in font.getBestCmap()}
    return found


def shown(letters: set[str]) -> set[str]:
    return {letter for letter in letters if not letter.isspace()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_carries_a_glyph_for_every_letter_it_shows(language: str) -> None:
    text = page(language)
    has, letters = faces(text), Letters(text)
    assert set(has) == {"Report", "Report Mono"}
    assert len(letters.plain) > 60
    assert len(letters.mono) > 60
    assert shown(letters.plain) - has["Report"] == set()
    assert shown(letters.mono) - has["Report Mono"] - has["Report"] == set()


def pictures(kind: str) -> Iterator[tuple[str, str]]:
    yield from ((path, data.decode()) for path, data in published().items() if path.endswith(f"{kind}.svg"))


def test_a_terminal_s_picture_carries_a_glyph_for_every_letter_it_shows() -> None:
    looked_at = 0
    for language in LANGUAGES:
        for path, text in pictures(f"-terminal.{language}"):
            words = {
                c
                for node in ElementTree.fromstring(text).iter()
                if node.tag.endswith("text")
                for c in "".join(node.itertext())
            }
            has = set().union(*faces(text).values())
            assert shown(words) - has == set(), path
            looked_at += len(shown(words))
    assert looked_at > 500


def test_every_other_picture_draws_its_letters_as_outlines_and_asks_no_font() -> None:
    looked_at = 0
    for language in LANGUAGES:
        for path, text in pictures(f".{language}"):
            if "-terminal." not in path:
                assert "<text" not in text, path
                glyphs = set(re.findall(r'<path id="(NanumGothic-[^"]+)"', text))
                used = set(re.findall(r'href="#(NanumGothic-[^"]+)"', text))
                assert used == glyphs, path
                assert used, path
                looked_at += 1
    assert looked_at > 30
