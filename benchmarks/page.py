"""Makes the page of a report's Markdown without its pictures, as a whole process: what a Markdown tool does with it.

python -m benchmarks.page report.ko.md report.en.md FOLDER
"""

import sys
from pathlib import Path

from report.rendering import headings, labels
from report.rendering.document import Document
from report.rendering.memory import forgetful
from report.rendering.pages.page import Neighbours, page
from report.rendering.reading import read
from report.spec import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    *files, folder = map(Path, sys.argv[1:])
    words = labels.load(ROOT / "templates")
    for language, file in zip(LANGUAGES, files, strict=True):
        text = file.read_text(encoding="utf-8")
        beside = Neighbours(headings.page_ids(read(text, forgetful).headings), None, "")
        made = page(ROOT, Document(language, file.stem, text, {}), words[language], beside, {})
        (folder / f"{file.stem}.html").write_text(made, encoding="utf-8")
