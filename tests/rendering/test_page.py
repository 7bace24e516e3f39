"""The page is one file that loads nothing, says its language, and passes no HTML but its own."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from report.errors import SpecError
from report.rendering.document import Document
from report.rendering.page import page
from report.spec import LANGUAGES, Language
from tests.builders import REPOSITORY

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>\n'
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
        if "style" not in self.open:
            self.text += data


def shown(markdown: str, language: Language = "en", title: str = "Report") -> str:
    return page(REPOSITORY, Document(language, title, markdown, {"figures/a.svg": SVG}, {}))


def tags(markdown: str) -> list[str]:
    return [tag for tag, _ in Elements(shown(markdown)).found]


PLAIN = tags("")
MARKDOWN = "# One\n\nText **bold** `code` [link](report.ko.md).\n\n![A figure](figures/a.svg)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_language_its_encoding_and_its_title(language: Language) -> None:
    elements = Elements(shown(MARKDOWN, language, title="</title><script>")).found
    assert ("html", {"lang": language}) in elements
    assert ("meta", {"charset": "utf-8"}) in elements
    assert "script" not in [tag for tag, _ in elements]


def test_a_page_loads_nothing_from_outside_and_forbids_it() -> None:
    text = shown(MARKDOWN)
    elements = Elements(text).found
    assert not {tag for tag, _ in elements} & {"script", "link", "iframe", "object", "embed", "base", "form", "video"}
    for _, attributes in elements:
        assert not any(name.startswith("on") for name in attributes)
        assert all(str(value).startswith("data:") for name, value in attributes.items() if name in LOADS)
    policy = next(a["content"] for _, a in elements if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert all("http" not in sources and "*" not in sources for sources in rules.values())
    assert all(address.startswith("data:") for address in re.findall(r"url\(['\"]?([^)]*)", text))
    assert "@import" not in text


def test_a_page_is_well_formed_and_has_what_its_markdown_says() -> None:
    elements = Elements(shown(MARKDOWN))
    assert elements.open == []
    assert {"h1", "strong", "code", "a", "img", "table", "td"} <= {tag for tag, _ in elements.found}


def test_a_picture_is_embedded_with_its_alternative_text() -> None:
    (image,) = (attributes for tag, attributes in Elements(shown(MARKDOWN)).found if tag == "img")
    assert image == {"src": f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}", "alt": "A figure"}


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
    assert "a" not in tags("\n\n".join(f"[click]({address})" for address in addresses))


def test_a_page_with_letters_that_the_font_lacks_is_still_made(tmp_path: Path) -> None:
    assert "😀 ꙮ" in Elements(shown("😀 ꙮ")).text


def test_the_same_document_is_the_same_page() -> None:
    assert shown(MARKDOWN) == shown(MARKDOWN)
