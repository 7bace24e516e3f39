"""The gates over the prose: a number typed by hand and a loose comparison are told with file and line."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from report.errors import ClaimError, SpecError
from report.rendering.gates import wording
from report.rendering.gates.wording_rules import ComparativeRules, NumberRules
from report.spec import LANGUAGES, Language
from tests.builders import REPOSITORY, write

RULES = wording.load(REPOSITORY)
FILE = "assignments/echo/explanation.{}.md"
GOOD = {
    "ko": '{% call claim("fast") %}이 서버가 더 빠르며, {{ limit("fast") }}를 넘지 않습니다{% endcall %}.\n',
    "en": '{% call claim("fast") %}This server is faster, by {{ limit("fast") }} or more{% endcall %}.\n',
}


def numbers(text: str, language: Language) -> tuple[str, ...]:
    """What the first gate says of this text."""
    return wording.numbers("x.md", text, language, RULES[language].numbers).problems


def comparatives(text: str, language: Language) -> tuple[str, ...]:
    """What the second gate says of this text."""
    return wording.comparatives("x.md", text, language, RULES[language].comparatives).problems


def course(root: Path, *, rules: Callable[[str], str] = lambda text: text, **texts: str) -> dict[str, Language]:
    """A repository with one assignment, the project's rules without its exemptions, and these explanations."""
    write(root, "templates/report.md.j2", '# {{ label("title") }}\n')
    write(root, wording.LABELS, '[ko]\nseconds = "{value}초"\n\n[en]\nseconds = "{value} s"\n')
    blocks = (REPOSITORY / wording.RULES).read_text(encoding="utf-8").split("\n\n")
    write(root, wording.RULES, rules("\n\n".join(block for block in blocks if not block.startswith("[["))))
    for language, text in (GOOD | texts).items():
        write(root, FILE.format(language), text)
    return {FILE.format(language): language for language in LANGUAGES}


@pytest.mark.parametrize(
    ("language", "text", "typed"),
    [
        ("ko", "모두 10초가 걸렸습니다.", "10초"),
        ("ko", "시간은 1.1배입니다.", "1.1배"),
        ("ko", "비용이 세 배입니다.", "세 배"),
        ("ko", "지연 시간의 5분의 3입니다.", "5분의 3"),
        ("ko", "전체의 절반입니다.", "절반"),
        ("ko", "그때 워커는 둘입니다.", "워커는 둘"),
        ("ko", "| 부모 | 20 % |", "20 %"),
        ("ko", '{% call claim("a") %}워커는 하나입니다{% endcall %}.', "하나"),
        ("ko", '{% call claim("a") %}대기 메시지 수는 8입니다{% endcall %}.', "8"),
        ("en", "It took 5 s in all.", "5 s"),
        ("en", "It took 1.1 delays.", "1.1 delays"),
        ("en", "After a five-second sleep it answers.", "five-second"),
        ("en", "There were three busy workers.", "three busy workers"),
        ("en", "It costs twice what the other does.", "twice"),
        ("en", "It takes a tenth of that.", "a tenth"),
        ("en", "All 30,000 bytes arrived.", "30,000 bytes"),
        ("en", '{% call claim("a") %}There was never more than one process{% endcall %}.', "one"),
    ],
)
def test_a_number_that_was_typed_is_told_with_its_line(language: Language, text: str, typed: str) -> None:
    (problem,) = numbers(f"### 1. Title\n\n{text}\n", language)
    assert problem.startswith(f'x.md:3: "{typed}" is typed by hand; bring it by metric(), declared()')


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ko", "```c\nsleep(5); /* 10초, 세 배 */\n```\n"),
        ("ko", "````text\n```\n10초\n```\n````\n"),
        ("ko", "`10초`와 ``세 배`` 사이"),
        ("ko", '{{ declared("ten", "delay") }}초, {{ metric("ten.makespan.delays") }}'),
        ("ko", "{# 10초 #}{% if x == '세 배' %}{% endif %}"),
        ("ko", "[표](ten/10초.csv)"),
        ("ko", "#3 워커와 세 번째 요청, 한 번도 없는 일, 두는 곳, 열린 소켓"),
        ("ko", '{% call claim("a") %}하나도 남지 않았고, 한 번도 없습니다{% endcall %}.'),
        ("en", "```c\nsleep(5); /* 5 s, twice */\n```\n"),
        ("en", "`5 s`, `twice`, #3 workers, IPv4 clients, 127.0.0.1 and the third request"),
        ("en", "2. clients\n\n#### 4. accept: fetch one connection\n"),
        ("en", '{% call claim("a") %}They were served one after the other{% endcall %}.'),
    ],
)
def test_code_calls_links_and_names_are_no_typed_numbers(language: Language, text: str) -> None:
    assert numbers(text, language) == ()


@pytest.mark.parametrize(
    ("language", "text", "form"),
    [
        ("ko", "스레드가 더 빠릅니다.", "더 빠르"),
        ("ko", "프로세스가 스레드보다 메모리를 많이 씁니다.", "보다"),
        ("ko", "가장 짧은 시간이 걸렸습니다.", "가장"),
        ("ko", "클라이언트가 많을수록 느립니다.", "수록"),
        ("en", "A thread is faster.", "faster"),
        ("en", "It uses more memory than a thread.", "more memory than"),
        ("en", "It had the most workers.", "the most"),
        ("en", "It costs three times as much.", "times as"),
    ],
)
def test_a_comparison_outside_a_claim_is_told_with_its_sentence(language: Language, text: str, form: str) -> None:
    text = text.replace("더 빠릅니다", "더 빠르게 끝났습니다")
    (problem,) = comparatives(f"First. Still first.\n\n{text} Last.\n", language)
    assert problem.startswith(f'x.md:3: "{form}" compares outside a claim: "{text}"')


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_inside_a_claim_or_in_code_passes(language: Language) -> None:
    assert comparatives(GOOD[language], language) == ()
    assert comparatives("`더 빠르게` `faster`\n\n```text\n더 빠르게 faster\n```\n", language) == ()


def test_what_follows_a_claim_in_the_same_line_is_outside_of_it() -> None:
    text = '- {% call claim("a") %}This is faster{% endcall %}. That is slower.\n'
    (problem,) = comparatives(text, "en")
    assert '"That is slower."' in problem


def test_all_faults_of_all_files_are_told_together(tmp_path: Path) -> None:
    files = course(tmp_path, ko=GOOD["ko"] + "10초입니다.\n더 빠르게.\n", en=GOOD["en"] + "\nIt took 5 s.\n")
    with pytest.raises(ClaimError) as caught:
        wording.check(tmp_path, files)
    told = [problem.split(" ", 1)[0] for problem in caught.value.problems]
    ko, en = FILE.format("ko"), FILE.format("en")
    assert sorted(told) == [f"{en}:3:", f"{ko}:2:", f"{ko}:3:"]


def test_labels_are_looked_at_in_their_own_language_and_line(tmp_path: Path) -> None:
    files = course(tmp_path)
    labels = tmp_path / wording.LABELS
    labels.write_text('[ko]\na = "{value}초, 10초"\n\n[en]\na = "{value} s"\n', encoding="utf-8")
    with pytest.raises(ClaimError) as caught:
        wording.check(tmp_path, files)
    (problem,) = caught.value.problems
    assert problem.startswith('templates/labels.toml:2: "10초" is typed by hand')


def exempting(gate: str, text: str, *more: str) -> Callable[[str], str]:
    """The rules with one exemption."""
    block = "\n".join([f"[[{gate}.exempt]]", f'text = "{text}"', 'reason = "the course says so"', *more])
    return lambda rules: f"{rules}\n\n{block}\n"


def test_an_exemption_lets_its_exact_text_through_and_nothing_else(tmp_path: Path) -> None:
    rules = exempting("ko.numbers", "20바이트")
    counts = wording.check(tmp_path / "a", course(tmp_path / "a", rules=rules, ko=GOOD["ko"] + "20바이트입니다.\n"))
    assert counts.exemptions == 1
    with pytest.raises(ClaimError, match=r'explanation\.ko\.md:3: "21바이트"'):
        wording.check(
            tmp_path / "b", course(tmp_path / "b", rules=rules, ko=GOOD["ko"] + "20바이트입니다.\n21바이트입니다.\n")
        )


def test_an_exemption_counts_inside_a_claim_only_when_it_names_the_claim(tmp_path: Path) -> None:
    text = '{% call claim("greeting") %}본문은 20바이트입니다{% endcall %}.\n'
    with pytest.raises(ClaimError, match="typed by hand"):
        wording.check(
            tmp_path / "a", course(tmp_path / "a", rules=exempting("ko.numbers", "20바이트"), ko=GOOD["ko"] + text)
        )
    rules = exempting("ko.numbers", "20바이트", 'claim = "greeting"')
    assert wording.check(tmp_path / "b", course(tmp_path / "b", rules=rules, ko=GOOD["ko"] + text)).exemptions == 1


@pytest.mark.parametrize(("gate", "text"), [("ko.numbers", "20바이트"), ("en.comparatives", "is slower")])
def test_an_exemption_that_nothing_needs_is_a_fault(tmp_path: Path, gate: str, text: str) -> None:
    files = course(tmp_path, rules=exempting(gate, text))
    with pytest.raises(ClaimError, match=rf'wording\.toml: {gate}\.exempt\[0\]: nothing needs "{text}" any more'):
        wording.check(tmp_path, files)


def test_an_exemption_must_be_needed_in_each_of_its_places_that_is_looked_at(tmp_path: Path) -> None:
    rules = exempting("en.numbers", "20 bytes", 'files = ["assignments/echo", "templates/report.md.j2"]')
    files = course(tmp_path, rules=rules, en=GOOD["en"] + "It has 20 bytes.\n")
    with pytest.raises(ClaimError, match=r'nothing needs "20 bytes" in templates/report\.md\.j2 any more'):
        wording.check(tmp_path, files)
    elsewhere = exempting("en.numbers", "20 bytes", 'files = ["assignments/taken_away"]')
    assert wording.check(tmp_path / "b", course(tmp_path / "b", rules=elsewhere)).exemptions == 0


def test_a_gate_that_matches_nothing_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ClaimError) as caught:
        wording.check(tmp_path, course(tmp_path, en="\n"))
    assert [problem for problem in caught.value.problems if "en.numbers: no text brings a number" in problem]
    assert [problem for problem in caught.value.problems if "en.comparatives: no text compares anything" in problem]


def test_a_language_in_which_nothing_is_looked_for_says_why(tmp_path: Path) -> None:
    none = {"words": (), "units": (), "alone": (), "in_claims": ()}
    with pytest.raises(ValidationError, match="units: there is none; say in unchecked why"):
        NumberRules.model_validate(none)
    with pytest.raises(ValidationError, match="forms: there is none; say in unchecked why"):
        ComparativeRules.model_validate({"forms": ()})
    counted = NumberRules.model_validate(none | {"unchecked": "nobody has listed them"})
    compared = ComparativeRules(forms=(), unchecked="nobody has listed them")
    assert wording.numbers("x.md", "It took 5 s, far longer.", "en", counted).problems == ()
    assert wording.comparatives("x.md", "It took 5 s, far longer.", "en", compared).problems == ()

    def unlisted(rules: str) -> str:
        return re.sub(r"(?s)(\[en\.comparatives\]\n).*", r"\1forms = []\nunchecked = 'nobody has listed them'\n", rules)

    assert wording.check(tmp_path, course(tmp_path, rules=unlisted)).comparisons == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("units = [", "unit = []\nunits = [", "ko.numbers.unit: unknown key (did you mean units?)"),
        ("forms = [", "forms = [\n  '(',", "ko.comparatives.forms: not a regular expression: ("),
        ("words = [", "words = [\n  'x?',", "ko.numbers.words: matches the empty text: 'x?'"),
    ],
)
def test_rules_that_cannot_be_meant_are_told_by_their_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    files = course(tmp_path, rules=lambda rules: rules.replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        wording.check(tmp_path, files)
    assert any(problem.startswith(f"{wording.RULES}: {told}") for problem in caught.value.problems)


def test_an_exemption_without_a_reason_is_refused(tmp_path: Path) -> None:
    files = course(tmp_path, rules=lambda rules: f'{rules}\n[[en.numbers.exempt]]\ntext = "5 s"\nreason = " "\n')
    with pytest.raises(SpecError, match=r"en\.numbers\.exempt\[0\]\.reason: must not be empty"):
        wording.check(tmp_path, files)


def test_the_published_prose_passes_both_gates() -> None:
    files: dict[str, Language] = {
        f"assignments/{path.parent.name}/{path.name}": language
        for language in LANGUAGES
        for path in REPOSITORY.glob(f"assignments/*/explanation.{language}.md")
    }
    counts = wording.check(REPOSITORY, files)
    assert counts.numbers > 100
    assert counts.sentences > 500
    assert counts.comparisons > 20
    declared = tomllib.loads((REPOSITORY / wording.RULES).read_text(encoding="utf-8"))
    assert counts.exemptions >= sum(len(gate["exempt"]) for gates in declared.values() for gate in gates.values())
