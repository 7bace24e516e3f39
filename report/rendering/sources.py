"""Floor 2, pure. Excerpts of source files by the name of what they show, so that code that moves is followed.

In Python the name is that of a function, class or method; in any language it can be that of a marked region: the
lines between a comment `region NAME` and a comment `endregion NAME`.
"""

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from report.errors import SpecError

_LANGUAGES = {".py": "python", ".c": "c", ".h": "c", ".toml": "toml", ".sh": "sh"}
_NAMED = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
_MARK = re.compile(r"^\s*(?:#|//|/\*)\s*(region|endregion)\s+([\w.-]+)\s*(?:\*/)?\s*$")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines first..last (from 1, inclusive) of a file, as they stand there."""

    path: str
    first: int
    last: int
    text: str
    language: str


def excerpt(root: Path, path: str, name: str, asked_by: str) -> Excerpt:
    """A function, class, method (Class.method) with its decorators, or a region; SpecError names both files."""
    call = f"{asked_by}: excerpt({path!r}, {name!r})"
    try:
        if not (root / path).resolve().is_relative_to(root.resolve()):
            raise SpecError(f"{call}: {path} is not a file of the repository")
        lines = (root / path).read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise SpecError(f"{call}: {path} cannot be read: {error}") from None
    regions = _regions(lines)
    language = _LANGUAGES.get(Path(path).suffix, "text")
    if name in regions:
        first, last = regions[name]
    elif language == "python":
        first, last = _named(lines, name, path, call)
    else:
        raise SpecError(f"{call}: {path} has no region {name}; it has {', '.join(regions) or 'no region'}")
    text = "\n".join(lines[first - 1 : last])
    if language == "python":
        _compiles(text, call)
    return Excerpt(path, first, last, text, language)


def _regions(lines: list[str]) -> dict[str, tuple[int, int]]:
    """First and last line of each region that is opened and closed, without its marks."""
    opened: dict[str, int] = {}
    found: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(lines, start=1):
        if mark := _MARK.match(line):
            if mark[1] == "region":
                opened[mark[2]] = number
            elif mark[2] in opened and number > opened[mark[2]] + 1:
                found[mark[2]] = (opened[mark[2]] + 1, number - 1)
    return found


def _named(lines: list[str], name: str, path: str, call: str) -> tuple[int, int]:
    """First and last line of a function, class or method."""
    try:
        node: ast.AST = _parsed("\n".join(lines))
    except (SyntaxError, ValueError) as error:
        raise SpecError(f"{call}: {path} cannot be read: {error}") from None
    for part in name.split("."):
        found = [n for n in ast.iter_child_nodes(node) if isinstance(n, _NAMED) and n.name == part]
        if not found:
            there = ", ".join(n.name for n in ast.iter_child_nodes(node) if isinstance(n, _NAMED))
            raise SpecError(f"{call}: {path} has no {name}; it has {there or 'no function or class'}")
        node = found[0]
    assert isinstance(node, _NAMED)  # name has at least one part
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first, node.end_lineno or node.lineno


@lru_cache(maxsize=200)  # explanations show several pieces of a file, in each language the same
def _parsed(code: str) -> ast.Module:
    return ast.parse(code)


def _compiles(text: str, call: str) -> None:
    """An excerpt is whole code: what a reader copies runs."""
    try:
        _parsed(textwrap.dedent(text))
    except SyntaxError as error:
        raise SpecError(f"{call}: is not whole code: {error.msg}, line {error.lineno} of the excerpt") from None
