"""Both explanations have the same pieces in the same order; what differs is told by file and line."""

import pytest

from report.rendering.gates.parity import differences, pieces

KO = """\
### 과제 순서

1. 하나
2. 둘

> **왜 닫습니까?** 마지막 사본이기 때문입니다.

{{ excerpt("server.py", "serve") }}

```c
close(4);
```

{% call claim("all-answered") %}모두 응답을 받았습니다{% endcall %}.

| 이름 | 뜻 |
|---|---|
| a | b |

{{ figure("timeline", "two", server="fork") }}
"""
EN = (
    KO.replace("과제 순서", "Order of work")
    .replace("왜 닫습니까?", "Why close?")
    .replace("모두 응답을 받았습니다", "Everybody was answered")
)


def told(english: str) -> list[str]:
    return differences("en.md", pieces(english), "ko.md", pieces(KO))


def test_the_same_pieces_in_other_words_are_alike() -> None:
    assert told(EN) == []
    assert len(pieces(KO)) > 10


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("### Order of work\n", "", "en.md:2: has nothing where ko.md:1 has a heading ###"),
        ("### Order of work\n", "#### Order of work\n", "en.md:1: has a heading #### where ko.md:1 has a heading ###"),
        ("> **Why close?**", "**Why close?**", "en.md:8: has nothing where ko.md:6 has an aside"),
        ("```c\nclose(4);\n```\n", "", "has nothing where ko.md:10 has a block of c code"),
        ("```c", "```python", "en.md:10: has a block of python code where ko.md:10 has a block of c code"),
        ('claim("all-answered")', 'claim("served-together")', "en.md:14: has claim('served-together') where ko.md:14"),
        ('"serve"', '"start"', "has excerpt('server.py', 'start') where ko.md:8 has excerpt('server.py', 'serve')"),
        (', server="fork"', "", "has figure('timeline', 'two') where ko.md:20"),
        ("| a | b |\n", "", "has nothing where ko.md:18 has a table row"),
        ("2. 둘\n", "", "has nothing where ko.md:3 has a list item"),
    ],
)
def test_what_one_language_lacks_or_says_otherwise_is_told_by_file_and_line(
    before: str, after: str, sentence: str
) -> None:
    assert before in EN
    (only,) = told(EN.replace(before, after))
    assert sentence in only


def test_what_stands_at_another_place_is_told() -> None:
    aside = "> **Why close?** 마지막 사본이기 때문입니다.\n"
    moved = EN.replace(aside, "") + "\n" + aside
    assert len(told(moved)) == 2


def test_a_call_inside_code_or_a_hash_inside_a_block_is_no_piece() -> None:
    assert pieces("```sh\n# not a heading\n> no aside\n```\n") == pieces("```sh\nx\n```\n")
