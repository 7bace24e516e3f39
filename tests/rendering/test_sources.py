"""An excerpt follows what it shows by name, with the lines where it stands now."""

from pathlib import Path

import pytest

from report.errors import SpecError
from report.rendering.sources import excerpt
from tests.builders import write

CODE = '''\
"""Serves."""

import os


@decorated
@twice(
    1,
)
def serve(connection):
    """Answer: 한글."""
    return connection


class Ring:
    """Turns."""

    async def turn(self):
        return 1


def serve():
    return "the second of this name"
'''


def found(root: Path, name: str) -> tuple[int, int, str]:
    piece = excerpt(root, "assignments/echo/server.py", name, "explanation.ko.md")
    return piece.first, piece.last, piece.text


def test_a_function_comes_with_its_decorators_and_its_lines(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/server.py", CODE)
    first, last, text = found(tmp_path, "serve")
    assert (first, last) == (6, 12)
    assert text == "\n".join(CODE.splitlines()[5:12])


def test_a_class_and_a_method_are_found_by_their_names(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/server.py", CODE)
    assert found(tmp_path, "Ring")[:2] == (15, 19)
    assert found(tmp_path, "Ring.turn") == (18, 19, "    async def turn(self):\n        return 1")


def test_code_that_moves_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/server.py", "# one line more\n" + CODE)
    assert found(tmp_path, "serve")[:2] == (7, 13)


def test_line_ends_of_another_system_and_form_feeds_count_as_python_counts_them(tmp_path: Path) -> None:
    path = write(tmp_path, "assignments/echo/server.py", "")
    path.write_bytes(b"# a\r\n\x0cx = '\xe2\x80\xa8'\r\ndef serve():\r\n    pass\r\n")
    assert found(tmp_path, "serve") == (3, 4, "def serve():\n    pass")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Rung", "assignments/echo/server.py has no Rung; it has serve, Ring, serve"),
        ("Ring.turns", "assignments/echo/server.py has no Ring.turns; it has turn"),
        ("Ring.turn.x", "has no Ring.turn.x; it has no function or class"),
        ("", "has no ; it has serve, Ring, serve"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_what_is(tmp_path: Path, name: str, told: str) -> None:
    write(tmp_path, "assignments/echo/server.py", CODE)
    with pytest.raises(SpecError) as caught:
        found(tmp_path, name)
    assert caught.value.problems[0].startswith("explanation.ko.md: excerpt(")
    assert told in caught.value.problems[0]


@pytest.mark.parametrize(
    "data", [None, b"def serve(:\n", b"# \xc7\xd1\ndef serve(): pass\n", b"x = '\x00'\ndef serve(): pass\n"],
    ids=["missing", "no Python", "not UTF-8", "null"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_as_python_is_told(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        write(tmp_path, "assignments/echo/server.py", "").write_bytes(data)
    with pytest.raises(SpecError, match=r"explanation.ko.md: excerpt\(.*server.py cannot be read: "):
        found(tmp_path, "serve")


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.py", "assignments/../../outside.py"])
def test_a_file_outside_the_repository_is_refused(tmp_path: Path, path: str) -> None:
    write(tmp_path, "outside.py", "def serve(): pass\n")
    (tmp_path / "repository" / "assignments").mkdir(parents=True)
    with pytest.raises(SpecError, match="is not a file of the repository"):
        excerpt(tmp_path / "repository", path, "serve", "explanation.ko.md")


REGION = """\
int main(void)
{
    // region accept
    int connection = accept(listener, NULL, NULL);
    handle(connection);
    // endregion accept
    return 0;
}
"""


def test_a_marked_region_of_any_language_is_an_excerpt_without_its_marks(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/server.c", REGION)
    piece = excerpt(tmp_path, "assignments/echo/server.c", "accept", "explanation.ko.md")
    assert (piece.first, piece.last, piece.language) == (4, 5, "c")
    assert piece.text.split("\n")[0].strip() == "int connection = accept(listener, NULL, NULL);"


def test_a_region_that_is_gone_is_told_with_those_there_are(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/server.c", REGION)
    with pytest.raises(SpecError) as caught:
        excerpt(tmp_path, "assignments/echo/server.c", "listen", "explanation.ko.md")
    (problem,) = caught.value.problems
    assert problem == (
        "explanation.ko.md: excerpt('assignments/echo/server.c', 'listen'): "
        "assignments/echo/server.c has no region listen; it has accept"
    )


def test_an_excerpt_that_is_not_whole_code_is_told(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/server.py", "x = (\n    # region half\n    1 +\n    # endregion half\n    2)\n")
    with pytest.raises(SpecError, match="is not whole code"):
        excerpt(tmp_path, "assignments/echo/server.py", "half", "explanation.ko.md")
