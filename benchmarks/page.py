"""Makes the page of a report's Markdown without its pictures, as a whole process: what a Markdown tool does with it.

python -m benchmarks.page report.ko.md report.en.md FOLDER
"""

import sys
from pathlib import Path

from report.languages import BOTH
from report.rendering import headings, labels
from report.rendering.document import Document
from report.rendering.memory import forgetful, once
from report.rendering.pages.page import Neighbours, page
from report.rendering.reading import parsed

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    *files, folder = map(Path, sys.argv[1:])
    words, remember = labels.load(ROOT / "templates"), once(forgetful)
    for language, file in zip(BOTH, files, strict=True):
        text = file.read_text(encoding="utf-8")
        tokens = parsed(text)
        beside = Neighbours(headings.page_ids(headings.of_tokens(tokens)), {})
        document = Document(language, file.stem, text, {})
        made = page(ROOT, document, words[language], beside, {}, remember, tokens)
        (folder / f"{file.stem}.html").write_text(made, encoding="utf-8")
