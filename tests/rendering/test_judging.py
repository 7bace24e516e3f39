"""A judgement: stages form a chain, the tool's trouble is never the server's, and evidence alone names the cause."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from report.diagrams import Text
from report.errors import SpecError
from report.judgement import Condition, Diagnosis, Probe, ProbeClaim
from report.rendering import advice, labels, scoreboard
from report.rendering.advice import Advice
from report.rendering.judged import Case, Speaker
from report.rendering.judging import Fault, Judgement, judge
from report.rendering.labels import Labels
from report.rendering.scoreboard import Entry
from report.rendering.verdicts import Evidence
from report.run import Bounds, Control, Held, Identity, Leftovers, Run, Used
from report.spec import LANGUAGES, Assignment, Language
from tests.builders import REPOSITORY, assignment, evidence_of, request, run, write

TEMPLATES = REPOSITORY / "templates"
ZOMBIES = Diagnosis(id="zombies", when=(Condition(probe="one", metric="left.zombies", at_least=1),))
SERIAL = Diagnosis(id="serial", when=(Condition(probe="many", metric="makespan.delays", at_least=2),))
ADVICE = Advice("Zombies stay", "none", "there were {value}", "they fill a table", "no wait", "ps -el | grep Z")


def claim(name: str, stage: str, metric: str, **bound: float) -> ProbeClaim:
    return ProbeClaim.model_validate({"id": name, "stage": stage, "metric": metric, **bound})


def probed() -> Assignment:
    """The made-up assignment with two probes in the place of its scenarios."""
    one = (
        claim("answered", "answers", "requests.answered", equals=2),
        claim("no-zombies", "cleans", "left.zombies", equals=0),
        claim("ends", "stops", "left.killed", equals=0),
    )
    many = (claim("together", "together", "makespan.delays", at_most=1.5),)
    probes = {
        "one": Probe(delay=1.0, clients=2, claims=one),
        "many": Probe(delay=1.0, clients=2, claims=many),
    }
    return assignment().model_copy(update={"scenarios": probes})


def recorded(probe: str, **changes: object) -> Run:
    identity = Identity(assignment="echo", scenario=probe, server="python", speed=0.2)
    return run(identity=identity, **changes)  # type: ignore[arg-type]


def evidence(*runs: Run) -> Evidence:
    return evidence_of(*runs, assignments=[probed()])


def judged(
    *runs: Run, diagnoses: Sequence[Diagnosis] = (ZOMBIES, SERIAL), faults: Sequence[Fault] = (), is_built: bool = False
) -> Judgement:
    return judge(evidence(*runs), probed(), "python", diagnoses, faults, is_built=is_built)


def states(made: Judgement) -> dict[str, str]:
    return {finding.claim.id if finding.claim else finding.stage: finding.state for finding in made.findings}


LEFT = Leftovers(zombies=3, orphans=0, listeners=0)
SLOW = (request(1, done=5.0), request(2, done=10.0))


def test_a_server_of_which_everything_holds_is_accepted_without_a_diagnosis() -> None:
    made = judged(recorded("one"), recorded("many"))
    assert (made.outcome, made.diagnosis) == ("accepted", None)
    assert set(states(made).values()) == {"holds"}


def test_findings_come_in_the_order_of_the_chain() -> None:
    assert list(states(judged(recorded("one"), recorded("many")))) == [
        "starts", "listens", "answered", "together", "no-zombies", "ends",
    ]  # fmt: skip


def test_what_depends_on_a_failed_stage_is_skipped_and_not_failed_again() -> None:
    made = judged(recorded("one", leftovers=LEFT), recorded("many", requests=SLOW))
    assert states(made) == {
        "starts": "holds", "listens": "holds", "answered": "holds",
        "together": "fails", "no-zombies": "skipped", "ends": "skipped",
    }  # fmt: skip
    assert made.stages()["together"] == "fails"


def test_the_first_diagnosis_of_which_all_conditions_are_met_is_the_diagnosis() -> None:
    made = judged(recorded("one", leftovers=LEFT), recorded("many", requests=SLOW))
    assert made.diagnosis is not None
    assert (made.diagnosis.id, made.diagnosis.probe, made.diagnosis.value) == ("zombies", "one", 3)
    turned = judged(
        recorded("one", leftovers=LEFT), recorded("many", requests=SLOW), diagnoses=(SERIAL, ZOMBIES)
    ).diagnosis
    assert turned is not None
    assert (turned.id, turned.unit) == ("serial", "delays")


def test_every_condition_of_a_diagnosis_must_be_met_and_one_that_is_undecided_is_not() -> None:
    both = Diagnosis(id="both", when=(*ZOMBIES.when, *SERIAL.when))
    assert judged(recorded("one", leftovers=LEFT), recorded("many"), diagnoses=[both]).diagnosis is None
    assert judged(recorded("one", leftovers=LEFT), diagnoses=[both]).diagnosis is None


def test_a_server_that_is_accepted_is_given_no_diagnosis_whatever_its_conditions_say() -> None:
    always = Diagnosis(id="always", when=(Condition(probe="one", metric="requests.answered", at_least=0),))
    assert judged(recorded("one"), recorded("many"), diagnoses=[always]).diagnosis is None


@pytest.mark.parametrize(
    ("stage", "elsewhere", "named"),
    [
        ("builds", False, "does-not-build"),
        ("starts", False, "ends-at-once"),
        ("listens", False, "never-listens"),
        ("listens", True, "listens-elsewhere"),
    ],
)
def test_a_server_that_never_came_so_far_is_named_by_its_stage(stage: str, elsewhere: bool, named: str) -> None:
    made = judged(faults=[Fault("one", stage, "why", elsewhere)])  # type: ignore[arg-type]
    assert made.outcome == "rejected"
    assert made.diagnosis is not None
    assert made.diagnosis.id == named
    assert {finding.state for finding in made.findings if finding.claim} == {"skipped"}
    assert [finding.stage for finding in made.of("fails")] == [stage]


def held(exceeded: Used | None) -> Held:
    return Held(bounds=Bounds(), by="samples", exceeded=exceeded)


@pytest.mark.parametrize(
    ("used", "bound", "unit"), [("memory", 2**30, "bytes"), ("tasks", 4096, "count"), ("file", 2**28, "bytes")]
)
def test_a_server_that_exceeded_its_bounds_has_that_for_its_diagnosis_whatever_else_is_true(
    used: Used, bound: int, unit: str
) -> None:
    made = judged(recorded("one", leftovers=LEFT, held=held(None)), recorded("many", held=held(used)))
    assert made.outcome == "rejected"
    assert [finding.stage for finding in made.of("fails")] == ["recovers"]
    assert made.diagnosis is not None
    assert (made.diagnosis.id, made.diagnosis.probe) == ("exceeds-limits", "many")
    assert (made.diagnosis.metric, made.diagnosis.value, made.diagnosis.unit) == (used, bound, unit)
    assert judged(recorded("one", held=held(None)), recorded("many", held=held(None))).outcome == "accepted"


def test_a_server_that_exceeded_its_bounds_before_it_listened_has_the_same_diagnosis_at_that_stage() -> None:
    made = judged(faults=[Fault("one", "starts", "why", excess=("memory", 2**20))])
    assert [finding.stage for finding in made.of("fails")] == ["starts"]
    assert made.diagnosis is not None
    assert (made.diagnosis.id, made.diagnosis.value) == ("exceeds-limits", 2**20)


def test_what_only_a_slow_machine_makes_too_long_is_not_decided_and_so_the_server_is_not_judged() -> None:
    slow = recorded("many", requests=SLOW, control=Control(sleepers=2, late=1.0), stages={"load": 10.0})
    made = judged(recorded("one"), slow)
    assert states(made)["together"] == "undecided"
    assert (made.outcome, made.diagnosis) == ("unjudged", None)
    for language, said in (("en", "stretched even bare sleeps to 1.20 delays"), ("ko", "지연 시간의 1.20배가 걸렸")):
        shown = "\n".join(spoken(made, recorded("one"), slow, language=language).lines("page"))
        assert said in shown
        assert "2.00" in shown
    assert judged(recorded("one", leftovers=LEFT), slow).outcome == "rejected"


def test_a_build_is_a_stage_only_where_there_is_one() -> None:
    assert "builds" not in states(judged(recorded("one"), recorded("many")))
    assert states(judged(recorded("one"), recorded("many"), is_built=True))["builds"] == "holds"


def test_trouble_of_the_tool_is_never_charged_to_the_server() -> None:
    trouble = Fault("one", None, "the load script failed")
    assert judged(faults=[trouble]).outcome == "unjudged"
    assert judged(recorded("one"), faults=[trouble]).outcome == "unjudged"
    assert not judged(recorded("one"), faults=[trouble]).of("fails")


def test_what_fails_elsewhere_fails_in_spite_of_the_tools_trouble() -> None:
    made = judged(recorded("one", leftovers=LEFT), faults=[Fault("many", None, "the load script failed")])
    assert made.outcome == "rejected"
    assert states(made)["together"] == "undecided"


def test_a_server_of_which_nothing_is_decided_is_not_accepted() -> None:
    assert judged().outcome == "unjudged"


# What is said of it


def words(language: Language = "en") -> Labels:
    return advice.words(TEMPLATES, labels.load(TEMPLATES)[language])


def spoken(made: Judgement, *runs: Run, language: Language = "en", **case: Any) -> Speaker:
    told = Case(made, evidence(*runs), probed(), case.pop("command", "./a.out {port} {delay}"), 5.0, **case)
    return Speaker(told, words(language), {"zombies": ADVICE, "ends-at-once": ADVICE})


def test_a_terminal_shows_the_verdict_the_failing_claims_and_the_diagnosis_with_its_value() -> None:
    runs = (recorded("one", leftovers=LEFT), recorded("many"))
    shown = list(spoken(judged(*runs), *runs).lines("build/verdict.en.html"))
    assert shown[0] == "× not passed: An echo server"
    assert any("no-zombies: zombie processes left: 3 (= 0)" in line for line in shown)
    assert "Diagnosis: Zombies stay" in shown
    assert "  What happened: there were 3" in shown
    assert "  How to see it yourself: ps -el | grep Z" in shown
    assert shown[-1].endswith("build/verdict.en.html")


def test_both_languages_say_all_of_it() -> None:
    runs = (recorded("one", leftovers=LEFT), recorded("many"))
    for language in ("ko", "en"):
        shown = "\n".join(spoken(judged(*runs), *runs, language=language).lines("page"))
        assert "there were 3" in shown
        assert "{" not in shown.replace("{port} {delay}", "")


@pytest.mark.parametrize(
    ("language", "used", "said"),
    [
        ("en", "memory", "1024.0 MiB of memory"),
        ("en", "tasks", "4096 processes and threads"),
        ("en", "file", "256.0 MiB in one file"),
        ("ko", "memory", "메모리 1024.0 MiB"),
        ("ko", "tasks", "프로세스와 스레드를 합해 4096개"),
        ("ko", "file", "파일 하나에 256.0 MiB"),
    ],
)
def test_what_a_server_used_too_much_of_is_said_with_its_bound(language: Language, used: Used, said: str) -> None:
    runs = (recorded("one"), recorded("many", held=held(used)))
    told = Case(judged(*runs), evidence(*runs), probed(), "./a.out", 5.0)
    texts = advice.load(TEMPLATES, ["exceeds-limits"])[language]
    assert f" {said}" in "\n".join(Speaker(told, words(language), texts).lines("page"))
    assert said in Speaker(told, words(language), texts).document(REPOSITORY, {"en": "o"}).markdown


def test_the_page_shows_what_happened_in_the_probe_that_decided() -> None:
    runs = (recorded("one", leftovers=LEFT), recorded("many"))
    made = spoken(judged(*runs), *runs, again="./inv run").document(REPOSITORY, {"ko": "verdict.ko.md"})
    assert "### Zombies stay" in made.markdown
    assert "### probe: one" in made.markdown
    assert "### probe: many" not in made.markdown
    assert "evidence/echo/one.python.x0.2/run.json" in made.markdown
    assert all(name in made.markdown for name in made.pictures)
    assert len(made.pictures) == 3


def test_outside_text_stays_text_on_the_page_and_in_the_terminal() -> None:
    nasty = "``` <script>\x1b[2J\u202e|**"
    made = spoken(judged(faults=[Fault("one", "starts", nasty)]), command=nasty, built=nasty)
    for text in (made.document(REPOSITORY, {"en": "o"}).markdown, "\n".join(made.lines("p"))):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "````text\n``` <script>" in made.document(REPOSITORY, {"en": "o"}).markdown


def test_a_bound_on_bytes_is_said_in_mebibytes() -> None:
    probe = Probe(delay=1.0, clients=2, claims=(claim("small", "answers", "memory.rss", at_most=2**20),))
    spec = probed().model_copy(update={"scenarios": {"one": probe}})
    found = evidence_of(recorded("one"), assignments=[spec])
    told = Case(judge(found, spec, "python", ()), found, spec, "c", 5.0)
    assert any("18.0 MiB (≤ 1 MiB)" in line for line in Speaker(told, words(), {}).lines("p"))


# The table of mistakes


def entry(made: Judgement, wanted: str | None, tool: str | None = None) -> Entry:
    title = Text(ko="회수하지 않음", en="never | reaps") if wanted else None
    return Entry(made, title, wanted, 2 if wanted else None, tool)


def test_a_mistake_must_be_rejected_with_its_own_diagnosis_and_a_good_server_accepted() -> None:
    good, bad = judged(recorded("one"), recorded("many")), judged(recorded("one", leftovers=LEFT), recorded("many"))
    assert entry(good, None).is_right
    assert entry(bad, "zombies").is_right
    assert not entry(bad, None).is_right
    assert not entry(good, "zombies").is_right
    assert not entry(bad, "serial").is_right
    assert not entry(good, "zombies", "thread").is_right
    assert entry(bad, "zombies", "thread").is_right
    plain = [entry(good, None), entry(bad, "zombies"), entry(bad, "serial")]
    under = [entry(good, None, "thread"), entry(bad, None, "address"), entry(good, "x", "thread")]
    told = {"mistakes": 3, "good": 1, "seen": 2, "rejected": 2, "named": 1}
    assert scoreboard.tally([*plain, *under]) == told | {"hidden": 1, "shown": 0, "watched": 2, "clean": 1}
    assert scoreboard.summary(plain) == "2 of 2 mistakes rejected, 1 named rightly; 1 of 1 good servers accepted"
    assert scoreboard.summary([*plain, *under]).endswith("under tools 0 of 1 mistakes named, 1 of 2 good servers clean")


def test_the_table_has_a_row_for_each_and_says_what_is_not_as_it_must_be() -> None:
    bad = judged(recorded("one", leftovers=LEFT), recorded("many"))
    entries = [entry(bad, "zombies"), entry(bad, "serial")]
    table = scoreboard.markdown(entries, words(), {"zombies": ADVICE})
    rows = [line for line in table.splitlines() if line.startswith("| echo")]
    assert len(rows) == 2
    assert "never \\| reaps" in rows[0]
    assert "○ as it must be" in rows[0]
    assert "× otherwise" in rows[1]
    first, second = scoreboard.lines(entries, words())
    assert first.startswith("○ echo/python not passed: zombies")
    assert second.startswith("× echo/python not passed: zombies (diagnosis it must get: serial)")


# The texts of diagnoses and verdicts


def test_the_words_of_a_verdict_are_there_in_both_languages() -> None:
    assert words("ko")("rejected") != words("en")("rejected")
    assert words("ko").metric("left.zombies") != words("en").metric("left.zombies")


def test_every_text_that_a_diagnosis_lacks_is_told(tmp_path: Path) -> None:
    write(tmp_path, "templates/diagnoses.toml", '[ko.a]\ntitle = "t"\nexpektd = "x"\n[en]\na = 3\n')
    with pytest.raises(SpecError) as caught:
        advice.load(tmp_path / "templates", ["a"])
    told = caught.value.problems
    assert "templates/diagnoses.toml: ko.a.expected: is missing" in told
    assert any(problem.startswith("templates/diagnoses.toml: ko.a.expektd: unknown key") for problem in told)
    assert sum(problem.startswith("templates/diagnoses.toml: en.a.") for problem in told) == len(advice.KEYS)


def test_an_assignment_brings_the_texts_of_its_own_diagnoses(tmp_path: Path) -> None:
    def texts(name: str, *languages: str) -> str:
        keys = "".join(f'{key} = "{key} of {name}"\n' for key in advice.KEYS)
        return "".join(f"[{language}.{name}]\n{keys}" for language in languages)

    write(tmp_path, "templates/diagnoses.toml", texts("common", "ko", "en"))
    write(tmp_path, "assignments/pool/diagnoses.toml", texts("own", "ko", "en"))
    found = advice.load(tmp_path / "templates", ["common", "own"])
    assert {language: [one.title for one in known.values()] for language, known in found.items()} == {
        language: ["title of common", "title of own"] for language in LANGUAGES
    }
    write(tmp_path, "assignments/pool/diagnoses.toml", texts("own", "ko") + texts("common", "ko", "en"))
    with pytest.raises(SpecError) as caught:
        advice.load(tmp_path / "templates", ["common", "own", "nobody"])
    where = "assignments/pool/diagnoses.toml"
    assert caught.value.problems[0] == f"{where}: common: has its texts in templates/diagnoses.toml already"
    assert f"{where}: en.own.title: is missing" in caught.value.problems
    assert "templates/diagnoses.toml: ko.nobody.title: is missing" in caught.value.problems
    assert len(caught.value.problems) == 1 + 3 * len(advice.KEYS)


def test_a_word_of_a_verdict_that_one_language_lacks_is_told(tmp_path: Path) -> None:
    write(tmp_path, "templates/verdict.toml", '[ko]\na = "x"\n[en]\nb = "y"\n')
    with pytest.raises(SpecError) as caught:
        advice.words(tmp_path / "templates", Labels("ko", {}))
    assert list(caught.value.problems) == [
        "templates/verdict.toml: ko.b: is missing",
        "templates/verdict.toml: en.a: is missing",
    ]
