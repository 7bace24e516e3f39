"""docs/ is a small site: every page in both languages, each link leads somewhere, and the reference tells all there is."""

import re
from html import unescape
from pathlib import Path

import pytest

import tasks
from report import schema, site
from report.errors import SpecError
from report.rendering import labels
from tests.builders import REPOSITORY

COMMANDS = tasks._commands()
WORDS = labels.load(REPOSITORY / "templates")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: data.decode() for name, data in site.files(REPOSITORY, COMMANDS).items()}


def test_every_page_is_there_in_both_languages_and_leads_to_all_others(pages: dict[str, str]) -> None:
    places = [place for place in site.PLACES if place != "report"]
    assert set(pages) == {site.name(place, language) for place in places for language in ("ko", "en")}
    for language in ("ko", "en"):
        for place in places:
            page = pages[site.name(place, language)]
            assert f'<html lang="{language}">' in page
            for other in set(site.PLACES) - {place}:
                assert f'href="{site.name(other, language)}"' in page


def test_every_link_leads_to_a_file_or_an_anchor_that_there_is(pages: dict[str, str]) -> None:
    ids = {name: set(re.findall(r'\bid="([^"]+)"', page)) for name, page in pages.items()}
    looked = 0
    for name, page in pages.items():
        for link in map(unescape, re.findall(r'href="([^"]+)"', page)):
            file, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            looked += 1
            if file and file not in pages:
                assert (REPOSITORY / site.FOLDER / file).exists(), f"{name}: {link}"
            elif anchor:
                assert anchor in ids[file or name], f"{name}: {link}"
    assert looked > 100


def test_the_reference_tells_every_command_option_table_and_key(pages: dict[str, str]) -> None:
    page = unescape(re.sub(r"<[^>]+>", "", pages["reference.en.html"]))
    assert {"run", "report", "check", "list"} <= {command.name for command in COMMANDS}
    for command in COMMANDS:
        assert f"invoke {command.name}" in page
        for flag, text in command.options:
            assert flag in page
            assert text.replace("`", "") in page
    assert sum(bool(text) for command in COMMANDS for _, text in command.options) > 30
    for kind, made in schema.schemas().items():
        assert f"{kind}.toml" in page
        for part in [made, *made["$defs"].values()]:
            assert all(key in page for key in part.get("properties", {}))


def test_the_architecture_tells_every_module_on_its_floor_and_the_page_is_alike_in_both_languages(
    pages: dict[str, str],
) -> None:
    for language in ("ko", "en"):
        page = pages[f"architecture.{language}.html"]
        for path in (REPOSITORY / "report").rglob("*.py"):
            if path.read_text(encoding="utf-8").startswith('"""Floor ') and path.name != "__init__.py":
                assert f"<code>{path.relative_to(REPOSITORY)}</code>" in page, path
        assert page.count("<table") == len({"0", "1", "2", "3"})


def test_every_flowchart_of_a_guide_is_a_picture_with_words_and_none_stays_code(pages: dict[str, str]) -> None:
    drawn = 0
    for place, sources in site.GUIDES.items():
        for language, source in sources.items():
            page = pages[site.name(place, language)]
            charts = (REPOSITORY / source).read_text(encoding="utf-8").count("```mermaid")
            assert page.count(f"<figcaption>{WORDS[language]('site_flowchart')}</figcaption>") == charts, source
            assert "flowchart LR" not in page
            drawn += charts
    assert drawn == len(site.GUIDES["guide"])


def test_a_flowchart_that_is_not_read_stays_code() -> None:
    text = "# A\n\n```mermaid\nsequenceDiagram\n```\n\n```mermaid\nflowchart LR\n    a --> b\n```\n"
    made, pictures = site._drawn(text, WORDS["en"])
    assert made.startswith("# A\n\n```mermaid\nsequenceDiagram\n```\n\n![Flowchart")
    assert list(pictures) == ["figures/flowchart-1.svg"]


def test_links_of_a_guide_lead_to_pages_of_the_site_and_else_out_of_its_folder() -> None:
    moved = {link: site._moved(link, "README.md", "en") for link in (
        "README.ko.md", "docs/report.ko.md", "docs/figures/a.svg", "assignments/README.md#keys", "#limits", "https://a.b/c",
    )}  # fmt: skip
    assert list(moved.values()) == [
        "guide.ko.html", "report.ko.html", "figures/a.svg", "../assignments/README.md#keys", "#limits", "https://a.b/c",
    ]  # fmt: skip
    assert site._moved("README.md", "assignments/TUTORIAL.md", "en") == "../assignments/README.md"


def test_a_guide_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "templates").symlink_to(REPOSITORY / "templates")
    with pytest.raises(SpecError, match=r"README.ko.md: cannot be read"):
        site.files(tmp_path, COMMANDS)
