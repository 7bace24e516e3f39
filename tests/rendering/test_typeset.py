"""Markdown becomes Typst source: what is joined, what is left out, what stays text, and what is refused."""

import json
from pathlib import Path

import pytest
import typst
from markdown_it import MarkdownIt

from report.errors import SpecError
from report.rendering import labels
from report.rendering.document import Document
from report.rendering.typesetting import grid, inlines, typefaces
from report.rendering.typesetting.typeset import drawing, source

LABELS = labels.load(Path(__file__).resolve().parents[2] / "templates")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="200pt" height="100pt" viewBox="0 0 200 100"></svg>'
HOSTILE = (
    '#set page(width:1pt) $x$ *a* _b_ @ref <label> \\ \\u{41} "quoted" // gone /* gone */ [brackets] {braces} `tick` #{'
)


def made(markdown: str, **values: object) -> str:
    said: dict[str, object] = {"language": "en", "title": "Title", "pictures": {"figures/a.svg": SVG}, "cover": ()}
    document = Document(markdown=markdown, **(said | values))  # type: ignore[arg-type]
    return source(document, LABELS[document.language])


def body(markdown: str, **values: object) -> list[str]:
    """The expressions of what stands below a chapter's heading."""
    lines = made(f"# Title\n\n## Chapter\n\n{markdown}", **values).rstrip("\n").split("\n")
    start = next(place for place, line in enumerate(lines) if line.startswith("#[#heading("))
    return lines[start + 1 :]


def typeset(markdown: str, keep: bool = True) -> str:
    (inline,) = MarkdownIt("js-default").parseInline(markdown)
    return inlines.content(inlines.spans(inline.children or (), lambda href: None), keep)


@pytest.mark.parametrize("text", [HOSTILE, '"', "\\", "\\n", "a\nb\tc\r", "\x00\x1b\x7f\u2028", "한글 ○ ‘’", ""])
def test_a_string_stands_for_exactly_its_text(text: str) -> None:
    assert json.loads(typst.Compiler().eval(inlines.string(text))) == text


def test_hostile_text_only_ever_stands_inside_strings() -> None:
    escaped = "".join(f"\\{c}" if c in r"!\"#$%&'()*+,-./:;<=>?@[\]^_`{|}~" else c for c in HOSTILE)
    assert body(escaped) == [f"#par({inlines.string(HOSTILE)})"]
    assert body(f"```{HOSTILE.split()[0]}\n{HOSTILE}\n```")[0].startswith(f"#listing({inlines.string(HOSTILE)}, ")


def test_a_picture_and_the_emphasis_below_it_are_one_figure() -> None:
    assert body("![What it shows](figures/a.svg)\n\n*Its caption*\n\nMore.") == [
        '#picture("figures/a.svg", 200.0pt, "What it shows", emph("Its caption"))',
        '#par("More.")',
    ]


def test_a_picture_without_a_caption_takes_none_from_the_text() -> None:
    assert body("![A](figures/a.svg)\n\nNo *caption*.")[0] == '#picture("figures/a.svg", 200.0pt, "A", none)'


@pytest.mark.parametrize(
    ("opening", "width"),
    [
        ('width="900pt" height="300pt"', 453.5),
        ('width="400px" height="200px"', 300.0),
        ('viewBox="0 0 200 100"', 150.0),
        ('width="400pt" height="900pt"', 173.3),
        ("", 453.5),
    ],
)
def test_a_picture_is_as_wide_as_it_says_but_fits_on_the_page(opening: str, width: float) -> None:
    svg = f"<svg {opening}></svg>".encode()
    assert f", {width}pt, " in body("![A](figures/a.svg)", pictures={"figures/a.svg": svg})[0]


def test_a_picture_that_the_report_has_not_is_refused() -> None:
    with pytest.raises(SpecError, match=r"the picture figures/b\.svg is not one of this report"):
        made("![A](figures/b.svg)")


def test_code_takes_its_name_and_its_source_with_it() -> None:
    (listing,) = body("*Terminal*\n\n```console\n$ ls\n```\n\n[whole capture](evidence/a/server.log)")
    assert listing == (
        '#listing("$ ls", "console", 8.2pt, true, emph("Terminal"), "whole capture: evidence/a/server.log")'
    )


def test_a_source_that_names_its_path_is_not_named_twice() -> None:
    text = "[assignments/a/server.py:1–2](../assignments/a/server.py#L1-L2)"
    assert body(text) == ['#reference("assignments/a/server.py:1–2")']


def test_long_code_may_break_and_wide_code_is_smaller() -> None:
    short, long = body("```\nx\n```")[0], body("```\n" + "x\n" * 60 + "```")[0]
    assert ", true, none, none)" in short
    assert ", false, none, none)" in long
    assert '"text", 6.4pt' in body(f"```\n{'x' * 200}\n```")[0]


def test_what_the_page_folds_away_is_left_out_whatever_it_holds() -> None:
    folded = "<details>\n<summary>Whole capture</summary>\n\n```text\n</details>\nsecret ✗\n```\n\n</details>\n\nAfter."
    assert body(f"Before.\n\n{folded}") == ['#par("Before.")', '#par("After.")']


def test_other_html_is_shown_as_text() -> None:
    script = '<script>alert("x")</script>'
    assert body(script) == [f"#par({inlines.string(script)})"]
    assert body("a <b>c") == ['#par("a <b>c")']
    assert body("a<br>b") == ['#par({"a"; linebreak(); "b"})']


def test_links_lead_where_a_reader_of_the_pdf_can_go() -> None:
    assert body("see [there](https://example.org/a)") == ['#par({"see "; link("https://example.org/a", "there")})']
    assert body("see [here](evidence/a/run.json) now") == ['#par("see here now")']
    assert body("see [above](#chapter)") == ['#par({"see "; link(<heading-3>, "above")})']
    assert body("see [nowhere](#no-such)") == ['#par("see nowhere")']
    assert body("[한국어판](report.ko.md)\n\nText.") == ['#par("Text.")']


def test_a_heading_keeps_its_level_below_the_title_and_has_a_label() -> None:
    lines = made("# Title\n\n## One\n\n#### Deep").split("\n")
    assert lines[-3:-1] == [
        '#[#heading(level: 1, "One")<heading-3>]',
        '#[#heading(level: 3, "Deep")<heading-5>]',
    ]


def test_korean_words_are_kept_whole_with_the_particle_after_a_mark() -> None:
    assert typeset("`fork`를 **꼭** 부릅니다.") == (
        '{w({raw("fork"); "를"}); " "; w(strong("꼭")); " "; w("부릅니다.")}'
    )
    assert typeset("plain words only") == '"plain words only"'


def test_a_korean_word_longer_than_a_good_part_of_a_line_may_break() -> None:
    assert "w(" not in typeset("가" * 40)
    assert typeset("가나", keep=False) == '"가나"'


def test_a_verdict_is_not_parted_from_its_sign_nor_a_colon_from_a_short_value() -> None:
    assert typeset("끝 (○ 성립: 3).") == '{w("끝"); " "; w({"(○"; " "; "성립:"; " "; "3)."})}'
    assert typeset("ends (○ holds: 3).") == '{"ends "; w({"(○"; " "; "holds:"; " "; "3)."})}'


def test_lists_keep_their_start_their_depth_and_whether_they_are_tight() -> None:
    assert body("3. a\n4. b") == ['#enum(start: 3, tight: true, "a", "b")']
    assert body("- a\n\n- b\n\n  c") == ['#list(tight: false, par("a"), {par("b"); parbreak(); par("c")})']
    assert body("- a\n  - b") == ['#list(tight: true, {"a"; parbreak(); list(tight: true, "b")})']


def test_a_table_has_a_header_its_sides_and_columns_within_the_line() -> None:
    (table,) = body("| a | b |\n| --- | ---: |\n| `x` | 1 |")
    assert table.startswith("#rows((")
    assert table.endswith('(left, right, ), 9.0pt, true, ("a", "b", ), (raw("x"), "1", ), ("", ))')


def test_the_rows_of_a_table_say_how_they_belong_together() -> None:
    (table,) = body(
        "| scenario | server | claim | bound |\n|---|---|---|---|\n"
        "| ten | python | ends | = 0 |\n| ten | c | ends | = 0 |\n| tide | c | ends | = 0 |"
    )
    assert table.endswith(', ("", "pair", "group", ))')


def test_an_aside_is_set_apart() -> None:
    assert body("> **What?** That.") == ['#aside(par({strong("What?"); " That."}))']


def test_a_short_announcement_stays_with_what_follows() -> None:
    assert body("In C:\n\n```c\nx;\n```")[0] == '#introduction("In C:")'
    assert body("In C:\n\nText.")[0] == '#par("In C:")'
    assert body("long " * 50 + "\n\n```c\nx;\n```")[0].startswith("#par(")


def test_the_cover_says_what_it_is_given_and_the_text_does_not_say_it_again() -> None:
    cover = (("Author", 'A "B" #c'), ("Recorded", "2026-11-24T02:05:12Z – 2026-11-25T02:06:38Z"))
    listed = '- Author: A "B" #c\n- Recorded: 2026-11-24T02:05:12Z – 2026-11-25T02:06:38Z'
    text = made(f"# Title\n\n{listed}\n\nThe lead.\n\n## Chapter", cover=cover)
    assert 'author: ("A \\"B\\" #c", )' in text
    assert "date: datetime(year: 2026, month: 11, day: 24)" in text
    assert 'lead: par("The lead.")' in text
    assert text.count("Recorded") == 1


def test_without_a_cover_nothing_is_invented() -> None:
    text = made("# Title\n\n- Author: me\n\n## Chapter")
    assert "author: ()," in text
    assert "date: none," in text
    assert 'lead: list(tight: true, "Author: me")' in text


def test_a_character_that_no_font_has_is_named_with_its_line() -> None:
    with pytest.raises(SpecError, match=r"report\.en\.md:3: no font of the PDF has '🐙' \(U\+1F419\)"):
        made("# Title\n\nAn octopus 🐙.")
    with pytest.raises(SpecError, match=r"U\+1F419"):
        made("# Title", title="🐙")


def test_every_character_that_the_fonts_share_between_them_is_taken() -> None:
    assert typefaces.lacking("가나다 ASCII ○×△ ≥ ≤ ÷ “” … → │└") == []


def test_pictures_come_in_light_colours_and_fonts_by_their_real_names() -> None:
    svg = (
        '<svg><style>@font-face { font-family: "Report Mono"; src: url(data:font/ttf;base64,AAAA); }'
        ' text { font-family: "Report Mono", "Report", monospace; }</style>'
        '<text font-family="Report" fill="var(--ink, #263238)">Report Mono\'s Report</text></svg>'
    )
    text = drawing(svg.encode()).decode()
    assert 'font-family: "DejaVu Sans Mono", "NanumGothic", monospace' in text
    assert '<text font-family="NanumGothic" fill="#263238">Report Mono\'s Report</text>' in text
    assert "@font-face" not in text


def test_columns_fit_the_line_and_none_is_narrower_than_its_longest_word() -> None:
    columns = [(4.0, 30.0), (3.0, 3.0), (8.0, 60.0)]
    size, widths, fits = grid.widths(columns, 450)
    assert fits
    assert sum(widths) == pytest.approx(450, abs=0.5)
    assert all(width - grid.INSET >= word * size for width, (word, _) in zip(widths, columns, strict=True))


def test_a_small_table_takes_no_more_width_than_it_needs() -> None:
    size, widths, fits = grid.widths([(2.0, 5.0), (1.0, 1.0)], 450)
    assert (size, fits) == (9.0, True)
    assert sum(widths) < 100


def test_many_columns_get_smaller_type_and_in_the_end_give_up_whole_words() -> None:
    assert grid.widths([(5.0, 9.0)] * 12, 450)[0] < 9.0
    _, widths, fits = grid.widths([(20.0, 20.0)] * 12, 450)
    assert not fits
    assert sum(widths) == pytest.approx(450, abs=1)
