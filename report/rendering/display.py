"""Floor 2, pure. The one filter between captured text and any place that shows it: nothing invisible passes.

Control characters, bidirectional marks and zero-width characters become visible escapes; escaping for Markdown, HTML
or SVG comes after this, in the place that writes it. (Unicode Technical Report 36, section 3, on such characters.)
"""

import re
from unicodedata import category

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Letters and marks without a shape: Default_Ignorable_Code_Point of Unicode, as far as no category says so.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def visible(text: str, lacking: str = "") -> str:
    """The text with every character that would not show itself written as an escape such as \\x1b or \\u202e.

    So are the characters of `lacking`, for a place that has no glyph for them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if c in lacking or _BLANK.match(c) or category(c) in _HIDDEN else c for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def fence(text: str) -> str:
    """A run of backticks longer than any in the text, at least three: no captured text can end its code block."""
    longest = max((len(run) for run in _runs_of_backticks(text)), default=0)
    return "`" * max(3, longest + 1)


def _runs_of_backticks(text: str) -> list[str]:
    return "".join(c if c == "`" else " " for c in text).split()


def shortened(lines: list[str], most: int, omitted: str) -> list[str]:
    """At most about `most` lines: the beginning and the end, and between them `omitted` with {count} filled in."""
    if len(lines) <= most:
        return lines
    head = most * 2 // 3
    tail = most - head
    return [*lines[:head], omitted.replace("{count}", str(len(lines) - most)), *lines[-tail:]]
