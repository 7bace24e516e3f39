"""Floor 2, pure. Two gates over the prose, before anything is filled in: no number typed by hand, no loose comparison.

What counts as a number with a unit, as a comparison, and what is let through for which reason, is declared in
templates/wording.toml; here is only how a text is read. Code, link targets, Jinja calls and the numbers of headings,
lists and assignments (#3) are no prose. A gate that matched nothing, and an exemption that nothing needs, is a fault.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from report import languages
from report.errors import ClaimError, SpecError
from report.rendering.gates.wording_rules import (
    RULES,
    ComparativeRules,
    Exemption,
    Gate,
    NumberRules,
    Rules,
    load,
    within,
)
from report.rendering.memory import Memory, forgetful, key
from report.spec import LANGUAGES, Language

G = TypeVar("G", NumberRules, ComparativeRules)
LABELS = "templates/labels.toml"
SHARED = ("templates/report.md.j2",)

_NEVER = "(?!)"  # what is looked for where nothing is
_MASK = "\x00"  # one for each character that is no prose: places stay, and no pattern reaches across
_DIGITS = r"(?<![\w#.:/-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w.]*\d)"
_NO_PROSE = re.compile(
    r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)`*[ \t]*$"  # fenced code
    r"|\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}"  # what Jinja reads
    r"|(?P<ticks>`+)[^`].*?(?<!`)(?P=ticks)(?!`)"  # inline code
    r"|(?<=\])\([^)\s]*\)|<[a-z]+:[^>\s]*>"  # link targets
    r"|^[ \t]*(?:#+[ \t]+)?\d+\.(?=[ \t])|#\d+",  # the numbers of headings, list items and assignments
    re.DOTALL | re.MULTILINE,
)
_CLAIM = re.compile(
    r"\{%-?\s*call\s+claim\(\s*[\"'](?P<id>[^\"']+)[\"']\s*\)\s*-?%\}(?P<body>.*?)\{%-?\s*endcall", re.S
)
_BROUGHT = re.compile(r"\{\{-?\s*(?:metric|declared|predicted|limit)\(")
_SENTENCE_END = re.compile(r"(?<=[.?!])[\"”’)*]*\s+|\n\s*(?=\n|[-*>|]|\d+\.\s)|\n?\|")


@dataclass(frozen=True, slots=True)
class Findings:
    """What a gate found in one file: faults, how often it found what it is for, and which exemptions were needed."""

    problems: tuple[str, ...]
    matched: int
    used: tuple[Exemption, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers that calls bring, sentences looked at, comparisons found in them, and exemptions that were needed."""

    numbers: int
    sentences: int
    comparisons: int
    exemptions: int


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    claim: str


def check(root: Path, files: Mapping[str, Language], remember: Memory = forgetful) -> Counts:
    """Both gates over these explanations, the first also over templates and labels; raises ClaimError with all."""
    rules = load(root)
    problems: list[str] = []
    brought = sentences = compares = exemptions = 0
    for language in LANGUAGES:
        texts = {file: _read(root, file) for file, spoken in sorted(files.items()) if spoken == language}
        words = languages.file(LABELS, language)
        shared = {file: _read(root, file) for file in SHARED} | {words: _labels(_read(root, words), language)}
        own = rules[language]
        counted = _through(numbers, texts | shared, language, own.numbers, remember)
        compared = _through(comparatives, texts, language, own.comparatives, remember)
        for kind, gate, found in (("numbers", own.numbers, counted), ("comparatives", own.comparatives, compared)):
            problems += [problem for findings in found.values() for problem in findings.problems]
            problems += _stale(language, kind, gate, found)
            exemptions += sum(len(findings.used) for findings in found.values())
        brought += sum(findings.matched for findings in counted.values())
        compares += sum(findings.matched for findings in compared.values())
        sentences += sum(map(_sentences, texts.values()))
        problems += _empty(language, own, counted, compared)
    if problems:
        raise ClaimError(problems)
    return Counts(brought, sentences, compares, exemptions)


def _through(
    look: Callable[[str, str, Language, G], Findings],
    texts: Mapping[str, str], language: Language, gate: G, remember: Memory,
) -> dict[str, Findings]:  # fmt: skip
    """What is found in each of the texts, looked at again only when it or the gate has changed."""
    rules = key(look.__name__, language, gate.model_dump(mode="json"))

    def found(file: str, text: str) -> Findings:
        def made() -> bytes:
            new: Findings = look(file, text, language, gate)
            return json.dumps([new.problems, new.matched, [*map(gate.exempt.index, new.used)]]).encode()

        problems, matched, used = json.loads(remember(key("words", rules, file, text), made))
        return Findings(tuple(problems), matched, tuple(gate.exempt[place] for place in used))

    return {file: found(file, text) for file, text in texts.items()}


def numbers(file: str, source: str, language: Language, rules: NumberRules) -> Findings:
    """The numbers of a source that are typed by hand; `matched` counts those that calls bring."""
    words = "|".join([_DIGITS, *rules.words])
    patterns = [*rules.alone, *([f"(?:{words})[ -]?(?:{'|'.join(rules.units)})"] if rules.units else [])]
    anywhere = re.compile("|".join(f"(?:{pattern})" for pattern in patterns or [_NEVER]))
    in_claims = re.compile("|".join([anywhere.pattern, words, *rules.in_claims]))
    hits = [*_hits(source, anywhere, in_claims)]
    faulty, used = _excused(file, source, hits, rules)
    problems = [
        f'{file}:{_line(source, hit.start)}: "{source[hit.start : hit.end]}" is typed by hand; '
        f"bring it by metric(), declared(), predicted() or limit(), or declare it in {_rules(language)} "
        f"({language}.numbers.exempt)"
        for hit in faulty
    ]
    return Findings(tuple(problems), len(_BROUGHT.findall(source)), used)


def comparatives(file: str, source: str, language: Language, rules: ComparativeRules) -> Findings:
    """The comparisons of a source that stand outside its claims; `matched` counts all, in claims too."""
    form = re.compile("|".join(f"(?:{pattern})" for pattern in rules.forms or [_NEVER]))
    hits = [*_hits(source, form, form)]
    faulty, used = _excused(file, source, [hit for hit in hits if not hit.claim], rules)
    problems = [
        f'{file}:{_line(source, hit.start)}: "{source[hit.start : hit.end].strip()}" compares outside a claim: '
        f'"{_sentence(source, hit)}"; put it into a claim, say it without comparing, or declare it in '
        f"{_rules(language)} ({language}.comparatives.exempt)"
        for hit in faulty
    ]
    return Findings(tuple(problems), len(hits), used)


def _hits(source: str, anywhere: re.Pattern[str], in_claims: re.Pattern[str]) -> Iterator[_Hit]:
    """What the first pattern finds outside of claims, and the second one inside."""
    prose, place = _prose(source), 0
    for call in _CLAIM.finditer(source):
        yield from (_Hit(*hit.span(), "") for hit in anywhere.finditer(prose, place, call.start()))
        yield from (_Hit(*hit.span(), call["id"]) for hit in in_claims.finditer(prose, *call.span("body")))
        place = call.end()
    yield from (_Hit(*hit.span(), "") for hit in anywhere.finditer(prose, place))


def _excused(file: str, source: str, hits: list[_Hit], rules: Gate) -> tuple[list[_Hit], tuple[Exemption, ...]]:
    """The hits that no exemption covers, and the exemptions that cover one."""
    places = [
        (exemption, *found.span())
        for exemption in rules.exempt
        if exemption.covers(file)
        for found in re.finditer(re.escape(exemption.text), source)
    ]
    faulty, used = [], []
    for hit in hits:
        over = [e for e, start, end in places if start <= hit.start and hit.end <= end and e.claim == hit.claim]
        used += over
        faulty += [] if over else [hit]
    return faulty, tuple(e for e in rules.exempt if e in used)


def _stale(language: Language, kind: str, gate: Gate, found: Mapping[str, Findings]) -> Iterator[str]:
    """A sentence for each exemption that no file needs, or that one of its places does not need."""
    for number, exemption in enumerate(gate.exempt):
        for place in exemption.files or ("",):
            looked = [findings for file, findings in found.items() if not place or within(file, place)]
            if looked and not any(exemption in findings.used for findings in looked):
                at = f" in {place}" if place else ""
                where = f"{_rules(language)}: {language}.{kind}"
                yield f'{where}.exempt[{number}]: nothing needs "{exemption.text}"{at} any more; take it out'


def _empty(
    language: Language, own: Rules, counted: Mapping[str, Findings], compared: Mapping[str, Findings]
) -> Iterator[str]:
    """A sentence for each gate that nothing went through, unless it says why it looks for nothing."""
    for kind, gate, found, what in (
        ("numbers", own.numbers, counted, "no text brings a number by a call"),
        ("comparatives", own.comparatives, compared, "no text compares anything"),
    ):
        if not gate.unchecked and not any(findings.matched for findings in found.values()):
            yield f"{_rules(language)}: {language}.{kind}: {what}; a gate that matches nothing is no gate"


def _rules(language: Language) -> str:
    return languages.file(RULES, language)


@lru_cache(maxsize=32)  # asked for by both gates, and to count the sentences
def _prose(source: str) -> str:
    """The source with everything that is no prose masked; every character and line keeps its place."""
    return _NO_PROSE.sub(lambda found: re.sub(r"[^\n]", _MASK, found[0]), source)


def _labels(source: str, language: Language) -> str:
    """The labels of one language, each on its line of the file; keys and places to fill in are masked."""
    lines, own = [], False
    for line in source.split("\n"):
        if header := re.match(r"\[(\w+)", line):
            own = header[1] == language
        text = re.sub(r'^[^=]*= "|\{\w+\}', lambda found: _MASK * len(found[0]), line)
        lines.append(text if own and not line.startswith(("#", "[")) else "")
    return "\n".join(lines)


def _sentences(source: str) -> int:
    return sum(bool(re.search(r"\w", sentence)) for sentence in _SENTENCE_END.split(_prose(source)))


def _sentence(source: str, hit: _Hit) -> str:
    """The sentence round a place, without line breaks."""
    ends = [0, *(end.end() for end in _SENTENCE_END.finditer(source)), len(source)]
    start = max(end for end in ends if end <= hit.start)
    return " ".join(source[start : min(end for end in ends if end >= hit.end)].split())


def _line(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1


def _read(root: Path, file: str) -> str:
    try:
        return (root / file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SpecError(f"{file}: cannot be read: {error}") from None
