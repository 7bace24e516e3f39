"""What a model of scenario.toml says of itself: ranges, bounds, sums, references."""

import math
import re
from typing import Any

import pydantic
import pytest

from report.diagrams import Text
from report.models import Model
from report.rendering.declared import FAMILIES
from report.rendering.metrics import METRICS
from report.scenario import Claim, Load, Phase, Scenario, Smaller
from report.spec import Assignment, Connections, Held, Mask, Ring, Series, Server, Tradeoff, declared_names, resolve
from tests.builders import ECHO, REPOSITORY, assignment


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


# ---- What a check makes smaller --------------------------------------------------------------------------------

PHASES = (Phase(rate=1, seconds=1),)
FULL = {"delay": 5.0, "clients": 100, "settle": 2.0, "options": ("--lessons",), "repeat": 5, "cores": 2}


def test_a_check_changes_just_what_its_scenario_declares_for_it() -> None:
    full = Scenario.model_validate(FULL | {"check": {"clients": 10, "repeat": 1, "settle": 0.0}})
    small = full.checked()
    assert (small.clients, small.sends, small.repeat, small.settle) == (10, 10, 1, 0.0)
    assert (small.delay, small.options, small.cores, small.load) == (5.0, ("--lessons",), 2, Load())
    assert (full.clients, full.repeat) == (100, 5)


def test_a_check_may_have_other_phases_options_and_another_load() -> None:
    many, few = (Phase(rate=500, seconds=4),), (Phase(rate=500, seconds=2),)
    check = {"arrival": few, "options": ("--times", "10"), "load": {"path": "/spin?work=1"}}
    full = Scenario(delay=0.0, arrival=many, options=("--times", "20"), load=Load(expect="x"), check=check)  # type: ignore[arg-type]
    small = full.checked()
    assert (full.sends, small.sends, small.options) == (2000, 1000, ("--times", "10"))
    assert small.load == Load(path="/spin?work=1")  # the whole load: what it leaves out is not taken from the other


def test_a_check_of_nothing_is_the_scenario_itself() -> None:
    full = Scenario.model_validate(FULL)
    assert full.checked() == full


@pytest.mark.parametrize(
    ("scenario", "check", "told"),
    [
        (
            {"clients": 9},
            {"arrival": PHASES},
            r"check\.arrival: the scenario itself has no arrival",
        ),
        (
            {"arrival": PHASES},
            {"clients": 2},
            r"check\.clients: the scenario itself has no clients",
        ),
        ({"clients": 9}, {"delay": 1.0}, "Extra inputs"),
        ({"clients": 9}, {"clients": 0}, "greater than or equal to 1"),
    ],
)
def test_a_check_arrives_as_its_scenario_does_and_changes_nothing_else(
    scenario: dict[str, Any], check: dict[str, Any], told: str
) -> None:
    with pytest.raises(pydantic.ValidationError, match=told):
        Scenario.model_validate({"delay": 5.0, "check": check} | scenario)


def test_a_claim_has_in_a_check_the_bound_that_it_declares_for_it_and_no_other() -> None:
    claim = Claim.model_validate({"id": "a", "metric": "requests.correct", "equals": 100, "check": {"at_least": 9}})
    small = claim.checked()
    assert (small.equals, small.at_least, small.at_most, small.between) == (None, 9, None, None)
    assert (small.id, small.metric, claim.equals) == ("a", "requests.correct", 100)


def test_a_claim_without_a_bound_for_a_check_keeps_its_own() -> None:
    claim = Claim(id="a", metric="requests.correct", equals=100)
    assert claim.checked() == claim


@pytest.mark.parametrize("bounds", [{}, {"equals": 1, "at_most": 2}, {"between": (2, 1)}])
def test_the_bound_for_a_check_is_one_bound_too(bounds: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Claim.model_validate({"id": "a", "metric": "left.total", "equals": 0, "check": bounds})


def test_an_assignment_is_checked_in_all_its_scenarios_and_claims() -> None:
    toml = ECHO.replace("equals = 2", "equals = 2\ncheck = { equals = 1 }")
    echo = assignment(toml.replace("clients = 2", "clients = 2\ncheck = { clients = 1 }"))
    small = echo.checked()
    assert (echo.scenarios["two"].clients, small.scenarios["two"].clients) == (2, 1)
    assert (echo.claims()["all-answered"].equals, small.claims()["all-answered"].equals) == (2, 1)
    assert small.claims()["served-together"] == echo.claims()["served-together"]


# ---- Paths in turn, what a claim is held against, rows of a comparison -----------------------------------------


def test_requests_ask_for_the_path_and_for_the_others_in_turn() -> None:
    spec = Scenario(delay=1.0, clients=5, load=Load(path="/crash", also=("/", "/fail")))
    assert [spec.path_of(number) for number in range(1, 6)] == ["/crash", "/", "/fail", "/crash", "/"]
    assert Scenario(delay=1.0, clients=5).path_of(5) == "/"


@pytest.mark.parametrize("path", ["spin", "", "/a b", "/\n"])
def test_what_is_no_path_is_refused_among_the_others_too(path: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        Load(also=("/", path))


@pytest.mark.parametrize(
    ("held_against", "beside", "is_ratio"),
    [
        ({}, "", False),
        ({"over": "memory.pss"}, " ÷ memory.pss", True),
        ({"minus": ":iterative"}, " – :iterative", False),
        ({"relative_to": ":thread", "minus": ":iterative"}, " – :iterative ÷ :thread", True),
        ({"relative_to": "a/b:c", "over": "memory.pss", "minus": "one"}, " ÷ memory.pss – one ÷ a/b:c", True),
    ],
)
def test_a_claim_tells_what_its_metric_is_held_against_in_the_order_of_reckoning(
    held_against: dict[str, str], beside: str, is_ratio: bool
) -> None:
    claim = Claim.model_validate({"id": "a", "metric": "memory.rss", "at_least": 1, **held_against})
    assert (claim.beside, claim.is_ratio) == (beside, is_ratio)


def test_a_row_of_a_comparison_names_at_least_one_claim() -> None:
    texts = {key: {"ko": "가", "en": "a"} for key in ("topic", "textbook", "measured", "finding")}
    assert Tradeoff.model_validate(texts | {"claims": {"python": "a"}}).claims == {"python": "a"}
    with pytest.raises(pydantic.ValidationError):
        Tradeoff.model_validate(texts | {"claims": {}})


# ---- What is written of it -------------------------------------------------------------------------------------

README = (REPOSITORY / "assignments" / "README.md").read_text(encoding="utf-8")
WRITTEN = {name for code in re.findall(r"`([^`\n]+)`", README) for name in re.findall(r"\w+", code)}
MODELS = (
    Assignment,
    Server,
    Scenario,
    Load,
    Phase,
    Claim,
    Smaller,
    Connections,
    Series,
    Held,
    Ring,
    Mask,
    Tradeoff,
    Text,
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_written_of(model: type[Model]) -> None:
    taken_from_the_folder = {"name", "folder"} if model is Assignment else set()
    assert set(model.model_fields) - taken_from_the_folder <= WRITTEN


def test_every_metric_is_written_of() -> None:
    listed = README.partition("Metrics: ")[2].partition("\n\n")[0]
    names = re.findall(r"`([^`]+)`", listed)
    family, found = "", set()
    for name in names:
        family = name.rpartition(".")[0] if not name.startswith(".") else family
        found.add(f"{family}{name}" if name.startswith(".") else name)
    possible = {f"{kind}.NAME.{ending}" for kind, (endings, _) in FAMILIES.items() for ending in endings}
    assert found == set(METRICS) | possible


@pytest.mark.parametrize("load", [{"resets": 1}, {"half_closed_resets": 1}, {"pieces": 0.5}, {"reverse": True}])
def test_a_load_with_any_of_these_is_impolite(load: dict[str, Any]) -> None:
    assert Load(**load).is_impolite
    assert not Load(stalled=3, also=("/a",)).is_impolite


@pytest.mark.parametrize(
    ("load", "problem"),
    [
        ({"resets": -1}, "greater than or equal to 0"),
        ({"half_closed_resets": 1001}, "less than or equal to 1000"),
        ({"pieces": 0.0}, "greater than 0"),
        ({"reverse": 1}, "valid boolean"),
        ({"reverse": True, "pieces": 1.0}, "either reverse or pieces"),
    ],
)
def test_what_clients_do_is_in_range_and_goes_together(load: dict[str, Any], problem: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=problem):
        Load(**load)


def test_only_clients_that_are_there_at_once_can_ask_backwards() -> None:
    with pytest.raises(pydantic.ValidationError, match="load.reverse: needs clients"):
        Scenario(delay=5.0, arrival=(Phase(rate=1, seconds=2),), load=Load(reverse=True))
    assert Scenario(delay=5.0, clients=2, load=Load(reverse=True)).load.is_impolite
