"""The first metric of each table as bars with their spread, and what grows as lines; in both languages.

Pure: numbers in, SVG out, drawn with the report's own canvas, so the same bytes on every machine.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.measure import ROOT
from benchmarks.metrics import METRICS, Metric
from benchmarks.parts import Part, Table, Words
from benchmarks.tables import Values, spread
from report.languages import BOTH, Language
from report.rendering.compared import Growth, Line, Place
from report.rendering.compared import Values as Point
from report.rendering.labels import Labels
from report.rendering.pictures import canvas
from report.rendering.pictures.canvas import Sheet, Swatch
from report.rendering.pictures.growth import growth
from report.rendering.pictures.scale import Scale, written

FAR = 30  # times; values that differ by more stand on a logarithmic axis
_ROW, _THICK, _TOP = 19.0, 11.0, 42.0
_OURS = re.compile(r"(iterative|fork|thread|message_queue|accesses|invoke|our|\d)\b")
_KEY: Mapping[str, Words] = {
    "served": Words("이 프로젝트", "this project"),
    "accent": Words("이 프로젝트(C)", "this project, C"),
    "waiting": Words("다른 도구", "others"),
}
_KOREAN = {  # what contenders' names hold besides names; in this order
    "invoke report --format pdf, page there": "invoke report --format pdf, 페이지는 있음",
    "our page of the same Markdown": "같은 Markdown의 우리 페이지",
    "nothing changed": "바뀐 것 없음",
    "one paragraph changed": "문단 하나 바뀜",
    "from nothing": "아무것도 없을 때",
    "unchanged": "바뀐 것 없음",
    "a thread a client": "클라이언트마다 스레드",
    "a thread a request": "요청마다 스레드",
    "one core": "코어 하나",
    "10 threads": "스레드 10개",
    "4 threads": "스레드 4개",
    "1 process": "프로세스 1개",
    "streams": "스트림",
    "cold": "처음부터",
    "without its lines": "출력 없이",
    "recorded": "기록함",
    "at its least": "최소한의 코드",
    "bare": "기록 안 함",
}
_GROWTH = {"cpu": ("CPU 시간", "CPU time", "seconds"), "peak": ("최대 메모리", "peak memory", "bytes")}


def pictures(part: Part, tables: Mapping[str, Mapping[str, Values]]) -> Iterator[tuple[str, bytes]]:
    """File names and SVGs of what was measured of a part."""
    for table in part.tables:
        values = tables.get(table.name, {}).get("samples", {})
        for language in BOTH if values else ():
            name = f"{part.name}-{table.name}"
            if not table.grows:
                yield f"{name}.{language}.svg", bars(table, values, language)
            elif len(values) > 1:
                for kind in {metric.rpartition("_")[2]: None for metric in table.grows}:
                    yield f"{name}-{kind}.{language}.svg", lines(table, values, kind, language)


def told(part: Part, tables: Mapping[str, Mapping[str, Values]]) -> dict[str, dict[Language, dict[str, str]]]:
    """The title of each picture of bars, and its numbers in words for who cannot see it; by its name and language."""
    found: dict[str, dict[Language, dict[str, str]]] = {}
    for table in part.tables:
        values = tables.get(table.name, {}).get("samples", {})
        if values and not table.grows:
            found[f"{part.name}-{table.name}"] = {language: _told(table, values, language) for language in BOTH}
    return found


def _told(table: Table, values: Values, language: Language) -> dict[str, str]:
    first = table.metrics[0]
    metric = METRICS[first]
    numbers = [f"{_named(name, language)} {metric.written(spread(row[first])[0])}" for name, row in values.items()]
    title, heading = getattr(table.title, language), getattr(metric.heading, language)
    return {"title": title, "alternative": f"{title}. {heading}: {', '.join(numbers)}."}


def bars(table: Table, values: Values, language: Language) -> bytes:
    """A bar for each contender: the median, a thin line from the lowest to the highest, and its number."""
    metric = METRICS[table.metrics[0]]
    rows = [(_named(name, language), _colour(name), row[table.metrics[0]]) for name, row in values.items()]
    left = max(canvas.width(name) for name, _, _ in rows) + 14
    room = canvas.WIDTH - left - canvas.RIGHT
    axis = _axis([row for *_, row in rows], metric, room)
    bottom = _TOP + _ROW * len(rows)
    with canvas.drawing(bottom + canvas.FOOT) as sheet:
        sheet.text(2, 13, getattr(table.title, language))
        shown = [colour for colour in _KEY if colour in {shade for _, shade, _ in rows}]
        sheet.key(31, [(Swatch(colour, 1.0), getattr(_KEY[colour], language)) for colour in shown])
        for value in axis.ticks(7):
            x = left + axis.share(value) * room
            sheet.line([(x, _TOP), (x, bottom + 3)], "line", lw=0.8, zorder=0)
            sheet.text(x, bottom + 15, written(value), side="center")
        for place, (name, colour, row) in enumerate(rows):
            middle = _TOP + _ROW * (place + 0.5)
            sheet.text(left - 8, middle + canvas.MIDDLE, name, side="right")
            _bar(sheet, axis, (left, room), middle, colour, [value * metric.scale for value in row])
            x = left + axis.share(max(row) * metric.scale) * room + 8
            sheet.text(x, middle + canvas.MIDDLE, metric.written(spread(row)[0]))
        sheet.line([(left, _TOP), (left, bottom), (left + room, bottom)])
        log = {"ko": ", 로그 눈금", "en": ", logarithmic"}[language] if axis.log else ""
        sheet.foot(getattr(metric.heading, language) + log)
        return canvas.svg(sheet)


def _axis(rows: Sequence[Sequence[float]], metric: Metric, room: float) -> Scale:
    """An axis on which every number has room beside its bar."""
    every = [value * metric.scale for row in rows for value in row]
    log = min(every) > 0 and max(every) > FAR * min(every)
    ends = [(max(row) * metric.scale, 1 - (canvas.width(metric.written(spread(row)[0])) + 12) / room) for row in rows]
    return Scale.leaving_room(ends, min(every) / 1.6 if log else min(0.0, *every), log)


def _bar(
    sheet: Sheet, axis: Scale, across: tuple[float, float], middle: float, colour: str, row: Sequence[float]
) -> None:
    left, room = across
    start = left + (0.0 if axis.log else axis.share(0.0)) * room
    value, low, high = (left + axis.share(one) * room for one in spread(row))
    sheet.box(min(start, value), middle - _THICK / 2, abs(value - start), _THICK, colour)
    if high > low:
        sheet.line([(low, middle), (high, middle)], "paper", lw=3.4)
        sheet.line([(low, middle), (high, middle)], lw=1.4)
        for end in (low, high):
            sheet.line([(end, middle - 4), (end, middle + 4)], lw=1.4)


def lines(table: Table, values: Values, kind: str, language: Language) -> bytes:
    """What grows by the number that contenders are called by: a line for each metric of this kind."""
    words = tomllib.loads((ROOT / "templates" / "labels.toml").read_text(encoding="utf-8"))[language]
    *heading, unit = _GROWTH[kind]
    label = _Words(language, {**words, "across": getattr(table.counted, language), kind: heading[language == "en"]})
    curves = []
    for metric in [metric for metric in table.grows if metric.endswith(kind)]:
        place = Place(0, "", "", getattr(table.grows[metric], language))
        points = [Point(place, tuple(row[metric]), at=float(name)) for name, row in values.items()]
        curves.append(Line(place, "", tuple(points)))
    return growth(Growth("across", kind, unit, tuple(curves), ()), label).svg


class _Words(Labels):
    """The report's words with a few more."""

    def metric(self, metric: str) -> str:
        """What is drawn over the count."""
        return self(metric)


def _colour(name: str) -> str:
    return "waiting" if not _OURS.match(name) else "accent" if name.endswith("(C)") else "served"


def _named(name: str, language: Language) -> str:
    for english, korean in _KOREAN.items() if language == "ko" else ():
        name = name.replace(english, korean)
    return name
