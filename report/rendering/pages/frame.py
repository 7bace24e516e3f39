"""Floor 2, pure. What every page has around its text: a policy that lets nothing in, looks, fonts, a script.

What a page needs as HTML stands in templates/page.html.j2; it loads nothing from outside, and works without JavaScript.
"""

import base64
import hashlib
import html
from collections.abc import Mapping
from pathlib import Path

import jinja2
from markupsafe import Markup

from report.errors import SpecError
from report.rendering.labels import Labels
from report.rendering.memory import Memory, forgetful, key
from report.rendering.pictures import fonts, theme

TEMPLATE = "page.html.j2"


def framed(
    root: Path,
    values: Mapping[str, object],
    label: Labels,
    words: str,
    remember: Memory = forgetful,
    own: str | None = None,
) -> str:
    """The whole page; `words` hold every letter of its text, `own` is what its own style sheet and script are called.

    Raises SpecError when the template is wrong.
    """
    templates = root / "templates"
    style, script = (
        "".join((templates / file).read_text(encoding="utf-8") for file in files)
        for files in (
            ("style.css", *([f"{own}.css"] if own else [])),
            ("page.js", *([f"{own}.js"] if own else [])),
        )
    )
    around = {
        "label": label,
        "colours": _colours(),
        "style": style,
        "faces": _faces(words + _letters(label), remember),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    return filled(root, TEMPLATE, {**values, **around})


def filled(root: Path, file: str, values: Mapping[str, object]) -> str:
    """A template of HTML filled in, in which every text is escaped; raises SpecError when the template is wrong."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(root / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["text"] = lambda text: Markup(html.escape(text, quote=False))  # quotes may stand in a text
    try:
        return environment.get_template(file).render(values)
    except jinja2.TemplateSyntaxError as error:
        raise SpecError(f"templates/{file}:{error.lineno}: {error.message}") from None
    except jinja2.TemplateError as error:
        raise SpecError(f"templates/{file}: {error}") from None


def _colours() -> str:
    """The theme's custom properties, light and dark, which the page's pictures take too; print is always light."""
    light, dark = theme.declarations(False), theme.declarations(True)
    return f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def _faces(text: str, remember: Memory) -> list[tuple[str, str]]:
    """Name and WOFF2 (Base64) of each font, with just the letters of this page that it is to show."""
    letters = "".join(sorted(set(text)))

    def face(name: str, file: Path) -> tuple[str, str]:
        packed = remember(key("font", name, letters), lambda: fonts.woff2(letters, file))
        return name, base64.b64encode(packed).decode()

    return [face("Report", fonts.font_file()), face("Report Mono", fonts.mono_file())]


def _letters(label: Labels) -> str:
    """Letters that the page's own frame needs."""
    return "".join(label.all()) + "0123456789#.,:-–…·↑¶"
