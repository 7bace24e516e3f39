"""The summary for a CI job's page: Markdown that a reader of it shows as tables, and nothing that a text could break."""

import pytest
from markdown_it import MarkdownIt

from report.exports.cases import Suite
from report.exports.summary import escaped, summary
from report.spec import LANGUAGES, Language
from tests.builders import request
from tests.exports.test_junit import LABELS, RELATIVE, case, suites


def html(of: list[Suite], language: Language = "en") -> str:
    reader = MarkdownIt("commonmark").enable("table")
    return str(reader.render(summary(of, LABELS[language], "Report").decode()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_stand_in_a_table_and_what_does_not_hold_below_with_its_reason(language: Language) -> None:
    verdicts, made = suites(RELATIVE, language, requests=[request(1), request(2, done=9.0)])
    shown = html(made, language)
    states = [v.state for v in verdicts]
    for state in ("holds", "fails", "undecided"):
        assert f'<td style="text-align:right">{states.count(state)}</td>' in shown
        assert LABELS[language](state) in shown
    assert shown.count("<table>") == 1 + len({"fails", "undecided"} & set(states))
    text = summary(made, LABELS[language], "").decode()
    assert all(f"| `{v.claim.id}` |" in text for v in verdicts if v.state != "holds")
    assert all(escaped(LABELS[language].reason(v.reason)) in text for v in verdicts if v.reason)


def test_where_all_holds_there_is_one_table() -> None:
    _, made = suites()
    assert html(made).count("<table>") == 1


@pytest.mark.parametrize(
    "text", ["a | b", "<script>alert(1)</script>", "`code`", "**bold** _it_", "[a](http://b)", "a\nb"]
)
def test_whatever_was_told_stays_text_within_its_cell(text: str) -> None:
    shown = html([Suite(1, "echo", text, "", 0.0, (case("fails", told=text),))])
    assert shown.count("<tr>") == 4
    assert not any(tag in shown for tag in ("<script", "<strong", "<em", "<a ", "<img"))
