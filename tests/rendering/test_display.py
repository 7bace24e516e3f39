"""Nothing that would not show itself gets past the one filter, and no text ends the block it stands in."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.rendering.display import fence, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("연결 3번: 응답", "연결 3번: 응답"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\tb\rc\x00d\x7f", r"a\x09b\x0dc\x00d\x7f"),
        ("\u202egnp.exe\u202c", r"\u202egnp.exe\u202c"),
        ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
        ("zero\u200bwidth\u200d\ufeff", r"zero\u200bwidth\u200d\ufeff"),
        ("soft\xadhyphen", r"soft\xadhyphen"),
        ("one\u2028two\u2029three\x85", r"one\u2028two\u2029three\x85"),
        ("\U000e0041tag", r"\U000e0041tag"),
        ("private \ue000", r"private \ue000"),
        ("lone \ud800", r"lone \ud800"),
        ("filler \u3164\u115f\u1160\uffa0", r"filler \u3164\u115f\u1160\uffa0"),
        ("joined \u034f and chosen \ufe0f\U000e0101", r"joined \u034f and chosen \ufe0f\U000e0101"),
    ],
)
def test_what_would_not_show_itself_becomes_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(st.characters()))
def test_what_is_shown_can_be_written_and_is_shown_as_it_is(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    shown.encode()
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_a_character_that_a_place_lacks_is_escaped_there_too() -> None:
    assert visible("worker 😀 한", lacking="😀") == r"worker \U0001f600 한"


@pytest.mark.parametrize(
    ("text", "marks"),
    [("", "```"), ("``", "```"), ("```", "````"), ("a ````` b ```", "``````"), ("``\n``", "```")],
)
def test_a_fence_is_longer_than_any_run_of_backticks_inside(text: str, marks: str) -> None:
    assert fence(text) == marks


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text("`a\n ", max_size=30))
def test_no_text_holds_its_own_fence(text: str) -> None:
    assert len(fence(text)) >= 3
    assert fence(text) not in text


def test_what_is_short_enough_stays_whole() -> None:
    assert shortened(["a", "b", "c"], 3, "… {count} …") == ["a", "b", "c"]


def test_the_middle_of_what_is_long_is_left_out_and_counted() -> None:
    lines = [str(number) for number in range(100)]
    shown = shortened(lines, 9, "… {count} lines …")
    assert shown == ["0", "1", "2", "3", "4", "5", "… 91 lines …", "97", "98", "99"]
