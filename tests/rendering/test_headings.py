"""Headings are addressed by GitHub's rule in the documents, and alike in both languages on the pages."""

from report.rendering.headings import github_slugs, headings, page_ids

TEXT = """\
# Report

## At a glance

## 1. My first `web` server

### Why does the parent close?

#### `exit` or `_exit`?

### 질문과 답

### 질문과 답

```sh
# not a heading
```
"""


def test_headings_have_level_text_without_markup_and_line() -> None:
    found = headings(TEXT)
    assert [(h.level, h.text, h.line) for h in found[:4]] == [
        (1, "Report", 1),
        (2, "At a glance", 3),
        (2, "1. My first web server", 5),
        (3, "Why does the parent close?", 7),
    ]
    assert len(found) == 7


def test_github_slugs_keep_letters_of_every_script_drop_punctuation_and_number_repetitions() -> None:
    assert github_slugs(headings(TEXT)) == [
        "report",
        "at-a-glance",
        "1-my-first-web-server",
        "why-does-the-parent-close",
        "exit-or-_exit",
        "질문과-답",
        "질문과-답-1",
    ]


def test_page_ids_begin_with_their_chapter_and_are_distinct() -> None:
    ids = page_ids(headings(TEXT))
    assert ids[:4] == ["top", "at-a-glance", "assignment-1", "assignment-1-why-does-the-parent-close"]
    assert len(set(ids)) == len(ids)
