"""Floor 3. docs/ as a small site around the report: where to begin, the guides as pages, and a reference.

The reference is made from the tasks and from the schemas of the models, so that it cannot drift. Prints nothing.
"""

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import schema
from report.errors import SpecError
from report.rendering import headings, labels
from report.rendering.document import Document, tidy
from report.rendering.labels import Labels
from report.rendering.memory import Memory, forgetful
from report.rendering.pages.page import Neighbours, page
from report.rendering.pictures import flowchart
from report.spec import LANGUAGES, Language

GUIDES: Mapping[str, Mapping[Language, str]] = {
    place: {language: f"{file}.md" if language == "en" else f"{file}.{language}.md" for language in LANGUAGES}
    for place, file in (("guide", "README"), ("tutorial", "assignments/TUTORIAL"), ("comparison", "COMPARISON"))
}
PLACES = ("index", "report", *GUIDES, "reference", "architecture")  # in the order of every page's first line
FOLDER = "docs"
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
_FLOOR = re.compile(r"Floor (\d)[^.:]*[.:] ")
_MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A task: its name, what it does, and each of its options with what it means."""

    name: str
    text: str
    options: Sequence[tuple[str, str]]


def files(root: Path, commands: Iterable[Command], remember: Memory = forgetful) -> dict[str, bytes]:
    """Every page of the site but the report's own, by its path in docs/, with pictures of the report that lies there.

    Raises SpecError for a guide that is missing or shows a picture that the report does not have.
    """
    words = labels.load(root / "templates")
    pictures = {f"figures/{file.name}": file.read_bytes() for file in (root / FOLDER / "figures").glob("*.svg")}
    every = [*commands]
    made: dict[str, bytes] = {}
    for place in PLACES:
        if place == "report":
            continue
        texts = {language: _text(root, place, words[language], every) for language in LANGUAGES}
        found = {language: headings.headings(text) for language, text in texts.items()}
        for language in LANGUAGES:
            alike = len(found[language]) == len(found["en"])  # then anchors are those of one language
            ids = headings.page_ids(found["en" if alike else language])
            title = found[language][0].text if found[language] else place
            text, drawn = _drawn(texts[language], words[language])
            document = Document(language, title, text, pictures | drawn)
            beside = Neighbours(ids, {other: name(place, other) for other in LANGUAGES if other != language})
            made[name(place, language)] = page(root, document, words[language], beside, {}, remember).encode()
    return made


def name(place: str, language: Language) -> str:
    """The file of a page; the Korean index is the one that a server shows first."""
    return "index.html" if (place, language) == ("index", "ko") else f"{place}.{language}.html"


def _text(root: Path, place: str, label: Labels, commands: Sequence[Command]) -> str:
    """A page's Markdown, below its heading a line that leads to the others."""
    if place in GUIDES:
        text = _guide(root, GUIDES[place][label.language], label.language)
    else:
        made = {"index": _index(label), "reference": _reference(label, commands), "architecture": _rooms(root, label)}
        text = "\n".join(made[place])
    heading, _, rest = text.partition("\n")
    links = (
        label(f"site_{one}") if one == place else f"[{label(f'site_{one}')}]({name(one, label.language)})"
        for one in PLACES
    )
    return tidy(f"{heading}\n\n{' · '.join(links)}\n{rest}")


def _guide(root: Path, file: str, language: Language) -> str:
    try:
        text = (root / file).read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{file}: cannot be read: {error.strerror}; docs/ shows it") from None
    parts = _FENCED.split(text)  # what is shown as code holds no links
    parts[::2] = [_LINK.sub(lambda link: _moved(link[1], file, language), part) for part in parts[::2]]
    return "".join(parts)


def _drawn(text: str, label: Labels) -> tuple[str, dict[str, bytes]]:
    """The text with its flowcharts as pictures, and these; one that cannot be read stays a block of code."""
    pictures: dict[str, bytes] = {}

    def picture(block: re.Match[str]) -> str:
        made = flowchart.flowchart(block[1], label)
        if made is None:
            return block[0]
        place = f"figures/flowchart-{len(pictures) + 1}.svg"
        pictures[place] = made.svg
        return f"![{_plain(made.alt)}]({place})\n\n*{label('site_flowchart')}*"

    return _MERMAID.sub(picture, text), pictures


def _moved(link: str, file: str, language: Language) -> str:
    """A link of a guide as seen from docs/: to a page of the site where there is one."""
    if re.match(r"[a-z]+:|#", link):
        return link
    path, _, anchor = link.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    for place, sources in GUIDES.items():
        for other, source in sources.items():
            if target == source:
                return name(place, other)
    inside = target.removeprefix(f"{FOLDER}/") if target.startswith(f"{FOLDER}/") else f"../{target}"
    inside = re.sub(r"^(report\.\w+)\.md$", r"\1.html", inside)
    return f"{inside}#{anchor}" if anchor else inside


def _index(label: Labels) -> Iterator[str]:
    yield f"# {label('site_title')}"
    yield f"\n{label('site_text')}\n\n## {label('site_pages')}\n"
    for place in PLACES[1:]:
        yield f"- [{label(f'site_{place}')}]({name(place, label.language)}): {label(f'site_{place}_text')}"


def _reference(label: Labels, commands: Iterable[Command]) -> Iterator[str]:
    yield f"# {label('site_reference')}"
    yield f"\n{label('site_reference_note')}"
    yield f"\n## {label('site_commands')}"
    for command in commands:
        yield f"\n### `invoke {command.name}`\n\n{_plain(command.text)}\n"
        if command.options:
            yield from _rows([[label("site_option"), label("site_meaning")]], head=True)
            yield from _rows([f"`{flag}`", _plain(text)] for flag, text in command.options)
    for kind, made in schema.schemas().items():
        yield f"\n## {kind}.toml"
        for table, part in [(f"{kind}.toml", made), *sorted(made.get("$defs", {}).items())]:
            if part.get("properties"):
                yield f"\n### {kind}: {table}\n\n{_plain(part.get('description', ''))}\n"
                yield from _rows([[label("site_key"), label("site_type"), label("site_default")]], head=True)
                yield from _rows(
                    _key(key, value, part.get("required", ())) for key, value in part["properties"].items()
                )


def _rooms(root: Path, label: Labels) -> Iterator[str]:
    """How the house is built: the way from a scenario to the report, and each module's own words by its floor."""
    yield f"# {label('site_architecture')}"
    yield f"\n```text\n{label('site_flow').strip()}\n```\n\n{label('site_architecture_note')}"
    found: dict[str, list[tuple[str, str]]] = {}
    for file in sorted((root / "report").rglob("*.py")):
        words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        if match := _FLOOR.match(words):
            module = file.relative_to(root).as_posix().removesuffix("/__init__.py")
            found.setdefault(match[1], []).append((module, words[match.end() :].partition("\n\n")[0]))
    for floor, modules in sorted(found.items()):
        yield f"\n## {label('site_floor', floor=floor)}\n"
        yield from _rows([[label("site_module"), label("site_knows")]], head=True)
        yield from _rows([f"`{module}`", _plain(words)] for module, words in modules)


def _key(key: str, value: Mapping[str, Any], required: Sequence[str]) -> list[str]:
    default = f"`{value['default']!r}`" if value.get("default") not in (None, [], {}) else ""
    return [f"`{key}`", f"`{_kind(value)}`", "—" if key in required else default]


def _kind(value: Mapping[str, Any]) -> str:
    """What a key holds, in few words."""
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "enum" in value or "const" in value:
        return " or ".join(map(repr, value.get("enum", [value.get("const")])))
    if "anyOf" in value or "oneOf" in value:
        return " or ".join(dict.fromkeys(_kind(one) for one in value.get("anyOf", value.get("oneOf", ()))))
    if value.get("type") == "array":
        return f"array of {_kind(value.get('items', {}))}"
    inner = value.get("additionalProperties") or next(iter(value.get("patternProperties", {}).values()), None)
    if value.get("type") == "object" and isinstance(inner, dict):
        return f"table of {_kind(inner)}"
    return str(value.get("type", "any"))


def _plain(text: str) -> str:
    """A docstring on one line, in which nothing is markup but code."""
    parts = " ".join(text.split()).split("`")
    parts[::2] = [re.sub(r"([\\\[\]*_<|])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def _rows(rows: Iterable[Sequence[str]], *, head: bool = False) -> Iterator[str]:
    for cells in rows:
        yield f"| {' | '.join(cells)} |"
        if head:
            yield f"|{'---|' * len(cells)}"
