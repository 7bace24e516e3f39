"""The making of the report, as whole processes, beside tools that make pages of the same Markdown without figures."""

import functools
import shutil
import sys
from collections.abc import Callable, Sequence

import pypdf

from benchmarks import environment, generators, workplace
from benchmarks.measure import Finished, Sample, finished, on_one_core
from benchmarks.parts import Part, Table, Target, Words

BIN = environment.PLACE / "bin"
UNCHANGED = "invoke report, nothing changed"
PDF = "invoke report --format pdf, page there"
SAME = "our page of the same Markdown"


def _sample(done: Finished) -> Sample:
    return {"seconds": done.seconds, "cpu_seconds": done.used.cpu, "peak": float(done.peak)}


def _invoke(*words: str) -> Sample:
    return _sample(finished([*workplace.INVOKE, *words], workplace.copy(), peak=True))


@functools.cache
def _made() -> None:
    """There is a report already."""
    _invoke("report")


def _cold() -> Sample:
    workplace.copy()
    workplace.forget()
    return _invoke("report")


def _cold_on_one_core() -> Sample:
    with on_one_core():
        return _cold()


def _after(change: Callable[[], None], *words: str) -> Sample:
    _made()
    change()
    return _invoke(*words)


def _nothing() -> None:
    pass


def _pdf() -> Sample:
    """The pages are there; PDFs of both languages are made as well."""
    _made()
    sample = _invoke("report", "--format", "pdf")
    pages = sum(len(pypdf.PdfReader(file).pages) for file in (workplace.copy() / "build").glob("report.*.pdf"))
    _invoke("report")  # for the others, who make none
    return sample | {"pages": float(pages), "twenty": sample["seconds"] * 20 / pages}


def _page(*words: str) -> Sample:
    return _sample(finished(words, workplace.markdown(), peak=True))


def _ours() -> Sample:
    place = workplace.markdown()
    files = [str(place / "source" / f"report.{language}.md") for language in workplace.LANGUAGES]
    return _sample(finished([sys.executable, "-m", "benchmarks.page", *files, str(place)], peak=True))


def _tool(output: str, words: Sequence[str], cold: bool) -> Sample:
    """A tool that fills a folder: with nothing there or, unchanged, right after it was filled."""
    place = workplace.markdown()
    if cold:
        shutil.rmtree(place / output, ignore_errors=True)
    elif not (place / output).exists():
        _page(*words)
    return _page(*words)


def _notebooks() -> list[str]:
    return [f"report.{language}.ipynb" for language in workplace.LANGUAGES]


def _pandoc() -> Sample:
    program = generators.program("pandoc")
    both = [f"{program} -s source/report.{language}.md -o pandoc.{language}.html" for language in workplace.LANGUAGES]
    return _page("sh", "-c", " && ".join(both))


_SPHINX = [str(BIN / "sphinx-build"), "-q", "source", "sphinx"]
_MKDOCS = [str(BIN / "mkdocs"), "build", "-q"]
_NBCONVERT = [str(BIN / "jupyter-nbconvert"), "--to", "html", "--output-dir", "nbconvert", *_notebooks()]
CONTENDERS: dict[str, Callable[[], Sample]] = {
    "invoke report, cold": _cold,
    "invoke report, cold, one core": _cold_on_one_core,
    "invoke report, one paragraph changed": functools.partial(_after, workplace.edit, "report"),
    UNCHANGED: functools.partial(_after, _nothing, "report"),
    "invoke list": functools.partial(_after, _nothing, "list"),
    PDF: _pdf,
    SAME: _ours,
    "nbconvert, cold": functools.partial(_tool, "nbconvert", _NBCONVERT, True),
    "nbconvert, unchanged": functools.partial(_tool, "nbconvert", _NBCONVERT, False),
    "sphinx + myst-parser, cold": functools.partial(_tool, "sphinx", _SPHINX, True),
    "sphinx + myst-parser, unchanged": functools.partial(_tool, "sphinx", _SPHINX, False),
    "mkdocs-material, cold": functools.partial(_tool, "mkdocs", _MKDOCS, True),
    "mkdocs-material, unchanged": functools.partial(_tool, "mkdocs", _MKDOCS, False),
    "pandoc": _pandoc,
}
PEERS = ("nbconvert", "sphinx + myst-parser", "mkdocs-material")

PART = Part(
    "report",
    "The report",
    [
        Table(
            "making",
            Words("보고서를 만드는 시간(프로세스 전체)", "Making the report, as a whole process"),
            "In a copy of the project with evidence of every run: all outputs of both languages, figures, terminals "
            "and gates included. The other tools get the Markdown of both languages without figures, and so does `our "
            "page of the same Markdown`, which remembers nothing.",
            ["seconds", "cpu_seconds", "peak", "pages", "twenty"],
            CONTENDERS,
            [
                Target("invoke report, cold, one core", "seconds", bound=4),
                Target("invoke report, one paragraph changed", "seconds", bound=0.8),
                Target(UNCHANGED, "seconds", bound=0.5),
                Target("invoke list", "seconds", bound=0.3),
                Target(PDF, "twenty", bound=2.5),
                *(Target(SAME, "seconds", f"{peer}, cold", 1) for peer in PEERS),
                Target(SAME, "seconds", "pandoc", 1),
                *(Target(UNCHANGED, "seconds", f"{peer}, unchanged", 0.5) for peer in PEERS),
                Target(UNCHANGED, "seconds", "pandoc", 0.5),
            ],
        )
    ],
    packages=("mkdocs-material", "myst-parser", "nbconvert", "sphinx"),
    programs=("pandoc",),
)
