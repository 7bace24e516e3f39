"""Every sentence that the tool raises has its Korean, and every Korean sentence is still raised."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from string import Formatter

import pytest
from invoke import Exit
from pydantic_core import _pydantic_core

import tasks
from report import console, errors
from report.messages import catalogue, helped, said
from report.shown import Shown
from report.welcome import TEMPLATES

REPOSITORY = Path(__file__).resolve().parents[1]
ALONE = {"verify.py"}  # goes with a bundle and knows nothing of the project
RAISED = {
    *vars(errors),
    "ValueError",
    "fault",
    "_complain",
    "_say",
    "announce",
    "MissingError",
    "say",
    "refuse",
}  # `fault` makes a ServerError
GATHERED = {"problems", "self.problems", "problem", "lacking", "sentences", "survivors", "how"}
GENERATED = {
    "course.py",
    "judgement.py",
    "candidates.py",
    "declared.py",
    "wording.py",
    "reading.py",
}  # modules that yield faults
UNTOLD = {"expected_plural", "class_name", "field_type"}  # words of English and Python that Korean needs not
PLACE = re.compile(r"""(?:--\S+ {}|[\w{}."\[\]()/-]+(?:\("[^ ]+(?:, "?[^ ]+)?\))?): ?""")


def text(node: ast.expr) -> Iterator[str]:
    """The strings that an expression may be, with {} for what is filled in."""
    match node:
        case ast.Constant(value=str(value)):
            yield value.replace("{", "{{").replace("}", "}}")
        case ast.JoinedStr(values=values):
            yield "".join(next(text(v)) if isinstance(v, ast.Constant) else "{}" for v in values)
        case ast.IfExp(body=body, orelse=other):
            yield from (*text(body), *text(other))
        case ast.List(elts=every) | ast.Tuple(elts=every) | ast.BoolOp(values=every):
            yield from (one for part in every for one in text(part))
        case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner) | ast.Starred(value=inner):
            yield from text(inner)
        case ast.BinOp(left=left, right=right):
            yield from map("".join, product([*text(left)] or ["{}"], [*text(right)] or ["{}"]))


def shapes(sentence: str) -> Iterator[str]:
    """Each line without the places before a colon and the subject that is filled in; none if no word is left."""
    for line in sentence.split("\n"):
        shape = re.sub(r"(?<!{){\w*}(?!})|(?<={{){\w*}(?=}})", "{}", line.strip())
        shape = re.sub(r"({}){2,}", "{}", shape)
        while place := PLACE.match(shape):
            shape = shape[place.end() :]
        while shape.startswith("{}"):
            shape = shape.removeprefix("{}").strip()
        if re.search("[A-Za-z]{2}", shape):
            yield shape


def nodes() -> Iterator[tuple[str, ast.AST]]:
    benchmarks = (REPOSITORY / "benchmarks").glob("*.py")
    for path in [*(REPOSITORY / "report").rglob("*.py"), REPOSITORY / "tasks.py", *benchmarks]:
        if path.name not in ALONE:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield path.name, node


def raised() -> Iterator[str]:
    """The shape of each sentence that is raised, or gathered to be."""
    for module, node in nodes():
        match node:
            case ast.Call(func=ast.Name(id=name), args=given) if name in RAISED:
                found = given[: {"fault": 2, "_say": None}.get(name, 1)]
            case ast.Call(func=ast.Attribute(attr="_say" | "stage"), args=given):
                found = given
            case ast.Call(func=ast.Name(id="stage"), args=[_, *given]):
                found = given
            case ast.Call(func=ast.Attribute(value=to, attr="append" | "extend"), args=given):
                found = given if ast.unparse(to) in GATHERED else []
            case ast.Assign(targets=[to], value=value) | ast.AugAssign(target=to, value=value):
                found = [value] if ast.unparse(to) in GATHERED else []
            case ast.AnnAssign(target=to, value=ast.expr() as value):
                found = [value] if ast.unparse(to) in GATHERED else []
            case ast.FunctionDef(returns=ast.BinOp() as kind) if ast.unparse(kind) == "str | None":  # what is wrong
                found = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
            case ast.Yield(value=ast.expr() as value) if module in GENERATED:
                found = [value]
            case _:
                continue
        yield from (shape for one in found for sentence in text(one) for shape in shapes(sentence))


def written() -> set[str]:
    """The shape of every text in the code, raised or not, of every verdict, and what others say for us."""
    ours = {shape for _, node in nodes() if isinstance(node, ast.expr) for one in text(node) for shape in shapes(one)}
    theirs = [one["message_template_python"] for one in _pydantic_core.list_all_errors()]
    lowered = {shape for one in theirs for shape in shapes(one[0].lower() + one[1:])}
    lines = [f"{sign} {state:9} {{}}: {{}}: {{}}" for state, sign in console.SIGNS.items()]
    lines += [f"{sign} undecided {{}}: {{}}: {{}} {{}} ({{}})" for sign in console.SIGNS.values()]
    lines += [f"{{}} {{}}{unit} ({{}})" for unit in console.UNITS.values()]
    lines += tomllib.loads((TEMPLATES / "labels.toml").read_text(encoding="utf-8"))["en"]["reasons"].values()
    ours |= {shape for line in lines for shape in shapes(line)}
    return ours | lowered | {os.strerror(number) for number in range(1, 134)}


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_sentence_that_is_raised_has_its_korean() -> None:
    known = {shape for english in catalogue() for shape in shapes(english)}
    needed = set(raised())
    assert len(needed) > 150
    assert sorted(needed - known) == []


def test_every_korean_sentence_is_still_said() -> None:
    there = written()
    gone = {english for english in catalogue() if not there.issuperset(shapes(english))}
    assert gone == set()


@pytest.mark.parametrize("english", catalogue())
def test_a_sentence_is_said_by_its_own_pair(english: str) -> None:
    """No other pair matches it first."""
    filled = {name: "" if name == "hint" else f"<{name}>" for name in fields(english)}
    expected = catalogue()[english].format(**filled)
    assert said(english.format(**filled), "ko") == expected


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        (
            "error: --scenario tne: there is no such scenario (did you mean ten?); there are ten, one",
            "오류: --scenario tne: 없는 시나리오입니다(혹시 ten?). 있는 것: ten, one",
        ),
        (
            "report.toml: languages[0]: input should be 'ko' or 'en'; found 'fr'",
            "report.toml: languages[0]: 다음 중 하나여야 합니다: 'ko', 'en'. 적은 것: 'fr'",
        ),
        (
            "a.toml: cannot be read: No such file or directory",
            "a.toml: 읽을 수 없습니다: 그런 파일이나 폴더가 없습니다",
        ),
        (
            "fork/ten.c: the server ended before it listened on port 80\n  end: exit status 1\n    is missing\nis missing",
            "fork/ten.c: 서버: 80번 포트에서 연결을 받기 전에 끝났습니다\n  끝: 종료 상태 1\n    is missing\nis missing",
        ),
        (
            "fork/ten.c.x20: 9 of 10 answered, makespan 1.04 delays, slowest answer 0.26 s",
            "fork/ten.c.x20: 요청 10개 가운데 9개에 응답, 총 소요 시간은 지연 시간의 1.04배, 가장 느린 응답 0.26초",
        ),
        (
            "△ undecided fork/ten.c: sooner: makespan.delays ÷ fork/one fork/one.c was not run (≤ 0.5)",
            "△ 판정 보류 fork/ten.c: sooner: makespan.delays ÷ fork/one fork/one.c: 실행하지 않았습니다(≤ 0.5)",
        ),
        ("something that nobody translated", "something that nobody translated"),
    ],
)
def test_a_sentence_is_put_together_from_its_pieces(english: str, korean: str) -> None:
    assert said(english, "ko") == korean
    assert said(english, "en") == english


def test_both_languages_of_a_sentence_have_the_same_fields() -> None:
    assert len(catalogue()) > 200
    different = {en for en, ko in catalogue().items() if fields(en) - UNTOLD != fields(ko) - UNTOLD}
    assert different == set()


def test_no_two_pairs_are_of_one_sentence() -> None:
    every = [re.sub(r"{\w+}", "{}", english) for english in catalogue()]
    assert {one for one in every if every.count(one) > 1} == set()


def test_the_page_of_a_preview_says_what_is_wrong_in_both_languages() -> None:
    page = Shown({}, ("report.toml: nam: unknown key", "nobody translated this")).answer("report.ko.html", "").body
    assert re.findall("<pre>(.*?)</pre>", page.decode()) == [
        "report.toml: nam: 모르는 키입니다",
        "report.toml: nam: unknown key",
        "nobody translated this",
    ]


@pytest.mark.parametrize(
    ("locale", "told"), [("ko", "오류: a.toml: 없습니다\n"), ("en", "error: a.toml: is missing\n")]
)
def test_an_error_is_printed_in_the_language_of_the_locale(
    locale: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANGUAGE", locale)
    with pytest.raises(Exit), tasks._explained():
        raise errors.SpecError("a.toml: is missing")
    assert capsys.readouterr().err == told


def explained() -> set[str]:
    """What the tasks say of themselves and their options."""
    return {" ".join((one.body.__doc__ or "").split()) for one, _ in tasks._EVERY} | {
        text for _, options in tasks._EVERY for text in options.values()
    }


def test_every_docstring_and_help_text_of_a_task_has_its_korean_and_no_korean_is_without_them() -> None:
    assert len(explained()) > 60
    assert explained() == set(helped("ko"))
    assert all(re.search("[가-힣]", korean) and "\n" not in korean for korean in helped("ko").values())


@pytest.mark.parametrize("arguments", [["--list"], ["--help", "run"]])
def test_help_speaks_the_language_of_the_locale_but_for_invoke_s_own_words(arguments: list[str]) -> None:
    run = [sys.executable, "-m", "invoke", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    korean, english = (
        subprocess.run(
            run, cwd=REPOSITORY, env=environment | {"LANG": locale, "PYTHONUTF8": "1"}, capture_output=True, text=True
        ).stdout
        for locale in ("ko_KR.UTF-8", "en_US.UTF-8")
    )
    first = [text.partition(". ")[0] for text in helped("ko").values()]
    shown = [text for text in first if text in " ".join(korean.split())]
    assert len(shown) > 15
    assert not re.search("[가-힣]", english)
    assert ("Available tasks:" if "--list" in arguments else "Usage:") in korean  # Invoke has no other language


def test_a_line_of_the_list_fits_into_80_columns_of_which_a_korean_letter_takes_two() -> None:
    room = 80 - len("  publish   ") - 2
    for one, _ in tasks._EVERY:
        first = helped("ko")[" ".join((one.body.__doc__ or "").split())].partition(". ")[0] + "."
        assert sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in first) <= room, first
