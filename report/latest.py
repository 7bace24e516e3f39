"""Floor 3. Where that lies which commands look at: evidence and report as they were made here last, else as published.

Finds places only; what lies there is read by `evidence`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from report import evidence, welcome
from report.errors import EvidenceError, OutdatedError, SpecError
from report.models import near
from report.planned import Planned
from report.spec import Language

_REPETITION = re.compile(r"\.r(\d+)$")


def folders(root: Path) -> tuple[Path, Path]:
    """Where runs are kept: those made here, and those that are published."""
    return root / "build/evidence", root / "docs/evidence"


def recorded(wanted: Sequence[Planned], folders: Sequence[Path]) -> tuple[Path, list[Planned]]:
    """The first folder that has any of the wanted runs, and those it has; raises EvidenceError where none has."""
    for folder in folders:
        there = [one for one in wanted if evidence.find(folder / one.identity.directory) is not None]
        if there:
            return folder, there
    raise EvidenceError(f"{_names(folders)}: there is none of these runs; make one with: invoke run")


def repetitions(name: str, folders: Sequence[Path]) -> list[Path]:
    """The directories of a run, given as `invoke list` prints it or as a path, and of its repetitions.

    A name that ends in .r1, .r2, ... is that repetition alone. Raises SpecError with the nearest name there is.
    """
    plain = re.sub(r"\.x1(?=\.r\d+$|$)", "", name.rstrip("/"))
    alone = _REPETITION.search(plain)
    first = re.sub(r"\.r1$", "", plain)
    for directory in (Path(first), *(folder / first for folder in folders)):
        if evidence.find(directory) is not None:
            found = [directory]
            while not alone and evidence.find(again := Path(f"{directory}.r{len(found) + 1}")) is not None:
                found.append(again)
            return found
    known = [path.parent.relative_to(folder).as_posix() for folder in folders for path in folder.glob("*/*/run.json")]
    raise SpecError(f"{name}: there is no such run in {_names(folders)}{near(plain, known)}; invoke list names them")


def page(root: Path, language: Language) -> Path:
    """The last report's page: the one made here, else the published one; raises OutdatedError where there is none."""
    path = root / welcome.last(root, language)
    if path.is_file():
        return path
    raise OutdatedError(f"build/report.{language}.html: there is no report yet; make one with: invoke report")


def _names(folders: Sequence[Path]) -> str:
    return " or ".join("/".join(folder.parts[-2:]) for folder in folders)
