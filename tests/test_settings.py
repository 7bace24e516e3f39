"""report.toml says what the cover holds; what it cannot mean is told by key, and nothing need be said at all."""

from pathlib import Path

import pytest

from report.errors import SpecError
from report.settings import load
from tests.builders import assignment, write

COURSE = (assignment(name="echo"), assignment(name="other"))


def problems(root: Path, text: str) -> tuple[str, ...]:
    write(root, "report.toml", text)
    with pytest.raises(SpecError) as caught:
        load(root, COURSE)
    return caught.value.problems


def test_without_a_file_the_defaults_are_neutral_and_the_order_is_the_course_s(tmp_path: Path) -> None:
    settings, ordered = load(tmp_path, COURSE)
    assert (settings.author, settings.student_number, settings.languages) == ("", "", ("ko", "en"))
    assert ordered == COURSE


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    write(
        tmp_path,
        "report.toml",
        'author = "홍길동"\nlanguages = ["ko"]\norder = ["other", "echo"]\noverview = ["echo/two"]\n',
    )
    settings, ordered = load(tmp_path, COURSE)
    assert (settings.author, settings.languages, settings.overview) == ("홍길동", ("ko",), ("echo/two",))
    assert [one.name for one in ordered] == ["other", "echo"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('auther = "x"', "report.toml: auther: unknown key (did you mean author?)"),
        ('languages = ["fr"]', "report.toml: languages[0]: "),
        ("languages = []", "report.toml: languages: "),
        ('languages = ["ko", "ko"]', "report.toml: languages: ko stands there twice"),
        ('order = ["echo", "othr"]', "report.toml: order: there is no assignment othr (did you mean other?)"),
        ('order = ["echo"]', "report.toml: order: does not name other"),
        ('order = ["echo", "other", "echo"]', "report.toml: order: echo stands there twice"),
        ('overview = ["echo/three"]', "report.toml: overview: there is no scenario echo/three"),
        ('overview = ["echo/two:java"]', "report.toml: overview: no server java runs in echo/two"),
        ('title = "One language"', "report.toml: title: "),
        ("student_number = 20261234", "report.toml: student_number: input should be a valid string; found 20261234"),
        ('author = { ko = "이름" }', "report.toml: author.en: is missing"),
        ("title = {", "report.toml: not valid TOML"),
    ],
)
def test_what_cannot_be_meant_is_told_by_key(tmp_path: Path, text: str, told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(tmp_path, text))


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    assert len(problems(tmp_path, 'order = ["nobody"]\noverview = ["echo/three"]\n')) == 4
