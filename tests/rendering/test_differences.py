"""What differs between two runs is found, with its spread, and what makes them hard to compare is never passed over."""

from report.rendering.differences import Figure, Side, caveats, environment, figures, lines, sources
from report.run import Identity, LogLine, Resources, Run
from tests.builders import ECHO, assignment, request, run, served

ENVIRONMENT = {"kernel": "6.1", "python": "3.11.7"}


def side(*runs: Run, toml: str = ECHO) -> Side:
    echo = assignment(toml)
    return Side("echo/two.python", "docs/evidence", echo, echo.scenarios["two"], runs)


def keys(before: Side, after: Side) -> list[str]:
    return [caveat.key for caveat in caveats(before, after)]


def found(before: Side, after: Side) -> dict[str, Figure]:
    return {figure.metric: figure for figure in figures(before, after)}


def test_figures_that_both_have_are_held_against_each_other() -> None:
    made = found(side(run()), side(run(requests=[request(1, done=6.02), request(2, outcome="reset")])))
    assert made["requests.answered"].delta == -1
    assert made["requests.answered"].change == "less"
    assert round(made["makespan.seconds"].delta, 2) == 1.0
    assert made["memory.pss"].change == "same"


def test_a_figure_that_one_side_lacks_is_left_out() -> None:
    assert "makespan.seconds" not in found(side(run()), side(run(requests=[request(1, done=None, outcome="late")])))


def test_ranges_that_overlap_tell_of_no_change_and_a_single_run_has_no_range() -> None:
    fast, slow, between = (run(requests=[request(1, done=done)]) for done in (5.0, 5.4, 5.2))
    assert found(side(fast, slow), side(between, slow))["makespan.seconds"].change == "within"
    assert found(side(fast, fast), side(slow, slow))["makespan.seconds"].change == "more"
    assert found(side(fast), side(between))["makespan.seconds"].change == "more"


def test_two_good_recordings_on_one_machine_have_no_caveat_but_that_of_single_runs() -> None:
    assert keys(side(run()), side(run())) == ["single"]
    assert keys(side(run(), run()), side(run(), run())) == []


def test_another_machine_speed_delay_or_load_is_a_caveat() -> None:
    twice = side(run(), run())
    moved = run(environment=ENVIRONMENT | {"kernel": "6.2"})
    assert keys(twice, side(moved, moved)) == ["machine"]
    newer = run(environment=ENVIRONMENT | {"python": "3.13.0"})
    assert keys(twice, side(newer, newer)) == []
    hurried = run(identity=Identity(assignment="echo", scenario="two", server="python", speed=20.0), delay=0.25)
    assert keys(twice, side(hurried, hurried)) == ["speed"]
    assert keys(twice, side(run(delay=1.0), run(delay=1.0))) == ["delay"]
    more = run(requests=[request(n) for n in (1, 2, 3)])
    assert keys(twice, side(more, more)) == ["load"]


def test_one_recording_under_two_names_and_a_machine_that_does_not_suit_are_caveats() -> None:
    one = run(epoch=1.0)
    assert "same_run" in keys(side(one), side(one))
    busy = Resources(user_seconds=0, system_seconds=0, voluntary_switches=0, involuntary_switches=0, others_cores=1.0)
    quiet = ECHO.replace("clients = 2", "clients = 2\nquiet = true")
    (caveat,) = [c for c in caveats(side(run(), toml=quiet), side(run(resources=busy), toml=quiet)) if c.reason]
    assert caveat.reason is not None
    assert caveat.reason.key == "busy"


def test_environment_and_sources_tell_only_what_differs() -> None:
    changed = run(
        environment={"kernel": "6.2", "python": "3.11.7"}, inputs={"scenario": "0" * 64, "server.py": "1" * 64}
    )
    assert environment(side(run()), side(changed)) == [("kernel", "6.1", "6.2")]
    assert sources(side(run()), side(changed)) == ([("server.py", "", "1" * 64)], 1)


def test_lines_that_differ_only_in_what_is_masked_are_the_same() -> None:
    other = run(server_lines=[LogLine(line.time + 1, line.text.replace("40001", "50001")) for line in served(2)])
    assert lines(side(run()), side(other)) == ([], True)


def test_lines_that_differ_are_a_unified_diff_and_without_masks_it_is_said() -> None:
    other = side(run(server_lines=[*served(2), *served(2)[:1]]))
    text, is_masked = lines(side(run()), other)
    assert is_masked
    assert text[:2] == ["--- A", "+++ B"]
    assert [line for line in text[2:] if line.startswith("+")] == [
        "+server: listening on 127.0.0.1:<port 1>, delay <seconds> s"
    ]
    bare = ECHO[: ECHO.index("[transcript]")] + ECHO[ECHO.index("[scenarios.two]") :]
    assert lines(side(run(), toml=bare), other)[1] is False
