"""Floor 3. What a student's Makefile makes: its targets, and the program that each of them links.

Knows as much of make(1) as such files use (variables, rules, recipes); includes, conditions and functions are not
followed, and make itself is never asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

NAMES = ("makefile", "gnumakefile")
LONGEST = 1 << 14  # bytes that are read of it: ten times a long one
VALUE = 200  # letters that are kept of a variable's value
EXPANDED = 500  # letters that a line may become
UNNAMED = "a.out"  # what compilers call a program that has no name
DEPTH = 5  # variables in variables
MOST = 50  # rules that are followed, lines of each, targets of one line

_VARIABLE = re.compile(r"(?:export[ \t]+)?(\w+)[ \t]*(?:::?|\?|\+)?=[ \t]*(.*)")
_RULE = re.compile(r"([^\t#:=][^#:=]*)::?(?!=)[ \t]*([^;#]*)")
_REFERENCE = re.compile(r"\$[({](\w+)[)}]")
_OUTPUT = re.compile(r"(?:^|\s)-o\s*(\S+)")
_COMPILES = re.compile(r"(?:\b(?:cc|gcc|clang)|[cg]\+\+|\$[({](?:CC|CXX)[)}])(?=\s|-\d)")


@dataclass(slots=True)
class Rule:
    """A target, what it needs, and the lines that make it, in which variables stand as they were written."""

    needs: list[str] = field(default_factory=list)
    recipe: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Makefile:
    """Rules by their target, in the order of the file, and the values of variables."""

    rules: dict[str, Rule] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str | None:
        """The target that make makes when it is told none."""
        return next((name for name in self.rules if not name.startswith(".") and "%" not in name), None)

    def program(self, target: str) -> str | None:
        """The program that a target links, else that of what it needs, where one called server comes first."""
        for name in self._followed(target):
            recipe = self._recipe(name)
            outputs = [one for line in recipe for one in _OUTPUT.findall(line) if not one.endswith(".o")]
            if outputs:
                return str(outputs[-1]).removeprefix("./")
            if any(_COMPILES.search(line) and " -c " not in f"{line} " for line in recipe):
                return UNNAMED
            if not recipe and any(need.endswith((".o", ".c", ".cc", ".cpp")) for need in self.rules[name].needs):
                return name  # make knows by itself how to link it
        return None

    def words(self, target: str) -> set[str]:
        """All that stands in the rule of a target and in those of what it needs."""
        every = ((*self.rules[name].needs, *self._recipe(name)) for name in self._followed(target))
        return {word for texts in every for text in texts for word in text.split()}

    def _followed(self, target: str) -> Iterator[str]:
        """The target and all that it needs, as far as there are rules; each once, a target's first need next."""
        waiting, seen = [target], set[str]()
        while waiting and len(seen) < MOST:
            name = waiting.pop()
            if name in self.rules and name not in seen and not name.endswith((".o", ".c", ".h")):
                seen.add(name)
                yield name
                waiting += sorted(self.rules[name].needs[:MOST], key=lambda need: "server" not in need)[::-1]

    def _recipe(self, target: str) -> list[str]:
        lines = (_expanded(line, self.variables) for line in self.rules[target].recipe)
        return [line.replace("$(@)", target).replace("$@", target) for line in lines]


def read(content: bytes) -> Makefile:
    """What a Makefile says, as far as it is understood."""
    found = Makefile()
    current: list[Rule] = []
    text = content[:LONGEST].decode("utf-8", "replace").replace("\r\n", "\n").replace("\\\n", " ")
    for line in text.split("\n"):
        if line.startswith("\t"):
            for rule in current:
                rule.recipe += [line.strip()] if len(rule.recipe) < MOST else []
        elif match := _VARIABLE.fullmatch(line.strip()):
            found.variables[match[1]] = match[2].partition("#")[0].strip()[:VALUE]
        elif match := _RULE.match(line):
            targets = _expanded(match[1], found.variables).split()[:MOST]
            current = [found.rules.setdefault(name, Rule()) for name in targets]
            for rule in current:
                rule.needs += _expanded(match[2], found.variables).split()
    return found


def _expanded(text: str, variables: dict[str, str]) -> str:
    for _ in range(DEPTH):
        text = _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), text[:EXPANDED])
    return text[:EXPANDED]
