"""Floor 1. Evidence: a Run on disk, as a directory whose tables any spreadsheet opens; read, written, verified.

The one file where recording and rendering meet. Knows formats and digests; must not know how a run is made or
shown. A run is written under a temporary name and renamed when it is complete.
"""

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, partial
from operator import attrgetter
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

import pydantic

from report.errors import EvidenceError
from report.run import SCHEMA, LogLine, Record, Request, Run, Sample, Unread, Wait

T = TypeVar("T")
Column = Callable[[Sequence[str]], list[Any]]


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def canonical_json(value: Any) -> bytes:
    """The one spelling of a value: sorted keys, two spaces, UTF-8, a line end."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    return (text + "\n").encode()


def rows(records: Sequence[Any], kind: type) -> bytes:
    """Records of a dataclass as CSV with a header; floats with six decimals, None as an empty cell."""
    header = [field.name for field in fields(kind)]
    made: list[str] = []
    # With CRLF, since only then does the writer quote a lone CR in a cell; it hands over one row at a time.
    writer = csv.writer(_Rows(made), lineterminator="\r\n")
    writer.writerow(header)
    cells = attrgetter(*header)
    writer.writerows([f"{cell:.6f}" if isinstance(cell, float) else cell for cell in cells(one)] for one in records)
    return "".join([f"{row[:-2]}\n" for row in made]).encode()


class _Rows:
    """A file that keeps what is written to it, each piece apart."""

    def __init__(self, made: list[str]) -> None:
        self.write = made.append


def parse_rows(data: bytes, kind: type[T], where: str) -> tuple[T, ...]:
    """The records of a CSV written by `rows`; raises EvidenceError with file and line."""
    names, readers = _columns(kind)  # type: ignore[arg-type]
    try:
        return _records(kind, readers, _cells(data, names, where))
    except (ValueError, csv.Error):  # in some line; each alone is slower, but tells in which
        reader = _cells(data, names, where)
    try:
        return tuple([record for cells in reader for record in _records(kind, readers, [cells])])
    except (ValueError, csv.Error) as error:
        raise EvidenceError(f"{where}:{reader.line_num}: {error}; record the run again (--force)") from None


def _cells(data: bytes, names: Sequence[str], where: str) -> Any:  # a csv.reader, whose type has no public name
    """What reads the rows below a header that is right."""
    reader = csv.reader(io.StringIO(data.decode("utf-8", "replace"), newline=""))
    header = next(reader, [])
    if header != names:
        raise EvidenceError(f"{where}:1: expected the columns {','.join(names)}; found {','.join(header)}")
    return reader


def _records(kind: type[T], readers: Sequence[Column], table: Iterable[Sequence[str]]) -> tuple[T, ...]:
    """A record for each row, read column by column; raises ValueError."""
    cells = [*table]
    columns = zip(*cells, strict=True)
    return tuple(map(kind, *[read(one) for read, one in zip(readers, columns, strict=True)])) if cells else ()


@cache
def _columns(kind: type) -> tuple[list[str], list[Column]]:
    """The names of a dataclass's fields, and how the cells of each are read."""
    names, hints = [field.name for field in fields(kind)], get_type_hints(kind)
    return names, [_reader(hints[name]) for name in names]


def _reader(hint: Any) -> Column:
    if not isinstance(hint, UnionType):
        return lambda texts: [*map(hint, texts)]
    plain = get_args(hint)[0]
    return lambda texts: [None if text == "" else plain(text) for text in texts]


def split_lines(data: bytes, times: Iterable[tuple[int, float]]) -> tuple[LogLine, ...]:
    """Captured bytes as lines; `times` are (offset where a chunk begins, seconds), in order of offset.

    Splits at LF only and drops the CR that a terminal adds. A last line without its end counts too. Bytes that
    are not UTF-8 are read as CP949 where the whole line fits that, else shown as escapes.
    """
    starts = iter([*times, (len(data) + 1, 0.0)])
    following, time_of_following = next(starts)
    lines: list[LogLine] = []
    time, end = 0.0, -1
    for raw in data.split(b"\n"):
        end += 1 + len(raw)
        if not raw and end == len(data):
            break
        while following <= min(end, len(data) - 1):
            time = time_of_following
            following, time_of_following = next(starts)
        lines.append(LogLine(time, _decode(raw.removesuffix(b"\r"))))
    return tuple(lines)


def _decode(raw: bytes) -> str:
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


def write(directory: Path, record: Record, files: Mapping[str, bytes]) -> None:
    """Writes a complete run in the place of an earlier one; a broken write leaves the earlier one as it was."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    complete = record.model_copy(update={"files": {name: digest(data) for name, data in sorted(files.items())}})
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        temporary.chmod(0o755)
        for name, data in files.items():
            _write_file(temporary / name, data)
        _write_file(temporary / "run.json", canonical_json(complete.model_dump(mode="json")))
        previous = _previous(directory)
        if directory.exists():
            shutil.rmtree(previous, ignore_errors=True)
            directory.rename(previous)
        temporary.rename(directory)
        shutil.rmtree(previous, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _previous(directory: Path) -> Path:
    return directory.with_name(f".{directory.name}.previous")


def _write_file(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def find(directory: Path) -> Path | None:
    """Where the run lies: its directory, or the earlier one if a writer died between two renames; else None."""
    return next((d for d in (directory, _previous(directory)) if (d / "run.json").is_file()), None)


def read_record(directory: Path) -> Record:
    """Only run.json; raises EvidenceError that says what is wrong with it."""
    path = (find(directory) or directory) / "run.json"
    try:
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{_short(path)}: cannot be read ({error}); record the run again") from None
    if isinstance(raw, dict) and raw.get("schema_version") != SCHEMA:
        raise EvidenceError(
            f"{_short(path)}: schema_version is {raw.get('schema_version')}, not {SCHEMA}; record it again"
        )
    try:
        return Record.model_validate_json(path.read_bytes())
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvidenceError(f"{_short(path)}: {place}: {first['msg']}; record the run again") from None


def read(directory: Path) -> Run:
    """A run whose every file is as it was written; raises EvidenceError naming each one that is not.

    What is wrong within a file is told by the same error, when it is first looked into.
    """
    record = read_record(directory)
    place = find(directory) or directory
    data: dict[str, bytes] = {}
    problems = []
    for name, expected in record.files.items():
        if name not in (*FILES, WAITS):  # it may lead anywhere
            problems.append(f"{_short(place / 'run.json')}: files: no run has {name!r}; record the run again")
            continue
        try:
            data[name] = (place / name).read_bytes()
        except OSError as error:
            problems.append(f"{_short(place / name)}: cannot be read ({error.strerror}); record the run again")
            continue
        if digest(data[name]) != expected:
            problems.append(f"{_short(place / name)}: differs from what was recorded; record the run again")
    missing = [name for name in FILES if name not in record.files]
    problems += [f"{_short(place / name)}: is not part of the run; record the run again" for name in missing]
    if problems:
        raise EvidenceError(problems)
    return Run(
        record,
        _table(data["requests.csv"], Request, place / "requests.csv"),
        _table(data["samples.csv"], Sample, place / "samples.csv"),
        Unread(partial(_lines, data, "server", place)),
        Unread(partial(_lines, data, "client", place)),
        _table(data[WAITS], Wait, place / WAITS) if WAITS in data else (),
    )


def _table(data: bytes, kind: type[T], path: Path) -> Unread[T]:
    return Unread(lambda: parse_rows(data, kind, _short(path)), data)


def table(records: Sequence[Any], kind: type) -> bytes:
    """The file that these records were read from, or else the one that they would be written as."""
    return (records.source if isinstance(records, Unread) else None) or rows(records, kind)


FILES = ("requests.csv", "samples.csv", "server.log", "server.times.csv", "client.log", "client.times.csv")
WAITS = "threads.csv"  # beside those, where a scenario asks for it


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a capture: where it begins and when it arrived."""

    offset: int
    seconds: float


def _lines(data: Mapping[str, bytes], who: str, place: Path) -> tuple[LogLine, ...]:
    chunks = parse_rows(data[f"{who}.times.csv"], Chunk, _short(place / f"{who}.times.csv"))
    return split_lines(data[f"{who}.log"], [(chunk.offset, chunk.seconds) for chunk in chunks])


def _short(path: Path) -> str:
    return "/".join(path.parts[-3:])
