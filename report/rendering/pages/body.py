"""Floor 2, pure. A document's tokens as the page's HTML: figures inline, code highlighted, tables with scopes, links
that open the evidence inside the page.

Everything that is not made here goes through markdown-it's escaping.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from report.errors import SpecError
from report.rendering import headings
from report.rendering.document import Document
from report.rendering.headings import Heading
from report.rendering.labels import Labels
from report.rendering.memory import Memory, forgetful, key
from report.rendering.pages import replaying, tabular
from report.rendering.pages.appendix import Table
from report.rendering.pictures import theme

_FOLD = re.compile(r"<details>\n<summary>([^<>]*)</summary>\n|</details>\n?")
_PART = re.compile(r'(\bid="|\bhref="#|url\(#)(?!NanumGothic-)')
_GLYPH = re.compile(r'\s*<path id="(NanumGothic-[^"]+)"[^>]*/>')


class Body:
    """The body of one page; once made, `targets` are the lines of evidence that it refers to, by path."""

    def __init__(
        self,
        document: Document,
        label: Labels,
        ids: Sequence[str],
        others: Mapping[str, str],
        tables: Mapping[str, Table],
        remember: Memory = forgetful,
    ) -> None:
        self.targets: dict[str, set[int]] = {}
        self.headings: list[Heading] = []
        self._document, self._label, self._ids = document, label, ids
        self._others, self._tables, self._remember = others, tables, remember
        self._glyphs: set[str] = set()
        self._shown: Counter[str] = Counter()
        self._runs = replaying.names(tables)

    def html(self, tokens: list[Token]) -> str:
        """The body's HTML from the document's tokens; SpecError when the Markdown names a picture there is not."""
        markdown = MarkdownIt("js-default", {"html": True})
        self._drop_language_links(tokens)
        self.headings = headings.of_tokens(tokens)
        slugs = dict(zip(headings.github_slugs(self.headings), self._ids, strict=True))
        self._address(tokens)
        self._figures(tokens)
        self._links(tokens, slugs)
        tabular.join_rows(tokens, self._label("server"))
        _mark_sources(tokens)
        self._highlight(tokens)
        rules: dict[str, Callable[..., str]] = {
            "html_block": _fold,
            "html_inline": _escaped,
            "fence": _code,
            "code_block": _code,
            **tabular.RULES,
            "figure": _figure,
            "heading_close": lambda _, found, place, *rest: self._heading_close(found, place),
            "image": lambda _, found, place, *rest: self._image(found, place),
        }
        for name, rule in rules.items():
            markdown.add_render_rule(name, rule)
        return str(markdown.renderer.render(tokens, markdown.options, {}))

    def _highlight(self, tokens: Sequence[Token]) -> None:
        """All code of the page at once, since prose changes more often than code."""
        blocks = [token for token in tokens if token.type in ("fence", "code_block")]
        codes = [[(token.info.split() or ["text"])[0], token.content] for token in blocks]

        def make() -> bytes:
            from report.rendering.pages.highlight import highlighted  # only here: remembered code needs no lexer

            return json.dumps([highlighted(code, language) for language, code in codes]).encode()

        for token, (language, _), text in zip(
            blocks, codes, json.loads(self._remember(key("code", codes), make)), strict=True
        ):
            token.meta |= {"language": language, "html": text}

    def _drop_language_links(self, tokens: list[Token]) -> None:
        """The page has its own link to each other language at its head; a document's paragraph would say it again."""
        for file in self._others.values():
            for place, token in enumerate(tokens):
                parts = token.children or []
                alone = [part.type for part in parts] == ["link_open", "text", "link_close"]
                if alone and str(parts[0].attrs.get("href", "")).removesuffix("md") + "html" == file:
                    tokens[place - 1 : place + 2] = []
                    break

    def _address(self, tokens: Sequence[Token]) -> None:
        found = iter(self._ids)
        anchor = ""
        for token in tokens:
            if token.type == "heading_open":
                anchor = next(found)
                token.attrSet("id", anchor)
            elif token.type == "heading_close":
                token.meta["anchor"] = anchor

    def _heading_close(self, tokens: Sequence[Token], place: int) -> str:
        """After the words: a link to the heading, and from chapters and sections one to each other language."""
        tag, anchor = tokens[place].tag, tokens[place].meta["anchor"]
        own = html.escape(self._label("link_here"))
        links = f' <a class="here" href="#{anchor}" aria-label="{own}">¶</a>'
        for other, file in self._others.items() if tag in ("h2", "h3") else ():
            words = html.escape(self._label.edition(other, "language_name"))
            links += f' <a class="other" href="{file}#{anchor}" hreflang="{other}">{words}</a>'
        return f"{links}</{tag}>\n"

    def _figures(self, tokens: list[Token]) -> None:
        """A paragraph that is a picture, followed by one that is emphasis, is a figure with its caption."""
        place = 0
        while place + 5 < len(tokens):
            picture, caption = tokens[place + 1], tokens[place + 4]
            if _is_picture(tokens[place : place + 3]) and _is_caption(tokens[place + 3 : place + 6]):
                figure = Token("figure", "figure", 0)
                image = (picture.children or [])[0]
                figure.meta = {
                    "svg": self._inline(str(image.attrs.get("src", "")), headings.plain_text(image)),
                    "caption": headings.plain_text(caption),
                    "alt": headings.plain_text(image),
                    "replay": replaying.attributes(str(image.attrs.get("src", "")), self._runs, self._tables),
                }
                tokens[place : place + 6] = [figure]
            place += 1

    def _image(self, tokens: Sequence[Token], place: int) -> str:
        """A picture within text."""
        return self._inline(str(tokens[place].attrs.get("src", "")), headings.plain_text(tokens[place]))

    def _inline(self, source: str, alt: str) -> str:
        """The SVG as part of the page; outlines of letters that an earlier picture has drawn are taken from there."""
        if source not in self._document.pictures:
            raise SpecError(f"report: the picture {source} is not one of this report; only its own can be shown")
        text = re.sub(
            r"<style[^>]*>.*?</style>\s*", "", theme.inlined(self._document.pictures[source]), flags=re.DOTALL
        )
        text = _GLYPH.sub(self._once, text)
        self._shown[source] += 1
        if self._shown[source] > 1:  # the same picture again: its parts need other names
            text = _PART.sub(rf"\1n{self._shown[source]}-", text)
        text = re.sub(r'(<svg\b[^>]*?)\srole="[^"]*"', r"\1", text, count=1)
        return re.sub(r"<svg\b", f'<svg role="img" aria-label="{html.escape(alt)}"', text, count=1)

    def _once(self, glyph: re.Match[str]) -> str:
        if glyph[1] in self._glyphs:
            return ""
        self._glyphs.add(glyph[1])
        return glyph[0]

    def _links(self, tokens: Sequence[Token], slugs: Mapping[str, str]) -> None:
        for token in tokens:
            if token.type == "link_open":
                token.attrSet("href", self._target(str(token.attrs.get("href", "")), slugs))
            self._links(token.children or (), slugs)

    def _target(self, link: str, slugs: Mapping[str, str]) -> str:
        """Where a link of the document leads on the page: to a heading, the evidence inside it, or the other page."""
        path, _, fragment = link.partition("#")
        if not path and fragment:
            return "#" + slugs.get(unquote(fragment), fragment)
        if path in self._tables:
            line = re.fullmatch(r"L(\d+)", fragment)
            self.targets.setdefault(path, set()).update([int(line[1])] if line else [])
            return "#" + address(path, int(line[1]) if line else None)
        return re.sub(r"^(report\.\w+)\.md$", r"\1.html", link)


def address(path: str, line: int | None = None) -> str:
    """The anchor of an evidence file, or of one of its lines, inside a page."""
    name = path.removeprefix("evidence/").replace("/", "--")
    return f"e-{name}" + (f"-L{line}" if line is not None else "")


def _is_picture(tokens: Sequence[Token]) -> bool:
    return tokens[0].type == "paragraph_open" and [c.type for c in tokens[1].children or ()] == ["image"]


def _is_caption(tokens: Sequence[Token]) -> bool:
    kinds = [child.type for child in tokens[1].children or ()]
    return tokens[0].type == "paragraph_open" and kinds[:1] == ["em_open"] and kinds[-1:] == ["em_close"]


def _mark_sources(tokens: Sequence[Token]) -> None:
    """A paragraph below code that is nothing but a link says where the code stands: a note, not a sentence."""
    for place in range(len(tokens) - 2):
        parts = tokens[place + 2].children or ()
        alone = [part.type for part in parts] == ["link_open", "text", "link_close"]
        if alone and tokens[place].type == "fence":
            tokens[place + 1].attrSet("class", "source")


Rule = MutableMapping[str, Any]


def _fold(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Rule) -> str:
    """Only the folds that our own templates write pass; other HTML is shown as text."""
    content = tokens[place].content
    match = _FOLD.fullmatch(content if content.endswith("\n") else content + "\n")
    if match is None:
        return f"<p>{html.escape(content)}</p>\n"
    return content


def _escaped(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Rule) -> str:
    return html.escape(tokens[place].content)


def _code(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Rule) -> str:
    """A block of code; it can be scrolled, so it can be reached by keyboard too."""
    meta = tokens[place].meta
    return f'<pre tabindex="0" class="code {html.escape(meta["language"])}"><code>{meta["html"]}</code></pre>\n'


def _figure(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: Rule) -> str:
    meta = tokens[place].meta
    picture = f'<div class="picture" tabindex="0">{meta["svg"]}</div>'
    return f"<figure{meta['replay']}>\n{picture}\n<figcaption>{html.escape(meta['caption'])}</figcaption>\n</figure>\n"
