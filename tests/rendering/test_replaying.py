"""What a page needs to replay a run stands at its figures: whose they are, and when each line was printed."""

from report.rendering.pages import replaying
from report.rendering.pages.appendix import Tables
from tests.builders import evidence_of, lines, run

TABLES = Tables(evidence_of(run(server_lines=lines("one", "two", "three", start=-0.104, step=0.25), client_lines=())))
RUNS = replaying.names(TABLES)


def test_a_terminal_tells_its_run_and_the_hundredths_of_a_second_between_its_lines() -> None:
    told = replaying.attributes("figures/echo-two.python-server-terminal.ko.svg", RUNS, TABLES)
    assert told == ' data-run="echo-two.python" data-steps="-10,25,25"'


def test_a_terminal_without_lines_has_nothing_to_replay() -> None:
    told = replaying.attributes("figures/echo-two.python-client-terminal.ko.svg", RUNS, TABLES)
    assert told == ' data-run="echo-two.python" data-steps=""'


def test_a_timeline_tells_its_run_and_other_pictures_tell_nothing() -> None:
    assert replaying.attributes("figures/echo-two.python-timeline.en.svg", RUNS, TABLES) == (
        ' data-timeline="echo-two.python"'
    )
    for other in ("figures/echo-two.python-designs.en.svg", "figures/none-timeline.en.svg", "figures/x.svg"):
        assert replaying.attributes(other, RUNS, TABLES) == ""
