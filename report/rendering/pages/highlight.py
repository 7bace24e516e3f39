"""Floor 2, pure. Code with a class for each kind of token that has a colour, by Pygments; the colours stand in
style.css.
"""

import html
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pygments import highlight
from pygments.filter import Filter
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import BashLexer, BashSessionLexer, CLexer, DiffLexer, PythonLexer, TOMLLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text, Token, _TokenType

_LEXERS: dict[str, type[Lexer]] = {
    "python": PythonLexer,
    "c": CLexer,
    "console": BashSessionLexer,
    "sh": BashLexer,
    "toml": TOMLLexer,
    "diff": DiffLexer,
}
_COLOURED = {Keyword, String, Comment, Number, Operator.Word, Token.Generic.Prompt}
_COLOURED_NAMES = {Name.Function, Name.Function.Magic, Name.Class, Name.Decorator, Name.Builtin}


class _Plain(Filter):
    """What has no colour is plain text: it is most of a program, and a span for each word twice its bytes."""

    def filter(self, lexer: Lexer | None, stream: Iterable[tuple[_TokenType, str]]) -> Iterator[tuple[_TokenType, str]]:
        for kind, text in stream:
            coloured = kind in _COLOURED_NAMES or not _COLOURED.isdisjoint(kind.split())
            yield (kind if coloured else Text), text


@lru_cache(maxsize=500)  # the languages of a report show the same code
def highlighted(code: str, language: str) -> str:
    """The code as escaped HTML; a language that is not known here stays plain."""
    lexer = _LEXERS.get(language)
    if lexer is None:
        return html.escape(code, quote=False)
    return str(highlight(code, lexer(stripnl=False, ensurenl=False, filters=[_Plain()]), HtmlFormatter(nowrap=True)))
