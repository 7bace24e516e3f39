"""Every fault that a scenario.toml can have is told as file, dotted path and remedy, and never as a traceback."""

import json
import math
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report import course
from report.errors import ReportError, SpecError
from report.rendering import metrics
from report.rendering.transcript import transcript
from report.rendering.verdicts import judge
from report.spec import Assignment
from tests.builders import ECHO, REPOSITORY, evidence_of, run, write

FILE = "assignments/echo/scenario.toml"
TRADEOFF = """
[[tradeoffs]]
topic = { ko = "a", en = "a" }
textbook = { ko = "b", en = "b" }
measured = { ko = "c", en = "c" }
finding = { ko = "d", en = "d" }
"""
CLAIM = '\n[[scenarios.two.claims]]\nid = "another"\nmetric = "left.total"\n'
FAULTY = '\n[servers.mistake-never-reaps]\nmistake = "never-reaps"\n'
MISTAKE = """
[mistakes.never-reaps]
title = { ko = "회수하지 않음", en = "Never reaps" }
build = ["cc", "-DNEVER_REAPS", "-o", "{build}/server", "mistakes/echo.c"]
diagnosis = "zombies"
"""


def load(root: Path) -> tuple[Assignment, ...]:
    return course.load(root, metrics.problem)


def faults(root: Path, **folders: str) -> list[str]:
    """The problems of a course with these texts as scenario.toml."""
    for name, toml in folders.items():
        write(root, f"assignments/{name}/scenario.toml", toml)
    with pytest.raises(SpecError) as caught:
        load(root)
    return list(caught.value.problems)


def changed(old: str, new: str) -> str:
    """The made-up scenario.toml with one text replaced, which must be there."""
    assert old in ECHO
    return ECHO.replace(old, new, 1)


def test_the_course_of_this_repository_loads_in_the_order_of_its_numbers() -> None:
    found = load(REPOSITORY)
    assert [a.number for a in found] == sorted(a.number for a in found)
    assert len(found) >= 5


def test_a_folder_that_is_added_needs_nothing_else_to_change(tmp_path: Path) -> None:
    write(tmp_path, FILE, ECHO)
    (echo,) = load(tmp_path)
    assert (echo.name, echo.number, echo.title.ko) == ("echo", 1, "메아리 서버")
    assert echo.folder == tmp_path / "assignments" / "echo"


FAULTS = [
    # unknown keys, with the name that is near at that place
    (changed("equals = 2", "equls = 2"), "scenarios.two.claims[0].equls: unknown key (did you mean equals?)"),
    (changed("at_most = 1.5", "at_leest = 1.5"), "scenarios.two.claims[1].at_leest: unknown key (did you mean at_least?)"),
    (changed("clients = 2", "cleints = 2"), "scenarios.two.cleints: unknown key (did you mean clients?)"),
    (changed("load = {", "load = { stalld = 1,"), "scenarios.two.load.stalld: unknown key (did you mean stalled?)"),
    (changed("numbered = true", "numberd = true"), "transcript.masks.port.numberd: unknown key (did you mean numbered?)"),
    (changed("marks = [", "mark = ["), "series.queue.mark: unknown key (did you mean marks?)"),
    (changed("[series]", "[serie]"), "serie: unknown key (did you mean series?)"),
    (changed("number = 1", "number = 1\nxyzzy = 1"), "xyzzy: unknown key"),
    (changed("number = 1", "number = 1\nname = 'echo'"), "name: is taken from the folder, not declared"),
    # wrong types and values that are no numbers
    (changed("delay = 5.0", 'delay = "8080"'), "scenarios.two.delay: input should be a valid number; found '8080'"),
    (changed("delay = 5.0", "delay = true"), "scenarios.two.delay: input should be a valid number; found True"),
    (changed("delay = 5.0", "delay = nan"), "scenarios.two.delay: input should be"),
    (changed("delay = 5.0", "delay = -1"), "scenarios.two.delay: input should be greater than or equal to 0; found -1"),
    (changed("delay = 5.0", "delay = 2024-01-01"), "scenarios.two.delay: input should be a valid number"),
    (changed("clients = 2", 'clients = "2"'), "scenarios.two.clients: input should be a valid integer; found '2'"),
    (changed("clients = 2", "clients = true"), "scenarios.two.clients: input should be a valid integer; found True"),
    (changed("equals = 2", "equals = nan"), "scenarios.two.claims[0].equals: input should be a finite number; found nan"),
    (changed("equals = 2", "equals = '2'"), "scenarios.two.claims[0].equals: input should be a valid number; found '2'"),
    (changed("number = 1", "number = 1.0"), "number: input should be a valid integer; found 1.0"),
    (changed("number = 1", "number = 100"), "number: input should be less than or equal to 99; found 100"),
    (changed("number = 1\n", ""), "number: is missing"),
    (changed('ko = "메아리 서버", ', ""), "title.ko: is missing"),
    (changed("numbered = true", 'numbered = "yes"'), "transcript.masks.port.numbered: input should be a valid boolean"),
    (changed('["{python}", "-m",', '["{python}", 5,'), "servers.python.command[1]: input should be a valid string; found 5"),
    (changed("[scenarios.two]", "[scenarios.Two]"), "scenarios.Two"),
    # bounds
    (changed("equals = 2", "equals = 2\nat_least = 1"), "scenarios.two.claims[0]: needs exactly one bound of equals, at_least, at_most, between; found equals and at_least"),
    (changed("equals = 2", ""), "scenarios.two.claims[0]: needs exactly one bound of equals, at_least, at_most, between; found none"),
    (changed("equals = 2", "between = [3, 2]"), "scenarios.two.claims[0]: between: the first number must not exceed the second; found (3.0, 2.0)"),
    (changed("clients = 2", ""), "scenarios.two: needs either clients = 10 or arrival = "),
    # metrics
    (changed("requests.correct", "requests.corect"), "scenarios.two.claims[0].metric: there is no metric requests.corect (did you mean requests.correct?)"),
    (changed("requests.correct", "series.queu.max"), "scenarios.two.claims[0].metric: there is no metric series.queu.max (did you mean series.queue.max?)"),
    (changed("requests.correct", "events.added.queue"), "scenarios.two.claims[0].metric: there is no metric events.added.queue"),
    (changed('"makespan.delays" = 1', '"makespan.delay" = 1'), "scenarios.two.predicted.makespan.delay: there is no metric makespan.delay (did you mean makespan.delays?)"),
    # patterns
    (changed(r"'queue (\d+)/'", r"'queue (\d+/'"), "series.queue.pattern: not a regular expression: missing ), unterminated subpattern at position 6; found"),
    (changed(r"'queue (\d+)/'", "'queue'"), "series.queue.pattern: must have exactly one group ( ), the part that is taken; found 'queue'"),
    (changed("(?P<port>", "(?P<gate>"), "connections: accepted: needs the named group (?P<port>...)"),
    # references within the file
    (changed("clients = 2", 'clients = 2\nservers = ["pyhton"]'), "scenarios.two.servers: there is no [servers.pyhton] (did you mean python?)"),
    (changed("equals = 2", 'equals = 2\nserver = "c"'), "scenarios.two.claims[0].server: c does not run in this scenario"),
    (changed('series = "queue"', 'series = "queu"'), "held.low.series: there is no series.queu (did you mean queue?)"),
    (changed('at = "leaving"', 'at = "leavin"'), "held.low.at: there is no events.leavin (did you mean leaving?)"),
    (changed('scenario = "two"', 'scenario = "three"'), "transcript.scenario: there is no [scenarios.three]"),
    (changed('scenario = "two"', 'scenario = "two"\nserver = "c"'), "transcript.server: c does not run in scenarios.two"),
    (changed('id = "served-together"', 'id = "all-answered"'), "scenarios.two.claims[1].id: all-answered is already used in scenarios.two"),
    # references to other scenarios and assignments
    (ECHO + CLAIM + 'equals = 1\nrelative_to = "ecko/two"', "scenarios.two.claims[2].relative_to: there is no assignment ecko (did you mean echo?)"),
    (ECHO + CLAIM + 'equals = 1\nrelative_to = "tow"', "scenarios.two.claims[2].relative_to: there is no scenario tow in echo (did you mean two?)"),
    (ECHO + CLAIM + 'equals = 1\nrelative_to = "two:c"', "scenarios.two.claims[2].relative_to: no server c runs in scenario two of echo"),
    (ECHO + CLAIM + 'equals = 1\nrelative_to = "a b"', "scenarios.two.claims[2].relative_to: string should match pattern"),
    (ECHO + CLAIM + 'equals = 1\nminus = "ecko/two"', "scenarios.two.claims[2].minus: there is no assignment ecko (did you mean echo?)"),
    (ECHO + CLAIM + 'equals = 1\nminus = "two:c"', "scenarios.two.claims[2].minus: no server c runs in scenario two of echo"),
    (ECHO + CLAIM + 'equals = 1\nover = "left.totl"', "scenarios.two.claims[2].over: there is no metric left.totl (did you mean left.total?)"),
    # what a check changes, when to stop, which machine
    (changed("equals = 2", "equals = 2\ncheck = { at_leest = 1 }"), "scenarios.two.claims[0].check.at_leest: unknown key (did you mean at_least?)"),
    (changed("equals = 2", "equals = 2\ncheck = { }"), "scenarios.two.claims[0].check: needs exactly one bound of"),
    (changed("clients = 2", "clients = 2\ncheck = { cleints = 1 }"), "scenarios.two.check.cleints: unknown key (did you mean clients?)"),
    (changed("clients = 2", "clients = 2\ncheck = { arrival = [ { rate = 1, seconds = 1 } ] }"), "scenarios.two: check.arrival: the scenario itself has no arrival"),
    (changed("clients = 2", "clients = 2\nstop_after = -1"), "scenarios.two.stop_after: input should be greater than or equal to 0; found -1"),
    (changed("clients = 2", "clients = 2\ncores = 0"), "scenarios.two.cores: input should be greater than or equal to 1; found 0"),
    (changed("clients = 2", "clients = 2\nquiet = 1"), "scenarios.two.quiet: input should be a valid boolean; found 1"),
    (changed("load = {", 'load = { also = ["spin"],'), "scenarios.two.load.also[0]: string should match pattern"),
    # rows of a comparison
    (ECHO + TRADEOFF + 'claims = { python = "all-anwered" }', "tradeoffs[0].claims.python: there is no claim all-anwered (did you mean all-answered?)"),
    (ECHO + TRADEOFF + "claims = { }", "tradeoffs[0].claims: dictionary should have at least 1 item"),
    (ECHO + TRADEOFF, "tradeoffs[0].claims: is missing"),
    # not TOML at all
    ("number = ", "not valid TOML: Invalid value (at end of document)"),
    ("number = 1\nnumber = 2", "not valid TOML: "),
    ("number = " + "9" * 5000, "not valid TOML: "),
    ("number = " + "[" * 20_000, "not valid TOML: "),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "expected"), FAULTS, ids=[expected[:60] for _, expected in FAULTS])
def test_a_fault_is_told_by_file_and_dotted_path(tmp_path: Path, toml: str, expected: str) -> None:
    problems = faults(tmp_path, echo=toml)
    assert any(problem.startswith(f"{FILE}: {expected}") for problem in problems), problems


def test_a_delay_of_zero_is_no_fault(tmp_path: Path) -> None:
    write(tmp_path, FILE, changed("delay = 5.0", "delay = 0"))
    assert load(tmp_path)[0].scenarios["two"].delay == 0.0


def test_a_row_of_a_comparison_may_name_a_claim_of_any_scenario_for_any_column(tmp_path: Path) -> None:
    write(tmp_path, FILE, ECHO + TRADEOFF + 'claims = { python = "all-answered", anything = "served-together" }')
    (row,) = load(tmp_path)[0].tradeoffs
    assert row.claims == {"python": "all-answered", "anything": "served-together"}


def test_text_that_is_not_utf_8_is_a_fault_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, FILE, "").write_bytes("title = '메아리'".encode("cp949"))
    assert faults(tmp_path)[0].startswith(f"{FILE}: not valid TOML: ")


def test_a_scenario_toml_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir(parents=True)
    assert faults(tmp_path)[0].startswith(f"{FILE}: cannot be read: ")


def test_all_faults_of_all_folders_are_told_in_one_go(tmp_path: Path) -> None:
    one = (
        changed("delay = 5.0", "delay = nan")
        .replace("requests.correct", "requests.corect")
        .replace("[series]", "[serie]")
    )
    two = changed("clients = 2", "clients = '2'").replace("equals = 2", "equls = 2")
    problems = "\n".join(faults(tmp_path, echo=one, other=two))
    for expected in (
        "assignments/echo/scenario.toml: scenarios.two.delay:",
        "assignments/echo/scenario.toml: scenarios.two.claims[0].metric:",
        "assignments/echo/scenario.toml: serie:",
        "assignments/other/scenario.toml: scenarios.two.clients:",
        "assignments/other/scenario.toml: scenarios.two.claims[0].equls:",
    ):
        assert expected in problems


def test_all_faults_between_keys_are_told_in_one_go(tmp_path: Path) -> None:
    bad = changed('id = "served-together"', 'id = "all-answered"').replace('series = "queue"', 'series = "x"')
    problems = faults(tmp_path, echo=bad + CLAIM + 'equals = 1\nrelative_to = "nowhere/two"')
    assert len(problems) == 3


def test_a_number_that_two_folders_take_is_told_with_the_other_folder(tmp_path: Path) -> None:
    assert faults(tmp_path, echo=ECHO, other=ECHO) == [
        "assignments/other/scenario.toml: number: 1 is already taken by assignments/echo"
    ]


def test_a_claim_relative_to_an_assignment_that_cannot_measure_its_metric_is_refused(tmp_path: Path) -> None:
    other = changed("number = 1", "number = 2").replace("workers = { pattern", "staff = { pattern")
    claim = '\n[[scenarios.two.claims]]\nid = "more"\nmetric = "series.workers.max"\nat_least = 1\n'
    problems = faults(tmp_path, echo=ECHO + claim + 'relative_to = "other/two"', other=other)
    assert len(problems) == 1
    assert problems[0].startswith(
        f"{FILE}: scenarios.two.claims[2].relative_to: other: there is no metric series.workers.max"
    )


def test_a_claim_relative_to_where_its_server_does_not_run_is_refused(tmp_path: Path) -> None:
    other = (
        changed("number = 1", "number = 2")
        .replace("[servers.python]", "[servers.c]")
        .replace('"two"', '"two"\nserver = "c"')
    )
    problems = faults(tmp_path, echo=ECHO + CLAIM + 'equals = 1\nrelative_to = "other/two"', other=other)
    assert problems == [f"{FILE}: scenarios.two.claims[2].relative_to: no server python runs in scenario two of other"]


def test_a_scenario_without_any_server_is_a_fault(tmp_path: Path) -> None:
    start, end = ECHO.index("[servers.python]"), ECHO.index("[connections]")
    assert f"{FILE}: scenarios.two: has no server to run against; declare [servers.python]" in faults(
        tmp_path, echo=ECHO[:start] + ECHO[end:]
    )


def test_a_place_without_any_assignment_is_told(tmp_path: Path) -> None:
    assert "run this from the repository" in faults(tmp_path)[0]


def test_an_assignment_is_found_by_number_or_name_and_a_wrong_one_is_told_what_there_is(tmp_path: Path) -> None:
    write(tmp_path, FILE, ECHO)
    known = load(tmp_path)
    assert course.find(known, "1") is course.find(known, "echo") is known[0]
    with pytest.raises(SpecError, match=r"--assignment ecko: .* \(did you mean echo\?\); there are 1 \(echo\)"):
        course.find(known, "ecko")


def test_a_name_that_is_not_there_is_told_the_near_one() -> None:
    assert course.choose("scenario", None, ["tide", "burst"]) == ("tide", "burst")
    assert course.choose("scenario", "tide", ["tide", "burst"]) == ("tide",)
    with pytest.raises(SpecError, match=r"there is no such scenario \(did you mean tide\?\); there are tide, burst"):
        course.choose("scenario", "tid", ["tide", "burst"])
    with pytest.raises(SpecError, match="there are none"):
        course.choose("server", "c", [])


# ---- Servers with a planted mistake ------------------------------------------------------------------------------


def test_a_server_with_a_mistake_is_built_and_started_as_judge_toml_says(tmp_path: Path) -> None:
    write(tmp_path, FILE, ECHO + FAULTY)
    write(tmp_path, "assignments/echo/judge.toml", MISTAKE)
    (echo,) = load(tmp_path)
    made = echo.servers["mistake-never-reaps"]
    assert made.build == ("cc", "-DNEVER_REAPS", "-o", "{build}/server", "mistakes/echo.c")
    assert made.command == ("{build}/server", "{port}", "{delay}")
    assert (made.directory, made.sources) == ("assignments/echo", ("assignments/echo/mistakes/*",))
    assert (made.needs, made.mistake) == (("cc",), "never-reaps")


def test_what_such_a_server_says_itself_counts(tmp_path: Path) -> None:
    write(tmp_path, FILE, ECHO + FAULTY + 'command = ["sh", "-c", "{build}/server {port} {delay} | cat"]\n')
    write(tmp_path, "assignments/echo/judge.toml", MISTAKE)
    (echo,) = load(tmp_path)
    assert echo.servers["mistake-never-reaps"].command[0] == "sh"
    assert echo.servers["mistake-never-reaps"].build is not None


def test_a_server_with_a_mistake_runs_only_where_a_scenario_names_it(tmp_path: Path) -> None:
    alone = "\n[scenarios.alone]\ndelay = 0\nclients = 1\nservers = ['mistake-never-reaps']\n"
    write(tmp_path, FILE, ECHO + FAULTY + alone)
    write(tmp_path, "assignments/echo/judge.toml", MISTAKE)
    (echo,) = load(tmp_path)
    assert echo.servers_of("alone") == ("mistake-never-reaps",)
    assert echo.servers_of("two") == ("python",)


def test_a_mistake_that_is_not_planted_is_told_with_a_near_name(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/judge.toml", MISTAKE)
    (problem,) = faults(tmp_path, echo=ECHO + FAULTY.replace('= "never-reaps"', '= "never-reap"'))
    assert problem == (
        f"{FILE}: servers.mistake-never-reaps.mistake: there is no [mistakes.never-reap] in "
        "assignments/echo/judge.toml (did you mean never-reaps?)"
    )


def test_a_mistake_without_any_judge_toml_is_told(tmp_path: Path) -> None:
    (problem,) = faults(tmp_path, echo=ECHO + FAULTY)
    assert problem == "assignments/echo/judge.toml: cannot be read: No such file or directory"


# ---- Any damage to a real scenario.toml is either no damage or a SpecError -------------------------------------

REAL = {path.parent.name: path.read_text(encoding="utf-8") for path in REPOSITORY.glob("assignments/*/scenario.toml")}
PLANTED = {  # their last tables are the mistakes
    path.parent.name: "[mistakes." + path.read_text(encoding="utf-8").partition("[mistakes.")[2]
    for path in REPOSITORY.glob("assignments/*/judge.toml")
}
KEYS = st.sampled_from(["", "at_leest", "delay", "servers", "a.b", "x y", "ko", "한글", "\x7f", "claims", "metric"])
SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["", "python", "/", "fork/ten:c", ":", "series.queue", "series..", "events.added.queue.min", "a{"]),
    st.sampled_from(["(", "()", "(.)", "(x)?", r"(\w+)", r"(?P<connection>\S+)(?P<port>.)?(?P<actor>.)?", "a{99999999999}"]),
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


def spelled(value: Any) -> str:
    """A value as TOML: inline tables throughout."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{spelled(str(key))} = {spelled(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(map(spelled, value)) + " ]"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value}"
    return re.sub("\x7f", r"\\u007f", json.dumps(value, ensure_ascii=False))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key or index) in a nested value."""
    inside = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in inside] + [place for _, item in inside for place in places(item)]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str]:
    """The name of an assignment, and its scenario.toml with one to three places deleted, renamed or replaced."""
    name = draw(st.sampled_from(sorted(REAL)))
    raw = tomllib.loads(REAL[name])
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
    return name, "\n".join(f"{spelled(key)} = {spelled(value)}" for key, value in raw.items())


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(damage=damaged())
def test_a_damaged_scenario_toml_is_a_spec_error_or_means_something(damage: tuple[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, toml in (REAL | dict([damage])).items():
            write(Path(folder), f"assignments/{name}/scenario.toml", toml)
            write(Path(folder), f"assignments/{name}/judge.toml", PLANTED.get(name, ""))
        try:
            assignments = load(Path(folder))
        except SpecError as error:
            assert all(problem.startswith("assignments/") for problem in error.problems)  # noqa: PT017
            return
    for assignment in assignments:  # and what it means can be judged
        made = run()
        for name in assignment.scenarios:
            for server in assignment.servers_of(name):
                place = {"assignment": assignment.name, "scenario": name, "server": server}
                made = run(identity=made.identity.model_copy(update=place))
                judge(evidence_of(made, assignments=assignments), assignment, 1.0)
        if assignment.transcript:
            with_report_errors(lambda: transcript(assignment, made))


def with_report_errors(call: Any) -> None:
    """Calls; an error that explains itself is no fault."""
    try:
        call()
    except ReportError:
        pass
