"""What is taken of a folder or zip is bounded, inside, and what a server is built of; all else is one sentence."""

import os
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from report.errors import SpecError
from report.grading import unpack
from report.grading.unpack import decoded, taken

AMBIGUOUS = "칼.c"  # its bytes in CP949 are those of another name in UTF-8
SOURCE = b"int main(void) { return 0; }\n"


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return made.getvalue()


def raw_named(*names: bytes, flags: int = 0) -> bytes:
    """A zip whose names are these very bytes, without the mark of UTF-8."""
    places = {f"{number:0{len(name)}}"[-len(name) :]: name for number, name in enumerate(names)}
    made = zipped(dict.fromkeys(places, SOURCE))
    for place, name in places.items():
        made = made.replace(place.encode(), name)
    return made


def of_zip(tmp_path: Path, content: bytes) -> dict[str, bytes]:
    (tmp_path / "kim.zip").write_bytes(content)
    return taken(tmp_path / "kim.zip")


def problem(take: Callable[[], object]) -> str:
    with pytest.raises(SpecError) as caught:
        take()
    (one,) = caught.value.problems
    assert "\n" not in one
    return one


def test_only_what_a_server_is_built_of_is_taken(tmp_path: Path) -> None:
    wanted = {"server.c": SOURCE, "a/Makefile": b"all:", "a/list.H": b"", "submission.toml": b"", "과제1/x.py": b"1"}
    other = {
        "report.pdf": b"%PDF", "server": b"\x7fELF", "server.o": b"", "server.exe": b"MZ", ".git/config.c": b"", "a/.hidden.c": b"",
        "__MACOSX/._server.c": b"", "__MACOSX/x.c": b"", "venv/lib/x.py": b"", "node_modules/x.js": b"", "cmake-build-debug/CMakeFiles/x.c": b"",
        "inner.zip": zipped({"evil.c": b""}), "a/b/": b"",
    }  # fmt: skip
    assert of_zip(tmp_path, zipped(wanted | other)) == wanted
    for name, content in (wanted | other).items():
        path = tmp_path / "kim" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(content)
    assert taken(tmp_path / "kim") == wanted


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../server.c", "../server.c: leads out of the submission"),
        ("a/../../server.c", "a/../../server.c: leads out of the submission"),
        ("a/..", "a/..: leads out of the submission"),
        ("/etc/cron.d/server.c", "/etc/cron.d/server.c: leads out of the submission"),
        ("C:/server.c", "C:/server.c: leads out of the submission"),
        ("c:server.c", "c:server.c: leads out of the submission"),
        ("..\\server.c", "..\\server.c: has a \\ in its name"),
        ("a\\server.c", "a\\server.c: has a \\ in its name"),
        ("a\u202ec.c", "a\\u202ec.c: has characters in its name that cannot be shown"),
        ("a\nb.c", "a\\x0ab.c: has characters in its name that cannot be shown"),
        ("a\x1b[2J.c", "a\\x1b[2J.c: has characters in its name that cannot be shown"),
        ("/".join("d" * 30) + "/x.c", "d/d/d"),
        ("가" * 100 + ".c", "가가"),
        ("/".join(["e" * 100] * 6) + ".c", "eee"),
    ],
)
def test_names_that_mean_another_place_are_refused(tmp_path: Path, name: str, told: str) -> None:
    assert problem(lambda: of_zip(tmp_path, zipped({"server.c": SOURCE, name: SOURCE}))).startswith(told)


def test_a_name_that_hides_its_end_behind_a_nul_is_refused(tmp_path: Path) -> None:
    content = raw_named(b"server.c\0.pdf")
    assert "leads out of the submission" in problem(lambda: of_zip(tmp_path, content))


def test_names_that_are_doubled_are_refused(tmp_path: Path) -> None:
    twice = zipped({"server.c": SOURCE, "tether.c": SOURCE}).replace(b"tether.c", b"server.c")
    assert problem(lambda: of_zip(tmp_path, twice)) == "server.c: is there twice; keep one"
    for first, second in (("a/server.c", "a//server.c"), ("server.c", "./server.c"), ("\u1100\u1161.c", "\uac00.c")):
        assert "is there twice" in problem(lambda a=first, b=second: of_zip(tmp_path, zipped({a: SOURCE, b: SOURCE})))  # type: ignore[misc]
    told = problem(lambda: of_zip(tmp_path, zipped({"server.c": SOURCE, "Server.c": SOURCE})))
    assert told == "Server.c: differs from server.c in capital letters only; rename one"
    told = problem(lambda: of_zip(tmp_path, zipped({"a.c": SOURCE, "a.c/b.c": SOURCE})))
    assert told == "a.c/b.c: lies in a folder that is a file, too; pack the folder again"


@pytest.mark.parametrize(
    ("kind", "told"),
    [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "is no ordinary file"), (stat.S_IFBLK, "is no ordinary file")],
)
def test_links_and_devices_in_a_zip_are_refused_where_they_would_be_taken(tmp_path: Path, kind: int, told: str) -> None:
    def packed(name: str) -> bytes:
        made = BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("a.c", SOURCE)
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        return made.getvalue()

    assert problem(lambda: of_zip(tmp_path, packed("server.c"))).startswith(f"server.c: {told}")
    assert of_zip(tmp_path, packed("venv/bin/python3")) == of_zip(tmp_path, packed("README")) == {"a.c": SOURCE}


def test_links_and_pipes_in_a_folder_are_neither_followed_nor_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.c").write_bytes(b"secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "more.c").write_bytes(b"secret")
    folder = tmp_path / "kim"
    folder.mkdir()
    (folder / "server.c").write_bytes(SOURCE)
    (folder / "folder").symlink_to(tmp_path / "elsewhere")
    (folder / "round").symlink_to(folder)
    (folder / "README").symlink_to(tmp_path / "secret.c")
    assert taken(folder) == {"server.c": SOURCE}
    (folder / "linked.c").symlink_to(tmp_path / "secret.c")
    assert problem(lambda: taken(folder)) == "linked.c: is a link, which is not followed; put the file itself there"
    (folder / "linked.c").unlink()
    os.mkfifo(folder / "pipe.c")
    assert problem(lambda: taken(folder)) == "pipe.c: is no ordinary file; leave it out"


def test_a_zip_that_is_encrypted_or_packed_without_a_bound_is_refused(tmp_path: Path) -> None:
    plain = bytearray(zipped({"server.c": SOURCE}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(signature) + place] |= 1
    assert problem(lambda: of_zip(tmp_path, bytes(plain))) == "server.c: is encrypted; pack it without a password"
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        told = problem(lambda m=method: of_zip(tmp_path, zipped({"server.c": SOURCE}, m)))  # type: ignore[misc]
        assert told.startswith("server.c: is not packed as every program can unpack it")


def test_a_bomb_is_stopped_when_it_has_come_out_so_far_whatever_its_header_says(tmp_path: Path) -> None:
    bomb = zipped({"server.c": bytes(200 << 20)})
    assert len(bomb) < 1 << 20
    assert problem(lambda: of_zip(tmp_path, bomb)).startswith("server.c: has more than 1048576 bytes")
    lying = bytearray(bomb)
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", lying, lying.index(signature) + place, 10)
    assert (
        problem(lambda: of_zip(tmp_path, bytes(lying))) == "the zip is broken or was cut off; pack and hand it in again"
    )
    assert of_zip(tmp_path, zipped({"server.c": SOURCE, "zeros.bin": bytes(50 << 20)})) == {"server.c": SOURCE}


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    made = bytearray(zipped({"a.c": bytes(1000), "b.c": bytes(1000)}))
    second = made.index(b"PK\x01\x02", made.index(b"PK\x01\x02") + 1)
    struct.pack_into("<I", made, second + 42, 0)  # the second entry's place is that of the first
    assert problem(lambda: of_zip(tmp_path, bytes(made))).startswith("files in the zip overlap")


def test_numbers_and_sizes_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"{number}.c": b"" for number in range(unpack.FILES)}
    assert len(of_zip(tmp_path, zipped(many))) == unpack.FILES
    assert problem(lambda: of_zip(tmp_path, zipped(many | {"one.c": b""}))).startswith("more than 200 sources")
    large = {f"{number}.c": bytes(unpack.ONE) for number in range(4)}
    assert sum(map(len, of_zip(tmp_path, zipped(large)).values())) == unpack.ALL
    assert problem(lambda: of_zip(tmp_path, zipped(large | {"x.c": b"1"}))).startswith(
        "the sources have more than 4194304 bytes in all"
    )
    assert problem(lambda: of_zip(tmp_path, zipped({"x.c": bytes(unpack.ONE + 1)}))).startswith(
        "x.c: has more than 1048576 bytes"
    )
    monkeypatch.setattr(unpack, "ENTRIES", 3)
    other = {f"{number}.txt": b"" for number in range(3)} | {"a.c": b""}
    assert problem(lambda: of_zip(tmp_path, zipped(other))) == "more than 3 files; hand in the sources only"
    (tmp_path / "kim").mkdir()
    for name in other:
        (tmp_path / "kim" / name).touch()
    assert problem(lambda: taken(tmp_path / "kim")) == "more than 3 files; hand in the sources only"
    monkeypatch.setattr(unpack, "ZIP", 100)
    assert problem(lambda: of_zip(tmp_path, zipped({"a.c": SOURCE}))).startswith("the zip has more than 0 MiB")


def test_a_table_of_contents_without_end_is_not_read(tmp_path: Path) -> None:
    made = bytearray(zipped({"a.c": SOURCE}) + bytes(0))
    end = made.index(b"PK\x05\x06")
    filler = bytes(unpack.TABLE + 1)
    grown = made[:end] + filler + made[end:]
    struct.pack_into("<I", grown, len(grown) - 22 + 12, unpack.TABLE + 1)
    assert problem(lambda: of_zip(tmp_path, bytes(grown))).startswith("the zip is broken")


@pytest.mark.parametrize("content", [b"", b"PK", b"Rar!\x1a\x07", zipped({}), bytes(100_000)])
def test_what_is_no_zip_or_an_empty_one_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    assert problem(lambda: of_zip(tmp_path, content)).startswith(
        ("the zip is broken", "no source, Makefile or submission.toml")
    )


def test_a_zip_that_was_cut_off_anywhere_is_one_sentence(tmp_path: Path) -> None:
    made = zipped({"server.c": SOURCE, "a/b.h": b"x" * 100})
    for length in range(len(made) - 1):
        assert problem(lambda n=length: of_zip(tmp_path, made[:n])).startswith("the zip is broken")  # type: ignore[misc]


def test_an_archive_within_is_told_where_there_is_nothing_else(tmp_path: Path) -> None:
    inner = zipped({"server.c": SOURCE})
    assert problem(lambda: of_zip(tmp_path, zipped({"a/과제.zip": inner}))).startswith(
        "a/과제.zip: an archive inside is not opened"
    )
    assert (
        problem(lambda: of_zip(tmp_path, zipped({"report.hwp": b"1"})))
        == "no source, Makefile or submission.toml is there"
    )


@pytest.mark.parametrize(
    "name", ["과제1/서버.c", AMBIGUOUS, "혀/server_01.c", "똠방각하.c", "server.c", "김철수/과제 3/server_03.c"]
)
@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_korean_names_are_read_rightly_however_windows_or_macos_wrote_them(
    tmp_path: Path, name: str, encoding: str
) -> None:
    assert list(of_zip(tmp_path, raw_named(name.encode(encoding)))) == [name]
    assert list(of_zip(tmp_path, zipped({name: SOURCE}))) == [name]
    if encoding == "utf-8" or name != AMBIGUOUS:  # on a disk what may be UTF-8 is UTF-8
        path = os.path.join(os.fsencode(tmp_path / "kim"), name.encode(encoding))
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(SOURCE)
        assert list(taken(tmp_path / "kim")) == [name]


def test_names_that_macos_takes_apart_are_put_together_again(tmp_path: Path) -> None:
    assert list(of_zip(tmp_path, zipped({"\u1100\u116a\u110c\u1166.c": SOURCE}))) == ["과제.c"]
    assert list(of_zip(tmp_path, zipped({"José.c": SOURCE}))) == ["José.c"]
    assert decoded("José".encode()) == "José"
    assert decoded(b"\xff\xff.c") == "\\xff\\xff.c"


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kim").mkdir()
    (tmp_path / "kim" / "a.c").write_bytes(SOURCE)
    denied = PermissionError(13, "Permission denied")

    def refuse(*_: object, **__: object) -> None:
        raise denied

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        assert problem(lambda: taken(tmp_path / "kim")) == "a.c: cannot be read: Permission denied"
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", refuse)
        assert problem(lambda: taken(tmp_path / "kim")) == ".: cannot be read: Permission denied"


def test_a_folder_of_folders_without_end_is_bounded(tmp_path: Path) -> None:
    deep = tmp_path / "kim"
    deep.mkdir()
    (deep / "a.c").write_bytes(SOURCE)
    for _ in range(60):
        deep = deep / "d"
        deep.mkdir()
    (deep / "x.c").write_bytes(SOURCE)
    assert taken(tmp_path / "kim") == {"a.c": SOURCE}


# A piece of a name, of which most are harmless.
PART = st.sampled_from(
    ["a", "..", ".", "", "C:", "\\", "server.c", "x.py", "가.c", "Makefile", "A.C", "a.c", "\u202e.c", "d" * 90]
)
NAMES = st.lists(PART, min_size=1, max_size=5).map("/".join)
FILES = st.dictionaries(NAMES, st.binary(max_size=60), max_size=8)


def inside(files: dict[str, bytes]) -> bool:
    """Whether every name, written as it is, lies below the folder and beside no other."""
    return all(
        not PurePosixPath(name).is_absolute() and ".." not in name.split("/") and str(PurePosixPath(name)) == name
        for name in files
    )


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(FILES, st.integers(0, 2**32), st.integers(0, 6))
def test_nothing_of_a_damaged_zip_lies_outside_and_nothing_else_is_raised(
    tmp_path: Path, files: dict[str, bytes], seed: int, damage: int
) -> None:
    """Some bytes are changed; where the zip is still taken, what is taken can be written as it is named."""
    chance = random.Random(seed)
    made = bytearray(zipped(files, chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])))
    for _ in range(damage):
        made[chance.randrange(len(made))] = chance.choice([0, 1, 8, 0x7F, 0x80, 0xFF, chance.randrange(256)])
    try:
        found = of_zip(tmp_path, bytes(made))
    except SpecError:
        return
    assert 0 < len(found) <= unpack.FILES
    assert inside(found)
    with TemporaryDirectory() as folder:
        written = Path(folder)
        for name, content in found.items():
            (written / name).parent.mkdir(parents=True, exist_ok=True)
            (written / name).write_bytes(content)
        assert sorted(str(one.relative_to(written)) for one in written.rglob("*") if one.is_file()) == sorted(found)
