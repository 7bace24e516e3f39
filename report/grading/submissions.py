"""Floor 3. What a class handed in: of each student a folder or a zip, of which what servers are built of is taken.

Knows names of students and where their files lie; must not know how a server is built or judged.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from report.errors import SpecError
from report.grading import unpack

Files = Mapping[str, bytes]  # POSIX path below the submission's root -> content
READABLE = 40  # letters of a name that are kept in that of a folder: 120 bytes of Hangul, far below the system's 255


@dataclass(frozen=True, slots=True)
class Submission:
    """What a student handed in; `digest` is that of the files that were taken, `problem` says why there are none."""

    student: str
    files: Files
    digest: str
    problem: str | None = None


def found(folder: Path) -> Iterator[Submission]:
    """Every submission, in order of names; raises SpecError where the folder is none or holds none."""
    if not folder.is_dir():
        raise SpecError(f"--submissions {folder}: there is no such folder")
    students: dict[str, list[Path]] = {}
    for path in folder.iterdir():
        handed_in = path.is_dir() or path.is_symlink() or unpack.is_archive(path.name)
        if handed_in and not path.name.startswith((".", "__MACOSX")):
            students.setdefault(_student(path), []).append(path)
    if not students:
        raise SpecError(f"--submissions {folder}: nothing is there; expected a folder or a zip for each student")
    return (_submission(student, paths) for student, paths in sorted(students.items()))


def place(student: str) -> str:
    """A name of a folder for what is made of a student's work: readable, the student's alone, always the same."""
    readable = re.sub(r"[\W_]+", "-", student).strip("-")[:READABLE]
    return f"{readable}-{hashlib.sha256(student.encode()).hexdigest()[:12]}".removeprefix("-")


def _student(path: Path) -> str:
    name = unpack.decoded(os.fsencode(path.name))
    return name[: -len(".zip")] if name.lower().endswith(".zip") and not path.is_dir() else name


def _submission(student: str, paths: list[Path]) -> Submission:
    try:
        if len(paths) > 1:
            raise SpecError("there are several folders or zips of this name; keep one")
        if paths[0].is_symlink():
            raise SpecError("is a link, which is not followed; put the folder itself there")
        if not paths[0].is_dir() and paths[0].suffix.lower() != ".zip":
            raise SpecError("only folders and zips are taken; pack it as a zip")
        files: Files = unpack.taken(paths[0])
    except SpecError as error:
        return Submission(student, {}, _digest({}), str(error))
    return Submission(student, files, _digest(files))


def _digest(files: Files) -> str:
    made = hashlib.sha256()
    for name, content in sorted(files.items()):
        made.update(f"{len(name.encode())} {len(content)} {name}".encode())
        made.update(content)
    return made.hexdigest()
