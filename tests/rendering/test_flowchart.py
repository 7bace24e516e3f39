"""A guide's flowchart: what is read of it is drawn, in both themes and with words; what is not stays its text."""

import xml.etree.ElementTree as ElementTree

import pytest

from report.rendering import labels
from report.rendering.pictures import theme
from report.rendering.pictures.flowchart import flowchart
from tests.builders import REPOSITORY
from tests.test_readme import FENCE, text

WORDS = labels.load(REPOSITORY / "templates")
CHART = 'flowchart LR\n    one["a box<br>of two lines"] --> two\n    three[("a store")] --> two\n    two --> four{"sure?"}\n'
README = next(body for kind, body in FENCE.findall(text("README.md")) if kind == "mermaid")


def test_a_flowchart_is_the_same_themed_svg_twice_with_its_arrows_in_words() -> None:
    made = flowchart(CHART, WORDS["en"])
    assert made is not None
    assert made == flowchart(CHART, WORDS["en"])
    ElementTree.fromstring(made.svg)
    assert theme.STYLE.encode() in made.svg
    assert made.alt == "Flowchart of boxes and arrows. a box → two; a store → two; two → sure?."


@pytest.mark.parametrize(
    "change",
    [
        ("LR", "TD"),
        ("-->", "-.->"),
        ("two --> four", "two --> one"),  # a circle
        ("three[", "two --> three["),  # a chain
        ('two --> four{"sure?"}', "two --> four --> five"),
        ('{"sure?"}', '{"sure?"'),
        ('{"sure?"}', '{"sure?"}\n    one --> four'),  # it would pass a column
        ("a box", "x" * 200),  # it would not fit
    ],
)
def test_what_is_not_read_or_would_not_fit_is_not_drawn(change: tuple[str, str]) -> None:
    assert CHART.count(change[0])
    assert flowchart(CHART.replace(*change), WORDS["en"]) is None


@pytest.mark.parametrize("nothing", ["", "flowchart LR", "flowchart LR\n    one\n", "graph\n"])
def test_of_no_arrow_there_is_no_picture(nothing: str) -> None:
    assert flowchart(nothing, WORDS["en"]) is None


def test_the_words_of_the_manual_s_flowchart_tell_each_of_its_arrows() -> None:
    made = flowchart(README, WORDS["en"])
    assert made is not None
    assert made.alt.count("→") == README.count("-->") > 5
