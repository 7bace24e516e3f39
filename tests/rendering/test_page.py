"""The page is one file that loads nothing, says its language, and passes no HTML but its own."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from report.errors import SpecError
from report.rendering import headings, labels
from report.rendering.document import Document
from report.rendering.pages.appendix import Table
from report.rendering.pages.highlight import highlighted
from report.rendering.pages.page import Neighbours, page
from report.spec import LANGUAGES, Language
from tests.builders import REPOSITORY

SVG = b"""<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">
 <style>text { fill: red }</style>
 <path id="NanumGothic-41" d="M0 0L9 9"/>
 <use href="#NanumGothic-41"/>
</svg>
"""
LOADS = {"src", "srcset", "data", "poster", "background", "action", "formaction", "manifest", "ping", "cite"}
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Elements(HTMLParser):
    """The elements of a page with their attributes, its text, and whether every tag was closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


WORDS = labels.load(REPOSITORY / "templates")
ROWS = Table("fork/ten.python", "requests.csv", ("number,outcome", "1,answered", "2,</pre><script>x</script>"))
TABLES = {"evidence/fork/ten.python/requests.csv": ROWS}


def shown(markdown: str, language: Language = "en", title: str = "Report") -> str:
    ids = headings.page_ids(headings.headings(markdown))
    other: Language = "ko" if language == "en" else "en"
    document = Document(language, title, markdown, {"figures/a.svg": SVG})
    return page(REPOSITORY, document, WORDS[language], Neighbours(ids, {other: f"report.{other}.html"}), TABLES)


def tags(markdown: str) -> list[str]:
    return [tag for tag, _ in Elements(shown(markdown)).found]


PLAIN = tags("")
MARKDOWN = "# One\n\nText **bold** `code` [link](report.ko.md).\n\n![A figure](figures/a.svg)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_language_its_encoding_and_its_title(language: Language) -> None:
    elements = Elements(shown(MARKDOWN, language, title="</title><script>")).found
    assert ("html", {"lang": language}) in elements
    assert ("meta", {"charset": "utf-8"}) in elements


def test_a_page_loads_nothing_from_outside_and_forbids_it() -> None:
    text = shown(MARKDOWN)
    elements = Elements(text).found
    assert not {tag for tag, _ in elements} & {"link", "iframe", "object", "embed", "base", "form", "video"}
    for _, attributes in elements:
        assert not any(name.startswith("on") for name in attributes)
        assert all(str(value).startswith("data:") for name, value in attributes.items() if name in LOADS)
    policy = next(a["content"] for _, a in elements if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'"
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert all("http" not in sources and "*" not in sources for sources in rules.values())
    assert all(address.startswith("data:") for address in re.findall(r"url\(['\"]?([^)]*)", text))
    assert "@import" not in text


def test_a_page_is_well_formed_and_has_what_its_markdown_says() -> None:
    elements = Elements(shown(MARKDOWN))
    assert elements.open == []
    assert {"h1", "strong", "code", "a", "svg", "table", "td"} <= {tag for tag, _ in elements.found}


def test_a_picture_stands_in_the_page_with_its_alternative_text_and_without_a_style_of_its_own() -> None:
    text = shown(MARKDOWN)
    (picture,) = (attributes for tag, attributes in Elements(text).found if tag == "svg")
    assert (picture["role"], picture["aria-label"]) == ("img", "A figure")
    assert "fill: red" not in text
    assert "<?xml" not in text


def test_a_picture_followed_by_emphasis_is_a_figure_with_its_caption() -> None:
    text = shown("![A figure](figures/a.svg)\n\n*What to see*\n")
    assert "<figcaption>What to see</figcaption>" in text
    assert "<em>" not in text


def test_outlines_of_letters_stand_in_the_page_once() -> None:
    text = shown("![One](figures/a.svg)\n\n![Two](figures/a.svg)\n")
    assert text.count('id="NanumGothic-41"') == 1
    assert text.count('href="#NanumGothic-41"') == 2


def test_a_fold_of_ours_passes_and_any_other_html_does_not() -> None:
    text = shown("<details>\n<summary>the whole capture</summary>\n\n```text\na\n```\n\n</details>\n")
    assert "<details>\n<summary>the whole capture</summary>\n<pre" in text
    assert "&lt;details&gt;" in shown("<details>\n<summary><b>x</b></summary>\n\n</details>\n")


def test_headings_have_anchors_and_chapters_lead_to_the_same_place_in_the_other_language() -> None:
    text = shown("# R\n\n## 1. First\n\n### Why?\n\nSee [why](#why).\n", "ko")
    assert '<h3 id="assignment-1-why">Why? ' in text
    assert 'href="report.en.html#assignment-1-why" hreflang="en"' in text
    assert '<a href="#assignment-1-why">why</a>' in text
    assert '<li><a href="#assignment-1-why">Why?</a></li>' in text


def test_a_link_to_evidence_opens_its_line_inside_the_page() -> None:
    text = shown("[holds](evidence/fork/ten.python/requests.csv#L2)\n")
    assert '<a href="#e-fork--ten.python--requests.csv-L2">holds</a>' in text
    assert '<span class="line" id="e-fork--ten.python--requests.csv-L2">1,answered</span>' in text


def test_evidence_that_holds_markup_is_shown_as_text() -> None:
    assert "2,</pre><script>x</script>" in Elements(shown("[rows](evidence/fork/ten.python/requests.csv)\n")).text


def test_a_page_carries_just_the_evidence_that_it_refers_to() -> None:
    assert "1,answered" not in shown("")


def test_the_documents_own_link_to_the_other_language_is_not_said_twice() -> None:
    text = shown("[한국어판](report.ko.md)\n\nSee also [the other](report.ko.md).\n")
    assert text.count('href="report.ko.html"') == 2


def test_code_has_a_class_for_each_kind_of_word_and_can_be_reached_by_keyboard() -> None:
    text = shown("```python\ndef serve(): pass\n```\n\n```text\ndef <b>\n```\n")
    assert '<pre tabindex="0" class="code python"><code><span class="k">def</span>' in text
    assert "<code>def &lt;b&gt;\n</code>" in text


def test_code_has_a_class_only_where_the_style_has_a_colour_for_it() -> None:
    style = (REPOSITORY / "templates" / "style.css").read_text(encoding="utf-8")
    found: set[str] = set()
    for file in ("service.py", "service.c", "fork/server.py", "judge.toml"):
        path = REPOSITORY / "assignments" / file
        language = {".py": "python", ".c": "c", ".toml": "toml"}[path.suffix]
        found |= set(re.findall(r'<span class="(\w+)"', highlighted(path.read_text(encoding="utf-8"), language)))
    assert len(found) > 15
    assert [kind for kind in sorted(found) if not re.search(rf"\.{kind}\b", style)] == []


def test_what_is_read_aloud_of_a_picture_has_no_markup() -> None:
    assert 'aria-label="fork_c, 1 &lt; 2"' in shown(MARKDOWN.replace("![A figure]", "![fork\\_c, 1 \\< 2]"))


def test_the_head_of_a_table_says_what_its_columns_are() -> None:
    assert '<th scope="col">a</th>' in shown(MARKDOWN)


def test_rows_about_several_servers_stand_together_and_what_they_repeat_stands_back() -> None:
    text = shown(
        "| assignment | scenario | server | makespan |\n| ---: | --- | --- | ---: |\n"
        "| #0 | ten | python | 10 |\n| #0 | ten | c | 10 |\n| #1 | ten | python | 1 |\n"
    )
    assert text.count('<tr class="pair">') == text.count('<tr class="group">') == 1
    again = re.findall(r'<td[^>]*class="again"[^>]*>([^<]*)', text)
    assert again == ["#0", "ten"]


def test_a_table_that_names_no_server_is_let_be() -> None:
    assert "<tr class" not in shown("| a | b | c | d |\n|---|---|---|---|\n| 1 | 2 | 3 | 4 |\n| 1 | 2 | 5 | 4 |\n")


def test_where_code_stands_is_a_note_below_it_and_any_other_link_is_not() -> None:
    note = "[server.py:1](../assignments/server.py)\n"
    assert '<p class="source"><a href' in shown(f"```python\npass\n```\n\n{note}")
    assert 'class="source"' not in shown(f"Text.\n\n{note}")
    assert 'class="source"' not in shown("```python\npass\n```\n\n[This](report.ko.md) is a sentence.\n")


@pytest.mark.parametrize(
    "source",
    ["https://example.org/a.png", "//example.org/a.png", "figures/b.svg", "../a.svg", "data:image/png;base64,AA"],
)
def test_any_other_picture_is_refused_by_its_name(source: str) -> None:
    with pytest.raises(SpecError, match=re.escape(f"the picture {source} is not one of this report")):
        shown(f"**[![x]({source})](report.ko.md)**")


HTML = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onclick=x>bold</b>",
    "</main></body><iframe src='//example.org'>",
    "<!-- comment -->",
    "<style>body { display: none }</style>",
    "<https://example.org/<script>>",
    "{{ x }} {% raw %}",
]


PLACES = ["{}", "# {}", "| a |\n|---|\n| {} |", "```text\n{}\n```", "`{}`", "- {}"]
OURS = {"p", "h1", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "ul", "li"}


@pytest.mark.parametrize("html", HTML)
def test_html_in_markdown_is_shown_and_never_passed(html: str) -> None:
    elements = Elements(shown("\n\n".join(place.format(html) for place in PLACES)))
    assert elements.text.count(html) == len(PLACES)
    assert {tag for tag, _ in elements.found} <= {*PLAIN, *OURS}
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)


def test_a_link_that_would_run_something_is_no_link() -> None:
    addresses = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:x", "data:text/html,x", "file:///etc/passwd"]
    assert tags("\n\n".join(f"[click]({address})" for address in addresses)).count("a") == PLAIN.count("a")


def test_a_page_with_letters_that_the_font_lacks_is_still_made(tmp_path: Path) -> None:
    assert "😀 ꙮ" in Elements(shown("😀 ꙮ")).text


def test_the_same_document_is_the_same_page() -> None:
    assert shown(MARKDOWN) == shown(MARKDOWN)
