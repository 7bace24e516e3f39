"""Floor 3. What became of a class, on disk: results.jsonl, a line for each judgement, and beside it a folder for each
student.

A line is written when all that it tells of lies in its place, so that whoever is killed loses at most what was under
way; a line that was torn off is cut. Later lines take the place of earlier ones.
"""

import contextlib
import fcntl
import hmac
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pydantic

from report.errors import EvidenceError, SpecError
from report.graded import Graded
from report.publish import write_file

RESULTS, STUDENTS, NAMES, LOCK = "results.jsonl", "students", ".names", ".lock"
Key = tuple[str, str, str, str]  # student, assignment, and the digests of submission and rules
DIGITS = 10  # of a pseudonym: even of a thousand students no two share one, but for one class in two thousand million


def key(one: Graded) -> Key:
    """What a result is of: while all this stays, it is not judged again."""
    return one.student, one.assignment, one.submission, one.rules


def line(one: Graded) -> bytes:
    """The one spelling of a result, on one line."""
    fields = one.model_dump(mode="json", by_alias=True)
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def read(file: Path) -> list[Graded]:
    """The results of a file by student and assignment, of each the last; without a line that was torn off.

    Raises EvidenceError that names each line that is none.
    """
    data = file.read_bytes() if file.is_file() else b""
    found: dict[tuple[str, str], Graded] = {}
    problems = []
    for number, text in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            one = Graded.model_validate_json(text)
        except pydantic.ValidationError as error:
            problems.append(f"{file}:{number}: is no result: {error.errors()[0]['msg']}; remove the line")
        else:
            found[one.student, one.assignment] = one
    if problems:
        raise EvidenceError(problems)
    return [*found.values()]


class Store:
    """The folder of a class while it is graded; nobody else may grade into it meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last = {(one.student, one.assignment): one for one in read(folder / RESULTS)}
        self._results = open(folder / RESULTS, "ab")  # noqa: SIM115 - closed by whoever opened the store
        self._results.truncate((folder / RESULTS).read_bytes().rfind(b"\n") + 1)

    def done(self, of: Key) -> Graded | None:
        """The result that is there already; what could not be judged is none."""
        found = self._last.get(of[:2])
        return None if found is None or key(found) != of or found.outcome == "unjudged" else found

    def last(self, student: str, assignment: str) -> Graded:
        """What became of a student's submission for an assignment, whatever it was judged by."""
        return self._last[student, assignment]

    def put(self, one: Graded, place: str, files: Mapping[str, bytes]) -> None:
        """The result lies there, its files in the place of earlier ones, and will not be lost."""
        directory = self.folder / STUDENTS / place / str(one.number)
        directory.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
        try:
            for name, data in files.items():
                write_file(temporary / name, data)
            temporary.chmod(0o755)
            shutil.rmtree(directory, ignore_errors=True)
            temporary.rename(directory)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._results.write(line(one))
        self._results.flush()
        os.fsync(self._results.fileno())
        self._last[one.student, one.assignment] = one

    def close(self) -> None:
        self._results.close()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The store in this folder, which is made; raises SpecError where another grader is at work."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # grades are not for everybody
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SpecError(f"--to {folder}: cannot be written: {error.strerror}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SpecError(f"--to {folder}: another grader is at work there; wait for it, or name another") from None
        for left in (folder / STUDENTS).glob("*/.*"):  # of one that was killed
            shutil.rmtree(left, ignore_errors=True)
        with contextlib.closing(Store(folder)) as store:
            yield store
    finally:
        os.close(lock)


class Names:
    """What students are called in all that is written and shown: as they are, or by pseudonyms that say nothing.

    A pseudonym stays the same in a folder; who may read its file .names alone can tell whose it is.
    """

    def __init__(self, folder: Path, *, anonymous: bool) -> None:
        file = folder / NAMES
        if (folder / RESULTS).is_file() and (folder / RESULTS).stat().st_size and file.is_file() != anonymous:
            way = "with" if file.is_file() else "without"
            raise SpecError(f"--to {folder}: was graded {way} --anonymous; do so again, or name another folder")
        self._file, self._secret = file if anonymous else None, ""
        self._known: dict[str, str] = {}
        if anonymous and file.is_file():
            raw = json.loads(file.read_bytes())
            self._secret, self._known = raw["secret"], raw["students"]
        elif anonymous:
            self._secret = secrets.token_hex(32)

    def of(self, students: Sequence[str]) -> dict[str, str]:
        """What each is called; pseudonyms are kept beside the names before anybody sees one."""
        if self._file is None:
            return {student: student for student in students}
        found = {student: self._pseudonym(student) for student in students}
        self._known |= {pseudonym: student for student, pseudonym in found.items()}
        data = json.dumps({"secret": self._secret, "students": self._known}, ensure_ascii=False, indent=1).encode()
        descriptor = os.open(self._file.with_name(".names.new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._file.with_name(".names.new").replace(self._file)
        return found

    def _pseudonym(self, student: str) -> str:
        return "s-" + hmac.digest(self._secret.encode(), student.encode(), "sha256").hex()[:DIGITS]
