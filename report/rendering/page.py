"""Floor 2, pure. A report's Markdown as one self-contained page that loads nothing from outside.

Raw HTML in Markdown is not passed (`js-default`); what the page needs as HTML stands in its own template.
"""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markdown_it.token import Token

from report.errors import SpecError
from report.rendering.document import Document
from report.rendering.fonts import subset_for


def page(root: Path, document: Document) -> str:
    """The document as HTML, pictures embedded; raises SpecError when the Markdown names a picture there is not."""
    markdown = MarkdownIt("js-default")
    tokens = markdown.parse(document.markdown)
    _embed(tokens, document.pictures)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(root / "templates"), undefined=jinja2.StrictUndefined, autoescape=True
    )
    body = markdown.renderer.render(tokens, markdown.options, {})
    style = (root / "templates" / "style.css").read_text(encoding="utf-8")
    font = base64.b64encode(subset_for(document.markdown)).decode()
    return environment.get_template("page.html.j2").render(
        language=document.language, title=document.title, body=body, style=style, font=font
    )


def _embed(tokens: Sequence[Token], pictures: Mapping[str, bytes]) -> None:
    for token in tokens:
        if token.type == "image":
            source = str(token.attrs.get("src", ""))
            if source not in pictures:
                raise SpecError(
                    f"report: the picture {source} is not one of this report; only its own figures can be shown"
                )
            data = base64.b64encode(pictures[source]).decode()
            token.attrSet("src", f"data:image/svg+xml;base64,{data}")
        _embed(token.children or (), pictures)
