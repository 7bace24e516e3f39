"""The PDF itself: its text, fonts, bookmarks and pages, read back with a reader of PDFs."""

import re
import sys
from pathlib import Path
from typing import Any

import pypdf
import pytest

from report import pdf
from report.errors import SpecError
from report.rendering.document import Document

ROOT = Path(__file__).resolve().parents[1]
HOSTILE = '#set page(width: 1pt) $x$ @ref <label> \\\\ \\u{41} "quoted" // there /* there */ [brackets] {braces} #{'
FILLER = "이 문단은 그림이 쪽의 끝에 걸리도록 자리를 차지합니다.\n\n"


def made(to: Path, markdown: str, **values: object) -> Any:
    said: dict[str, object] = {"language": "ko", "title": '제목 "#1" $x$', "pictures": {}, "cover": ()}
    pdf.write(ROOT, Document(markdown=markdown, **(said | values)), to / "report.pdf")  # type: ignore[arg-type]
    return pypdf.PdfReader(to / "report.pdf")  # untyped from here on: a PDF's objects may be of any kind


def squeezed(text: str) -> str:
    """Without white space: where lines break is not the text's."""
    return re.sub(r"\s+", "", text)


def test_text_comes_out_as_it_went_in_whatever_it_is(tmp_path: Path) -> None:
    korean = "`fork`를 부르면 **자식 프로세스**가 생기고, 부모는 사본을 닫습니다 (○ 성립: 지연 시간의 1.00배)."
    reader = made(tmp_path, f"# 제목\n\n## 장 #1 $y$\n\n{korean}\n\n{HOSTILE}\n\n```text\n{HOSTILE} `a` *b* _c_\n```\n")
    text = squeezed("".join(page.extract_text() for page in reader.pages))
    assert squeezed(re.sub(r"\*\*|`", "", korean)) in text
    assert squeezed(HOSTILE.replace("\\\\", "\\")) in text
    assert squeezed(f"{HOSTILE} `a` *b* _c_") in text


def test_only_the_pinned_fonts_are_in_it(tmp_path: Path) -> None:
    reader = made(tmp_path, "## 장\n\n말과 **굵은 말**과 `code` 그리고 → │\n\n```python\ndef f(): pass  # 주석\n```\n")
    found = {
        str(font.get_object()["/BaseFont"]).partition("+")[2].partition("-Identity")[0]
        for page in reader.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert {name.lower().replace("-", "") for name in found} <= {
        "nanumgothic", "nanumgothicbold", "dejavusansmono", "dejavusansmonobold", "dejavusansmonooblique"
    }  # fmt: skip
    assert len(found) >= 3


def test_cover_contents_bookmarks_and_metadata(tmp_path: Path) -> None:
    cover = (("과목", "시스템 프로그래밍"), ("이름", "홍길동"), ("기록 시각(UTC)", "2026-11-24T02:05:12Z"))
    reader = made(tmp_path, "# 제목\n\n앞말.\n\n## 첫 장\n\n### 절\n\n말.\n\n## 둘째 장\n\n말.\n", cover=cover)
    first, contents, *rest = [page.extract_text() for page in reader.pages]
    assert all(value in first for _, value in cover)
    assert "앞말." in first
    assert "1 /" not in first
    assert re.search(r"첫 장[ .]+3\n", contents)
    assert len(rest) == 2
    assert "둘째 장" in rest[1].split("\n")[0]
    assert (reader.metadata.title, reader.metadata.author) == ('제목 "#1" $x$', "홍길동")
    assert str(reader.metadata.get("/CreationDate")).startswith("D:20261124")
    titles = [[inner.title for inner in one] if isinstance(one, list) else one.title for one in reader.outline]
    assert titles == ["첫 장", ["절"], "둘째 장"]
    assert reader.trailer["/Root"]["/Lang"] == "ko"


def test_a_picture_stays_with_its_caption_and_its_text_can_be_selected(tmp_path: Path) -> None:
    pictures = {
        f"figures/{n}.svg": (
            '<svg xmlns="http://www.w3.org/2000/svg" width="400pt" height="250pt" viewBox="0 0 400 250">'
            f'<text x="10" y="50" font-family="\'Report Mono\', Report">inside {n} 안</text></svg>'
        ).encode()
        for n in range(9)
    }
    markdown = "## 장\n\n" + "".join(f"{FILLER * n}![그림](figures/{n}.svg)\n\n*below {n}*\n\n" for n in range(9))
    pages = [page.extract_text() for page in made(tmp_path, markdown, pictures=pictures).pages]
    assert len(pages) > 5
    for n in range(9):
        (page,) = [place for place, text in enumerate(pages) if f"inside {n} 안" in text]
        assert f"below {n}" in pages[page]


def test_a_long_table_says_its_header_on_every_page_and_loses_no_row(tmp_path: Path) -> None:
    rows = "".join(f"| row-{n} | 아주 긴 설명이 들어 있는 칸 {n} | {n} |\n" for n in range(120))
    pages = [
        page.extract_text() for page in made(tmp_path, f"## 장\n\n| 머리글 | b | c |\n|---|---|---:|\n{rows}").pages
    ]
    with_rows = [text for text in pages if "row-" in text]
    assert len(with_rows) > 2
    assert all("머리글" in text for text in with_rows)
    assert sum(len(re.findall(r"row-\d+", text)) for text in pages) == 120


def test_long_code_goes_over_pages_with_every_line(tmp_path: Path) -> None:
    code = "\n".join(f"line {n}: print('한글')" for n in range(200))
    text = "".join(page.extract_text() for page in made(tmp_path, f"## 장\n\n```python\n{code}\n```\n").pages)
    assert re.findall(r"line (\d+):", text) == [str(n) for n in range(200)]


def test_a_link_to_the_web_and_one_inside_lead_there_and_no_other_does(tmp_path: Path) -> None:
    reader = made(tmp_path, "## chapter\n\n[web](https://example.org/) [in](#chapter) [file](evidence/run.json)\n")
    last = reader.pages[-1]
    actions = [note.get_object().get("/A") for note in last["/Annots"]]
    assert [action["/URI"] for action in actions if action and "/URI" in action] == ["https://example.org/"]
    assert len(actions) == 2


def test_the_same_document_gives_the_same_pages(tmp_path: Path) -> None:
    one = [page.extract_text() for page in made(tmp_path, "## 장\n\n말.\n").pages]
    assert one == [page.extract_text() for page in made(tmp_path, "## 장\n\n말.\n").pages]


def test_without_the_package_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(SpecError, match="invoke report --format pdf needs the package typst"):
        made(tmp_path, "## 장\n")
    assert not list(tmp_path.iterdir())


def test_a_picture_that_is_none_is_a_sentence_and_leaves_the_old_pdf(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"old")
    with pytest.raises(SpecError, match=r"report\.pdf: Typst refuses the report: "):
        made(tmp_path, "![a](figures/a.svg)\n", pictures={"figures/a.svg": b"<svg"})
    assert (tmp_path / "report.pdf").read_bytes() == b"old"
