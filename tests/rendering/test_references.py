"""What a report refers to is there, and its emphasis is rendered; each fault is told by file and line."""

from pathlib import Path

import pytest

from report.rendering.gates.references import check
from tests.builders import write

GOOD = """\
# Report

See [below](#the-end), [the rows](evidence/fork/ten/requests.csv#L2), [code](../assignments/fork/server.py#L1-L3),
[the other](report.ko.md) and [the man page](https://man7.org/linux/man-pages/man2/fork.2.html).

![A figure](figures/a.svg)

**fork()** 를 부릅니다. `**kwargs` and `__init__` are code, snake_case is a word.

## The end
"""
EVIDENCE = {"evidence/fork/ten/requests.csv": range(3)}


def problems(root: Path, markdown: str) -> tuple[str, ...]:
    write(root, "assignments/fork/server.py", "a\nb\nc\n")
    files = {"report.en.md": markdown.encode(), "report.ko.md": b"# R\n", "figures/a.svg": b"<svg/>"}
    return check(root, files, EVIDENCE).problems


def test_a_report_whose_references_are_all_there_has_no_problem_and_is_counted(tmp_path: Path) -> None:
    write(tmp_path, "assignments/fork/server.py", "a\nb\nc\n")
    files = {"report.en.md": GOOD.encode(), "report.ko.md": b"# R\n", "figures/a.svg": b"<svg/>"}
    found = check(tmp_path, files, EVIDENCE)
    assert found.problems == ()
    assert (found.links, found.pictures) == (5, 1)
    assert found.texts > 5
    assert found.glyphs > 30


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("#the-end", "#the-ende", "report.en.md:3: a link leads to #the-ende, which no heading has"),
        ("csv#L2", "csv#L9", "report.en.md:3: a link leads to line 9 of evidence/fork/ten/requests.csv, which has 3"),
        ("fork/ten/req", "fork/nine/req", "evidence/fork/nine/requests.csv, which is not there"),
        ("fork/server.py#L1-L3", "fork/serve.py#L1-L3", "a link leads to ../assignments/fork/serve.py, which is not"),
        ("L1-L3", "L1-L9", "a link leads to line 9 of ../assignments/fork/server.py, which has 4"),
        ("figures/a.svg", "figures/b.svg", "report.en.md:6: there is no picture figures/b.svg"),
        ("**fork()** 를", "**fork()**를", "report.en.md:8: ** is left unrendered"),
        ("**fork()** 를", "*fork()*를", "report.en.md:8: * is left unrendered"),
        ("**fork()** 를", "_exit 를", "report.en.md:8: _ is left unrendered"),
        ("**fork()** 를", "✓ 를", "report.en.md:8: the pinned fonts have no glyph for ✓ (U+2713)"),
        ("`**kwargs`", "`ꙮ`", "report.en.md:8: the pinned fonts have no glyph for ꙮ (U+A66E)"),
    ],
)
def test_a_reference_that_leads_nowhere_or_markup_that_stays_is_told(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    assert before in GOOD
    (only,) = problems(tmp_path, GOOD.replace(before, after))
    assert told in only


def test_on_a_page_anchors_are_there_once_and_links_lead_to_them(tmp_path: Path) -> None:
    page = b'<h2 id="a">A</h2><h2 id="a">A</h2><a href="#a">x</a><a href="#b">y</a>'
    found = check(tmp_path, {"report.en.html": page}, {})
    assert found.problems == (
        "report.en.html: the anchor a stands there twice",
        "report.en.html: a link leads to #b, which is not on the page",
    )
    assert found.links == 2
