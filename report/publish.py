"""Floor 3. Puts a report's files where they belong, or compares them with what is there and fails.

Every file is written under a temporary name in its own folder and renamed; a file that is already right is left
alone, so that nothing changes where nothing changed.
"""

import contextlib
import difflib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from report.errors import OutdatedError

_SHOWN = 12  # lines of a difference


def write(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Writes the files that differ below the folder; returns their paths."""
    changed = [path for path, data in sorted(files.items()) if _read(folder / path) != data]
    for path in changed:
        write_file(folder / path, files[path])
    return changed


def write_file(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """One file, whole or not at all; one that need not be `lasting` may be broken after a failure of power.

    Raises OutdatedError when it cannot be written; what was there before still is.
    """
    try:
        _write(path, data, lasting)
    except OSError as error:
        raise OutdatedError(f"{path}: cannot be written: {error.strerror}; what was there before is kept") from None


def _write(path: Path, data: bytes, lasting: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).rename(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()


def remove_others(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Removes generated files below the folder that are no part of the report any more; returns their paths."""
    others = _others(files, folder)
    for path in others:
        (folder / path).unlink()
    return others


def compare(files: Mapping[str, bytes], folder: Path, remedy: str, *, alone: bool = True) -> int:
    """How many files are there byte for byte; raises OutdatedError that names each one that is not, and each other one
    if they must be there `alone`."""
    problems = []
    for path, data in sorted(files.items()):
        found = _read(folder / path)
        if found is None:
            problems.append(f"{folder.name}/{path}: is missing; {remedy}")
        elif found != data:
            problems.append(f"{folder.name}/{path}: is out of date; {remedy}\n{_difference(found, data)}")
    others = _others(files, folder) if alone else []
    problems += [f"{folder.name}/{path}: is no part of the report; {remedy}" for path in others]
    if problems:
        raise OutdatedError(problems)
    return len(files)


def _others(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Files in the folders that the report fills (pictures, evidence), and its pages, that it does not hold."""
    filled = {path.split("/")[0] for path in files if "/" in path}
    there = [p for name in filled for p in (folder / name).rglob("*") if p.is_file()] + list(folder.glob("report.*"))
    return sorted(path for p in there if (path := p.relative_to(folder).as_posix()) not in files)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _difference(old: bytes, new: bytes) -> str:
    lines = difflib.unified_diff(
        old.decode("utf-8", "replace").splitlines(), new.decode("utf-8", "replace").splitlines(), "there", "now", n=0
    )
    shown = [f"    {line[:160]}" for line in lines]
    more = [f"    ... {len(shown) - _SHOWN} more lines differ"] if len(shown) > _SHOWN else []
    return "\n".join(shown[:_SHOWN] + more)
