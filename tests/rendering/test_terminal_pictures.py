"""Captured terminals as pictures: what a terminal would show, in its cells and colours, and harmless whatever was printed."""

import base64
import hashlib
import io
import itertools
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

import pyte
import pytest
from fontTools.ttLib import TTFont
from wcwidth import wcwidth

from report.rendering import labels
from report.rendering.pictures import ansi, fonts, screen, terminal, theme
from report.rendering.pictures.picture import Picture
from report.rendering.pictures.screen import COLUMNS, Look, Row, Shown
from report.spec import LANGUAGES, Language
from tests.builders import REPOSITORY

WORDS = labels.load(REPOSITORY / "templates")
DRAWABLE = fonts.mono_characters() | fonts.characters()
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "</pre><script>alert(1)</script></text></svg>", "`b` ``` ~~~", "| a | b |", "{{ x }} {% y %}", "]]> <!-- &lt; &#0;",
    "\u202eevil\u202c \u2066x\u2069", "z\u200bw\u200d\ufeff", "\x00\x01\x07\x1b\x7f\x85\x9b31m", "\ufffe\uffff\ud800", "🙂 ไทย a\u0316",
]  # fmt: skip


def emulated(*captured: str) -> Shown:
    return screen.shown(captured, DRAWABLE, lambda count: f"<{count} cut>")


def rows(*captured: str) -> list[str]:
    shown = emulated(*captured)
    assert not shown.left_out
    return ["".join(_spaced(row)) for row in shown.head]


def _spaced(row: Row) -> str:
    """The row's text with a space for each cell that nothing was drawn in."""
    text, end = "", 0
    for cell in row:
        text += " " * (cell.column - end) + cell.character
        end = cell.column + wcwidth(cell.character)
    return text


def looks(*captured: str) -> dict[str, Look]:
    """The look of each character but blanks."""
    return {cell.character: cell.look for row in emulated(*captured).head for cell in row if cell.character != " "}


def drawn(
    captured: Sequence[str], command: str = "serve", title: str = "A terminal", language: Language = "en"
) -> Picture:
    return terminal.picture(REPOSITORY, captured, command, title, WORDS[language])


def texts(picture: Picture) -> list[str]:
    """Title, command and rows, as they would be copied."""
    return ["".join(element.itertext()) for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


# ---- What a terminal shows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("captured", "expected"),
    [
        (["plain", "", "  kept  "], ["plain", "", "  kept  "]),
        (["10%\r50%\r100%"], ["100%"]),
        (["abc\b\bX"], ["aXc"]),
        (["1\t2"], ["1       2"]),
        (["gone\x1b[2K\x1b[1Gnew"], ["new"]),
        (["keep this\x1b[4D\x1b[K"], ["keep"]),
        (["one", "two", "\x1b[2A\x1b[3C!"], ["one!", "two"]),
        (["old", "old", "\x1b[H\x1b[2Jnew"], ["new"]),
        (["\x1b[9999;9999Hx\x1b[99999999999999999999A\x1b[Htop"], ["top", *[""] * 38, " " * 99 + "x"]),
        (["\x1b[31mred\x1b[0m"], ["red"]),
        (["\x1b]0;window title\x07shown \x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\"], ["shown link"]),
        (["\x1b[?25l\x1b[?1049h\x1b[?3h\x1b[4h\x1b[2;3r\x1b(0\x1b#8shown"], ["shown"]),
        (["\x1b7a\x1b8b\x1bEc\x1bMd"], ["bd", "c"]),
        (["never ended \x1b]0;this is shown", "and this"], ["never ended \\x1b]0;this is shown", "and this"]),
        (["\x1b[1;2;3Ax\x1b[9J\x1b[9K\x1b[38;5m\x1b[38;2;1my"], ["xy"]),
        (["e\u0301 \u1112\u1161\u11ab"], ["é 한"]),
    ],
)  # fmt: skip
def test_escape_sequences_are_obeyed_as_a_terminal_obeys_them(captured: list[str], expected: list[str]) -> None:
    shown = emulated(*captured)
    if len(expected) > screen.MOST:  # a cursor sent far away: no row of the window is beyond it
        assert [_spaced(row) for row in shown.head[:1]] + [_spaced(shown.tail[-1])] == [expected[0], expected[-1]]
    else:
        assert rows(*captured) == expected


def test_long_lines_wrap_and_characters_of_two_cells_are_never_cut_in_half() -> None:
    for begin in ("", "\x1b[m"):  # without the emulator, and with it
        assert rows(begin + "x" * 130) == ["x" * 100, "x" * 30]
        assert rows(begin + "x" * 99 + "가나") == ["x" * 99, "가나"]
        assert rows(begin + "가" * 51) == ["가" * 50, "가"]


def test_a_character_of_two_cells_that_is_half_overwritten_is_gone() -> None:
    assert rows("가나\x1b[2GX") == [" X나"]
    assert rows("가나\x1b[1GX") == ["X 나"]


def test_what_scrolls_out_of_the_window_is_kept() -> None:
    captured = [f"line {number}" for number in range(60)]
    shown = emulated("\x1b[m" + captured[0], *captured[1:])
    assert [screen.text(row) for row in [*shown.head, *shown.tail]] == captured[:24] + captured[-12:]
    assert shown.left_out == 24


@pytest.mark.parametrize(
    ("sequence", "look"),
    [
        ("31", Look(ink="red")),
        ("1;92", Look(ink="brightgreen", bold=True)),
        ("44", Look(ground="blue")),
        ("38;5;208", Look(ink="ff8700")),
        ("48;2;1;2;255", Look(ground="0102ff")),
        ("7", Look(reverse=True)),
        ("31;0", Look()),
    ],
)
def test_colours_bold_and_reverse_come_through(sequence: str, look: Look) -> None:
    assert looks(f"\x1b[{sequence}mX") == {"X": look}


def test_a_colour_goes_on_until_it_is_ended() -> None:
    assert looks("\x1b[31ma", "b\x1b[0mc") == {"a": Look(ink="red"), "b": Look(ink="red"), "c": Look()}


@pytest.mark.parametrize("count", [37, 40, 150, 201, 10_000])
@pytest.mark.parametrize("begin", ["", "\x1b[32m"])
def test_the_middle_is_left_out_and_the_count_is_right(count: int, begin: str) -> None:
    shown = emulated(*(f"{begin}{number}" for number in range(count)))
    assert [screen.text(row) for row in shown.head] == [str(number) for number in range(24)]
    assert [screen.text(row) for row in shown.tail] == [str(number) for number in range(count - 12, count)]
    assert shown.left_out == count - 36


def test_a_capture_that_just_fits_is_whole() -> None:
    assert len(rows(*map(str, range(36)))) == 36


def test_lines_that_wrap_are_left_out_as_lines_not_as_rows() -> None:
    shown = emulated(*["x" * 150] * 40)
    assert (len(shown.head), len(shown.tail)) == (24, 12)
    assert shown.left_out == 40 - 12 - 6


def test_a_very_long_line_keeps_its_ends_and_says_what_is_cut() -> None:
    assert rows("a" * 5_000 + "\rend")[-1] == "endaaa"
    assert "a<3004 cut>a" in "".join(rows("a" * 5_000 + "bbbb"))
    assert "".join(rows("a" * 5_000 + "bbbb")).endswith("abbbb")


def test_a_fault_of_the_emulator_leaves_plain_visible_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise UnboundLocalError

    monkeypatch.setattr(pyte.Screen, "erase_in_line", fail)
    assert rows("first", "a\x1b[31mb\x1b[Kc") == ["first", r"a\x1b[31mb\x1b[Kc"]


def test_a_capture_that_does_nothing_but_move_the_cursor_is_shown_as_text() -> None:
    assert emulated(*["\x1b[H\x1b[2J" * 100] * 20).head[0][0].character == "\\"


@pytest.mark.parametrize(
    "captured",
    [
        ["x" * 10_000_000], ["\x1b[" * 5_000_000], ["\x1b[" + "9" * 5_000_000 + "m"], ["x"] * 1_000_000, ["\x1b[2J"] * 1_000_000,
        ["\U000e0001" * 2_000] * 1_000, ["\v" * 2_000] * 1_000, ["a" + "\u0301" * 2_000] * 1_000, ["\x1b[9999@\x1b[9999L" * 200] * 1_000,
    ],
    ids=["one line", "sequences begun", "digits", "lines", "erasing", "escapes", "line feeds", "marks", "inserting"],
)  # fmt: skip
def test_work_is_bounded_however_much_was_printed(captured: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    steps = itertools.count()
    draw = pyte.Screen.draw

    def counted(self: pyte.Screen, data: str) -> None:
        assert next(steps) < 50_000
        draw(self, data)

    monkeypatch.setattr(pyte.Screen, "draw", counted)
    shown = emulated(*captured)
    assert len(shown.head) + len(shown.tail) <= screen.MOST
    assert shown.left_out < len(captured) or len(captured) == 1


def test_whatever_is_printed_cells_never_overlap_nor_leave_the_window() -> None:
    pieces = [
        *"\x1b[;?mHJKAB19가x\r\b\t\v\x9b\x00]\x07\\McP@L\u0301\u200b#(78E",
        "\x1b[3@",
        "\x1b[P",
        "\x1b[99G",
        "\x1b[44m",
        "38;5;",
    ]
    chance = random.Random(5)
    looked_at = 0
    for _ in range(150):
        captured = ["".join(chance.choices(pieces, k=chance.randint(0, 80))) for _ in range(chance.randint(0, 60))]
        shown = emulated(*captured)
        for row in [*shown.head, *shown.tail]:
            end = 0
            for cell in row:
                assert len(cell.character) == 1
                assert cell.column >= end
                assert ord(cell.character) in DRAWABLE
                end = cell.column + wcwidth(cell.character)
                looked_at += 1
            assert end <= COLUMNS
    assert looked_at > 10_000


# ---- The picture -------------------------------------------------------------------------------------------------


def test_title_command_and_lines_stand_in_the_picture_as_text() -> None:
    assert texts(drawn(["one", "", "  two  three"])) == ["A terminal", "$ serve", "one", "  two  three"]


def test_a_command_is_shown_not_obeyed_and_wraps() -> None:
    assert texts(drawn([], "a\rb\x1b[2Kc"))[1:] == [r"$ a\x0db\x1b[2Kc"]
    assert texts(drawn([], "x" * 1_000))[1:] == ["$ " + "x" * 98, *["x" * 100] * 5, "x…"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_capture_says_how_many_lines_are_left_out(language: Language) -> None:
    picture = drawn([str(number) for number in range(68)], language=language)
    assert WORDS[language]("lines_left_out", count=32) in [text.strip() for text in texts(picture)]
    assert len(texts(picture)) == 2 + 36 + 1


def test_the_row_of_what_is_left_out_cannot_be_printed_by_a_server() -> None:
    words = WORDS["en"]("lines_left_out", count=4)
    told = [band for band in _bands(drawn(["x"] * 40)) if band["width"] == "843"]
    assert len(told) == 1
    assert _bands(drawn([words])) == []


def _bands(picture: Picture) -> list[dict[str, str]]:
    return [element.attrib for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}rect")][1:]


def test_the_alternative_text_says_terminal_command_count_first_and_last() -> None:
    captured = ["\x1b[32mfirst\x1b[0m \u202e", "second", "", "last", ""]
    assert (
        drawn(captured).alt
        == r"A terminal. Command: serve. Lines printed: 5. First line: first \u202e. Last line: last."
    )
    assert (
        drawn(captured, language="ko").alt
        == r"A terminal. 명령: serve. 출력한 줄 수: 5. 첫 줄: first \u202e. 마지막 줄: last."
    )
    assert drawn([]).alt == drawn(["", " "]).alt == "A terminal. Command: serve. It printed nothing."
    assert len(drawn(["x" * 3_000], "y" * 3_000, "z" * 3_000).alt) < 600


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["line", "command", "title"])
def test_hostile_text_appears_harmlessly_as_text(text: str, place: str) -> None:
    picture = drawn(
        [text] if place == "line" else [],
        text if place == "command" else "serve",
        text if place == "title" else "A terminal",
    )
    root = ElementTree.fromstring(picture.svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "style",
        "rect",
        "path",
        "circle",
        "text",
        "tspan",
    }
    for said in [*texts(picture), picture.alt]:
        assert all(c == " " or (c.isprintable() and ord(c) in DRAWABLE) for c in said)
    visible = "".join(screen.text(row) for row in screen.plain(text, DRAWABLE))
    assert visible in {"line": texts(picture)[-1], "command": texts(picture)[1], "title": texts(picture)[0]}[place]
    assert b"<script" not in picture.svg
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", picture.svg)


def test_every_character_has_its_own_place_whatever_the_font() -> None:
    picture = drawn(["ab 한글 c①d"])
    spans = list(ElementTree.fromstring(picture.svg).iter(f"{SVG}tspan"))[2:]
    assert [span.text for span in spans] == ["ab ", "한글", " c①d"] or [span.text for span in spans] == [
        "ab ",
        "한글",
        " c",
        "①",
        "d",
    ]
    for span in spans:
        places = span.attrib["x"].split()
        if "textLength" in span.attrib:
            assert len(places) == 1
            assert float(span.attrib["textLength"]) == pytest.approx(8.43 * len(span.text or ""), abs=0.01)
        else:
            assert len(places) == len(span.text or "")
    columns = [round((float(span.attrib["x"].split()[0]) - 16) / 8.43, 2) for span in spans]
    assert columns[:3] == [0, 4, 7]  # the middle of the first character of two cells, which begins in cell 3


def test_the_window_is_as_high_as_its_rows_and_always_as_wide() -> None:
    def size(captured: list[str]) -> tuple[float, float]:
        root = ElementTree.fromstring(drawn(captured).svg)
        assert root.attrib["viewBox"] == f"0 0 {root.attrib['width']} {root.attrib['height']}"
        assert root.attrib["role"] == "img"
        return float(root.attrib["width"]), float(root.attrib["height"])

    one, two, wide = size(["a"]), size(["a", "b"]), size(["a" * 100])
    assert one == wide
    assert two == (one[0], one[1] + 20)


def test_the_fonts_inside_hold_every_letter_shown_and_beyond_ascii_no_more() -> None:
    picture = drawn(["ab 한글 ① \x1b[1mé"], command="go", title="창")
    packed = dict(
        re.findall(r'font-family: "([^"]+)"; src: url\(data:font/woff2;base64,([^)]+)\)', picture.svg.decode())
    )
    held = {}
    for name, data in packed.items():
        with TTFont(io.BytesIO(base64.b64decode(data))) as font:
            held[name] = {chr(code) for code in font.getBestCmap()}
    shown = set("".join(texts(picture)))
    assert held["Report"] >= set("한글창")
    has = held["Report Mono"] | held["Report"]
    assert has >= shown
    assert {letter for letter in has - shown if not letter.isascii()} == set()
    assert not held["Report Mono"] & held["Report"]
    assert not any(word in picture.svg for word in (b"http://a", b"@import", b"url(http", b" id=", b"href"))


def test_a_page_that_brings_the_fonts_gets_the_picture_without_them() -> None:
    picture = drawn(["<style>한글</style>"])
    bare = terminal.without_fonts(picture.svg)
    assert b"<style" in picture.svg
    assert b"<style" not in bare
    assert b"font-face" not in bare
    assert b"Report Mono" in bare
    assert len(picture.svg) - len(bare) > 1_000
    assert "".join(ElementTree.fromstring(bare).itertext()).split()[-1] == "<style>한글</style>"


def test_the_frame_takes_the_theme_and_print_gets_plain_colours() -> None:
    svg = drawn(["a"]).svg
    assert b"var(--line, #c9d1d9)" in svg
    assert b"var(" not in theme.plain(svg)
    ElementTree.fromstring(theme.inlined(svg))


def test_whatever_colours_are_printed_the_text_can_be_read() -> None:
    names = ["default", *(name for name in pyte.graphics.FG_AIXTERM.values()), *pyte.graphics.FG_ANSI.values()]
    names += [
        *pyte.graphics.BG_AIXTERM.values(),
        "000000",
        "777777",
        "808080",
        "ffffff",
        "0000ff",
        "00ff00",
        "ff0000",
        "12c0101",
    ]
    for ink, ground, reverse in itertools.product(names, names, (False, True)):
        found = ansi.colours(Look(ink, ground, reverse=reverse))
        assert ansi.contrast(*found) >= 4.5, (ink, ground, found)


def test_plain_red_on_the_window_is_the_red_of_the_table() -> None:
    assert ansi.colours(Look(ink="red")) == ("#ff7b72", ansi.GROUND)
    assert ansi.colours(Look(ink="ff8700", reverse=True))[1] == "#ff8700"
    assert ansi.contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_picture_is_the_same_bytes_in_another_process_with_another_hash_seed(tmp_path: object) -> None:
    captured = ["\x1b[31m한글 red\x1b[0m", "① ② ⚡ é", *HOSTILE[:5]]
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from report.rendering import labels; from report.rendering.pictures import terminal; "
        "root = Path(sys.argv[1]); label = labels.load(root / 'templates')['ko']; "
        f"print(hashlib.sha256(terminal.picture(root, {captured!r}, 'serve', 'T', label).svg).hexdigest())"
    )
    mine = hashlib.sha256(drawn(captured, "serve", "T", "ko").svg).hexdigest()
    for seed in ("1", "2"):
        said = subprocess.run(
            [sys.executable, "-c", code, str(REPOSITORY)], cwd=str(tmp_path), env={"PYTHONHASHSEED": seed, "LC_ALL": "C.UTF-8"},
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip
        assert said.strip() == mine
