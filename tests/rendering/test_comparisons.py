"""Figures that compare places: every repetition counts, and what was not measured is told in its row."""

import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from report.errors import SpecError
from report.rendering import labels
from report.rendering.gates.parity import pieces
from report.rendering.illustrator import Illustrator
from report.rendering.measure import Subject
from report.rendering.memory import forgetful
from report.rendering.metrics import METRICS
from report.rendering.pictures import theme
from report.rendering.pictures.scale import Scale, written
from report.rendering.places import Places
from report.rendering.verdicts import Evidence
from report.run import Identity, LogLine, Resources, Run
from report.spec import LANGUAGES, Language
from tests.builders import ECHO, REPOSITORY, assignment, evidence_of, lines, request, run

WORDS = labels.load(REPOSITORY / "templates")
SERVERS = "".join(f'[servers.{name}]\ncommand = ["a"]\n' for name in ("fork", "thread", "fork_c"))
MADE = r"made = 'made (?P<what>\w+) with (?P<mib>\S+) MiB in (?P<microseconds>\S+) us'"
TOML = ECHO.replace("[connections]", SERVERS + "[connections]", 1).replace("[events]", f"[events]\n{MADE}", 1)
TOML += "".join(f"[scenarios.{name}]\ndelay = 5.0\nclients = {n}\n" for name, n in (("one", 1), ("ten", 10)))
WHERE = assignment(TOML)
EVENT: dict[str, Any] = {"event": "made", "x": "mib", "y": "microseconds", "by": "what"}
MADE_LINES = lines(
    *(f"made {what} with {m} MiB in {m * t + 90} us" for m in (1, 32, 1024) for what, t in (("fork", 9), ("thread", 0)))
)


def ran(
    scenario: str, server: str, cpu: float = 0.5, again: int = 1, printed: tuple[LogLine, ...] = MADE_LINES, **how: Any
) -> Run:
    used = Resources(
        user_seconds=cpu,
        system_seconds=0.0,
        voluntary_switches=1,
        involuntary_switches=1,
        pss_bytes=2**20,
        pss_processes=1,
    )
    identity = Identity(assignment="echo", scenario=scenario, server=server, repetition=again)
    return run(identity=identity, resources=used, server_lines=printed, **how)


RUNS = [
    ran("two", "fork", 4.0),
    ran("two", "fork", 2.0, again=2),
    ran("two", "fork", 9.0, again=3),
    ran("two", "thread", 0.5),
    ran("one", "fork", 0.02, requests=[request(1)]),
    ran("one", "thread", 0.01, requests=[request(1)]),
]
SOME = evidence_of(*RUNS, assignments=[WHERE])
LACKING = Evidence(SOME.assignments, SOME.runs, {("echo", "fork_c"): "cc"})


def shown(
    *call: str, evidence: Evidence = LACKING, language: Language = "en", remember: Any = forgetful, **how: Any
) -> tuple[str, bytes, str]:
    """Markdown, SVG and path of a figure."""
    places = Places(evidence, evidence.assignments["echo"], "explanation.md")
    illustrator = Illustrator(REPOSITORY, places, WORDS[language], "explanation.md", remember)
    markdown = illustrator.figure(*call, **how)
    ((path, svg),) = illustrator.pictures.items()
    return markdown, svg, path


CALLS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "bars": (("bars", "two:fork", "two:thread", "two:fork_c"), {"metric": "cpu.seconds"}),
    "bars in groups": (("bars", "one:fork", "one:thread", "two:fork", "two:thread"), {"metric": "memory.pss"}),
    "points": (("bars", "one:thread", "two:fork"), {"metric": "cpu.seconds", "log": True}),
    "lines": (("growth", "two:fork", "two:thread", "two:fork_c"), EVENT),
    "lines by requests": (
        ("growth", "one:fork", "two:fork", "one:thread", "two:thread"),
        {"metric": "makespan.delays"},
    ),
    "only what is undecided": (("bars", "two:fork_c", "ten:fork"), {"metric": "cpu.seconds"}),
    "no line at all": (("growth", "two:fork_c", "ten:fork"), EVENT),
}


@pytest.mark.parametrize("case", CALLS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_is_the_same_bytes_twice_in_the_theme_s_colours_and_said_in_words(
    case: str, language: Language
) -> None:
    call, how = CALLS[case]
    first, second = (shown(*call, language=language, **how) for _ in range(2))
    assert first == second
    assert not {"{", "}"} & set(first[0])
    ElementTree.fromstring(first[1])
    colours = set(re.findall(r"#[0-9a-fA-F]{6}\b", first[1].decode().replace(theme.STYLE, "")))
    assert colours <= {light for light, _ in theme.COLOURS.values()}


def test_a_bar_is_the_median_of_all_repetitions_and_tells_their_spread() -> None:
    told, _, _ = shown("bars", "two:fork", "two:thread", metric="cpu.seconds")
    assert "fork: 4.00 s (median of 3 runs, lowest 2.00 s, highest 9.00 s); thread: 0.500 s." in told
    assert "*Comparison of CPU time: #1 two. A value of several runs is their median" in told


def test_what_was_not_measured_is_told_with_its_reason_in_its_row() -> None:
    told, svg, _ = shown("bars", "two:thread", "two:fork_c", metric="cpu.seconds")
    assert r"fork\_c: undecided: this machine has no cc, so the server was not run" in told
    assert "median" not in told
    assert svg != shown("bars", "two:thread", "two:fork_c", metric="cpu.seconds", evidence=SOME)[1]


def test_only_what_differs_is_in_a_name() -> None:
    assert "one: 0.020 s; two: 4.00 s" in shown("bars", "one:fork", "two:fork", metric="cpu.seconds")[0]
    grouped = shown("bars", "one:fork", "one:thread", "two:fork", "two:thread", metric="requests.answered")[0]
    assert "one fork: 1; one thread: 1; two fork: 2" in grouped
    assert "two fork: 4.00 s (median" in shown("bars", "one:thread", "two:fork", metric="cpu.seconds")[0]


def test_a_logarithmic_axis_is_taken_only_for_values_that_are_far_apart() -> None:
    far, near = ("bars", "one:thread", "two:fork"), ("bars", "one:thread", "one:fork")
    assert "On a logarithmic axis" in shown(*far, metric="cpu.seconds", log=True)[0]
    assert "On a logarithmic axis" not in shown(*near, metric="cpu.seconds", log=True)[0]
    assert shown(*near, metric="cpu.seconds", log=True)[1] == shown(*near, metric="cpu.seconds")[1]


def test_a_line_is_drawn_for_each_word_that_the_server_s_lines_give_it() -> None:
    told, _, _ = shown("growth", "two:thread", **EVENT)
    assert "fork: 99 at 1, 378 at 32, 9,306 at 1,024; thread: 90 at 1, 90 at 32, 90 at 1,024." in told
    assert "*How time (microseconds) depends on memory (MiB): #1 two (thread)." in told
    assert "fork · thread: 90 at 1" in shown("growth", "two:fork", "two:thread", **EVENT)[0]


def test_a_line_goes_through_a_metric_by_the_requests_that_each_scenario_sends() -> None:
    told, _, _ = shown("growth", "two:fork", "one:fork", "one:thread", "ten:fork", metric="cpu.seconds")
    assert "fork: 0.020 s at 1, 4.00 s at 2; thread: 0.010 s at 1; ten fork (10): undecided: echo/ten.fork" in told


@pytest.mark.parametrize(
    "printed",
    [
        lines("made fork with 0 MiB in 5 us", "made fork with 8 MiB in -3 us"),
        lines("made fork with many MiB in 5 us"),
        lines("made fork with nan MiB in 1e400 us"),
        lines("made fork with 1 MiB in 1 us"),
        lines(*(f"made 작업{n} with {n + 1} MiB in {10**n} us" for n in range(12))),
        lines(*("made fork with 1 MiB in 1e-9 us", "made fork with 1e30 MiB in 1e30 us")),
        (),
    ],
)
def test_lines_are_drawn_of_whatever_a_server_printed(printed: tuple[LogLine, ...]) -> None:
    evidence = evidence_of(ran("two", "fork", printed=printed), assignments=[WHERE])
    told, svg, _ = shown("growth", "two:fork", evidence=evidence, **EVENT)
    ElementTree.fromstring(svg)
    assert "undecided" in told or " at " in told


@pytest.mark.parametrize("metric", ["requests.unaccounted", "left.total", "cpu.seconds", "series.queue.max"])
def test_bars_of_values_below_zero_and_of_nothing_are_drawn(metric: str) -> None:
    for requests in ([request(n) for n in range(1, 9)], [request(1), request(2)]):
        evidence = evidence_of(ran("two", "fork", 0.0, requests=requests), assignments=[WHERE])
        ElementTree.fromstring(shown("bars", "two:fork", evidence=evidence, metric=metric)[1])


def test_a_picture_is_remembered_by_its_numbers_and_nothing_is_drawn_again() -> None:
    made: dict[str, bytes] = {}

    def remember(key: str, make: Any) -> bytes:
        return made.setdefault(key, make() if key not in made else b"")

    call, how = CALLS["bars"]
    assert shown(*call, remember=remember, **how) == shown(*call, remember=remember, **how)
    assert len(made) == 1
    slower = evidence_of(*RUNS[:3], ran("two", "thread", 0.6), assignments=[WHERE])
    assert "thread: 0.600 s" in shown(*call, evidence=slower, remember=remember, **how)[0]
    shown(*call, language="ko", remember=remember, **how)
    assert len(made) == 3
    assert all(json.loads(picture) for picture in made.values())


def test_comparisons_of_different_numbers_or_places_have_different_files() -> None:
    calls = [
        (("bars", "two:fork"), {"metric": "cpu.seconds"}),
        (("bars", "two:thread"), {"metric": "cpu.seconds"}),
        (("bars", "two:fork"), {"metric": "memory.pss"}),
        (("growth", "two:fork"), {"metric": "memory.pss"}),
        (("growth", "two:fork"), EVENT),
    ]
    paths = [shown(*call, **how)[2] for call, how in calls]
    assert len(set(paths)) == len(paths)
    many = [f"{scenario}:{server}" for scenario in ("one", "two", "ten") for server in ("fork", "thread")] * 9
    assert len(shown("bars", *many, metric="cpu.seconds")[2]) < 100


@pytest.mark.parametrize(
    ("call", "how", "problem"),
    [
        (("bars", "two"), {}, "needs metric=…; found none"),
        (("bars", "two"), {"metrik": "cpu.seconds"}, "needs metric=…; found metrik"),
        (("bars", "two"), {"metric": 3}, "metric: must be a name in quotes"),
        (("bars", "two"), {"metric": "cpu.second"}, "did you mean cpu.seconds"),
        (("bars", "five"), {"metric": "cpu.seconds"}, "there is no scenario echo/five"),
        (("growth", "two"), {"event": "made", "x": "mib"}, "needs event=…, x=…, y=…, by=… or event=…, x=…, y=…"),
        (("growth", "two"), EVENT | {"y": "seconds"}, "y: no event made with a group seconds; there are added.queue"),
        (("growth", "two"), EVENT | {"log": True}, "takes no log"),
        (("growth", "one", "one"), {"metric": "cpu.seconds"}, "two scenarios of python send 1 requests"),
        (("timeline", "two"), {"metric": "cpu.seconds"}, "takes no metric"),
        (("latency", "two"), {"log": True}, "takes no log"),
    ],
)
def test_what_an_author_got_wrong_is_told_with_the_call(
    call: tuple[str, ...], how: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SpecError) as caught:
        shown(*call, **how)
    assert str(caught.value).startswith(f"explanation.md: figure({call[0]!r}, ")
    assert problem in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_unit_of_a_metric_has_words_for_an_axis(language: Language) -> None:
    for metric in METRICS.values():
        assert "CPU" in WORDS[language](f"axis_{metric.unit}", name="CPU")


def test_a_call_with_names_is_the_same_piece_only_with_the_same_names() -> None:
    (one,), (other,) = (
        pieces(f'{{{{ figure("bars", "two", metric="{metric}", log=True) }}}}') for metric in ("a", "b")
    )
    assert one.shape == "figure('bars', 'two', metric='a', log=True)"
    assert one != other


@pytest.mark.parametrize(
    ("scale", "most", "ticks"),
    [
        (Scale(1, 1000, log=True), 7, ["1", "3", "10", "30", "100", "300", "1,000"]),
        (Scale(0.5, 5, log=True), 7, ["0.5", "1", "2", "5"]),
        (Scale(1e-9, 1e9, log=True), 7, ["1e-09", "1e-06", "0.001", "1", "1,000", "1,000,000", "1e+09"]),
        (Scale(0, 11), 7, ["0", "2", "4", "6", "8", "10"]),
        (Scale(-6, 1), 7, ["-6", "-5", "-4", "-3", "-2", "-1", "0", "1"]),
    ],
)
def test_an_axis_has_round_values_and_not_too_many(scale: Scale, most: int, ticks: list[str]) -> None:
    assert [written(value) for value in scale.ticks(most)] == ticks


def test_a_subject_is_still_one_run() -> None:
    places = Places(LACKING, WHERE, "explanation.md")
    assert places.subject("two:fork", None, "x") == Subject(WHERE, WHERE.scenarios["two"], RUNS[0])
