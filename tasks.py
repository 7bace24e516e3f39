"""Invoke tasks: parse, call, print. `invoke --list` shows them; what each does stands in report/."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke import Context, Exit, task

if TYPE_CHECKING:
    from report.recording import Planned
    from report.spec import Assignment

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build"

# Exit codes, by whose fault (report/errors.py). 2 is what Invoke itself gives for a wrong command line.
EXIT_CODES = {
    "SpecError": 2,  # a scenario, template, option or file says something that cannot be meant
    "ServerError": 3,  # a server or its build did not do what every server must
    "ClaimError": 4,  # a claim does not hold, or a sentence is not bound as it must be
    "OutdatedError": 5,  # a generated file is not what generating it now gives
    "EvidenceError": 6,  # evidence is missing, incomplete or changed
}
INTERRUPTED = 130


@contextmanager
def _explained() -> Iterator[None]:
    """Errors with an explanation are printed as such and become an exit code; all others are faults of ours."""
    from report.errors import ReportError

    try:
        yield
    except ReportError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        if len(error.problems) > 1:
            print(f"{len(error.problems)} problems", file=sys.stderr)
        raise Exit(code=EXIT_CODES[type(error).__name__]) from None
    except KeyboardInterrupt:
        print("interrupted; every run that was complete is kept", file=sys.stderr)
        raise Exit(code=INTERRUPTED) from None


def _course() -> "tuple[Assignment, ...]":
    from report import course
    from report.rendering import metrics

    return course.load(ROOT, metrics.problem)


def _chosen(assignment: str | None) -> "tuple[Assignment, ...]":
    from report import course

    every = _course()
    return every if assignment is None else (course.find(every, assignment),)


def _positive(option: str, value: float) -> float:
    from report.errors import SpecError

    if not 0 < value <= 1000:
        raise SpecError(f"--{option} {value:g}: expected a number over 0 and at most 1000")
    return value


_HELP = {
    "assignment": "number or folder name, such as 3 or message_queue (default: all)",
    "scenario": "only this scenario",
    "server": "only this server",
    "speed": "divide every wait by this (default 1: the course's five seconds)",
    "jobs": "runs side by side, where they only wait (default 8)",
    "force": "run again what is fresh, too",
}


@task(name="list")
def list_(context: Context) -> None:
    """Show every assignment and run: fresh, or why it is stale."""
    from report import console, plan

    with _explained():
        assignments = _course()
        states = plan.states(ROOT, plan.plan(assignments, 1.0), BUILD / "evidence")
        print("\n".join(console.listing(assignments, states)))


@task(help=_HELP)
def run(
    context: Context,
    assignment: str | None = None,
    scenario: str | None = None,
    server: str | None = None,
    speed: float = 1.0,
    jobs: int = 8,
    force: bool = False,
) -> None:
    """Run servers against their load and keep the evidence; then say which claims hold."""
    from report import console, plan
    from report.errors import ClaimError
    from report.rendering.edition import evidence_of
    from report.rendering.verdicts import judge

    with _explained():
        every, chosen = _course(), _chosen(assignment)
        wanted = plan.plan(chosen, _positive("speed", speed), scenario, server)
        made = _record(wanted, jobs, force)
        for one in wanted:
            if one not in made:
                print(f"fresh: {one.identity} (run it again with --force)")
        evidence = evidence_of(every, plan.read(wanted + _beside(every, wanted, speed), BUILD / "evidence"))
        places = {(p.identity.assignment, p.identity.scenario, p.identity.server) for p in wanted}
        found = [v for a in chosen for v in judge(evidence, a, speed) if (v.assignment, v.scenario, v.server) in places]
        print("\n".join(console.verdicts(found)))
        print(f"{console.tally(found)}; evidence in build/evidence, report with: invoke report")
        if any(v.state == "fails" for v in found):
            raise ClaimError("a claim fails; the lines with × above say which")


def _beside(every: "tuple[Assignment, ...]", wanted: "list[Planned]", speed: float) -> "list[Planned]":
    """Recorded runs that claims of the wanted ones are measured relative to."""
    from report import plan

    rest = [one for one in plan.plan(every, speed) if one not in wanted]
    return [s.planned for s in plan.states(ROOT, rest, BUILD / "evidence") if s.reason is None]


def _record(wanted: "list[Planned]", jobs: int, force: bool = False) -> "list[Planned]":
    """Records what is stale (all, with `force`); returns what was recorded."""
    from report import plan
    from report.recording import progress_for, record_all

    todo = [s.planned for s in plan.states(ROOT, wanted, BUILD / "evidence") if force or s.reason]
    if todo:
        with progress_for(todo) as progress:
            record_all(ROOT, todo, BUILD / "evidence", progress, jobs=max(1, jobs))
    return todo


@task(help={"jobs": _HELP["jobs"]})
def report(context: Context, jobs: int = 8) -> None:
    """Record what is stale and render the Korean and the English report into build/."""
    from report import console, plan, publish
    from report.rendering.edition import edition, evidence_of

    with _explained():
        assignments = _course()
        wanted = plan.plan(assignments, 1.0)
        _record(wanted, jobs)
        made = edition(ROOT, evidence_of(assignments, plan.read(wanted, BUILD / "evidence")), 1.0)
        changed = publish.write(made.files, BUILD)
        print("\n".join(console.verdicts(v for v in made.verdicts if v.state != "holds")), end="")
        print(f"build/report.ko.md, build/report.en.md and .html: {console.tally(made.verdicts)}")
        print(f"{len(changed)} of {len(made.files)} files changed")


@task(help={"jobs": "runs side by side (default 4)"})
def check(context: Context, jobs: int = 4) -> None:
    """Check as CI does: fresh runs at speed 20, claims, transcripts, both languages, docs/ byte for byte."""
    import shutil

    from report import check as checking
    from report import plan
    from report.recording import progress_for

    with _explained():
        assignments = _course()
        shutil.rmtree(BUILD / "check", ignore_errors=True)
        with progress_for(plan.plan(assignments, checking.SPEEDS[0])) as progress:
            counts = checking.check(ROOT, assignments, BUILD / "check", progress, max(1, jobs))
        print(
            f"checked: {counts.claims} claims on {counts.runs} fresh runs, {counts.transcripts} transcripts, "
            f"{counts.parity} pieces alike in both languages; docs/: {counts.published_files} files byte for byte, "
            f"{counts.published_claims} claims hold"
        )


@task(help={"assignment": _HELP["assignment"]})
def accept(context: Context, assignment: str | None = None) -> None:
    """Run the transcript's scenario anew and take what it prints as expected.txt; shows what changed."""
    from report import check as checking
    from report import plan, publish
    from report.recording import progress_for, record_all
    from report.rendering.transcript import difference

    with _explained():
        chosen = [a for a in _chosen(assignment) if a.transcript is not None]
        wanted = [
            p
            for a in chosen
            if a.transcript is not None
            for p in plan.plan([a], checking.SPEEDS[0], a.transcript.scenario, a.transcript.server)
        ]
        with progress_for(wanted) as progress:
            record_all(ROOT, wanted, BUILD / "accept", progress, jobs=2)
        for name, text in checking.transcripts_of(chosen, plan.read(wanted, BUILD / "accept")).items():
            path = ROOT / "assignments" / name / "expected.txt"
            before = path.read_text(encoding="utf-8") if path.is_file() else ""
            publish.write_file(path, text.encode())
            print(difference(before, text, name) or f"assignments/{name}/expected.txt: unchanged")


@task(help={"jobs": _HELP["jobs"]})
def publish(context: Context, jobs: int = 8) -> None:
    """Record what is stale, render, and put report and evidence into docs/, the published edition."""
    from report import check as checking
    from report import console, plan
    from report import publish as publishing
    from report.errors import ClaimError

    with _explained():
        assignments = _course()
        wanted = plan.plan(assignments, 1.0)
        _record(wanted, jobs)
        files, made = checking.published_files(ROOT, assignments, wanted, BUILD / "evidence")
        if problems := checking.sentences(made.verdicts):
            raise ClaimError([*problems, "nothing was published: what is published must hold"])
        changed = publishing.write(files, ROOT / "docs")
        removed = publishing.remove_others(files, ROOT / "docs")
        print(f"docs/: {console.tally(made.verdicts)}; {len(changed)} files written, {len(removed)} removed")


@task(help={"assignment": "number or folder name", "port": "default 8090", "delay": "seconds (default 5)"})
def serve(context: Context, assignment: str, port: int = 8090, delay: float = 5.0, server: str = "python") -> None:
    """Run an assignment's server in the foreground, for the browser: http://localhost:8090/ (stop with Ctrl-C)."""
    import os

    from report.course import choose
    from report.recording import fill_command

    with _explained():
        (chosen,) = _chosen(assignment)
        (name,) = choose("server", server, chosen.servers)
        command = fill_command(chosen, name, port=port, delay=delay)
        print(f"http://localhost:{port}/ (stop with Ctrl-C)", flush=True)
        os.chdir(ROOT / chosen.servers[name].directory)
        os.execv(command[0], command)


@task(help={"options": "handed to pytest, such as -k fork"})
def test(context: Context, options: str = "") -> None:
    """Run the tests."""
    _tool("pytest", "-n", "2", *options.split())


@task
def lint(context: Context) -> None:
    """Check style, format and types."""
    _tool("ruff", "check", ".")
    _tool("ruff", "format", "--check", ".")
    _tool("mypy")


@task
def clean(context: Context) -> None:
    """Remove build/, with all evidence in it; docs/ stays."""
    import shutil

    shutil.rmtree(BUILD, ignore_errors=True)


def _tool(module: str, *options: str) -> None:
    """Runs a tool of this environment; its exit code becomes ours."""
    import subprocess

    code = subprocess.run([sys.executable, "-m", module, *options], cwd=ROOT, check=False).returncode
    if code:
        raise Exit(code=code)
