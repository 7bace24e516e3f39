"""The pages are HTML without a single parse error, whole in their links, and load nothing from outside."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import html5lib  # type: ignore[import-untyped]
import pytest

from report.spec import LANGUAGES
from tests.published import REPOSITORY, page, published

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
LOADING = ("src", "srcset", "data", "poster", "action", "formaction", "background", "cite", "ping", "manifest")
OUTSIDE = re.compile(r"""@import|url\(\s*["']?(?!data:|\#)[^"')\s]""", re.IGNORECASE)


@cache
def tree(language: str) -> Element:
    return parsed(page(language))


def parsed(text: str) -> Element:
    """The page as a tree; raises at the first thing that HTML does not allow."""
    found = html5lib.HTMLParser(strict=True).parse(text)
    assert isinstance(found, Element)
    return found


def ids(root: Element) -> Counter[str]:
    return Counter(element.get("id", "") for element in root.iter() if element.get("id") is not None)


def dead(root: Element) -> list[str]:
    """Links and references within the page that lead nowhere."""
    there = ids(root)
    referring = ("aria-labelledby", "aria-describedby", "aria-controls", "for")
    wanted = [("href", e.get("href", "")[1:]) for e in root.iter() if e.get("href", "").startswith("#")]
    wanted += [(name, one) for e in root.iter() for name in referring for one in e.get(name, "").split()]
    # inside pictures: url(#clip) and xlink:href
    wanted += [
        ("url", one) for e in root.iter() for v in e.attrib.values() for one in re.findall(r"url\(#([^)]+)\)", v)
    ]
    wanted += [
        ("xlink", v[1:]) for e in root.iter() for k, v in e.attrib.items() if k.endswith("}href") and v.startswith("#")
    ]
    return [f"{name}: #{anchor}" for name, anchor in wanted if unquote(anchor) not in there]


def unspoken(root: Element) -> list[str]:
    """Pictures that say nothing to who cannot see them, unless they stand in one that does, or are mere ornament."""
    return [
        element.tag
        for element, above in walk(root)
        if (element.tag == f"{HTML}img" and "alt" not in element.attrib)
        or (element.tag == f"{SVG}svg" and not any(spoken(one) for one in (element, *above)))
    ]


def spoken(element: Element) -> bool:
    named = element.get("role") == "img" and bool(element.get("aria-label") or element.get("aria-labelledby"))
    titled = element.tag == f"{SVG}svg" and element.find(f"{SVG}title") is not None
    return named or titled or element.get("aria-hidden") == "true"


def walk(root: Element, above: tuple[Element, ...] = ()) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    for child in root:
        yield child, (*above, root)
        yield from walk(child, (*above, root))


def loads(root: Element) -> list[str]:
    """What a browser would fetch without being asked to, other than data that stands in the page."""
    found = []
    for element in root.iter():
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2]
            if (plain in LOADING and not value.startswith("data:")) or OUTSIDE.search(value):
                found.append(f"{element.tag} {name}={value[:80]}")
            if plain == "href" and element.tag.rpartition("}")[2] != "a" and not value.startswith(("#", "data:")):
                found.append(f"{element.tag} {name}={value[:80]}")
        if element.tag.rpartition("}")[2] == "style":
            found += [f"style: {match[0]}" for match in OUTSIDE.finditer(element.text or "")]
        if element.tag.rpartition("}")[2] in ("iframe", "object", "embed", "base"):
            found.append(element.tag)
    return found


def handlers(root: Element) -> list[str]:
    """Scripts in attributes and addresses, which the page's policy would refuse."""
    return [
        f"{element.tag} {name}"
        for element in root.iter()
        for name, value in element.attrib.items()
        if name.startswith("on") or value.strip().lower().startswith("javascript:")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_html_to_the_letter(language: str) -> None:
    root = tree(language)
    assert root.get("lang") == language
    assert len(list(root.iter())) > 5000


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_id_stands_twice(language: str) -> None:
    found = ids(tree(language))
    assert len(found) > 100
    assert [one for one, times in found.items() if times > 1] == []
    assert [one for one in found if not one or re.search(r"\s", one)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_within_a_page_leads_somewhere(language: str) -> None:
    links = [e.get("href", "") for e in tree(language).iter(f"{HTML}a")]
    assert sum(link.startswith("#") for link in links) > 100
    assert dead(tree(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_to_another_file_finds_it_and_its_place(language: str) -> None:
    outward = [e.get("href", "") for e in tree(language).iter(f"{HTML}a") if not e.get("href", "").startswith("#")]
    files = [link for link in outward if not re.match(r"[a-z]+:", link)]
    assert files
    for link in files:
        path, _, anchor = unquote(link).partition("#")
        if path not in published():  # a source of this repository, from docs/, at the lines that the page shows
            lines = [int(number) for number in re.findall(r"L(\d+)", anchor)]
            assert max(lines, default=0) <= len((REPOSITORY / "docs" / path).read_text(encoding="utf-8").splitlines())
        elif anchor and path.endswith(".html"):
            assert anchor in ids(tree(path.split(".")[1])), link


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_says_what_it_shows(language: str) -> None:
    root = tree(language)
    assert sum(1 for _ in root.iter(f"{SVG}svg")) + sum(1 for _ in root.iter(f"{HTML}img")) > 10
    assert unspoken(root) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_loads_nothing_from_outside_and_runs_nothing_of_its_own_but_the_one_script(language: str) -> None:
    root = tree(language)
    assert loads(root) == []
    assert handlers(root) == []
    assert sum(1 for _ in root.iter(f"{HTML}script")) <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_go_down_a_level_at_a_time(language: str) -> None:
    levels = [int(e.tag[-1]) for e in tree(language).iter() if re.fullmatch(rf"{re.escape(HTML)}h[1-6]", e.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(then <= before + 1 for before, then in pairwise(levels))


@pytest.mark.parametrize(
    ("look", "body"),
    [
        (dead, '<a href="#nowhere">x</a>'),
        (dead, '<svg><rect fill="url(#nowhere)"></rect></svg>'),
        (dead, '<p aria-labelledby="nowhere">x</p>'),
        (unspoken, "<svg></svg>"),
        (unspoken, '<img src="data:,">'),
        (loads, '<img alt="" src="https://example.org/x.png">'),
        (loads, '<img alt="" src="x.png">'),
        (loads, "<style>@import 'x.css'</style>"),
        (loads, "<style>p { background: url(https://example.org/x.png) }</style>"),
        (loads, "<p style=\"background: url('x.png')\">x</p>"),
        (loads, '<svg><image href="x.png"></image></svg>'),
        (loads, '<link rel="stylesheet" href="x.css">'),
        (handlers, '<p onclick="x()">x</p>'),
        (handlers, '<a href="javascript:x()">x</a>'),
    ],
)
def test_a_planted_fault_is_found(look: Callable[[Element], list[str]], body: str) -> None:
    found = html5lib.HTMLParser().parse(f"<!doctype html><title>t</title>{body}")
    assert len(look(found)) == 1


@pytest.mark.parametrize("body", ["<p></div>", "<p>a & b &x;</p>", "<table><p>x</p></table>", '<p id="a" id="b">x</p>'])
def test_a_page_that_is_no_html_is_refused(body: str) -> None:
    with pytest.raises(html5lib.html5parser.ParseError):
        parsed(f"<!doctype html><title>t</title>{body}")


@pytest.mark.parametrize(
    ("look", "body"),
    [
        (dead, '<a href="#%EA%B0%80">x</a><p id="가">x</p>'),
        (unspoken, '<div role="img" aria-label="x"><svg></svg></div>'),
        (loads, '<style>@font-face { src: url("data:font/woff2;base64,AA") }</style>'),
        (loads, '<svg><rect fill="url(#a)"></rect></svg>'),
        (loads, '<a href="https://example.org/">x</a>'),
    ],
)
def test_what_is_right_is_let_be(look: Callable[[Element], list[str]], body: str) -> None:
    assert look(html5lib.HTMLParser().parse(f"<!doctype html><title>t</title>{body}")) == []
