"""The pinned fonts: found by file, cut down to the letters in use, and the same bytes each time."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from report.errors import SpecError
from report.rendering.pictures import fonts
from tests.builders import REPOSITORY

KOREAN, LATIN = "연결을 받았습니다", "listening on 127.0.0.1:8090"


def has(data: bytes) -> set[int]:
    with TTFont(io.BytesIO(data)) as font:
        return set(font.getBestCmap())


@pytest.mark.parametrize(("file", "text"), [(fonts.mono_file(), LATIN), (fonts.font_file(), KOREAN)])
def test_a_packed_font_holds_the_letters_of_the_text_and_no_others(file: Path, text: str) -> None:
    packed = fonts.woff2(text, file)
    assert packed.startswith(b"wOF2")
    assert has(packed) == {ord(c) for c in text}
    assert len(packed) < 4_000


def test_the_order_of_letters_and_how_often_they_come_change_no_byte() -> None:
    assert fonts.woff2("abc", fonts.mono_file()) == fonts.woff2("cabbac", fonts.mono_file())


def test_a_letter_that_a_font_lacks_is_left_out() -> None:
    assert has(fonts.woff2("a한", fonts.mono_file())) == {ord("a")}
    assert fonts.woff2("", fonts.mono_file()).startswith(b"wOF2")


def test_packing_says_nothing_on_the_way(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    fonts.woff2(LATIN, fonts.mono_file())
    fonts.woff2(KOREAN, fonts.font_file())
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_every_cell_of_the_terminal_font_is_equally_wide() -> None:
    with TTFont(fonts.mono_file()) as font:
        assert {font["hmtx"][glyph][0] for glyph in font.getBestCmap().values()} == {1233}


def test_finding_the_fonts_imports_neither_of_the_packages_that_ship_them() -> None:
    code = (
        "import sys; from report.rendering.pictures import fonts; fonts.font_file(); fonts.mono_file(); "
        "print(sorted({'matplotlib', 'koreanize_matplotlib'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    assert said.stdout == "[]\n"


def test_a_font_that_is_not_installed_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SpecError, match=r"DejaVuSansMono from the package matplotlib; install requirements\.txt again"):
        fonts.mono_file()
    with pytest.raises(SpecError, match=r"NanumGothic from the package koreanize-matplotlib"):
        fonts.font_file()
