"""What a model of scenario.toml says of itself: ranges, bounds, sums, references."""

import math
from typing import Any

import pydantic
import pytest

from report.scenario import Claim, Phase, Scenario
from report.spec import Connections, Mask, Series, declared_names, resolve


def test_a_scenario_sends_what_its_arrival_amounts_to() -> None:
    tide = tuple(Phase(rate=rate, seconds=9) for rate in (1, 2, 4, 2, 1))
    assert Scenario(delay=5.0, arrival=tide).sends == 90
    assert Scenario(delay=5.0, clients=7).sends == 7


@pytest.mark.parametrize(
    "arrival",
    [{}, {"clients": 2, "arrival": (Phase(rate=1, seconds=1),)}, {"arrival": ()}, {"clients": 0}],
)
def test_a_scenario_arrives_in_exactly_one_way(arrival: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Scenario(delay=5.0, **arrival)


def test_an_arrival_that_amounts_to_no_request_is_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="no request"):
        Scenario(delay=5.0, arrival=(Phase(rate=0.1, seconds=1), Phase(rate=0, seconds=9)))


@pytest.mark.parametrize("value", ["8080", True, math.nan, math.inf, -math.inf, None, [1], {"a": 1}])
def test_what_is_no_finite_number_is_no_number(value: Any) -> None:
    for key, number in (("delay", value), ("settle", value)):
        with pytest.raises(pydantic.ValidationError):
            Scenario.model_validate({"delay": 5.0, "clients": 2, key: number})
    with pytest.raises(pydantic.ValidationError):
        Claim.model_validate({"id": "a", "metric": "left.total", "at_most": value})
    with pytest.raises(pydantic.ValidationError):
        Claim.model_validate({"id": "a", "metric": "left.total", "equals": 0, "only_at_speed": value or "x"})


@pytest.mark.parametrize("value", ["2", True, 2.0, 2.5, 0, -1, 10_001])
def test_clients_are_a_whole_number_from_1_to_10_000(value: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        Scenario(delay=5.0, clients=value)


@pytest.mark.parametrize(
    "bounds",
    [{}, {"equals": 1, "at_least": 1}, {"at_least": 0, "at_most": 1}, {"between": (2, 1)}, {"between": (1,)}],
)
def test_a_claim_has_exactly_one_bound_in_order(bounds: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Claim(id="a", metric="left.total", **bounds)


def test_a_bound_of_zero_is_a_bound() -> None:
    assert Claim(id="a", metric="left.total", equals=0).equals == 0
    with pytest.raises(pydantic.ValidationError, match="found equals and at_most"):
        Claim(id="a", metric="left.total", equals=0, at_most=0)


@pytest.mark.parametrize("pattern", ["queue", r"(\d+)/(\d+)", "(", "a{99999999999999999999}", "(" * 5000])
def test_a_series_is_read_off_by_exactly_one_group(pattern: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=r"one group|regular expression"):
        Series(pattern=pattern)


@pytest.mark.parametrize("key", ["accepted", "begun", "answered"])
def test_a_connection_pattern_that_lacks_a_named_group_is_told_its_name(key: str) -> None:
    good = {
        "accepted": r"#(?P<connection>\d+) from (?P<port>\d+)",
        "begun": r"(?P<actor>\w+) #(?P<connection>\d+)",
        "answered": r"(?P<actor>\w+) #(?P<connection>\d+)",
    }
    Connections(**good)
    with pytest.raises(pydantic.ValidationError, match=rf"{key}: needs the named group \(\?P<connection>"):
        Connections(**good | {key: r"#(\d+) (?P<port>\d+) (?P<actor>\w+)"})


def test_a_mask_takes_one_group() -> None:
    with pytest.raises(pydantic.ValidationError, match="one group"):
        Mask(pattern=r"child \d+")


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("other", ("here", "other", None)),
        (":c", ("here", "this", "c")),
        ("fork/ten", ("fork", "ten", None)),
        ("fork/ten:c", ("fork", "ten", "c")),
        ("fork/", ("fork", "this", None)),
    ],
)
def test_what_a_reference_leaves_out_is_the_place_it_stands_in(
    reference: str, meant: tuple[str, str, str | None]
) -> None:
    assert resolve(reference, "here", "this") == meant


def test_an_event_declares_itself_and_each_of_its_named_groups() -> None:
    tables: dict[str, dict[str, object]] = {"events": {"added": r"(?P<worker>\d+) at (?P<queue>\d+)", "odd": 5}}
    assert declared_names(tables)["events"] == {"added", "added.worker", "added.queue", "odd"}


def test_a_pattern_that_does_not_compile_declares_no_groups() -> None:
    assert declared_names({"events": {"added": "(?P<worker"}})["events"] == {"added"}
