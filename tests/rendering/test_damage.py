"""Deliberate damage to the real course's report is caught, one by one, and told where it stands."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from report import check, jobs, plan
from report.errors import ReportError
from report.keep import Keep

REPOSITORY = Path(__file__).resolve().parents[2]
EN, KO = "assignments/fork/explanation.en.md", "assignments/fork/explanation.ko.md"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of all that a report is made from."""
    for name in ("assignments", "templates", "benchmarks"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "report.toml", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


def rendered(root: Path, kept: Path) -> int:
    """How many files the report has; pictures that nothing damaged are drawn once for all these tests."""
    course = jobs.load(root)
    wanted = plan.plan(course.assignments, 1.0)
    evidence = REPOSITORY / "docs/evidence"
    keep = Keep(REPOSITORY, kept)
    return len(check.published_files(root, course.assignments, course.settings, wanted, evidence, keep)[0])


def without_section(text: str) -> str:
    """Without the English section on zombies and orphans."""
    start = text.index("#### How do a zombie process and an orphan process differ?")
    return text[:start] + text[text.index("### What the terminals show") :]


def appended(sentence: str) -> Callable[[str], str]:
    return lambda text: f"{text}\n{sentence}\n"


DAMAGES = [
    ("a section removed from English only", EN, without_section, f"{EN}:"),
    ("a number typed by hand", KO, appended("모두 10초 안에 끝났습니다."), '"10초" is typed by hand'),
    ("an English number typed by hand", EN, appended("All had ended after 5 s."), '"5 s" is typed by hand'),
    ("a function renamed under an excerpt", "assignments/fork/server.py", lambda text: text.replace("def reap(", "def collect("), "assignments/fork/server.py has no reap"),
    ("a picture that is missing", KO, appended("![그림](figures/none.svg)"), "figures/none.svg"),
    ("bold that does not render", KO, appended("**fork(자식)**를 부릅니다."), "** is left unrendered"),
    ("a letter that the font lacks", KO, appended("잘 되었습니다 ✓"), "no glyph for ✓ (U+2713)"),
    ("a comparison outside a claim", KO, appended("이 서버는 훨씬 더 빠릅니다."), "compares outside a claim"),
    ("a link that leads nowhere", KO, appended("[절](#없는-절)"), "which no heading has"),
    ("a claim cited twice", KO, appended('{% call claim("no-zombies") %}없습니다{% endcall %}.'), 'claim("no-zombies") is cited 2 times'),
]  # fmt: skip


def test_what_is_not_damaged_is_rendered(root: Path, kept: Path) -> None:
    assert rendered(root, kept) > 150


@pytest.mark.parametrize(("file", "damage", "told"), [row[1:] for row in DAMAGES], ids=[row[0] for row in DAMAGES])
def test_damage_is_told(root: Path, kept: Path, file: str, damage: Callable[[str], str], told: str) -> None:
    path = root / file
    before = path.read_text(encoding="utf-8")
    after = damage(before)
    assert after != before
    path.write_text(after, encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        rendered(root, kept)
    assert told in str(caught.value)
