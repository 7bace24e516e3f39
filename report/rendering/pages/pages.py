"""Floor 2, pure. The files of all written languages: Markdown, page and pictures; each page remembered by its content.

A page is made from its document, the words, the templates, the evidence that it quotes, and the other languages'
anchors; nothing of the library that makes pages is loaded for one that is remembered.
"""

import hashlib
from collections.abc import Mapping

from markdown_it.token import Token

from report.rendering import headings
from report.rendering.chapter import Material
from report.rendering.document import Document
from report.rendering.labels import Labels
from report.rendering.memory import content, key
from report.rendering.pages.appendix import Tables
from report.rendering.reading import Reading, parsed, read
from report.spec import Language


class Pages:
    """The documents of every language, of which the settings' languages are written."""

    def __init__(
        self, material: Material, documents: Mapping[Language, Document], words: Mapping[Language, Labels]
    ) -> None:
        self.tables = Tables(material.evidence)
        self._material, self._words = material, words
        self._written = {language: documents[language] for language in material.settings.languages}
        self._tokens: dict[str, list[Token]] = {}
        self._ids = headings.page_ids(self._read(documents["en"].markdown).headings)
        templates = sorted((material.root / "templates").iterdir())
        self._templates = {file.name: content(file) for file in templates}

    def first(self) -> None:
        """Has the memory hold the first language's page, and what its document holds for those that check it."""
        self.page(next(iter(self._written)))

    def others(self) -> None:
        """Has the memory hold the same of the other languages."""
        for language in [*self._written][1:]:
            self.page(language)

    def _read(self, markdown: str) -> Reading:
        """What a document holds; it is parsed at most once for this and for its page."""

        def parse(markdown: str) -> list[Token]:
            self._tokens[markdown] = parsed(markdown)
            return self._tokens[markdown]

        return read(markdown, self._material.remember, parse)

    def page(self, language: Language) -> bytes:
        """The page in this language, which is one that is written; SpecError when its text or template is wrong."""
        document = self._written[language]
        others = {one: f"report.{one}.html" for one in self._written if one != language}
        pictures = {path: hashlib.sha256(svg).hexdigest() for path, svg in document.pictures.items()}
        told = [document.language, document.title, document.markdown, pictures, self._ids, others]
        evidence, words = self._material.evidence.digest, self._words[language]
        self._read(document.markdown)

        def make() -> bytes:
            from report.rendering.pages.page import Neighbours, page  # only here: see above

            beside = Neighbours(self._ids, others)
            tokens = self._tokens.pop(document.markdown, None)
            made = page(self._material.root, document, words, beside, self.tables, self._material.remember, tokens)
            return made.encode()

        return self._material.remember(key("page", told, evidence, words.digest, self._templates), make)

    def files(self) -> dict[str, bytes]:
        """Every file of the report by its path in the report's folder."""
        files: dict[str, bytes] = {}
        for language, document in self._written.items():
            files[f"report.{language}.md"] = document.markdown.encode()
            files[f"report.{language}.html"] = self.page(language)
            files |= document.pictures
        return files
