"""Floor 2, pure. Code with a class for each kind of token, by Pygments; the colours stand in style.css."""

import html
from functools import lru_cache

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import BashLexer, BashSessionLexer, CLexer, DiffLexer, PythonLexer, TOMLLexer

_LEXERS: dict[str, type[Lexer]] = {
    "python": PythonLexer,
    "c": CLexer,
    "console": BashSessionLexer,
    "sh": BashLexer,
    "toml": TOMLLexer,
    "diff": DiffLexer,
}


@lru_cache(maxsize=500)  # the languages of a report show the same code
def highlighted(code: str, language: str) -> str:
    """The code as escaped HTML; a language that is not known here stays plain."""
    lexer = _LEXERS.get(language)
    if lexer is None:
        return html.escape(code, quote=False)
    return str(highlight(code, lexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)))
