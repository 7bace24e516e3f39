"""A report's files are written whole, only where they differ, and compared byte for byte."""

from pathlib import Path

import pytest

from report import publish
from report.errors import OutdatedError

FILES = {"report.ko.md": b"# \xed\x95\x9c\n", "figures/a.svg": b"<svg/>\n", "evidence/fork/ten/run.json": b"{}\n"}


def outdated(files: dict[str, bytes], folder: Path) -> list[str]:
    with pytest.raises(OutdatedError) as caught:
        publish.compare(files, folder, "invoke publish")
    return list(caught.value.problems)


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    assert publish.write(FILES, tmp_path) == sorted(FILES)
    assert publish.write(FILES, tmp_path) == []
    before = (tmp_path / "figures/a.svg").stat().st_mtime_ns
    assert publish.write(FILES | {"report.ko.md": b"new\n"}, tmp_path) == ["report.ko.md"]
    assert (tmp_path / "report.ko.md").read_bytes() == b"new\n"
    assert (tmp_path / "figures/a.svg").stat().st_mtime_ns == before


def test_everybody_may_read_what_is_written_and_nothing_temporary_is_left(tmp_path: Path) -> None:
    publish.write(FILES, tmp_path)
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert written == sorted(FILES)
    assert {(tmp_path / path).stat().st_mode & 0o777 for path in FILES} == {0o644}


def test_an_interrupted_write_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish.write(FILES, tmp_path)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish.write({"report.ko.md": b"half\n"}, tmp_path)
    assert (tmp_path / "report.ko.md").read_bytes() == FILES["report.ko.md"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.ko.md"]


def test_what_is_there_byte_for_byte_is_counted(tmp_path: Path) -> None:
    publish.write(FILES, tmp_path)
    assert publish.compare(FILES, tmp_path, "invoke publish") == len(FILES)


def test_a_file_that_differs_is_shown_as_a_difference_with_the_remedy(tmp_path: Path) -> None:
    publish.write(FILES, tmp_path)
    (problem,) = outdated(FILES | {"report.ko.md": b"# other\n"}, tmp_path)
    first, *shown = problem.splitlines()
    assert first == f"{tmp_path.name}/report.ko.md: is out of date; invoke publish"
    assert [line.strip() for line in shown[-2:]] == ["-# 한", "+# other"]


def test_a_long_difference_is_cut_and_says_how_much_more_there_is(tmp_path: Path) -> None:
    publish.write({"report.ko.md": b"old\n" * 1000}, tmp_path)
    (problem,) = outdated({"report.ko.md": b"new\n" * 1000}, tmp_path)
    assert len(problem.splitlines()) < 20
    assert problem.endswith("more lines differ")


def test_files_that_differ_in_their_line_ends_only_differ(tmp_path: Path) -> None:
    publish.write({"report.ko.md": b"a\r\n"}, tmp_path)
    assert "report.ko.md: is out of date" in outdated({"report.ko.md": b"a\n"}, tmp_path)[0]


def test_every_missing_file_and_every_file_too_many_is_named(tmp_path: Path) -> None:
    publish.write(FILES, tmp_path)
    (tmp_path / "figures/a.svg").unlink()
    for extra in ("figures/old.svg", "evidence/fork/one/run.json", "report.fr.md"):
        publish.write_file(tmp_path / extra, b"")
    publish.write_file(tmp_path / "CNAME", b"of the pages, not of the report")
    problems = outdated(FILES, tmp_path)
    assert [problem.partition("/")[2].partition(":")[0] for problem in problems] == [
        "figures/a.svg",
        "evidence/fork/one/run.json",
        "figures/old.svg",
        "report.fr.md",
    ]


def test_removing_others_leaves_just_the_report_and_what_is_not_the_reports(tmp_path: Path) -> None:
    publish.write(FILES, tmp_path)
    publish.write_file(tmp_path / "figures/old.svg", b"")
    publish.write_file(tmp_path / "CNAME", b"")
    assert publish.remove_others(FILES, tmp_path) == ["figures/old.svg"]
    assert publish.remove_others(FILES, tmp_path) == []
    assert (tmp_path / "CNAME").exists()
    assert publish.compare(FILES, tmp_path, "invoke publish") == len(FILES)
