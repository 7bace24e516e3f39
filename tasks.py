"""Invoke tasks: parse, call, print. `invoke --list` shows them; what each does stands in report/."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from invoke import Context, Exit, Task, task

if TYPE_CHECKING:
    from rich.console import Console

    from report.jobs import Course
    from report.site import Command
    from report.spec import Language

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build"
EVIDENCE = BUILD / "evidence"
KEPT = BUILD / "kept"
JUDGED = BUILD / "judged"
STAMP = BUILD / ".report.json"

# Exit codes, by whose fault (report/errors.py). A command line that Invoke cannot read is its own exit code, 1.
EXIT_CODES = {
    "SpecError": 2,  # a scenario, template, option or file says something that cannot be meant
    "ServerError": 3,  # a server or its build did not do what every server must
    "JudgeError": 3,  # the tool could not judge a server, for trouble of its own
    "ClaimError": 4,  # a claim does not hold, or a sentence is not bound as it must be
    "OutdatedError": 5,  # a generated file is not what generating it now gives
    "EvidenceError": 6,  # evidence is missing, incomplete or changed
}
INTERRUPTED = 130
PIPE_CLOSED = 141
PIPED = 160  # cells of a line where there is no terminal


@contextmanager
def _explained() -> Iterator[None]:
    """Errors with an explanation are printed as such and become an exit code; all others are faults of ours."""
    from report.errors import ReportError

    try:
        yield
    except ReportError as error:
        for problem in error.problems:
            _complain(f"error: {problem}")
        if len(error.problems) > 1:
            _complain(f"{len(error.problems)} problems")
        raise Exit(code=EXIT_CODES[type(error).__name__]) from None
    except BrokenPipeError:  # who read it has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter tries once more at its end
        raise Exit(code=PIPE_CLOSED) from None
    except KeyboardInterrupt:
        _complain("interrupted; every run that was complete is kept")
        raise Exit(code=INTERRUPTED) from None


def _say(*sentences: str, to: TextIO | None = None) -> None:
    """Each on its line, in the language of the locale."""
    from report import messages

    for sentence in sentences:
        print(messages.here(sentence), file=to, flush=True)


def _complain(sentence: str) -> None:
    _say(sentence, to=sys.stderr)


def _course() -> "Course":
    from report import jobs

    return jobs.load(ROOT)


def _commands() -> "list[Command]":
    """Every task of this file, as the reference in docs/ shows it."""
    from report.site import Command

    return [
        Command(
            str(one.name),
            one.body.__doc__ or "",
            [(f"--{str(o.name).replace('_', '-')}", said.get(str(o.name), "")) for o in one.get_arguments()],
        )
        for one, said in _EVERY
    ]


def _console() -> "Console":
    """Where pieces of text are printed: as wide as the terminal; in a pipe plain, and wide enough for a line each."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False, width=None if sys.stdout.isatty() else PIPED)


def _positive(option: str, value: float) -> float:
    from report.errors import SpecError

    if not 0 < value <= 1000:
        raise SpecError(f"--{option} {value:g}: expected a number over 0 and at most 1000")
    return value


def _points(points: float) -> float | None:
    return _positive("points", points) if points else None


def _one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    from report.errors import SpecError

    if value not in known:
        raise SpecError(f"--{option} {value}: expected {' or '.join(known)}")


_HELP = {
    "assignment": "number or folder name, such as 3 or message_queue (default: all)",
    "scenario": "only this scenario",
    "server": "only this server",
    "speed": "divide every wait by this (default 1: the course's five seconds)",
    "jobs": "runs side by side, where they only wait (default 16)",
    "force": "run again what is fresh, too",
}


@task(default=True)
def welcome(context: Context) -> None:
    """Say what can be done here, and where the last report lies; what ./inv alone does."""
    from report import welcome as words

    with _explained():
        print("\n".join(words.greeting(ROOT, words.spoken(os.environ))))


@task(help={"language": "ko or en (default: as your locale)"})
def doctor(context: Context, language: str | None = None) -> None:
    """Say what this machine lacks, what each lack costs and how to get it; exit code 1 if no report can be made."""
    from report import doctor as examination
    from report.welcome import Words, spoken

    with _explained():
        words = Words("doctor.toml", spoken(os.environ, language))
        found = examination.findings(examination.look(ROOT))
        print("\n".join(examination.lines(found, words)))
        if not examination.works(found):
            raise Exit(code=1)


@task(name="list")
def list_(context: Context) -> None:
    """Show every assignment and run: fresh, or why it is stale."""
    from report import console, plan

    with _explained():
        assignments = _course().assignments
        states = plan.states(ROOT, plan.plan(assignments, 1.0), EVIDENCE)
        _say(*console.listing(assignments, states))


@task(
    help=_HELP
    | {
        "command": "judge your own server, such as './a.out {port} {delay}', instead of running the course's",
        "build": "command that builds it first, such as 'cc -Wall -o a.out server.c'",
        "cwd": "where both commands run (default: here)",
        "port": "where it listens, if --command has no {port}",
        "delay": "seconds it sleeps for each request, if --command has no {delay} (else default 0.5)",
        "sanitize": "under a tool: thread, address (sanitizers), valgrind, helgrind, wakeups or refusals",
        "language": "of what the terminal shows: ko or en (default: the report's first)",
        "points": "what all claims on your own server are worth together, for Gradescope (default: no points)",
        "quiet": "tell only what does not hold, and the tally",
        "json": "tell everything as one JSON document, for programs",
    }
)
def run(
    context: Context,
    assignment: str | None = None,
    scenario: str | None = None,
    server: str | None = None,
    speed: float = 1.0,
    jobs: int = 16,
    force: bool = False,
    command: str | None = None,
    build: str | None = None,
    cwd: str = ".",
    port: int = 0,
    delay: float = 0.0,
    sanitize: str | None = None,
    language: str | None = None,
    points: float = 0.0,
    quiet: bool = False,
    json: bool = False,
) -> None:
    """Run servers against their load and keep the evidence; then say which claims hold. Or judge your own server."""
    from report import jobs as work
    from report import plan, told
    from report.errors import ClaimError, SpecError

    with _explained():
        course = _course()
        if command is not None:
            spoken = _language(course, language)
            own = (command, build, Path(cwd), port or None, delay or None, sanitize)
            _judge_brought(course, assignment, *own, jobs, spoken, _points(points))
            return
        if build is not None or port or delay or sanitize or language or points:
            raise SpecError("--build, --port, --delay, --sanitize, --language and --points belong to --command")
        wanted = plan.plan(course.chosen(assignment), _positive("speed", speed), scenario, server)
        recorded = work.record_stale(ROOT, wanted, EVIDENCE, jobs, force=force, quiet=quiet or json)
        made = told.Made(wanted, recorded, *work.judged(ROOT, course.assignments, wanted, speed, EVIDENCE))
        folder = str(EVIDENCE.relative_to(ROOT))
        if json:
            print(told.document(made, folder))
        else:
            _say(*told.lines(made, folder, quiet=quiet))
        if any(v.state == "fails" for v in made.verdicts):
            raise ClaimError("a claim fails; the lines with × above say which")


def _language(course: "Course", wanted: str | None) -> "Language":
    from report.spec import LANGUAGES

    _one_of("language", wanted or "ko", LANGUAGES)
    return next((one for one in LANGUAGES if one == wanted), course.settings.languages[0])


def _judge_brought(
    course: "Course",
    assignment: str | None,
    command: str,
    build: str | None,
    cwd: Path,
    port: int | None,
    delay: float | None,
    sanitize: str | None,
    jobs: int,
    spoken: "Language",
    points: float | None,
) -> None:
    """Judges a server that somebody brings; ends with 0, 4 (a claim fails) or 3 (it could not be judged)."""
    from report import candidates, judge, publish, sanitizers, takeaway
    from report.errors import ClaimError, JudgeError, SpecError
    from report.keep import Keep

    if assignment is None:
        raise SpecError("--command needs --assignment: which one the server is for, such as --assignment 1")
    rules = candidates.of_assignment(candidates.rules(ROOT, course.assignments), *course.chosen(assignment))
    words = judge.Words(ROOT, [rules])
    one = candidates.brought(ROOT, rules, command, build, cwd, port, delay, sanitizers.named(sanitize))
    (made,) = judge.judge_all(ROOT, [one], JUDGED, jobs)
    again = candidates.again(one, build, cwd)
    publish.write(words.files(made, again, Keep(ROOT, KEPT)), BUILD)
    said = words.lines(made, spoken, f"build/verdict.{spoken}.html", again)
    publish.write(takeaway.of_judged(ROOT, made.judgement, made.evidence, said, spoken, points), BUILD)
    print("\n".join(said))
    if made.judgement.outcome == "rejected":
        raise ClaimError("the server is not accepted: a claim fails")
    if made.judgement.outcome == "unjudged":
        raise JudgeError("the server could not be judged, for trouble that is not its own; run it again")


@task(
    help={
        "assignment": _HELP["assignment"],
        "mistake": "only this planted mistake",
        "good": "only the good servers, so many times each: counts false alarms",
        "delay": "seconds a server sleeps for each request (default 0.5)",
        "jobs": _HELP["jobs"],
        "language": "of what the terminal shows: ko or en (default: the report's first)",
    }
)
def judge(
    context: Context,
    assignment: str | None = None,
    mistake: str | None = None,
    good: int = 0,
    delay: float = 0.5,
    jobs: int = 16,
    language: str | None = None,
) -> None:
    """Judge the course's good servers, which must be accepted, and its planted mistakes, which must be named."""
    from report import candidates, publish
    from report import judge as judging
    from report.rendering import scoreboard

    with _explained():
        course = _course()
        spoken = _language(course, language)
        chosen = candidates.chosen(candidates.rules(ROOT, course.assignments), course.chosen(assignment), mistake)
        words = judging.Words(ROOT, chosen)
        for told in (told for one in chosen for told in candidates.left_out(one)):
            _say(told)
        entries = judging.of_course(ROOT, chosen, JUDGED, jobs, _positive("delay", delay), mistake, good)
        print("\n".join(words.table_lines(entries, spoken)))
        if good:
            alarms = sum(not entry.is_right for entry in entries)
            _say(f"{len(entries)} judgements of good servers, {alarms} false alarms")
        else:
            publish.write(words.table(entries), BUILD)
            _say(f"{scoreboard.summary(entries)}; table in build/mistakes.*.md")
        judging.must_be_right(entries)


@task(
    help={
        "submissions": "folder with a folder or a zip for each student",
        "assignment": "numbers or names with commas between, such as 1,2,3 (default: all that can be judged)",
        "jobs": "probes side by side (default: as many as this machine bears)",
        "scheduler": "judge on the workers of a Dask scheduler, such as tcp://host:8786",
        "anonymous": "call students by pseudonyms everywhere; whose is whose stands in .names of the folder",
        "delay": "seconds a server sleeps that takes a delay (default 0.5; with less some mistakes stay unseen)",
        "replay": "folder of an earlier grade: judge its evidence by today's rules, and run nothing",
        "to": "folder (default build/grade); what is there already is not judged again",
        "language": "of what the terminal and other tools show: ko or en (default: the report's first)",
    }
)
def grade(
    context: Context,
    submissions: str | None = None,
    assignment: str | None = None,
    jobs: int = 0,
    scheduler: str | None = None,
    anonymous: bool = False,
    delay: float = 0.5,
    replay: str | None = None,
    to: str = "build/grade",
    language: str | None = None,
) -> None:
    """Judge all submissions of a class, here or on a cluster, into a page to decide from; a second time only what is
    new."""
    from functools import partial

    from report import grade as grading
    from report.errors import ClaimError, JudgeError, SpecError
    from report.grading import cell, cluster, engine

    tell = partial(print, flush=True)
    with _explained():
        course = _course()
        spoken = _language(course, language)
        if replay is not None:
            if changed := grading.replayed(ROOT, Path(replay), spoken, tell):
                raise ClaimError(f"{changed} verdicts would change; the lines above say whose and why")
            return
        if submissions is None:
            raise SpecError("--submissions is needed: the folder with what a class handed in, such as ~/homework")
        rules = grading.chosen(cell.every_rule(ROOT), course.assignments, assignment)
        of = grading.Class(ROOT, rules, Path(submissions), Path(to), spoken, anonymous, _positive("delay", delay))
        where = cluster.at(scheduler) if scheduler else engine.here(jobs or None, of.probes)
        done = grading.grade(of, where, engine.working(None if scheduler else ROOT), tell)
        tell("\n".join(grading.summary(of, done)))
        if unjudged := done.count("unjudged"):
            raise JudgeError(
                f"{unjudged} could not be judged, for trouble that is not theirs; the same command tries again"
            )


@task(help={"jobs": _HELP["jobs"], "format": "html (default; always with Markdown), or pdf as well"})
def report(context: Context, jobs: int = 16, format: str = "html") -> None:
    """Record what is stale and render the report into build/."""
    from report import stamp

    with _explained():
        _one_of("format", format, ("html", "pdf"))
        made_from = stamp.inputs(ROOT, EVIDENCE, format)
        said = stamp.unchanged(STAMP, made_from, BUILD)
        if said is not None:
            _say(*said, "nothing changed")
            return
        _report(jobs, format, made_from)


def _report(jobs: int, format: str, made_from: str) -> None:
    import gc

    from report import console, plan, publish, stamp
    from report import jobs as work

    course = _course()
    if work.record_stale(ROOT, plan.plan(course.assignments, 1.0), EVIDENCE, jobs):
        made_from = stamp.inputs(ROOT, EVIDENCE, format)  # before it is read: what changes meanwhile is made again
    gc.disable()  # what is made is kept to the end, which is near: looking for garbage costs an eighth of the time
    made = work.render(ROOT, course, EVIDENCE, KEPT)
    changed = publish.write(made.files, BUILD)
    outputs = [*made.files]
    if format == "pdf":
        from report import pdf

        for document in made.documents:
            pdf.write(ROOT, document, BUILD / f"report.{document.language}.pdf")
            outputs.append(f"report.{document.language}.pdf")
    said = [
        *console.verdicts(v for v in made.verdicts if v.state != "holds"),
        *(f"build/{path}" for path in sorted(outputs) if path.startswith("report.")),
        console.tally(made.verdicts),
        console.gates(made),
    ]
    stamp.write(STAMP, made_from, BUILD, outputs, said)
    _say(*said, f"{len(changed)} of {len(made.files)} files changed")


@task(help={"port": "default 8099", "jobs": _HELP["jobs"]})
def preview(context: Context, port: int = 8099, jobs: int = 16) -> None:
    """Serve the report on loopback and reload it whenever prose, template, style or evidence changes."""
    from collections.abc import Iterable, Mapping

    from report import jobs as work
    from report import plan
    from report import preview as previewing

    def render() -> Mapping[str, bytes]:
        sources = [p for kind in ("py", "c", "h") for p in (ROOT / "assignments").rglob(f"*.{kind}")]
        beside = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sources}  # what excerpts link to
        return dict(work.render(ROOT, _course(), EVIDENCE, KEPT).files) | beside

    def watched() -> Iterable[Path]:
        for place in ("assignments", "templates", "report.toml", "build/evidence"):
            yield from [ROOT / place] if (ROOT / place).is_file() else (ROOT / place).rglob("*")

    with _explained():
        work.record_stale(ROOT, plan.plan(_course().assignments, 1.0), EVIDENCE, jobs)
        previewing.serve(ROOT, render, watched, port, _say)


@task(help={"jobs": "runs side by side (default 4)"})
def check(context: Context, jobs: int = 4) -> None:
    """Check as CI does: fresh runs at speed 20, claims, transcripts, both languages, docs/ byte for byte; then every
    planted mistake must be rejected with its diagnosis, and every good server accepted."""
    import shutil

    from report import candidates, console, messages, plan, site
    from report import check as checking
    from report import judge as judging
    from report import publish as publishing
    from report.recording import progress_for
    from report.rendering import scoreboard

    with _explained():
        course = _course()
        shutil.rmtree(BUILD / "check", ignore_errors=True)
        with progress_for(plan.plan(course.assignments, checking.SPEEDS[0]), say=messages.here) as progress:
            counts = checking.check(ROOT, course.assignments, course.settings, BUILD / "check", progress, max(1, jobs))
        for told in counts.undecided:
            _say(f"undecided: {told}")
        besides = f" ({counts.lacking} undecided, as told above)" if counts.lacking else ""
        _say(
            f"checked: {counts.claims} claims{besides} on {counts.runs} fresh runs, {counts.transcripts} transcripts; "
            f"docs/: {counts.published_files} files byte for byte, {counts.published_claims} claims hold",
            console.gates(counts.made),
        )
        publishing.compare(site.files(ROOT, _commands()), ROOT / "docs", checking.REMEDY, alone=False)
        rules = list(candidates.rules(ROOT, course.assignments).values())
        entries = judging.of_course(ROOT, rules, BUILD / "check" / "judged", jobs * judging.WAITING)
        judging.must_be_right(entries)
        left_out = [told for one in rules for told in candidates.left_out(one)]
        judging.must_be_told(judging.Words(ROOT, rules).table(entries), ROOT / "assignments", whole=not left_out)
        _say(*left_out, f"judged: {scoreboard.summary(entries)}")


@task(help={"assignment": _HELP["assignment"]})
def accept(context: Context, assignment: str | None = None) -> None:
    """Run the transcript's scenario anew and take what it prints as expected.txt; shows what changed."""
    from report import check as checking
    from report import messages, plan, publish
    from report.recording import progress_for, record_all
    from report.rendering.transcript import difference

    with _explained():
        chosen = [a for a in _course().chosen(assignment) if a.transcript is not None]
        wanted = [
            p
            for a in chosen
            if a.transcript is not None
            for p in plan.plan([a], checking.SPEEDS[0], a.transcript.scenario, a.transcript.server)
        ]
        with progress_for(wanted, say=messages.here) as progress:
            record_all(ROOT, wanted, BUILD / "accept", progress, jobs=2)
        for name, text in checking.transcripts_of(chosen, plan.read(wanted, BUILD / "accept")).items():
            path = ROOT / "assignments" / name / "expected.txt"
            before = path.read_text(encoding="utf-8") if path.is_file() else ""
            publish.write_file(path, text.encode())
            _say(difference(before, text, name) or f"assignments/{name}/expected.txt: unchanged")


@task(help={"jobs": _HELP["jobs"]})
def publish(context: Context, jobs: int = 16) -> None:
    """Record what is stale, render, and put report and evidence into docs/, the published edition."""
    from report import check as checking
    from report import console, plan, site
    from report import jobs as work
    from report import publish as publishing
    from report.errors import ClaimError
    from report.keep import Keep

    with _explained():
        course = _course()
        wanted = plan.plan(course.assignments, 1.0)
        work.record_stale(ROOT, wanted, EVIDENCE, jobs)
        files, made = checking.published_files(
            ROOT, course.assignments, course.settings, wanted, EVIDENCE, Keep(ROOT, KEPT)
        )
        if problems := [*checking.sentences(made.verdicts), *checking.survivors(made)]:
            raise ClaimError([*problems, "nothing was published: what is published must hold"])
        changed = publishing.write(files, ROOT / "docs")
        removed = publishing.remove_others(files, ROOT / "docs")
        changed += publishing.write(site.files(ROOT, _commands(), Keep(ROOT, KEPT)), ROOT / "docs")
        _say(f"docs/: {console.tally(made.verdicts)}; {len(changed)} files written, {len(removed)} removed")


@task(
    help={
        "assignment": _HELP["assignment"],
        "scenario": _HELP["scenario"],
        "server": _HELP["server"],
        "to": "folder (default build/export)",
        "language": "of what is said of verdicts: ko or en (default: the report's first)",
        "points": "what all verdicts are worth together, for Gradescope (default: no points)",
    }
)
def export(
    context: Context,
    assignment: str | None = None,
    scenario: str | None = None,
    server: str | None = None,
    to: str = "build/export",
    language: str | None = None,
    points: float = 0.0,
) -> None:
    """Write runs as asciicast, CSV, HAR and Perfetto traces, and verdicts as JUnit XML, results.json and Markdown."""
    from report import plan, publish, takeaway

    with _explained():
        course = _course()
        wanted = plan.plan(course.chosen(assignment), 1.0, scenario, server)
        material = takeaway.material(course, EVIDENCE)
        stale = [s for s in plan.states(ROOT, [p for p in wanted if p in material.planned], EVIDENCE) if s.reason]
        spoken, paths = _language(course, language), []
        for path, data in takeaway.exported(ROOT, material, wanted, EVIDENCE, spoken, _points(points)):
            publish.write_file(Path(to) / path, data, lasting=False)
            paths.append(path)
        if stale:
            _say(f"{len(stale)} of these runs are stale, and were taken as they were recorded; invoke list says why")
        runs = sum(path.endswith("/load.har") for path in paths)
        _say(f"{to}: {len(paths)} files of {runs} runs; trace.json opens in ui.perfetto.dev, *.cast in asciinema")


@task(help={"to": "the file (default build/bundle.zip)"})
def bundle(context: Context, to: str = "build/bundle.zip") -> None:
    """Pack report, evidence and sources into one zip to hand in; its verify.py checks it with nothing but Python."""
    from report import evidence, publish, stamp, takeaway
    from report.errors import OutdatedError

    with _explained():
        fresh = (stamp.unchanged(STAMP, stamp.inputs(ROOT, EVIDENCE, kind), BUILD) for kind in ("html", "pdf"))
        if all(said is None for said in fresh):
            raise OutdatedError(
                "build/: has no report of what there is now; make it first: invoke report (--format pdf)"
            )
        course = _course()
        material = takeaway.material(course, EVIDENCE)
        data = takeaway.bundled(ROOT, course, material, EVIDENCE, BUILD, stamp.outputs(STAMP))
        publish.write_file(Path(to), data)
        _say(f"{to}: {len(data) / 2**20:.1f} MiB, SHA-256 {evidence.digest(data)}")
        _say("unpack it and check it with: python3 verify.py")


@task(
    help={
        "assignment": _HELP["assignment"],
        "scenario": _HELP["scenario"],
        "server": _HELP["server"],
        "language": "of what the terminal shows: ko or en (default: the report's first)",
    }
)
def show(
    context: Context,
    assignment: str | None = None,
    scenario: str | None = None,
    server: str | None = None,
    language: str | None = None,
) -> None:
    """Show what was measured last: which claims hold, and of one assignment a run's requests and queue over time."""
    from report import show as showing

    with _explained():
        course, console = _course(), _console()
        chosen = course.chosen(assignment)
        for piece in showing.pieces(ROOT, course, chosen, _language(course, language), scenario, server):
            console.print(piece)


@task(
    help={
        "assignment": "number or folder name, such as 3 or message_queue",
        "scenario": "which (default: the first)",
        "server": "which (default: the first)",
        "speed": "times as fast as it was recorded (default 1)",
        "language": "of what the terminal shows: ko or en (default: the report's first)",
    }
)
def replay(
    context: Context,
    assignment: str,
    scenario: str | None = None,
    server: str | None = None,
    speed: float = 1.0,
    language: str | None = None,
) -> None:
    """Replay both terminals of a run beside each other, as they were recorded (stop with Ctrl-C)."""
    from report import replay as replaying

    with _explained():
        course = _course()
        asked, spoken = (scenario, server), _language(course, language)
        chosen, faster = course.chosen(assignment), _positive("speed", speed)
        if not replaying.replay(ROOT, chosen, asked, faster, spoken, _console()):
            raise Exit(code=INTERRUPTED)


@task(
    positional=["before", "after"],
    help={
        "before": "a run as invoke list prints it, such as thread/ten.python, or its directory",
        "after": "another; a name that ends in .r2 is that repetition alone, any other is all of them",
        "language": "of what the terminal shows: ko or en (default: the report's first)",
    },
)
def diff(context: Context, before: str, after: str, language: str | None = None) -> None:
    """Show what differs between two runs: figures, the server's lines, environment, sources; as a page, too."""
    from report import diff as differing
    from report import publish

    with _explained():
        course, console = _course(), _console()
        found = differing.Difference(ROOT, course.assignments, before, after)
        publish.write(found.files(), BUILD)
        for piece in found.pieces(_language(course, language)):
            console.print(piece)


@task(name="open", help={"language": "ko or en (default: the report's first)"})
def open_(context: Context, language: str | None = None) -> None:
    """Open the last report in the browser: that in build/, else the published one."""
    import webbrowser

    from report import latest

    with _explained():
        path = latest.page(ROOT, _language(_course(), language))
        print(path.relative_to(ROOT), flush=True)
        if not webbrowser.open(path.as_uri()):
            _say("no browser could be started here; open the file yourself")


@task(help={"assignment": "number or folder name", "port": "default 8090", "delay": "seconds (default 5)"})
def serve(context: Context, assignment: str, port: int = 8090, delay: float = 5.0, server: str = "python") -> None:
    """Run an assignment's server in the foreground, for the browser: http://localhost:8090/ (stop with Ctrl-C)."""

    from report.course import choose
    from report.recording import fill_command

    with _explained():
        (chosen,) = _course().chosen(assignment)
        (name,) = choose("server", server, chosen.servers)
        command = fill_command(chosen, name, port=port, delay=delay)
        _say(f"http://localhost:{port}/ (stop with Ctrl-C)")
        os.chdir(ROOT / chosen.servers[name].directory)
        os.execvp(command[0], command)


@task(
    help={
        "number": "its number, which must be free",
        "name": "its folder: a word of a-z, 0-9 and _",
        "from": "the assignment after which it is made, such as thread",
    }
)
def new(context: Context, number: str = "", name: str = "", from_: str = "") -> None:
    """Make a new assignment after one that is there, right at once and ready to be filled in."""
    from report import new as making

    with _explained():
        print("\n".join(making.make(ROOT, _course().assignments, number, name, from_)))
        _say(f"try it: invoke run --assignment {number} --speed 20; what comes next: assignments/TUTORIAL.md")


@task
def schema(context: Context) -> None:
    """Write the JSON Schemas by which editors complete and check scenario.toml, judge.toml and report.toml."""
    from report import publish
    from report import schema as schemas

    with _explained():
        _say(*(publish.write(schemas.files(), ROOT) or ["nothing changed"]))


@task(help={"options": "handed to pytest, such as -k fork"})
def test(context: Context, options: str = "") -> None:
    """Run the tests."""
    _tool("pytest", "-n", "6", "--dist", "worksteal", *options.split())  # more than cores: many of them only wait


@task(
    help={
        "only": "parts with commas between, such as servers,load (default: all but whole)",
        "rounds": "default 5",
        "publish": "measure nothing; take what was measured last into benchmarks/",
    }
)
def bench(context: Context, only: str = "", rounds: int = 5, publish: bool = False) -> None:
    """Measure servers, load script, rendering and recorder beside their peers, into build/bench/."""
    _tool("benchmarks", *only.replace(",", " ").split(), "--rounds", str(rounds), *["--publish"] * publish)


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


_EVERY = [
    (one, dict(one.help)) for one in [*globals().values()] if isinstance(one, Task)
]  # parsing takes the words away


def _speak() -> None:
    """`--list` and `--help` tell of the tasks in the language of the locale; the reference in docs/ stays English."""
    from report import messages

    if words := messages.helped(messages.spoken(os.environ)):
        for one, said in _EVERY:
            english = " ".join((one.__doc__ or "").split())
            if english in words:
                one.__doc__ = words[english].replace(". ", ".\n")  # --list shows the first line, --help all
            one.help = {option: words.get(text, text) for option, text in said.items()}


if "--complete" not in sys.argv:  # a key that is pressed shows no help
    _speak()
