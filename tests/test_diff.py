"""What `invoke diff` makes: words in a terminal, and a page in both languages that holds the same and stands alone."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from report import jobs
from report.diff import Difference
from report.errors import EvidenceError, SpecError
from report.spec import Language
from tests.builders import course, request, run, store
from tests.rendering.test_strict_html import dead, loads, parsed, unspoken


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One run published, and another made here, on a machine with a name that is no markup."""
    store(course(tmp_path) / "docs/evidence", run())
    changed = run(
        requests=[request(1), request(2, done=7.5)], environment={"kernel": "6.1|`*x*` <b>", "python": "3.11.7"}
    )
    store(tmp_path / "build/evidence", changed)
    return tmp_path


def difference(root: Path) -> Difference:
    return Difference(root, jobs.load(root).assignments, str(root / "docs/evidence/echo/two.python"), "echo/two.python")


def printed(root: Path, language: Language) -> str:
    out = io.StringIO()
    console = Console(file=out, width=300, highlight=False, _environ={})
    for piece in difference(root).pieces(language):
        console.print(piece)
    return out.getvalue()


def test_the_terminal_shows_figures_caveats_environment_and_lines(root: Path) -> None:
    text = printed(root, "en")
    assert re.search(r"makespan +5.02 s +7.50 s +▲ more \+2.48 s \(\+49%\)", text)
    assert "different machines (kernel: 6.1 → 6.1|`*x*` <b>)" in text
    assert "run only once" in text
    assert "All sources and the scenario are the same (1)." in text
    assert "build/diff.en.html" in text
    assert "build/diff.ko.html" in printed(root, "ko")


def test_the_pages_are_valid_hold_the_same_and_need_nothing_from_outside(root: Path) -> None:
    files = difference(root).files()
    assert set(files) == {
        *(f"diff.{language}.{kind}" for language in ("ko", "en") for kind in ("html", "md")),
        *(f"figures/diff-designs.{language}.svg" for language in ("ko", "en")),
    }
    for language in ("ko", "en"):
        page = files[f"diff.{language}.html"].decode()
        document = parsed(page)
        assert (dead(document), loads(document), unspoken(document)) == ([], [], [])
        assert "<b>" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
        assert "<svg" in page
        assert len(re.findall(r'<h2 id="', page)) == 6
    assert "총 소요 시간" in files["diff.ko.html"].decode()


def test_runs_of_one_name_in_different_places_are_told_apart(root: Path) -> None:
    text = printed(root, "en")
    assert re.search(r"^A: \S+ · docs/evidence ", text, re.MULTILINE)
    assert re.search(r"^B: echo/two.python · build/evidence ", text, re.MULTILINE)


def test_a_run_that_is_not_there_or_was_edited_is_told(root: Path) -> None:
    assignments = jobs.load(root).assignments
    with pytest.raises(SpecError, match="there is no such run"):
        Difference(root, assignments, "echo/two.python", "echo/three.python")
    (root / "build/evidence/echo/two.python/samples.csv").write_bytes(b"edited")
    with pytest.raises(EvidenceError, match="differs from what was recorded"):
        Difference(root, assignments, "echo/two.python", "echo/two.python")


def test_a_run_of_a_scenario_that_nothing_declares_is_told(root: Path) -> None:
    store(root / "build/evidence", run(identity=run().identity.model_copy(update={"scenario": "gone"})))
    with pytest.raises(EvidenceError, match="echo/gone, which no scenario.toml and no judge.toml declares"):
        Difference(root, jobs.load(root).assignments, "echo/two.python", "echo/gone.python")
