"""What `invoke show` says: every verdict with value, bound and state, and the charts of a run, in both languages."""

import io
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from report import jobs
from report.show import pieces
from report.spec import Language
from tests.builders import ECHO, course, lines, request, run, store

SECOND = ECHO + '\n[servers.c]\ncommand = ["{python}"]\n'


def shown(root: Path, language: Language = "en", width: int = 80, server: str | None = None, **console: object) -> str:
    out = io.StringIO()
    made = Console(file=out, width=width, highlight=False, _environ={}, **console)  # type: ignore[arg-type]
    found = jobs.load(root)
    for piece in pieces(root, found, found.assignments, language, None, server):
        made.print(piece)
    return out.getvalue()


def test_each_verdict_has_its_state_value_and_bound(tmp_path: Path) -> None:
    store(course(tmp_path) / "docs/evidence", run(requests=[request(1), request(2, outcome="reset")]))
    text = shown(tmp_path)
    assert re.search(r"× fails +all-answered +1 += 2 ", text)
    assert re.search(r"○ holds +served-together +1.00 delays +≤ 1.5 ", text)
    assert "1 hold, 1 fail, 0 undecided" in text
    assert "docs/evidence" in text


def test_the_reason_why_a_claim_is_undecided_is_told(tmp_path: Path) -> None:
    store(course(tmp_path) / "docs/evidence", run(requests=[request(1, done=None, outcome="late")] * 2))
    assert re.search(
        r"△ undecided +served-together .*no request was answered", re.sub(r"\s+", " ", shown(tmp_path, width=160))
    )


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, language: Language, width: int) -> None:
    store(course(tmp_path) / "docs/evidence", run())
    text = shown(tmp_path, language, width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert ("성립" in text) is (language == "ko")


def test_of_several_runs_the_first_is_drawn_and_the_asked_for_one_alone_is_judged(tmp_path: Path) -> None:
    root = course(tmp_path, SECOND)
    store(root / "docs/evidence", run())
    other = run().identity.model_copy(update={"server": "c"})
    store(root / "docs/evidence", run(identity=other, server_lines=lines("server: queued, queue 8/10, workers 1")))
    assert "run two · python\n" in shown(root)
    text = shown(root, server="c")
    assert "two · python" not in text
    assert "█" in text


def test_what_is_plain_has_no_escapes_and_without_colour_the_same_words_stand_there(tmp_path: Path) -> None:
    store(course(tmp_path) / "docs/evidence", run())
    plain = shown(tmp_path)
    assert "\x1b" not in plain
    coloured = shown(tmp_path, force_terminal=True, color_system="standard")
    assert "\x1b[32m" in coloured
    assert not re.search(
        r"\x1b\[[\d;]*3\dm", shown(tmp_path, force_terminal=True, color_system="standard", no_color=True)
    )
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_runs_of_before_a_change_are_told(tmp_path: Path) -> None:
    store(course(tmp_path) / "build/evidence", run())  # its digests are not those of the sources here
    assert "1 of these runs were recorded before" in shown(tmp_path, width=160)
