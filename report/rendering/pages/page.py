"""Floor 2, pure. A report's Markdown as one self-contained page that loads nothing from outside.

Raw HTML in Markdown is not passed, but for the folds that our own templates write; what the page needs as HTML
stands in its own template. Pictures, fonts and the evidence itself travel inside the page. Works without JavaScript.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it.token import Token

from report.rendering import headings
from report.rendering.document import Document
from report.rendering.headings import Heading
from report.rendering.labels import Labels
from report.rendering.memory import Memory, forgetful
from report.rendering.pages import frame
from report.rendering.pages.appendix import Extract, Table, extract
from report.rendering.pages.body import Body, address
from report.rendering.reading import parsed
from report.spec import Language


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The anchors of the page's headings, alike in all languages, and the pages in the others, by language."""

    ids: Sequence[str]
    others: Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the contents list, with those below it."""

    id: str
    text: str
    below: "list[Entry]"


def page(
    root: Path,
    document: Document,
    label: Labels,
    neighbours: Neighbours,
    tables: Mapping[str, Table],
    remember: Memory = forgetful,
    tokens: list[Token] | None = None,
) -> str:
    """The document as HTML, from its tokens if they are there, which are changed.

    Raises SpecError when the Markdown names a picture there is not.
    """
    body = Body(document, label, neighbours.ids, neighbours.others, tables, remember)
    content = body.html(tokens or parsed(document.markdown))
    extracts = [extract(path, tables[path], body.targets[path]) for path in tables if path in body.targets]
    captured = "".join(line for one in extracts for stretch in one.stretches for _, line in stretch.lines)
    words = document.markdown + "".join(svg.decode() for svg in document.pictures.values())
    values = {
        "address": address,
        "language": document.language,
        "title": document.title,
        "others": neighbours.others,
        "contents": contents(body.headings, neighbours.ids),
        "body": content,
        "runs": _by_run(extracts),
        "targets": body.targets,
    }
    return frame.framed(root, values, label, words + captured, remember)


def pages(
    root: Path,
    documents: Mapping[Language, Document],
    words: Mapping[Language, Labels],
    name: Callable[[Language, str], str],
    tables: Mapping[str, Table],
    remember: Memory = forgetful,
) -> dict[str, bytes]:
    """The same document in every language as pages that lead to each other, with their pictures; `name` gives the file
    of a language and a kind. Anchors are alike in all, of one language's words."""
    ids = headings.page_ids(headings.headings(documents["en"].markdown))
    made: dict[str, bytes] = {}
    for language in documents:
        neighbours = Neighbours(ids, {other: name(other, "html") for other in documents if other != language})
        shown = page(root, documents[language], words[language], neighbours, tables, remember)
        made |= {name(language, "html"): shown.encode(), **documents[language].pictures}
    return made


def contents(found: Sequence[Heading], ids: Sequence[str]) -> list[Entry]:
    """Chapters with their sections; what is deeper is left to the text."""
    chapters: list[Entry] = []
    for heading, anchor in zip(found, ids, strict=True):
        entry = Entry(anchor, heading.text, [])
        if heading.level == 2:
            chapters.append(entry)
        elif heading.level == 3 and chapters:
            chapters[-1].below.append(entry)
    return chapters


def _by_run(extracts: Sequence[Extract]) -> dict[str, list[Extract]]:
    """What is shown of the files, by the run that they belong to."""
    runs: dict[str, list[Extract]] = {}
    for one in extracts:
        runs.setdefault(one.table.run, []).append(one)
    return runs
