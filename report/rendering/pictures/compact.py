"""Floor 2, pure. The SVG that matplotlib writes, made small and fit to stand beside others in one page.

Nothing that is drawn changes by more than a hundredth of a point. Identifiers get a prefix that is made from the
content, since a page holds many pictures; only the outlines of glyphs keep theirs, the same in each.
"""

import hashlib
import re
from functools import lru_cache

_NOISE = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL)
_GLYPH = "NanumGothic-"
_DIGITS = re.compile(r"-?\d+\.\d+")
_LETTER = re.compile(r"\s*([MLQCZz])\s*")


def compact(svg: str) -> str:
    """The same picture with short paths, no comments, no empty groups, and identifiers of its own."""
    text = _NOISE.sub("", svg[svg.index("<svg") :])
    text = text.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace("xlink:href", "href")
    text = text.replace("<svg ", '<svg stroke-linejoin="round" ', 1)  # what the dropped style sheet said for all
    text = re.sub(r' d="([^"]*)"', lambda path: f' d="{_path(path[1])}"', text)
    text = re.sub(r' style="([^"]*)"', lambda style: f' style="{_style(style[1])}"', text)
    text = re.sub(r'(<use href="#[\w-]+") transform="translate\((\S+) 0\)"/>', r'\1 x="\2"/>', text)
    text = re.sub(r'(?<= )(x|y|width|height|transform)="([^"]*)"', _rounded, text)
    return _own_identifiers(_without_empty_groups(text))


@lru_cache(maxsize=2000)  # most are outlines of letters, the same in every picture
def _path(path: str) -> str:
    """Path data with numbers to a hundredth and no white space but between numbers."""
    return re.sub(r"\s+", " ", _LETTER.sub(r"\1", _DIGITS.sub(_hundredth, path))).strip()


@lru_cache(maxsize=200)
def _style(style: str) -> str:
    return _DIGITS.sub(_hundredth, re.sub(r"\s*([;:])\s*", r"\1", style))


def _rounded(attribute: re.Match[str]) -> str:
    """A place to a hundredth; a scale stays as it is."""
    name, value = attribute[1], attribute[2]
    parts = re.split(r"(scale\([^)]*\))", value)
    return f'{name}="{"".join(p if p.startswith("scale") else _DIGITS.sub(_hundredth, p) for p in parts)}"'


def _hundredth(number: re.Match[str]) -> str:
    short = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _without_empty_groups(text: str) -> str:
    """Without groups that say nothing and definitions of nothing; one element a line."""
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    kept: list[str] = []
    speaking: list[bool] = []
    for tag in re.findall(r"<[^>]*>", text):
        if re.fullmatch(r"<g\b[^>]*/>", tag):
            continue
        if tag.startswith("<g"):
            speaking.append(tag != "<g>")
        if not (tag in ("<g>", "</g>") and not speaking[-1]):
            kept.append(tag)
        if tag == "</g>":
            speaking.pop()
    return re.sub(r"<defs>\s*</defs>\n", "", "\n".join(kept)) + "\n"


def _own_identifiers(text: str) -> str:
    found = [name for name in re.findall(r' id="([^"]+)"', text) if not name.startswith(_GLYPH)]
    prefix = f"f{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    own = {name: f"{prefix}-{place}" for place, name in enumerate(dict.fromkeys(found))}
    return re.sub(r'(id="|href="#|url\(#)([\w-]+)', lambda use: use[1] + own.get(use[2], use[2]), text)
