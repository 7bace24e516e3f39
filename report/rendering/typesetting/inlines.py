"""Floor 2, pure. Text with its marks (strong, code, links) as Typst code; knows nothing of paragraphs and pages.

Text becomes Typst strings, never Typst markup: whatever it holds, it is shown and not obeyed. Korean words are kept
whole, with the particles that follow a mark; the rest breaks where Typst breaks it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token

from report.rendering.typesetting import typefaces

_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_LONGEST = 20.0  # ems; a longer word may be broken, or it could run out of the page
_CODE_SIZE = 0.9  # of code among words; templates/report.typ says the same
_BINDS = re.compile(r"[○×△=≤≥] [^ \n]+|: \d[^ \n]{0,4}")
_MARKS = {"strong": "strong", "em": "emph", "s": "strike"}

Resolve = Callable[[str], str | None]  # what a link's target is in Typst, or None where there is nothing to go to


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text, the Typst functions that mark it from the outside in, and the Typst target of its link."""

    text: str
    marks: tuple[str, ...] = ()
    code: bool = False
    target: str | None = None


def string(text: str) -> str:
    """A Typst string literal that stands for exactly this text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", lambda c: f"\\u{{{ord(c[0]):x}}}", escaped) + '"'


def array(expressions: Iterable[str]) -> str:
    """A Typst array of these expressions, also where there is one or none."""
    return f"({''.join(f'{one}, ' for one in expressions)})"


def spans(tokens: Iterable[Token], resolve: Resolve) -> list[Span]:
    """An inline token's children as spans; a line break that must stay is a newline, all other space is a blank."""
    found: list[Span] = []
    marks: list[str] = []
    target: str | None = None
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in _MARKS:
            if token.nesting > 0:
                marks.append(_MARKS[name])
            else:
                marks.pop()
        elif name == "link":
            target = resolve(str(token.attrs.get("href", ""))) if token.nesting > 0 else None
        elif name == "hardbreak" or (name == "html_inline" and re.fullmatch(r"<br\s*/?>", token.content)):
            found.append(Span("\n"))
        elif name == "softbreak":
            found.append(Span(" ", tuple(marks), target=target))
        elif not (name == "html_inline" and token.content.startswith("<!--")):
            code = name == "code_inline"
            text = token.content if code else re.sub(r"\s+", " ", token.content)
            found.append(Span(text, tuple(marks), code, target))
    return [span for span in found if span.text]


def plain(found: Iterable[Span]) -> str:
    """The text alone."""
    return "".join(span.text for span in found)


def content(found: Sequence[Span], keep: bool = True) -> str:
    """A Typst expression for the text; with `keep`, Korean words and what is bound together are not broken."""
    pieces: list[str] = []
    loose: list[Span] = []
    for word in _words(found):
        if keep and _whole(word) and sum(_width(span, True) for span in word) <= _LONGEST:
            pieces += [_marked(span) for span in _merged(loose)]
            loose = []
            pieces.append(f"w({_joined([_marked(span) for span in word])})")
        else:
            loose += word
    pieces += [_marked(span) for span in _merged(loose)]
    return _joined(pieces)


def measured(found: Sequence[Span], bold: bool = False) -> tuple[float, float]:
    """How wide the longest word is, and the longest line, in ems."""
    lines, widest = [0.0], 0.0
    for word in _words(found):
        if plain(word) == "\n":
            lines.append(0.0)
            continue
        width = sum(_width(span, bold) for span in word)
        lines[-1] += width
        widest = max(widest, width if _whole(word) else max(_width(p, bold) for p in _breakable(word)))
    return widest, max(lines)


def _whole(word: Sequence[Span]) -> bool:
    """Whether a word is one that Typst would break and that should not be: Korean, or bound to its neighbour."""
    text = plain(word)
    return bool(_HANGUL.search(text)) or " " in text.strip()


def _breakable(word: Sequence[Span]) -> list[Span]:
    """A Latin word's pieces: a line may break after a hyphen or a slash."""
    return [replace(span, text=part) for span in word for part in re.findall(r"[^-/]*[-/]+|[^-/]+", span.text)]


def _width(span: Span, bold: bool) -> float:
    size = _CODE_SIZE if span.code else 1.0
    return size * typefaces.width(span.text, code=span.code, bold=bold or "strong" in span.marks)


def _joined(pieces: Sequence[str]) -> str:
    return pieces[0] if len(pieces) == 1 else "{" + "; ".join(pieces) + "}" if pieces else '""'


def _words(found: Iterable[Span]) -> list[list[Span]]:
    """The spans cut at blanks: words, and between them single blanks and newlines as words of their own."""
    words: list[list[Span]] = [[]]
    for span in found:
        for part in re.split(r"([ \n])", span.text):
            piece = replace(span, text=part)
            if part in (" ", "\n"):
                words += [[piece], []]
            elif part:
                words[-1].append(piece)
    return _bound([word for word in words if word])


def _bound(words: Sequence[list[Span]]) -> list[list[Span]]:
    """The words with those joined that no line should part: a sign and what it marks, a colon and a short value."""
    out: list[list[Span]] = []
    for word in words:
        if len(out) > 1 and plain(out[-1]) == " " and _BINDS.fullmatch(f"{plain(out[-2])[-1]} {plain(word)}"):
            blank = out.pop()
            out[-1] = [*out[-1], *blank, *word]
        else:
            out.append(word)
    return out


def _merged(found: Iterable[Span]) -> list[Span]:
    """Neighbours with the same marks as one span."""
    merged: list[Span] = []
    for span in found:
        last = merged[-1] if merged else None
        alike = last is not None and (last.marks, last.code, last.target) == (span.marks, span.code, span.target)
        if last is not None and alike and "\n" not in (last.text, span.text):
            merged[-1] = replace(span, text=last.text + span.text)
        else:
            merged.append(span)
    return merged


def _marked(span: Span) -> str:
    if span.text == "\n":
        return "linebreak()"
    code = f"raw({string(span.text)})" if span.code and span.text != " " else string(span.text)
    for mark in reversed(span.marks):
        code = f"{mark}({code})"
    return f"link({span.target}, {code})" if span.target else code
