"""What an explanation may call and what it gets: numbers, excerpts, terminals, tables, and faults by file and line."""

from pathlib import Path
from typing import Any

import pytest

from report.errors import ClaimError, EvidenceError, SpecError
from report.rendering import labels
from report.rendering.document import Document, compose
from report.rendering.illustrator import CAPTURED
from report.run import Identity, Leftovers, Run
from report.spec import Assignment, Language
from tests.builders import ECHO, EXPLANATION, REPOSITORY, assignment, evidence_of, lines, material, request, run, write
from tests.builders import course as written

WORDS = labels.load(REPOSITORY / "templates")
CITED = '{% call claim("all-answered") %}a{% endcall %}\n{% call claim("served-together") %}b{% endcall %}\n'
FILE = "assignments/echo/explanation.en.md"


def composed(
    root: Path, text: str, *runs: Run, language: Language = "en", echo: Assignment | None = None, speed: float = 1.0
) -> Document:
    """The report whose explanation is `text` after the two claims, which stand in its first two lines."""
    echo = echo or assignment()
    written(root, **{language: CITED + text})
    evidence = evidence_of(*(runs or [run()]), assignments=[echo])
    return compose(material(root, evidence, speed), WORDS[language], {})


def said(root: Path, text: str, *runs: Run, **how: Any) -> str:
    """The Markdown that `text` became."""
    markdown = composed(root, f"BEGIN\n{text}\nEND\n", *runs, **how).markdown
    return markdown.partition("BEGIN\n")[2].partition("\nEND")[0]


def fault(root: Path, text: str) -> str:
    with pytest.raises(SpecError) as caught:
        composed(root, text)
    (problem,) = caught.value.problems
    return problem


# ---- Numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ('metric("two.makespan.delays")', "[1.00 delays](evidence/echo/two.python/requests.csv#L3)"),
        ('metric("echo/two:python.requests.correct")', "[2](evidence/echo/two.python/requests.csv)"),
        ('metric("two.memory.pss")', "[12.0 MiB](evidence/echo/two.python/run.json)"),
        ('metric("two.shares.worker.total")', "[2](evidence/echo/two.python/server.log)"),
        ('metric("two.series.queue.max")', "undecided (the server prints no line that matches series.queue)"),
        ('declared("two", "clients")', "2"),
        ('declared("two", "delay")', "5"),
        ('predicted("two", "makespan.delays")', "1.00 delays"),
    ],
)
def test_a_number_is_brought_with_its_unit(tmp_path: Path, call: str, shown: str) -> None:
    assert said(tmp_path, f"{{{{ {call} }}}}") == shown


def test_over_repetitions_a_number_is_the_median_that_the_verdict_rests_on(tmp_path: Path) -> None:
    second = Identity(assignment="echo", scenario="two", server="python", repetition=2)
    slower = run(identity=second, requests=[request(1), request(2, done=6.02)])
    markdown = composed(tmp_path, 'M {{ metric("two.makespan.delays") }}\n', run(), slower).markdown
    assert "M [1.10 delays](" in markdown
    assert "b ([○\u00a0holds:\u00a01.10 delays](" in markdown


# ---- Claims ----------------------------------------------------------------------------------------------------


def test_a_claim_carries_sign_word_value_and_a_link_to_its_evidence(tmp_path: Path) -> None:
    assert "a ([○\u00a0holds:\u00a02](evidence/echo/two.python/requests.csv))" in composed(tmp_path, "").markdown


def test_a_claim_that_fails_is_shown_as_failing_in_its_sentence_the_table_and_on_page_one(tmp_path: Path) -> None:
    text = composed(tmp_path, "{{ claims_table() }}\n", run(requests=[request(1), request(2, done=20.0)])).markdown
    assert "b ([×\u00a0fails:\u00a04.00 delays](evidence/echo/two.python/requests.csv#L3))" in text
    assert "| ≤ 1.5 | 4.00 delays | ×\u00a0[fails](evidence/echo/two.python/requests.csv#L3) |" in text
    assert "| ×\u00a0[fails](evidence/echo/two.python/run.json) |" in text
    assert "1 hold, 1 fail, 0 undecided" in text


def test_a_claim_that_is_undecided_says_why(tmp_path: Path) -> None:
    echo = assignment(ECHO.replace('"requests.correct"', '"series.queue.max"'))
    text = composed(tmp_path, "", echo=echo).markdown
    assert "a ([△\u00a0undecided:\u00a0the server prints no line that matches series.queue](evidence/" in text


def test_a_claim_of_another_speed_is_said_not_to_be_decided(tmp_path: Path) -> None:
    echo = assignment(ECHO.replace("at_most = 1.5", "at_most = 1.5\nonly_at_speed = 1"))
    assert "b (not decided at this speed)" in composed(tmp_path, "", echo=echo, speed=20.0).markdown


def test_a_claim_over_two_servers_shows_both_values_and_the_worse_verdict(tmp_path: Path) -> None:
    echo = assignment(ECHO + '\n[servers.c]\ncommand = ["./server"]\n')
    slow = run(
        identity=Identity(assignment="echo", scenario="two", server="c"),
        requests=[request(1), request(2, done=20.0)],
    )
    assert (
        "b ([×\u00a0fails:\u00a0python 1.00 delays, c 4.00 delays]("
        in composed(tmp_path, "", run(), slow, echo=echo).markdown
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 'claim("served-together") of scenario.toml is never cited'),
        ('{% call claim("served-together") %}b{% endcall %}' * 3, 'claim("served-together") is cited 3 times'),
    ],
)
def test_a_claim_is_cited_exactly_once(tmp_path: Path, text: str, told: str) -> None:
    written(tmp_path, en=CITED.splitlines()[0] + "\n" + text)
    evidence = evidence_of(run())
    with pytest.raises(ClaimError) as caught:
        compose(material(tmp_path, evidence), WORDS["en"], {})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{FILE}: {told}")


# ---- What a metric is held against, and rows of a comparison ---------------------------------------------------

OVER = ECHO.replace('"makespan.delays"\nat_most = 1.5', '"memory.rss"\nover = "memory.pss"\nat_most = 1.6')
TRADEOFF = """
[[tradeoffs]]
topic = { ko = "대기", en = "Waiting" }
textbook = { ko = "같다", en = "alike" }
measured = { ko = "응답", en = "answers | all" }
finding = { ko = "그렇다", en = "So it is." }
claims = { python = "all-answered", c = "served-together" }
[[tradeoffs]]
topic = { ko = "시간", en = "Time" }
textbook = { ko = "빠르다", en = "quick" }
measured = { ko = "총 시간", en = "makespan" }
finding = { ko = "빠르다", en = "It is quick." }
claims = { c = "served-together" }
"""
SLOW = run(requests=[request(1), request(2, done=20.0)])


def test_a_ratio_of_two_metrics_is_shown_in_times_and_so_is_its_bound(tmp_path: Path) -> None:
    text = composed(
        tmp_path, 'L {{ limit("served-together") }}\n\n{{ claims_table() }}\n', echo=assignment(OVER)
    ).markdown
    assert "b ([○\u00a0holds:\u00a01.50 times](evidence/echo/two.python/run.json))" in text
    assert "L 1.6 times\n" in text
    assert "| resident memory (RSS), summed ÷ proportional memory (PSS), summed | ≤ 1.6 | 1.50 times |" in text


def test_a_difference_keeps_its_unit_and_names_what_is_taken_off(tmp_path: Path) -> None:
    toml = ECHO.replace('"makespan.delays"\nat_most = 1.5', '"cpu.seconds"\nminus = "two"\nat_most = 0')
    text = composed(tmp_path, "{{ claims_table() }}\n", echo=assignment(toml)).markdown
    assert "| CPU time – two | ≤ 0 | 0.000 s |" in text
    toml = toml.replace('minus = "two"', 'relative_to = "two"\nminus = "two"')
    text = composed(tmp_path, "{{ claims_table() }}\n", echo=assignment(toml)).markdown
    assert "| CPU time – two ÷ two | ≤ 0 | two measured 0, and nothing can be relative to that |" in text


@pytest.mark.parametrize(
    ("runs", "rows"),
    [
        (
            [run()],
            [
                "| Waiting | alike | answers \\| all | 2 ○\u00a0[holds](evidence/echo/two.python/requests.csv) "
                "| 1.00 delays ○\u00a0[holds](evidence/echo/two.python/requests.csv#L3) | So it is. |",
                "| Time | quick | makespan | – "
                "| 1.00 delays ○\u00a0[holds](evidence/echo/two.python/requests.csv#L3) | It is quick. |",
            ],
        ),
        (
            [SLOW],
            [
                "| Waiting | alike | answers \\| all | 2 ○\u00a0[holds](evidence/echo/two.python/requests.csv) "
                "| 4.00 delays ×\u00a0[fails](evidence/echo/two.python/requests.csv#L3) | fails |",
                "| Time | quick | makespan | – "
                "| 4.00 delays ×\u00a0[fails](evidence/echo/two.python/requests.csv#L3) | fails |",
            ],
        ),
    ],
    ids=["both hold", "one fails"],
)
def test_what_follows_from_a_row_is_said_only_while_all_its_claims_hold(
    tmp_path: Path, runs: list[Run], rows: list[str]
) -> None:
    text = said(tmp_path, "{{ tradeoffs_table() }}", *runs, echo=assignment(ECHO + TRADEOFF))
    assert text.splitlines()[0] == "| what is compared | textbooks say | what was measured | Python | C | so |"
    assert text.splitlines()[2:] == rows


def test_a_row_whose_claim_is_undecided_says_so_in_place_of_what_would_follow(tmp_path: Path) -> None:
    echo = assignment((ECHO + TRADEOFF).replace('"requests.correct"', '"series.queue.max"'))
    first = said(tmp_path, "{{ tradeoffs_table() }}", echo=echo).splitlines()[2]
    assert "| △\u00a0[undecided](evidence/" in first  # why, the sentence of the claim itself tells
    assert first.endswith("| undecided |")


def test_a_comparison_stands_on_page_one_and_is_no_citation(tmp_path: Path) -> None:
    text = composed(tmp_path, "", echo=assignment(ECHO + TRADEOFF)).markdown
    heading = text.index("### Textbook and measurement: An echo server")
    assert heading < text.index("| Waiting | alike |") < text.index("## 1. An echo server")
    assert "Textbook and measurement" not in composed(tmp_path, "").markdown


# ---- Excerpts and terminals ------------------------------------------------------------------------------------


def test_an_excerpt_is_fenced_linked_to_its_lines_and_shows_what_hides(tmp_path: Path) -> None:
    code = 'def hidden():\n\tbody = "```"  # \u202e # right to left\n\treturn "\u200b" + body\n'
    write(tmp_path, "assignments/echo/other.py", code)
    text = said(tmp_path, '{{ excerpt("other.py", "hidden") }}')
    assert text.startswith("````python\ndef hidden():\n\tbody = ")
    assert r"# \u202e # right to left" in text
    assert r'return "\u200b" + body' in text
    assert text.endswith("````\n\n[assignments/echo/other.py:1–3](../assignments/echo/other.py#L1-L3)")


def test_an_excerpt_of_another_folder_is_named_from_the_root(tmp_path: Path) -> None:
    write(tmp_path, "assignments/service.py", "def answer():\n    pass\n")
    assert "[assignments/service.py:1–2]" in said(tmp_path, '{{ excerpt("assignments/service.py", "answer") }}')


def test_a_terminal_is_a_picture_and_the_whole_capture_folded_below_it(tmp_path: Path) -> None:
    text = said(tmp_path, '{{ terminal("two", "client") }}')
    picture, caption, *fold = text.split("\n\n")
    assert picture.endswith("](figures/echo-two.python-client-terminal.en.svg)")
    assert caption == "*The load script's terminal · echo/two*"
    assert "\n\n".join(fold) == (
        "<details>\n<summary>the whole capture, client.log (2 lines)</summary>\n\n"
        "```text\nrequest 1: answered\nrequest 2: answered\n```\n\n</details>"
    )


def test_the_whole_of_a_long_capture_is_in_the_fold(tmp_path: Path) -> None:
    long = run(server_lines=lines(*(f"line {number}" for number in range(1000))))
    text = said(tmp_path, '{{ terminal("two", "server") }}', long)
    assert text.count("\nline ") == 1000


def test_blank_lines_within_a_capture_stay_as_they_are(tmp_path: Path) -> None:
    text = said(tmp_path, '{{ terminal("two", "server") }}', run(server_lines=lines("a", "", "", "", "b  ", "## c")))
    assert "\na\n\n\n\nb  \n## c\n```" in text


def test_a_fold_that_a_capture_writes_stays_within_its_fence(tmp_path: Path) -> None:
    hostile = run(server_lines=lines("```", "</details>", "<details>", "<summary>x</summary>"))
    text = said(tmp_path, '{{ terminal("two", "server") }}', hostile)
    assert "````text\n```\n</details>\n<details>\n<summary>x</summary>\n````\n\n</details>" in text


# ---- Lines of evidence, and servers with a planted mistake -------------------------------------------------------

FAULTY = """
[servers.mistake]
mistake = "never-reaps"
command = ["{build}/server"]
[scenarios.faulty]
delay = 0
clients = 2
servers = ["mistake"]
[[scenarios.faulty.claims]]
id = "zombies-stay"
metric = "left.zombies"
at_least = 1
"""
FAULT = '{% call claim("zombies-stay") %}c{% endcall %}\n'


def faulty_run() -> Run:
    left = Leftovers(zombies=2, orphans=0, listeners=0)
    return run(identity=Identity(assignment="echo", scenario="faulty", server="mistake"), delay=0.0, leftovers=left)


def test_lines_that_hold_some_words_stand_in_the_text_with_a_link_to_the_first(tmp_path: Path) -> None:
    printed = run(server_lines=lines("one", "a leak", "```", "a race", "three"))
    text = said(tmp_path, '{{ captured("two", "server.log", "leak", "race", "`") }}', printed)
    assert text == (
        "````text\na leak\n```\na race\n````\n\n[two · python · server.log:2, 3, 4](evidence/echo/two.python/server.log#L2)"
    )


def test_of_many_such_lines_the_first_few_are_shown(tmp_path: Path) -> None:
    long = run(client_lines=lines(*(f"request {number}: late" for number in range(50))))
    text = said(tmp_path, '{{ captured("two", "client.log", "late") }}', long)
    assert text.count("late") == CAPTURED
    assert "client.log:1, 2, 3, 4, 5, 6]" in text


def test_lines_that_are_not_there_say_so(tmp_path: Path) -> None:
    echo = assignment(ECHO + FAULTY)
    text = said(tmp_path, '{{ captured("two", "server.log", "leak", "race") }}')
    assert text == "undecided (the server prints no line that matches leak | race)"
    text = said(tmp_path, FAULT + '\n{{ captured("faulty", "server.log", "leak") }}', run(), echo=echo)
    assert text.endswith("\nundecided (echo/faulty.mistake was not run)")


def test_a_claim_on_a_run_that_there_is_not_is_undecided_and_links_nowhere(tmp_path: Path) -> None:
    text = said(tmp_path, FAULT + "{{ claims_table() }}", run(), echo=assignment(ECHO + FAULTY))
    assert "c (△\u00a0undecided:\u00a0echo/faulty.mistake was not run)" in text
    assert "| △\u00a0undecided |" in text


def test_verdicts_and_runs_of_servers_with_a_mistake_stand_apart(tmp_path: Path) -> None:
    text = composed(tmp_path, FAULT + "{{ claims_table() }}\n", run(), faulty_run(), echo=assignment(ECHO + FAULTY))
    for told, row in (
        ("#### Runs of servers with", "| #1 | faulty |"),
        ("verdicts on servers with", "| faulty | mistake | `zombies-stay`"),
    ):
        good, _, planted = text.markdown.partition(told)
        assert row not in good
        assert row in planted
    assert "planted mistake" not in composed(tmp_path, "{{ claims_table() }}\n").markdown


# ---- Bounds, figures of several designs, diagrams --------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "shown"),
    [('limit("served-together")', "1.5 delays"), ('limit("all-answered")', "2")],
)
def test_a_bound_is_brought_from_the_scenario_with_its_unit(tmp_path: Path, call: str, shown: str) -> None:
    assert said(tmp_path, f"{{{{ {call} }}}}") == shown


def test_a_bound_between_two_numbers_needs_to_know_which(tmp_path: Path) -> None:
    echo = assignment(ECHO.replace("at_most = 1.5", "between = [0.9, 1.0]"))
    call = '{{ limit("served-together", "least") }} to {{ limit("served-together", "most") }}'
    markdown = composed(tmp_path, call, echo=echo).markdown
    assert "0.9 delays to 1 delay" in markdown
    assert "1 delays" not in markdown
    with pytest.raises(SpecError, match="say which: least or most"):
        composed(tmp_path, '{{ limit("served-together") }}', echo=echo)


# ---- What an author got wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{% call claim("all") %}x{% endcall %}', 'claim("all"): scenario.toml has no such claim'),
        ('{{ metric("two") }}', 'metric("two"): expected [assignment/]scenario[:server].metric'),
        ('{{ metric("two.requests.corect") }}', "there is no metric requests.corect (did you mean requests.correct?)"),
        ('{{ metric("tow.requests.correct") }}', "there is no scenario echo/tow"),
        ('{{ metric("fork/two.requests.correct") }}', "there is no scenario fork/two"),
        ('{{ metric("two:c.requests.correct") }}', "no server c runs there; there are python"),
        ('{{ declared("two", "mood") }}', 'declared("two", "mood"): there are clients, delay, sends, settle'),
        ('{{ predicted("two", "left.total") }}', "scenario.toml predicts no such thing"),
        ('{{ excerpt("server.py", "nobody") }}', "assignments/echo/server.py has no nobody; it has serve"),
        ('{{ excerpt("none.py", "serve") }}', "assignments/echo/none.py cannot be read"),
        ('{{ excerpt("../../../outside.py", "serve") }}', "is not a file of the repository"),
        ('{{ figure("pie", "two") }}', "there is no such figure"),
        ('{{ figure("timeline") }}', "needs a scenario"),
        ('{{ diagram("queue") }}', "scenario.toml declares no such diagram; it has none"),
        ('{{ limit("all") }}', 'limit("all"): scenario.toml has no such claim'),
        ('{{ limit("all-answered", "most") }}', "its bound is = 2, one number; leave 'most' out"),
        ('{{ figure("timeline", "tow") }}', "there is no scenario echo/tow"),
        ('{{ terminal("two", "printer") }}', "expected server or client"),
        ('{{ terminal("two", "server", server="c") }}', "no server c runs there"),
        ('{{ captured("two", "server.txt", "a") }}', "there is no server.txt; expected server.log, say"),
        ('{{ captured("tow", "server.log", "a") }}', "there is no scenario echo/tow"),
        ("{{ nonsense }}", "'nonsense' is undefined"),
        ("{{ metric.nonsense }}", "has no attribute 'nonsense'"),
        ("{{ claims_table(1, 2) }}", "positional argument"),
        ('{{ claim("all-answered") }}', "missing 1 required positional argument: 'caller'"),
        ("{{ 1 / 0 }}", "division by zero"),
        ('{% include "assignments/echo/none.md" %}', "assignments/echo/none.md: there is no such file"),
        ("{{ 1|nonsense }}", "No filter named 'nonsense'"),
        ("{% if %}", "Expected an expression"),
        ("{% call claim('all-answered') %}", "Unexpected end of template"),
        ("{{ 1 ", "unexpected end of template"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "maximum recursion depth exceeded"),
    ],
)  # fmt: skip
def test_what_an_author_got_wrong_is_told_by_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    problem = fault(tmp_path, f"one line\n{text}")
    assert problem.startswith(f"{FILE}:4: ")
    assert told in problem


def test_an_explanation_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / FILE).write_bytes(EXPLANATION["ko"].encode("cp949"))
    evidence = evidence_of(run())
    with pytest.raises(SpecError, match=rf"{FILE}: is not UTF-8: "):
        compose(material(tmp_path, evidence), WORDS["en"], {})


def test_a_run_that_was_not_made_is_told_with_the_call_that_wants_it(tmp_path: Path) -> None:
    echo = assignment(ECHO + "\n[scenarios.three]\ndelay = 5.0\nclients = 3\n")
    with pytest.raises(SpecError, match=rf'{FILE}:3: terminal\("three", "server"\): echo/three.python was not run'):
        composed(tmp_path, '{{ terminal("three", "server") }}', echo=echo)


def test_a_report_on_no_run_at_all_is_refused(tmp_path: Path) -> None:
    written(tmp_path, en=CITED)
    evidence = evidence_of()
    with pytest.raises(EvidenceError, match="there is no run to report on"):
        compose(material(tmp_path, evidence), WORDS["en"], {})
