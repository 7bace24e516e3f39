"""Diagrams as pictures: both kinds in both languages, with the computed numbers in their words."""

import xml.etree.ElementTree as ElementTree

import pytest

from report.errors import SpecError
from report.rendering import labels
from report.rendering.pictures import figures, theme
from report.rendering.pictures.picture import Picture
from report.spec import LANGUAGES, Language
from tests.builders import ECHO, REPOSITORY, assignment

WORDS = labels.load(REPOSITORY / "templates")
QUEUE = """
[diagrams.line]
kind = "queue"
capacity = {capacity}
add_at = {add_at}
remove_at = {remove_at}
"""
TABLES = """
[diagrams.tables]
kind = "descriptors"
watched = 4
at_start = [3]
objects = [
    { descriptor = 3, name = { ko = "연결 대기 소켓", en = "listening socket" } },
    { descriptor = 4, name = { ko = "연결", en = "connection" } },
]
steps = [
    { does = "open", who = "parent", descriptor = 4, note = { ko = "받아들인다", en = "accepts" } },
    { does = "fork" },
    { does = "close", who = "child", descriptor = 4 },
]
"""
LAST = '    { does = "close", who = "parent", descriptor = 4 },\n]\n'


def drawn(name: str, toml: str, language: Language = "en") -> Picture:
    return figures.diagram(name, assignment(ECHO + toml), WORDS[language], "explanation.en.md")


def queue(capacity: int = 10, add_at: int = 8, remove_at: int = 2) -> str:
    return QUEUE.format(capacity=capacity, add_at=add_at, remove_at=remove_at)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "toml"), [("line", queue()), ("tables", TABLES)])
def test_a_diagram_is_the_same_themed_svg_twice(name: str, toml: str, language: Language) -> None:
    first = drawn(name, toml, language)
    assert first == drawn(name, toml, language)
    ElementTree.fromstring(first.svg)
    assert theme.STYLE.encode() in first.svg
    assert not {"{", "}"} & set(first.alt)


def test_the_words_of_a_queue_hold_its_thresholds() -> None:
    alt = drawn("line", queue(12, 9, 3)).alt
    assert "a message queue of 12 slots" in alt
    assert "At 9 waiting messages" in alt
    assert "there stay 3 or fewer" in alt


@pytest.mark.parametrize(("capacity", "add_at", "remove_at"), [(1, 1, 0), (2, 2, 1), (40, 32, 8)])
def test_queues_of_any_declared_size_are_drawn(capacity: int, add_at: int, remove_at: int) -> None:
    pictures = {drawn("line", queue(capacity, add_at, remove_at), language).svg for language in LANGUAGES}
    assert len(pictures) == len(LANGUAGES)


def test_the_words_of_descriptor_tables_count_references_and_say_when_fin_leaves() -> None:
    kept, closed = drawn("tables", TABLES), drawn("tables", TABLES.rstrip().rstrip("]") + LAST)
    assert "2. parent process: fork(); after it, the reference count of 4 is 2." in kept.alt
    assert "To the end the reference count is 1, so no FIN leaves." in kept.alt
    assert "In step 4 the reference count reaches 0 and FIN leaves." in closed.alt
    assert kept.svg != closed.svg


def test_a_diagram_that_is_not_declared_is_told_with_those_that_are() -> None:
    with pytest.raises(SpecError, match=r"explanation.en.md: diagram\('pie'\): .* no such diagram; there are line"):
        drawn("pie", queue())


def test_a_note_that_the_font_cannot_write_is_told_with_the_explanation_that_asked() -> None:
    with pytest.raises(SpecError, match=r"explanation.en.md: diagram\('tables'\): .*GRINNING FACE"):
        drawn("tables", TABLES.replace("accepts", "accepts 😀"))
