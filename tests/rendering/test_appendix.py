"""Of a long file of evidence a page holds what its text refers to and the ends, with the file's own line numbers."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report import evidence
from report.rendering import headings, labels
from report.rendering.document import Document
from report.rendering.gates import references
from report.rendering.pages.appendix import AROUND, HEAD, LONG, TAIL, Table, Tables, extract
from report.rendering.pages.page import Neighbours, page
from report.rendering.verdicts import Evidence
from report.spec import Language
from tests.builders import REPOSITORY
from tests.published import EVIDENCE

WORDS = labels.load(REPOSITORY / "templates")
PATH = "evidence/fork/many.python/requests.csv"


def table(count: int) -> Table:
    """A file whose lines say their own number."""
    return Table("fork/many.python", "requests.csv", tuple(f"row {number}" for number in range(1, count + 1)))


def shown(count: int, *targets: int) -> list[int]:
    """The numbers of the lines that are shown."""
    return [number for stretch in extract(PATH, table(count), targets).stretches for number, _ in stretch.lines]


def written(count: int, markdown: str, language: Language = "en") -> str:
    """The page of a document about one file of so many lines."""
    ids = headings.page_ids(headings.headings(markdown))
    document = Document(language, "Report", markdown, {})
    return page(REPOSITORY, document, WORDS[language], Neighbours(ids, {}), {PATH: table(count)})


def captured(text: str) -> list[str]:
    """The lines of the one file that the page holds, without markup."""
    (inner,) = re.findall(r'<pre tabindex="0" class="file">(.*?)</pre>', text, re.DOTALL)
    return re.sub(r"<[^>]*>", "", inner).removesuffix("\n").split("\n")


@pytest.mark.parametrize("count", [0, 1, LONG])
def test_a_file_that_is_not_long_is_shown_whole(count: int) -> None:
    assert shown(count) == shown(count, count // 2) == list(range(1, count + 1))
    assert extract(PATH, table(count), ()).is_whole


def test_of_a_long_file_its_head_its_tail_and_what_is_referred_to_are_shown_with_the_lines_around() -> None:
    assert (HEAD, AROUND, TAIL) == (10, 3, 3)
    assert shown(2001) == [*range(1, 11), *range(1999, 2002)]
    assert shown(2001, 1000) == [*range(1, 11), *range(997, 1004), *range(1999, 2002)]
    assert not extract(PATH, table(2001), ()).is_whole


def test_what_lies_close_together_is_one_stretch_and_no_single_line_is_left_out() -> None:
    assert shown(2001, 100, 104) == [*range(1, 11), *range(97, 108), *range(1999, 2002)]
    assert shown(2001, 15) == [*range(1, 19), *range(1999, 2002)]  # line 11 alone would have been left out
    assert shown(2001, 16) == [*range(1, 11), *range(13, 20), *range(1999, 2002)]
    assert shown(2001, 1) == shown(2001)
    assert shown(2001, 2001) == [*range(1, 11), *range(1998, 2002)]


@given(st.integers(0, 600), st.sets(st.integers(1, 600), max_size=8))
def test_every_line_has_its_own_number_and_is_either_shown_or_counted(count: int, targets: set[int]) -> None:
    made = extract(PATH, table(count), targets)
    place = 0
    for stretch in made.stretches:
        place += stretch.left_out
        for number, text in stretch.lines:
            place += 1
            assert (number, text) == (place, f"row {place}")
    assert place == made.count == count
    assert {target for target in targets if target <= count} <= set(shown(count, *targets))


def test_on_the_page_a_line_says_how_many_are_left_out_and_anchors_stay_true() -> None:
    text = written(2001, f"See [this]({PATH}#L1000).\n")
    lines = captured(text)
    assert lines[8:13] == ["row 9", "row 10", "… 986 lines left out …", "row 997", "row 998"]
    assert lines[16:20] == ["row 1002", "row 1003", "… 995 lines left out …", "row 1999"]
    assert '<span class="line" id="e-fork--many.python--requests.csv-L1000">row 1000</span>' in text
    assert captured(written(2001, f"[이것]({PATH}).\n", "ko"))[10] == "… 1,988줄 생략 …"


def test_the_heading_of_a_shortened_file_says_where_the_whole_of_it_lies() -> None:
    heading = re.compile(r"<h3 id=[^>]*>([^<]*)</h3>")
    (said,) = heading.findall(written(2001, f"See [this]({PATH}#L7).\n"))
    assert said == f"fork/many.python · requests.csv (in part; all 2,001 lines lie beside the report in {PATH})"
    assert heading.findall(written(LONG, f"See [this]({PATH}#L7).\n")) == ["fork/many.python · requests.csv"]


def test_the_gate_on_references_finds_every_line_on_the_page_that_the_text_refers_to(tmp_path: Path) -> None:
    wanted = (1, 27, 400, 401, 1999, 2001)
    text = written(2001, "# Report\n\n" + " ".join(f"[line {line}]({PATH}#L{line})" for line in wanted) + "\n")
    assert references.check(tmp_path, {"report.en.html": text.encode()}, {}).problems == ()
    without = text.replace('id="e-fork--many.python--requests.csv-L400"', "")
    (problem,) = references.check(tmp_path, {"report.en.html": without.encode()}, {}).problems
    assert problem.endswith("#e-fork--many.python--requests.csv-L400, which is not on the page")


def test_a_file_of_many_rows_makes_a_page_hardly_longer() -> None:
    few, many = (len(written(count, f"See [this]({PATH}#L150).\n")) for count in (LONG, 20_000))
    assert many < few


def test_a_page_shows_a_record_as_its_file_has_it_even_where_a_newer_record_would_say_more() -> None:
    directory = sorted(EVIDENCE.glob("*/*/run.json"))[0].parent
    run = evidence.read(directory)
    kept = Tables(Evidence({}, {("a", "b", "c"): (run,)}))[f"evidence/{run.identity.directory}/run.json"].lines
    assert list(kept) == (directory / "run.json").read_text(encoding="utf-8").splitlines()
