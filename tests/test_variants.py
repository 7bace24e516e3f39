"""Servers that the judge's rules were not made with get the diagnosis that was written down before they were judged."""

import os
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from report import candidates, course, judge
from report.candidates import Candidate
from report.judge import Judged
from report.judgement import Rules
from report.rendering import metrics
from tests.builders import REPOSITORY

pytestmark = pytest.mark.timeout(300)
VARIANTS = REPOSITORY / "tests" / "variants"
DECLARED: dict[str, dict[str, Any]] = tomllib.loads((VARIANTS / "variants.toml").read_text(encoding="utf-8"))
DELAY = 0.2
JOBS = 8


def missing(variant: dict[str, Any]) -> list[str]:
    """What is needed to build it or to run it, and is not here."""
    needed = [variant.get("build", "").partition(" ")[0], variant.get("needs", "")]
    return [program for program in needed if program and shutil.which(program) is None]


def brought(found: dict[str, Rules], name: str, folder: Path) -> Candidate:
    """It as somebody brings it, under its own name, so that all can be judged side by side."""
    variant = DECLARED[name]
    rules, build = found[variant["assignment"]], variant.get("build")
    one = candidates.brought(REPOSITORY, rules, variant["command"], build, folder, None, DELAY)
    servers = {name: one.assignment.servers[candidates.GIVEN]}
    return replace(one, name=name, assignment=one.assignment.model_copy(update={"servers": servers}))


def said(one: Judged) -> str:
    """The diagnosis, or the outcome of a server that has none."""
    return one.judgement.diagnosis.id if one.judgement.diagnosis else one.judgement.outcome


def test_servers_that_the_rules_were_not_made_with_are_named_rightly(tmp_path: Path) -> None:
    lacking = {name: programs for name, variant in DECLARED.items() if (programs := missing(variant))}
    assert not (lacking and os.environ.get("REQUIRE_TOOLS")), f"missing, and here it must not be: {lacking}"
    wanted = {name: variant.get("diagnosis", "accepted") for name, variant in DECLARED.items() if name not in lacking}
    folder = Path(shutil.copytree(VARIANTS, tmp_path / "variants"))
    found = candidates.rules(REPOSITORY, course.load(REPOSITORY, metrics.problem))
    every = [brought(found, name, folder) for name in wanted]
    judged = judge.judge_all(REPOSITORY, every, tmp_path / "judged", JOBS)  # side by side, as they mostly wait
    assert {one.candidate.name: said(one) for one in judged} == wanted
    if lacking:
        pytest.skip(f"the others are judged rightly; not judged for want of programs: {lacking}")
