"""What rendering made is remembered on disk, for this version of the generator only; what is broken is made again."""

from pathlib import Path

import pytest

from report import stamp
from report.keep import Keep
from tests.builders import write


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_made_once_is_not_made_again(tmp_path: Path) -> None:
    calls: list[str] = []
    for _ in range(2):
        keep = Keep(tmp_path, tmp_path / "kept")
        assert keep("name", lambda: calls.append("made") or b"data") == b"data"  # type: ignore[func-returns-value]
    assert calls == ["made"]


def test_a_file_that_was_broken_is_made_again(tmp_path: Path) -> None:
    keep = Keep(tmp_path, tmp_path / "kept")
    keep("name", lambda: b"data")
    (file,) = kept(tmp_path / "kept")
    file.write_bytes(file.read_bytes()[:-1])
    assert keep("name", lambda: b"again") == b"again"
    assert keep("name", lambda: b"never") == b"again"


def test_another_version_of_the_generator_forgets_and_removes_what_the_earlier_made(tmp_path: Path) -> None:
    write(tmp_path, "report/rendering/figures.py", "one")
    Keep(tmp_path, tmp_path / "kept")("name", lambda: b"old")
    write(tmp_path, "report/rendering/figures.py", "two")
    assert Keep(tmp_path, tmp_path / "kept")("name", lambda: b"new") == b"new"
    assert len(kept(tmp_path / "kept")) == 1


@pytest.fixture
def made(tmp_path: Path) -> Path:
    for name in ("assignments/echo/server.py", "report/x.py", "templates/a", "report.toml", "build/evidence/run.json"):
        write(tmp_path, name, name)
    write(tmp_path, "build/report.md", "# R")
    stamp.write(tmp_path / "stamp", inputs(tmp_path), tmp_path / "build", ["report.md"], ["all is well"])
    return tmp_path


def inputs(root: Path, choice: str = "html") -> str:
    return stamp.inputs(root, root / "build/evidence", choice)


def test_nothing_changed_is_told_with_what_was_said(made: Path) -> None:
    assert stamp.unchanged(made / "stamp", inputs(made), made / "build") == ["all is well"]


@pytest.mark.parametrize(
    "file", ["assignments/echo/server.py", "report/x.py", "templates/new", "report.toml", "build/evidence/run.json", "build/report.md"],
)  # fmt: skip
def test_any_input_or_output_that_changed_is_noticed(made: Path, file: str) -> None:
    write(made, file, "changed")
    assert stamp.unchanged(made / "stamp", inputs(made), made / "build") is None


def test_another_choice_a_missing_output_or_a_broken_stamp_is_a_change(made: Path) -> None:
    assert stamp.unchanged(made / "stamp", inputs(made, "pdf"), made / "build") is None
    (made / "build/report.md").unlink()
    assert stamp.unchanged(made / "stamp", inputs(made), made / "build") is None
    (made / "stamp").write_text("{")
    assert stamp.unchanged(made / "stamp", inputs(made), made / "build") is None
