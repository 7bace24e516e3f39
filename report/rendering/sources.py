"""Floor 2, pure. Excerpts of source files by the name of what they show, so that code that moves is followed."""

import ast
from dataclasses import dataclass
from pathlib import Path

from report.errors import SpecError


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines first..last (from 1, inclusive) of a file, dedented by nothing: as they stand there."""

    path: str
    first: int
    last: int
    text: str
    language: str


def excerpt(root: Path, path: str, name: str, asked_by: str) -> Excerpt:
    """A function, class or method (Class.method) with its decorators; raises SpecError that names both files."""
    if not (root / path).resolve().is_relative_to(root.resolve()):
        raise SpecError(f"{asked_by}: excerpt({path!r}, {name!r}): {path} is not a file of the repository")
    try:
        text = (root / path).read_text(encoding="utf-8")
        tree: ast.AST = ast.parse(text)
    except (OSError, SyntaxError, ValueError) as error:
        raise SpecError(f"{asked_by}: excerpt({path!r}, {name!r}): {path} cannot be read: {error}") from None
    node = tree
    for part in name.split("."):
        found = [n for n in ast.iter_child_nodes(node) if isinstance(n, _NAMED) and n.name == part]
        if not found:
            there = ", ".join(n.name for n in ast.iter_child_nodes(node) if isinstance(n, _NAMED))
            raise SpecError(f"{asked_by}: excerpt: {path} has no {name}; it has {there or 'no function or class'}")
        node = found[0]
    assert isinstance(node, _NAMED)  # name has at least one part
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    last = node.end_lineno or node.lineno
    return Excerpt(path, first, last, "\n".join(text.split("\n")[first - 1 : last]), "python")


_NAMED = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
