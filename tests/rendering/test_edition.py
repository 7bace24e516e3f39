"""A whole report of a made-up course: citations, parity, hostile captures, and faults by file and line."""

import html.parser
from pathlib import Path
from typing import Any

import pytest

from report.errors import ClaimError, ReportError, SpecError
from report.rendering.edition import Edition, edition
from report.settings import Settings
from tests.builders import EXPLANATION, assignment, course, evidence_of, lines, request, run

KO = "assignments/echo/explanation.ko.md"


def made(root: Path, *runs: Any, **explanation: str) -> Edition:
    return edition(course(root, **explanation), evidence_of(*(runs or [run()])), 1.0)


def error(root: Path, kind: type[ReportError], **explanation: str) -> str:
    with pytest.raises(kind) as caught:
        made(root, **explanation)
    return str(caught.value)


def test_both_languages_carry_every_verdict_and_their_pictures(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert {path for path in found.files if "/" not in path} == {
        "report.ko.md", "report.en.md", "report.ko.html", "report.en.html",
    }  # fmt: skip
    assert (
        "모두 응답을 받았다 ([○\u00a0성립:\u00a02](evidence/echo/two.python/requests.csv))"
        in found.files["report.ko.md"].decode()
    )
    assert "○\u00a0holds:\u00a01.00 delays" in found.files["report.en.md"].decode()
    assert {path for path in found.files if path.startswith("figures/")} == {
        f"figures/echo-two.python-{name}.{language}.svg"
        for name in ("timeline", "server-terminal")
        for language in ("ko", "en")
    }
    assert found.gates.pieces == 8
    assert found.gates.pictures == 4
    assert found.score.caught == found.score.crossings > 0


def test_a_claim_that_fails_is_shown_as_failing(tmp_path: Path) -> None:
    found = made(tmp_path, run(requests=[request(1), request(2, done=20.0)]))
    assert "×\u00a0불성립:\u00a0지연 시간의 4.00배" in found.files["report.ko.md"].decode()


def test_a_claim_that_is_never_cited_is_named_with_the_file(tmp_path: Path) -> None:
    without = {
        language: text.replace('{% call claim("all-answered") %}', "").replace("{% endcall %}", "", 1)
        for language, text in EXPLANATION.items()
    }
    assert f'{KO}: claim("all-answered") of scenario.toml is never cited' in error(tmp_path, ClaimError, **without)


def test_a_claim_that_is_cited_twice_is_named(tmp_path: Path) -> None:
    again = '{% call claim("all-answered") %}again{% endcall %}\n'
    twice = {language: text + again for language, text in EXPLANATION.items()}
    assert "is cited 2 times" in error(tmp_path, ClaimError, **twice)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ('{% call claim("all") %}x{% endcall %}', 'claim("all"): scenario.toml has no such claim'),
        ('{{ metric("two.requests.corect") }}', "there is no metric requests.corect (did you mean requests.correct?)"),
        ('{{ metric("tow.requests.correct") }}', "there is no scenario echo/tow"),
        ('{{ excerpt("server.py", "server") }}', "assignments/echo/server.py has no server; it has serve"),
        ('{{ figure("pie", "two") }}', "there is no such figure"),
        ('{{ terminal("two", "printer") }}', "expected server or client"),
        ("{{ nonsense }}", "'nonsense' is undefined"),
        ("{% if %}", "Expected an expression"),
        ('{{ metric("two.requests.correct" }}', "unexpected '}'"),
    ],
)
def test_what_an_author_got_wrong_is_told_with_its_file(tmp_path: Path, damage: str, told: str) -> None:
    sentence = error(tmp_path, SpecError, ko=EXPLANATION["ko"] + damage + "\n")
    assert KO in sentence
    assert told in sentence


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    last = EXPLANATION["ko"].count("\n") + 1
    assert f"{KO}:{last}: " in error(tmp_path, SpecError, ko=EXPLANATION["ko"] + "{% if %}\n")


def test_a_missing_language_is_told(tmp_path: Path) -> None:
    root = course(tmp_path)
    (root / "assignments/echo/explanation.en.md").unlink()
    with pytest.raises(SpecError, match=r"explanation.en.md: is missing"):
        edition(root, evidence_of(run()), 1.0)


@pytest.mark.parametrize(
    ("language", "addition", "told"),
    [
        ("en", '{{ metric("two.requests.answered") }}\n', "explanation.en.md:14: has metric('two.requests.answered')"),
        (
            "ko",
            '{{ declared("two", "clients") }}\n',
            "has nothing where assignments/echo/explanation.ko.md:14 has declar",
        ),
        ("en", "### One more\n", "explanation.en.md:14: has a heading ### where"),
        ("ko", "> **왜?** 아니요.\n", "explanation.en.md:13: has nothing where assignments/echo/explanation.ko.md:14"),
    ],
)
def test_what_one_language_has_and_the_other_lacks_is_told(
    tmp_path: Path, language: str, addition: str, told: str
) -> None:
    assert told in error(tmp_path, ClaimError, **{language: EXPLANATION[language] + addition})


class Tags(html.parser.HTMLParser):
    """Collects the tags of a page and the text outside the head."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(key.startswith("on") for key, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = [
    "</pre><script>alert(1)</script>",
    "```` four backticks",
    "| a | b |",
    "{{ x }} {% raw %}",
    "\x1b[31mred\x1b[0m",
    "right-to-left \u202e mark \u200b",
    "**bold** _it_ <b>",
]


def test_hostile_captures_are_shown_harmlessly_as_text(tmp_path: Path) -> None:
    found = made(tmp_path, run(server_lines=lines(*HOSTILE)))
    for language in ("ko", "en"):
        markdown = found.files[f"report.{language}.md"].decode()
        page = Tags()
        page.feed(found.files[f"report.{language}.html"].decode())
        assert page.tags.count("script") == 1
        assert "\x1b" not in markdown
        assert "\u202e" not in markdown
        for shown in (
            HOSTILE[0],
            HOSTILE[1],
            HOSTILE[2],
            HOSTILE[3],
            "\\x1b[31mred",
            "\\u202e mark \\u200b",
            HOSTILE[6],
        ):
            assert shown in page.text


def test_a_page_loads_nothing_and_says_its_language(tmp_path: Path) -> None:
    page = made(tmp_path).files["report.ko.html"].decode()
    assert '<html lang="ko">' in page
    assert "default-src 'none'" in page
    assert 'src="http' not in page
    assert "url(http" not in page
    assert page.count("<figure ") == 2


def test_raw_html_of_an_explanation_is_not_passed(tmp_path: Path) -> None:
    more = "\n<script>alert(1)</script>\n"
    found = made(tmp_path, ko=EXPLANATION["ko"] + more, en=EXPLANATION["en"] + more)
    assert b"<script>alert" not in found.files["report.ko.html"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("10초를 기다립니다.", f"{KO}:14: "),
        ("세 배가 됩니다.", f"{KO}:14: "),
        ("[없는 곳](#nowhere)을 봅니다.", "a link leads to #nowhere, which no heading has"),
        ("**fork(자식)**를 부릅니다.", "** is left unrendered"),
        ("![x](figures/none.svg)", "the picture figures/none.svg is not one of this report"),
        ("이 서버는 훨씬 더 빠릅니다.", f"{KO}:14: "),
    ],
)
def test_a_gate_tells_what_it_found(tmp_path: Path, damage: str, told: str) -> None:
    assert told in error(tmp_path, ReportError, ko=EXPLANATION["ko"] + damage + "\n")


def test_one_language_alone_is_written_when_report_toml_says_so(tmp_path: Path) -> None:
    found = edition(course(tmp_path), evidence_of(run()), 1.0, Settings(languages=("ko",)))
    assert {path for path in found.files if "/" not in path} == {"report.ko.md", "report.ko.html"}
    assert b"report.en" not in found.files["report.ko.md"] + found.files["report.ko.html"]


def test_the_assignment_of_the_builders_is_what_is_rendered() -> None:
    assert assignment().name == "echo"
