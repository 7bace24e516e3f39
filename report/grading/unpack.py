"""Floor 3. What is taken of a student's folder or zip: what a server is built of, and nothing that could do harm.

Everything in there is the work of somebody unknown: names, sizes, kinds of entries, what a zip says of itself. Writes
no file and follows no link; must not know what the files mean.
"""

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from report.errors import SpecError
from report.rendering.display import visible

ENTRIES = 20_000  # in a folder or zip, whatever they are: .git and a virtual environment may be among them
FILES = 200  # that are taken: four servers are a dozen
ONE = 1 << 20  # bytes of a file: ten times the longest source that is written by hand
ALL = 4 << 20  # bytes of all that is taken, so that a class of hundreds fits into memory
DEPTH = 20  # folders in folders
LONGEST = 512  # bytes of a path, far below the system's 4,096 with the folder that it is written to
PART = 255  # bytes of each name in it: the most that Linux knows
ZIP = 200 << 20  # bytes of a zip, with pictures and a report in it: what learning platforms take
TABLE = 4 << 20  # bytes that are read of it at a time: its table, with ENTRIES of 200 bytes

_NEEDED = re.compile(
    r"(?:gnu)?makefile|submission\.toml|.+\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx|inc|mk|py|sh|js|mjs|java|go|rs)",
    re.IGNORECASE | re.DOTALL,
)
_LEFT_OUT = re.compile(  # hidden folders, what other programs put beside the work, and what they install for it
    r"\..*|__macosx|__pycache__|venv|env|site-packages|node_modules|cmakefiles|cmake-build-.*", re.IGNORECASE
)
_ARCHIVE = re.compile(r".+\.(?:zip|7z|rar|alz|egg|tar|tgz|gz|xz|bz2)", re.IGNORECASE)
_BROKEN = (  # all that zipfile raises
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip
_ENCRYPTED, _UTF8 = 0x1, 0x800  # flags of an entry (APPNOTE.TXT 4.4.4)
_HEADER = 30  # bytes before an entry's name (4.3.7)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file of a folder or zip, or what stands in its place; `read` gives at most so many bytes of it."""

    name: str
    kind: str  # "file", "link" or "other"
    read: Callable[[int], bytes]


def is_archive(name: str) -> bool:
    return _ARCHIVE.fullmatch(name) is not None


def taken(path: Path) -> dict[str, bytes]:
    """What is needed of a folder or zip; raises SpecError with one sentence where it cannot be taken as it is."""
    if path.is_dir():
        return _chosen(_in_folder(path))
    if not path.is_file():
        raise SpecError("is no ordinary file; leave it out")
    try:
        size = path.stat().st_size
        file = _Bounded(path)
    except OSError as error:
        raise SpecError(f"cannot be read: {error.strerror}") from None
    with file:
        if size > ZIP:
            raise SpecError(f"the zip has more than {ZIP >> 20} MiB; leave out what is no source")
        try:
            return _chosen(_in_zip(file))
        except _BROKEN:
            raise SpecError("the zip is broken or was cut off; pack and hand it in again") from None


def decoded(raw: bytes, *, unmarked: bool = False) -> str:
    """A name in UTF-8, else in CP949, as Korean Windows writes it; in an `unmarked` zip Hangul decides which it is."""
    readings = []
    for encoding in ("utf-8", "cp949"):
        with suppress(ValueError):
            readings.append(raw.decode(encoding))
    korean = [one for one in readings if unmarked and re.search("[가-힣\u1100-\u11ff]", one)]
    return unicodedata.normalize("NFC", next(iter(korean + readings), raw.decode("ascii", "backslashreplace")))


class _Bounded(io.FileIO):
    """A file of which nobody reads more at a time than a zip's table may have, whatever the zip says."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > TABLE:
            raise zipfile.BadZipFile
        return super().read(TABLE if size is None or size < 0 else size) or b""


def _chosen(entries: Iterator[_Entry]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    spelt: dict[str, str] = {}
    archive, total = "", 0
    for one in entries:
        *folders, last = one.name.split("/")
        if any(_LEFT_OUT.fullmatch(part) for part in (*folders, last)):
            continue
        archive = archive or (one.name if is_archive(last) else "")
        if not _NEEDED.fullmatch(last):
            continue
        if (wrong := _wrong(one, len(folders))) or (wrong := _doubled(one.name, files, spelt)):
            raise SpecError(f"{visible(one.name)}: {wrong}")
        if len(files) == FILES:
            raise SpecError(f"more than {FILES} sources; leave out what the servers are not built of")
        content = one.read(ONE + 1)
        total += len(content)
        if len(content) > ONE:
            raise SpecError(f"{visible(one.name)}: has more than {ONE} bytes, as no source has; leave it out")
        if total > ALL:
            raise SpecError(f"the sources have more than {ALL} bytes in all; leave out what is none")
        files[one.name], spelt[one.name.casefold()] = content, one.name
    if not files and archive:
        raise SpecError(f"{visible(archive)}: an archive inside is not opened; hand in what is in it")
    if not files:
        raise SpecError("no source, Makefile or submission.toml is there")
    if inside := next((name for name in files if any(above in files for above in _above(name))), None):
        raise SpecError(f"{visible(inside)}: lies in a folder that is a file, too; pack the folder again")
    return dict(sorted(files.items()))


def _wrong(one: _Entry, depth: int) -> str | None:
    """What is wrong with an entry that would be taken."""
    if one.kind == "link":
        return "is a link, which is not followed; put the file itself there"
    if one.kind != "file":
        return "is no ordinary file; leave it out"
    if not one.name.isprintable():
        return "has characters in its name that cannot be shown; rename it"
    if depth > DEPTH or len(one.name.encode()) > LONGEST or any(len(p.encode()) > PART for p in one.name.split("/")):
        return "lies too deep or has too long a name; move or rename it"
    return None


def _doubled(name: str, files: dict[str, bytes], spelt: dict[str, str]) -> str | None:
    if name in files:
        return "is there twice; keep one"
    if other := spelt.get(name.casefold()):
        return f"differs from {visible(other)} in capital letters only; rename one"
    return None


def _above(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def _in_folder(root: Path) -> Iterator[_Entry]:
    waiting, seen = [(os.fsencode(root), "")], 0
    while waiting:
        folder, above = waiting.pop()
        try:
            with os.scandir(folder) as every:
                inside = sorted(islice(every, ENTRIES + 1 - seen), key=lambda one: one.name)
            seen += len(inside)
            if seen > ENTRIES:
                raise SpecError(f"more than {ENTRIES} files; hand in the sources only")
            for one in inside:
                name = above + decoded(one.name)
                if not one.is_dir(follow_symlinks=False):
                    yield _Entry(name, _kind(one.stat(follow_symlinks=False).st_mode), _reader(one.path, name))
                elif name.count("/") <= DEPTH and not _LEFT_OUT.fullmatch(name.rpartition("/")[2]):
                    waiting.append((one.path, f"{name}/"))
        except OSError as error:
            raise SpecError(f"{visible(above) or '.'}: cannot be read: {error.strerror}") from None


def _reader(path: bytes, name: str) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                return file.read(most)
        except OSError as error:
            raise SpecError(f"{visible(name)}: cannot be read: {error.strerror}") from None

    return read


def _kind(mode: int) -> str:
    return "file" if stat.S_ISREG(mode) else "link" if stat.S_ISLNK(mode) else "other"


def _in_zip(file: _Bounded) -> Iterator[_Entry]:
    with zipfile.ZipFile(file) as archive:
        every = archive.infolist()
        if len(every) > ENTRIES:
            raise SpecError(f"more than {ENTRIES} files; hand in the sources only")
        places = sorted((one.header_offset, one.header_offset + _HEADER + one.compress_size) for one in every)
        if any(end > begin for (_, end), (begin, _) in pairwise([*places, (archive.start_dir, 0)])):
            raise SpecError("files in the zip overlap, as no program packs them; pack the folder again")
        for one in every:
            marked = one.flag_bits & _UTF8 != 0
            name = decoded(one.orig_filename.encode("utf-8" if marked else "cp437"), unmarked=not marked)
            if wrong := _astray(name):
                raise SpecError(f"{visible(name)}: {wrong}")
            if not name.endswith("/"):
                mode = one.external_attr >> 16  # 0 where the zip was made on Windows
                kind = _kind(mode) if stat.S_IFMT(mode) else "file"
                short = "/".join(part for part in name.split("/") if part not in ("", "."))
                yield _Entry(short, kind, _unpacker(archive, one, short))


def _astray(name: str) -> str | None:
    """Why a name in a zip could mean a place outside of the submission, or another one on another system."""
    if "\\" in name:
        return "has a \\ in its name; pack the folder with a program that writes /"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or "\0" in name or ".." in name.split("/"):
        return "leads out of the submission; pack the folder again"
    return None


def _unpacker(archive: zipfile.ZipFile, one: zipfile.ZipInfo, name: str) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        if one.flag_bits & _ENCRYPTED:
            raise SpecError(f"{visible(name)}: is encrypted; pack it without a password")
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a bound
            raise SpecError(f"{visible(name)}: is not packed as every program can unpack it; choose the method deflate")
        with archive.open(one) as stream:
            return stream.read(most)

    return read
