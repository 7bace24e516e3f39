"""Floor 3. What a class handed in: a folder or a zip for each student, of which only what servers are built of is taken.

Knows names of students and where their files lie; must not know how a server is built or judged.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from report.errors import SpecError

Files = Mapping[str, bytes]  # POSIX path below the submission's root -> content


@dataclass(frozen=True, slots=True)
class Submission:
    """What a student handed in; `digest` is that of the files that were taken, `problem` says why there are none."""

    student: str
    files: Files
    digest: str
    problem: str | None = None


def found(folder: Path) -> Iterator[Submission]:
    """Every submission, in order of names; raises SpecError where the folder is none or holds none."""
    raise SpecError(f"{folder}: there is no such folder")


def place(student: str) -> str:
    """A name of a folder for what is made of the student's work: readable, the student's alone, always the same."""
    return hashlib.sha256(student.encode()).hexdigest()[:12]
