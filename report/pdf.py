"""Floor 3. Makes the PDF of a report: hands Typst source, pictures and fonts to the package typst and writes the file.

No font of the machine, no package and no file but those that it is handed takes part.
"""

import shutil
import tempfile
from pathlib import Path

from report.errors import OutdatedError, SpecError
from report.publish import write_file
from report.rendering import labels
from report.rendering.document import Document
from report.rendering.typesetting import typefaces, typeset


def write(root: Path, document: Document, to: Path) -> None:
    """Writes the document as a PDF; `root` holds templates/.

    Raises SpecError when the package is missing, the document names what there is not, or Typst refuses it;
    OutdatedError when it cannot be written.
    """
    try:
        import typst
    except ImportError:
        raise SpecError("invoke report --format pdf needs the package typst; install requirements.txt again") from None
    label = labels.load(root / "templates")[document.language]
    source = typeset.source(document, label)
    try:
        with tempfile.TemporaryDirectory(prefix="report-pdf-") as name:
            folder = Path(name)
            _lay_out(folder, root, document, source)
            fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder / "fonts"])
            try:
                made = typst.Compiler(folder / "main.typ", root=folder, font_paths=fonts).compile(format="pdf")
            except typst.TypstError as error:
                raise SpecError(f"{to.name}: Typst refuses the report: {error.message}") from None
    except OSError as error:
        raise OutdatedError(f"{to.name}: cannot be made: {error}; what was there before is kept") from None
    if not isinstance(made, bytes):
        raise AssertionError("Typst gives a PDF as one piece")
    write_file(to, made)


def _lay_out(folder: Path, root: Path, document: Document, source: str) -> None:
    """The files that Typst reads, and nothing else, in a folder of their own."""
    (folder / "main.typ").write_text(source, encoding="utf-8")
    shutil.copyfile(root / "templates" / "report.typ", folder / "report.typ")
    for path, svg in document.pictures.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(typeset.drawing(svg))
    (folder / "fonts").mkdir()
    for file in typefaces.files():
        shutil.copyfile(file, folder / "fonts" / file.name)
