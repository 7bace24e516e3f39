"""Whatever an author writes in a judge.toml, a scenario.toml or an explanation: a sentence with file and place, or it means something.

Never a traceback, and nothing outside the repository is read. (Damage to the values of scenario.toml: tests/test_course.py.)
"""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report import course, judgement
from report.errors import ReportError, SpecError
from report.rendering import filling, labels, metrics
from report.rendering.document import compose
from report.spec import Assignment
from tests.builders import ECHO, EXPLANATION, REPOSITORY, assignment, evidence_of, material, run, write
from tests.builders import course as written
from tests.test_course import KEYS, VALUES, places, spelled

QUICK = settings(deadline=None, derandomize=True, database=None)
COMMON = "assignments/judge.toml"
JUDGES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8")
    for path in (REPOSITORY / "assignments").rglob("judge.toml")
}
SCENARIOS = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8")
    for path in REPOSITORY.glob("assignments/*/scenario.toml")
}


# --- damage to values of a judge.toml -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with every real scenario.toml and judge.toml, of which each test damages one at a time."""
    place = tmp_path_factory.mktemp("course")
    for path, text in (SCENARIOS | JUDGES).items():
        write(place, path, text)
    return place


@pytest.fixture(scope="module")
def assignments(root: Path) -> tuple[Assignment, ...]:
    return course.load(root, metrics.problem)


@st.composite
def damaged_judge(draw: st.DrawFn) -> tuple[str, str]:
    """A judge.toml by its path, with one to three places deleted, renamed or replaced."""
    path = draw(st.sampled_from(sorted(JUDGES)))
    raw = tomllib.loads(JUDGES[path])
    for _ in range(draw(st.integers(1, 3))):
        if not (there := places(raw)):
            break
        container, key = draw(st.sampled_from(there))
        kind = draw(st.sampled_from(["delete", "rename", "replace", "replace"]))
        if kind == "replace":
            container[key] = draw(VALUES)
        elif kind == "rename" and isinstance(container, dict):
            container[draw(KEYS)] = container.pop(key)
        else:
            container.pop(key)
    return path, "\n".join(f"{spelled(key)} = {spelled(value)}" for key, value in raw.items())


@settings(QUICK, max_examples=250)
@given(damage=damaged_judge())
def test_a_damaged_judge_toml_is_a_spec_error_of_a_judge_toml_or_means_something(
    root: Path, assignments: tuple[Assignment, ...], damage: tuple[str, str]
) -> None:
    refused_or_meant(root, assignments, *damage)


def refused_or_meant(root: Path, assignments: tuple[Assignment, ...], path: str, text: str) -> None:
    write(root, path, text)
    try:
        found = judgement.load(root, assignments, metrics.problem)
    except SpecError as error:
        own = [problem for problem in error.problems if problem.startswith(f"{path}: ")]
        assert own or path == COMMON
        for problem in error.problems:
            file, _, told = problem.partition(": ")
            assert file in JUDGES, problem
            assert told.partition(": ")[2], f"no key: {problem}"
    else:
        for rules in found.values():
            assert all(rules.probes.values())
    finally:
        write(root, path, JUDGES[path])


# --- damage to the text of either -----------------------------------------------------------------------------------

PIECES = st.sampled_from(['"', "'''", '"""', "[", "]", "[[", "{", "}", "=", ".", "\n", "\r", "\0", "\\u", "#", "=\n", "\ud7ff", "1e999", "-0", "inf", "0x", "1979-05-27T07:32:00Z", " ", "\t", "한글", "a.b.c", "a" * 5000])  # fmt: skip


@st.composite
def scribbled(draw: st.DrawFn, texts: dict[str, str]) -> tuple[str, str]:
    """A file by its path, in whose text one to four places were cut, doubled or overwritten."""
    path = draw(st.sampled_from(sorted(texts)))
    text = texts[path]
    for _ in range(draw(st.integers(1, 4))):
        place, cut = draw(st.integers(0, len(text))), draw(st.integers(0, 30))
        new = draw(st.one_of(PIECES, st.just(""), st.just(text[place : place + cut] * 2)))
        text = text[:place] + new + text[place + cut :]
    return path, text


@settings(QUICK, max_examples=250)
@given(damage=scribbled(JUDGES))
def test_a_judge_toml_that_was_scribbled_over_is_told_or_means_something(
    root: Path, assignments: tuple[Assignment, ...], damage: tuple[str, str]
) -> None:
    refused_or_meant(root, assignments, *damage)


@settings(QUICK, max_examples=250)
@given(damage=scribbled(SCENARIOS))
def test_a_scenario_toml_that_was_scribbled_over_is_told_or_means_something(
    root: Path, damage: tuple[str, str]
) -> None:
    path, text = damage
    write(root, path, text)
    try:
        course.load(root, metrics.problem)
    except SpecError as error:
        assert all(problem.startswith("assignments/") for problem in error.problems)  # noqa: PT017
        assert all(problem.partition(": ")[2] for problem in error.problems)  # noqa: PT017
    finally:
        write(root, path, SCENARIOS[path])


@pytest.mark.parametrize("path", ["assignments/echo/scenario.toml", COMMON, "assignments/echo/judge.toml"])
@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", "제목".encode("cp949"), b"\xef\xbb\xbf\xef\xbb\xbf", b"\x00", b"\x1b[2J"]
)
def test_bytes_that_are_no_toml_are_told_with_the_file(tmp_path: Path, path: str, data: bytes) -> None:
    write(tmp_path, "assignments/echo/scenario.toml", ECHO)
    write(tmp_path, path, "")
    (tmp_path / path).write_bytes(data)
    with pytest.raises(SpecError, match=f"^{path}: not valid TOML: "):
        judgement.load(tmp_path, course.load(tmp_path, metrics.problem), metrics.problem)


# --- names with quotes, spaces, slashes, .. -------------------------------------------------------------------------

NAMES = ["a b", "it's", 'a"b', "a/b", "../up", "..", ".", "", "한글", "A", "-a", "a\\b", "a\nb", "a|b", "a`b", "x" * 99]


def quoted(name: str) -> str:
    return spelled(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[servers.python]", "[servers.{}]", "servers."),
        ("[scenarios.two]", "[scenarios.{}]", "scenarios."),
        ("[held.low]", "[held.{}]", "held."),
        ("[rings.worker]", "[rings.{}]", "rings."),
        ("queue   =", "{} =", "series."),
        ('id = "all-answered"', "id = {}", "scenarios.two.claims[0].id"),
        ('series = "queue"', "series = {}", "held.low.series"),
        ('scenario = "two"', "scenario = {}", "transcript.scenario"),
    ],
)
def test_a_name_that_is_no_word_is_refused_with_file_and_key(
    tmp_path: Path, name: str, old: str, new: str, key: str
) -> None:
    assert old in ECHO
    write(tmp_path, "assignments/echo/scenario.toml", ECHO.replace(old, new.format(quoted(name)), 1))
    with pytest.raises(SpecError) as caught:
        course.load(tmp_path, metrics.problem)
    assert any(problem.startswith(f"assignments/echo/scenario.toml: {key}") for problem in caught.value.problems)


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name and name.strip(".")])
def test_a_folder_whose_name_is_no_word_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"assignments/{name}/scenario.toml", ECHO)
    with pytest.raises(SpecError, match="cannot be an assignment's name") as caught:
        course.load(tmp_path, metrics.problem)
    assert caught.value.problems[0].startswith(f"assignments/{name}/scenario.toml: ")


# --- explanations ---------------------------------------------------------------------------------------------------

FILE = "assignments/echo/explanation.en.md"
WORDS = labels.load(REPOSITORY / "templates")["en"]
CITED = '{% call claim("all-answered") %}a{% endcall %}\n{% call claim("served-together") %}b{% endcall %}\n'
ARGUMENTS = [*map(quoted, [*NAMES, "/etc/passwd", "../../../etc/passwd", "\0", "{{", ":", "two:", "two:python:c", "//"]),
             "none", "1", "1.5", "[]", "{}", "true", "metric", "nonsense"]  # fmt: skip
CALLS = [
    "{{{{ metric({}) }}}}",
    "{{% call claim({}) %}}x{{% endcall %}}",
    '{{{{ declared({}, "delay") }}}}',
    '{{{{ declared("two", {}) }}}}',
    '{{{{ predicted({}, "makespan.delays") }}}}',
    '{{{{ predicted("two", {}) }}}}',
    "{{{{ limit({}) }}}}",
    '{{{{ limit("served-together", {}) }}}}',
    '{{{{ excerpt({}, "serve") }}}}',
    '{{{{ excerpt("server.py", {}) }}}}',
    '{{{{ figure({}, "two") }}}}',
    '{{{{ figure("timeline", {}) }}}}',
    '{{{{ terminal({}, "server") }}}}',
    '{{{{ terminal("two", {}) }}}}',
    "{{{{ diagram({}) }}}}",
    "{{% include {} %}}",
    "{{% extends {} %}}",
]


def composed(root: Path, text: str) -> str:
    (root / FILE).write_text(text, encoding="utf-8")
    return compose(material(root, evidence_of(run())), WORDS, {}).markdown


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("echo")
    written(place)
    return place


@pytest.mark.parametrize("call", CALLS)
def test_a_call_with_whatever_argument_is_told_by_file_and_line(echo: Path, call: str) -> None:
    refused = 0
    for argument in ARGUMENTS:
        try:
            text = composed(echo, f"{CITED}{call.format(argument)}\n")
        except ReportError as error:
            refused += 1
            (problem,) = error.problems
            assert problem.startswith(f"{FILE}:3: "), problem
            assert "root:x:0" not in problem
        else:
            assert "root:x:0" not in text
    assert refused >= len(ARGUMENTS) - 2


@pytest.mark.parametrize(
    "text",
    [
        "{% for x in [1] %}", "{% if true %}", "{{ 'a", "{% raw %}", "{# never closed", "{% call claim('all-answered') %}",
        "{% endcall %}", "{{ }}", "{% nonsense %}", "{{ 'a'|nonsense }}", "{{ [].pop() }}", "{{ {}.pop('a') }}",
        "{{ 'a'.index('b') }}", "{{ 'a'|truncate(1) }}", "{{ '{0}'.format() }}", "{{ cycler() }}", "{{ 'a'|xmlattr }}",
        "{{ 'a'|filesizeformat }}", "{{ 'a'.encode('none') }}", "{{ 'a' * 10**15 }}",
        "{% call claim('all-answered') %}{{ [].pop() }}{% endcall %}",
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_template_itself_is_told_by_file_and_line(echo: Path, text: str) -> None:
    with pytest.raises(SpecError, match=rf"^{FILE}:\d+: "):
        composed(echo, f"{CITED}{text}\n")


@settings(QUICK, max_examples=200)
@given(damage=scribbled({FILE: EXPLANATION["en"]}))
def test_an_explanation_that_was_scribbled_over_is_told_by_its_file_or_composed(
    echo: Path, damage: tuple[str, str]
) -> None:
    try:
        composed(echo, damage[1])
    except ReportError as error:
        assert all(problem.startswith(FILE) for problem in error.problems)  # noqa: PT017


def test_a_missing_language_is_told(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(SpecError, match=f"^{FILE}: is missing; every assignment needs an explanation in each language"):
        compose(material(tmp_path, evidence_of(run())), WORDS, {})


def test_a_fault_of_the_generator_is_not_told_as_the_authors(tmp_path: Path) -> None:
    def broken() -> str:
        return dict[str, str]()["a fault of ours"]

    (tmp_path / "text.md").write_text("{{ faulty() }}\n", encoding="utf-8")
    faulty = filling.of_texts("faulty", broken)
    with pytest.raises(KeyError, match="a fault of ours"):
        filling.fill(filling.environment(tmp_path), tmp_path, "text.md", {"faulty": faulty})


def test_the_assignment_of_the_builders_is_what_is_attacked() -> None:
    assert assignment().name == "echo"
