"""judge.toml files are merged as they say, and each fault of each is told with file, dotted path and remedy."""

from pathlib import Path
from typing import Any

import pytest

from report import course, judgement
from report.errors import SpecError
from report.judgement import Rules
from report.rendering import advice, metrics
from tests.builders import ECHO, REPOSITORY, write

COMMON = """
[probes.one]
delay = 1.0
clients = 1
load = { expect = "My first web server!", timeout = 10 }
[[probes.one.claims]]
id = "answers-one"
stage = "answers"
metric = "requests.answered"
equals = 1

[[diagnoses]]
id = "no-answer"
when = [ { probe = "one", metric = "requests.closed", at_least = 1 } ]
"""
OWN = """
[[probes.one.claims]]
id = "leaves-nothing"
stage = "cleans"
metric = "left.total"
equals = 0

[probes.burst]
delay = 1.0
clients = 8
[[probes.burst.claims]]
id = "together"
stage = "together"
metric = "makespan.delays"
at_most = 4

[[diagnoses]]
id = "zombies"
when = [ { probe = "burst", metric = "left.zombies", at_least = 1 } ]

[mistakes.never-reaps]
title = { ko = "회수하지 않음", en = "never reaps" }
build = ["cc", "-o", "{build}/server", "mistakes/echo.c"]
diagnosis = "zombies"
course = 2
"""


def load(root: Path, common: str | None = COMMON, own: str | None = OWN) -> Rules:
    """The rules of the made-up assignment with these two files."""
    write(root, "assignments/echo/scenario.toml", ECHO)
    for path, text in (("assignments/judge.toml", common), ("assignments/echo/judge.toml", own)):
        if text is not None:
            write(root, path, text)
    return judgement.load(root, course.load(root, metrics.problem), metrics.problem)["echo"]


def faults(root: Path, **texts: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(root, **texts)
    return list(caught.value.problems)


def test_every_judge_toml_of_this_repository_is_right_and_every_diagnosis_has_its_texts() -> None:
    found = judgement.load(REPOSITORY, course.load(REPOSITORY, metrics.problem), metrics.problem)
    assert len(found) >= 4
    wanted = [diagnosis.id for rules in found.values() for diagnosis in rules.diagnoses]
    texts = advice.load(REPOSITORY / "templates", [*wanted, *judgement.UNRECORDED.values(), judgement.ELSEWHERE])
    assert {name for of in texts.values() for name in of} >= set(wanted)


def test_a_probe_that_is_common_too_gets_the_claims_of_both(tmp_path: Path) -> None:
    rules = load(tmp_path)
    assert [claim.id for claim in rules.probes["one"].claims] == ["answers-one", "leaves-nothing"]
    assert list(rules.probes) == ["one", "burst"]


def test_a_claim_of_the_same_id_takes_the_place_of_the_common_one(tmp_path: Path) -> None:
    rules = load(tmp_path, own=OWN.replace('"leaves-nothing"', '"answers-one"'))
    (claim,) = rules.probes["one"].claims
    assert claim.stage == "cleans"


def test_an_assignment_may_say_otherwise_how_a_common_probe_arrives(tmp_path: Path) -> None:
    rules = load(tmp_path, own="[probes.one]\narrival = [ { rate = 1, seconds = 3 } ]\n" + OWN)
    assert rules.probes["one"].sends == 3
    assert rules.probes["one"].load.timeout == 10


def test_an_assignment_may_do_without_a_common_probe(tmp_path: Path) -> None:
    own = 'without = ["one"]\n' + OWN[OWN.index("[probes.burst]") :]
    assert list(load(tmp_path, own=own).probes) == ["burst"]


def test_an_assignments_own_diagnoses_go_before_the_common_ones(tmp_path: Path) -> None:
    assert [diagnosis.id for diagnosis in load(tmp_path).diagnoses] == ["zombies", "no-answer"]


def test_a_mistake_is_a_command_that_is_told_port_and_delay(tmp_path: Path) -> None:
    mistake = load(tmp_path).mistakes["never-reaps"]
    assert mistake.command == ("{build}/server", "{port}", "{delay}")
    assert (mistake.diagnosis, mistake.course, mistake.shown_by) == ("zombies", 2, None)


def test_an_assignment_without_a_judge_toml_is_not_judged(tmp_path: Path) -> None:
    write(tmp_path, "assignments/echo/scenario.toml", ECHO)
    write(tmp_path, "assignments/judge.toml", COMMON)
    assert judgement.load(tmp_path, course.load(tmp_path, metrics.problem), metrics.problem) == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"cleans"', '"tidies"', "probes.one.claims[0].stage: input should be 'builds', 'starts'"),
        ('metric = "left.total"', 'metric = "left.totl"', "probes.one.claims[0].metric: there is no metric left.totl"),
        ('equals = 0', 'equels = 0', "probes.one.claims[0].equels: unknown key (did you mean equals?)"),
        ('id = "together"', 'id = "answers-one"', "probes.burst: the claim answers-one is already one of probes.one"),
        ('at_most = 4', 'at_most = 4\nserver = "c"', "probes.burst.claims[0].server: says nothing of a probe"),
        ('at_most = 4', 'at_most = 4\nminus = "on"', "probes.burst.claims[0].minus: expected the name of a probe"),
        ('probe = "burst"', 'probe = "brust"', "diagnoses[0].when[0].probe: there is no probe brust (did you mean burst?)"),
        ('metric = "left.zombies"', 'metric = "zombies"', "diagnoses[0].when[0].metric: there is no metric zombies"),
        (', at_least = 1 }', ' }', "diagnoses[0].when[0]: needs exactly one bound of"),
        ('diagnosis = "zombies"', 'diagnosis = "zombie"', "mistakes.never-reaps.diagnosis: there is no diagnosis zombie (did"),
        ('diagnosis = "zombies"', '', "mistakes.never-reaps.diagnosis: is missing"),
        ('[mistakes.never-reaps]', '[mistakes.python]', "mistakes.python: is the name of a good server"),
        ('course = 2', 'course = 15', "mistakes.never-reaps.course: input should be less than or equal to 14; found 15"),
        ('[probes.burst]', 'without = ["on"]\n[probes.burst]', "probes.one.claims[0].without: unknown key"),
    ],
)  # fmt: skip
def test_a_fault_of_an_assignments_file_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in OWN
    found = faults(tmp_path, own=OWN.replace(old, new, 1))
    assert any(problem.startswith(f"assignments/echo/judge.toml: {told}") for problem in found), found


def test_a_fault_of_the_common_file_is_told_once_and_of_that_file(tmp_path: Path) -> None:
    found = faults(tmp_path, common=COMMON.replace("requests.closed", "requests.closd"))
    (told,) = found
    assert told.startswith("assignments/judge.toml: diagnoses[0].when[0].metric: there is no metric requests.closd")


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, common=COMMON.replace("delay = 1.0", 'delay = "1"'), own=OWN.replace("clients = 8", ""))
    assert {problem.partition(":")[0] for problem in found} == {"assignments/judge.toml", "assignments/echo/judge.toml"}


@pytest.mark.parametrize("text", ["[probes", "probes = 3\n", "probes = { one = 3 }\n", "diagnoses = 1\n"])
def test_what_is_no_judge_toml_at_all_is_told_without_a_traceback(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, own=text)
    assert faults(tmp_path, common=text, own=OWN)


def test_planted_mistakes_belong_to_an_assignment(tmp_path: Path) -> None:
    mistakes = OWN[OWN.index("[mistakes.") :]
    assert "assignments/judge.toml: mistakes.never-reaps: belongs to an assignment" in "".join(
        faults(tmp_path, common=COMMON + mistakes)
    )
