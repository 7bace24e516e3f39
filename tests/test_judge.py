"""Servers of all kinds are judged for what they really do: run, recorded, named and shown, and always ended."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from report import candidates, course, judge, judgement
from report.candidates import Candidate
from report.errors import ClaimError, OutdatedError, SpecError
from report.judge import Judged
from report.judgement import Rules
from report.rendering import metrics
from report.rendering.memory import forgetful
from tests.builders import ECHO, REPOSITORY, write
from tests.rendering.test_strict_html import dead, loads, parsed, unspoken
from tests.servers import free_port

FAKES = REPOSITORY / "tests" / "fakes" / "servers"
JUDGE = """
[probes.one]
delay = 1.0
clients = 1
load = { expect = "My first web server!", timeout = 30 }
[[probes.one.claims]]
id = "answers"
stage = "answers"
metric = "requests.answered"
equals = 1

[probes.two]
delay = 1.0
clients = 2
load = { expect = "My first web server!", timeout = 30 }
[[probes.two.claims]]
id = "correct"
stage = "correct"
metric = "requests.correct"
equals = 2
[[probes.two.claims]]
id = "no-zombies"
stage = "cleans"
metric = "left.zombies"
equals = 0

[[diagnoses]]
id = "zombies"
when = [ { probe = "two", metric = "left.zombies", at_least = 1 } ]
"""
MISTAKES = """
[mistakes.leaves-zombies]
title = { ko = "회수하지 않음", en = "never reaps" }
command = ["{python}", "mistakes/leaves_zombies.py", "--port", "{port}", "--delay", "{delay}"]
diagnosis = "zombies"

[mistakes.not-really]
title = { ko = "올바름", en = "none at all" }
command = ["{python}", "mistakes/right.py", "--port", "{port}", "--delay", "{delay}"]
diagnosis = "zombies"
"""
RIGHT = "from plain import listen, options, serve\n\nchosen = options()\nserve(listen(chosen.port), chosen.delay)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one assignment that is judged by two probes, and with the real load script and templates."""
    write(tmp_path, "assignments/echo/scenario.toml", ECHO)
    write(tmp_path, "assignments/echo/judge.toml", JUDGE + MISTAKES)
    for script in (REPOSITORY / "assignments").glob("*.py"):
        (tmp_path / "assignments" / script.name).symlink_to(script)
    (tmp_path / "templates").symlink_to(REPOSITORY / "templates")
    mistakes = tmp_path / "assignments" / "echo" / "mistakes"
    mistakes.mkdir()
    (mistakes / "right.py").write_text(RIGHT)
    for name in ("plain.py", "leaves_zombies.py"):
        (mistakes / name).symlink_to(FAKES / name)
    return tmp_path


def rules(root: Path) -> Rules:
    return candidates.rules(root, course.load(root, metrics.problem))["echo"]


def brought(
    root: Path, name: str, options: str = "--port {port} --delay {delay}", build: str | None = None, **fixed: float
) -> Candidate:
    folder = FAKES if (FAKES / f"{name}.py").is_file() else root / "assignments" / "echo" / "mistakes"
    port = int(fixed["port"]) if "port" in fixed else None
    command = f"{{python}} {folder / name}.py {options}"
    return candidates.brought(root, rules(root), command, build, folder, port, fixed.get("delay"))


def verdict(root: Path, one: Candidate) -> Judged:
    (made,) = judge.judge_all(root, [one], root / "judged", 2)
    return made


def test_a_right_server_that_knows_nothing_of_this_project_is_accepted(root: Path) -> None:
    made = verdict(root, brought(root, "right"))
    assert made.judgement.outcome == "accepted"
    assert {run.record.delay for runs in made.evidence.runs.values() for run in runs} == {candidates.DELAY}


def test_a_server_with_port_and_delay_in_its_source_is_judged_there(root: Path) -> None:
    port = free_port()
    made = verdict(root, brought(root, "right", f"--port {port} --delay 0.3", port=port, delay=0.3))
    assert made.judgement.outcome == "accepted"
    (run, *_) = next(iter(made.evidence.runs.values()))
    assert run.record.delay == pytest.approx(0.3)
    assert run.requests[0].status == 200


def test_a_server_with_a_mistake_is_rejected_with_its_diagnosis_and_both_pages_show_it(root: Path) -> None:
    made = verdict(root, brought(root, "leaves_zombies"))
    assert made.judgement.outcome == "rejected"
    assert made.judgement.diagnosis is not None
    assert (made.judgement.diagnosis.id, made.judgement.diagnosis.value) == ("zombies", 2)
    words = judge.Words(root, [rules(root)])
    files = words.files(made, "./inv run", forgetful)
    assert {f"verdict.{language}.{kind}" for language in ("ko", "en") for kind in ("md", "html")} <= set(files)
    assert "좀비" in files["verdict.ko.md"].decode()
    for path in ("verdict.ko.html", "verdict.en.html"):
        page = parsed(files[path].decode())
        assert (dead(page), unspoken(page), loads(page)) == ([], [], [])
    assert b"judged/echo/two.yours.x2/run.json" in files["verdict.en.md"]
    assert any("좀비" in line for line in words.lines(made, "ko", "build/verdict.ko.html", ""))


@pytest.mark.parametrize(
    ("name", "options", "stage", "named"),
    [
        ("exits_at_once", "--port {port} --delay {delay}", "starts", "ends-at-once"),
        ("right", "--port {port} --no-such-option {delay}", "starts", "ends-at-once"),
        ("right", "--port OTHER --delay {delay}", "listens", "listens-elsewhere"),
    ],
)
def test_a_server_that_never_serves_is_named_by_the_stage_it_did_not_come_through(
    root: Path, name: str, options: str, stage: str, named: str
) -> None:
    made = verdict(root, brought(root, name, options.replace("OTHER", str(free_port())), port=free_port()))
    assert made.judgement.outcome == "rejected"
    assert [finding.stage for finding in made.judgement.of("fails")] == [stage]
    assert made.judgement.diagnosis is not None
    assert made.judgement.diagnosis.id == named
    assert not made.evidence.runs


def test_what_a_build_prints_is_kept_and_one_that_fails_is_the_first_stage(root: Path) -> None:
    warned = brought(root, "right", build="sh -c 'echo warning: unused'")
    assert (warned.built, warned.fault) == ("warning: unused", None)
    assert "builds" in verdict(root, warned).judgement.stages()
    failed = verdict(root, brought(root, "right", build="sh -c 'echo no such header; exit 2'"))
    assert failed.judgement.stages()["builds"] == "fails"
    assert failed.judgement.stages()["answers"] == "skipped"
    assert "no such header" in failed.judgement.faults[0].told
    assert failed.judgement.diagnosis is not None
    assert failed.judgement.diagnosis.id == "does-not-build"


def test_a_build_that_ends_well_and_makes_no_program_is_the_servers_fault(root: Path, tmp_path: Path) -> None:
    one = candidates.brought(root, rules(root), "./a.out {port} {delay}", "echo done", tmp_path, None, None)
    made = verdict(root, one)
    assert made.judgement.outcome == "rejected"
    assert made.judgement.stages()["builds"] == "fails"
    assert made.judgement.diagnosis is not None
    assert made.judgement.diagnosis.id == "does-not-build"
    assert (
        made.judgement.faults[0].told == f"echo done\nended well, but there is no program ./a.out in {tmp_path}\ndone"
    )
    assert not (root / "judged").exists()


def test_trouble_of_the_load_script_is_not_charged_to_the_server(root: Path) -> None:
    script = root / "assignments" / "accesses.py"
    script.unlink()
    script.write_text("raise SystemExit(7)\n")
    made = verdict(root, brought(root, "right"))
    assert made.judgement.outcome == "unjudged"
    assert not made.judgement.of("fails")
    assert made.judgement.faults[0].stage is None


def test_evidence_of_an_earlier_judgement_is_never_taken_for_this_one(root: Path) -> None:
    assert verdict(root, brought(root, "right")).judgement.outcome == "accepted"
    assert verdict(root, brought(root, "exits_at_once")).judgement.outcome == "rejected"
    assert not list((root / "judged").rglob("run.json"))


def test_planted_mistakes_and_good_servers_are_judged_in_the_same_way(root: Path) -> None:
    planted = [one for one in candidates.of_course(rules(root)) if one.mistake is not None]
    assert [one.name for one in planted] == ["leaves-zombies", "not-really"]
    zombies, other = (made.entry for made in judge.judge_all(root, planted, root / "judged", 2))
    assert zombies.is_right
    assert not other.is_right
    assert other.judgement.outcome == "accepted"
    with pytest.raises(ClaimError, match="not judged as it must be: echo/not-really$"):
        judge.must_be_right([zombies, other])


def test_a_server_that_shows_a_mistake_is_judged_as_that_mistake_only(root: Path) -> None:
    (root / "assignments/echo/scenario.toml").write_text(f'{ECHO}\n[servers.shown]\nmistake = "not-really"\n')
    assert "shown" in rules(root).assignment.servers
    assert [one.name for one in candidates.of_course(rules(root))] == ["python", "leaves-zombies", "not-really"]


def test_tables_of_mistakes_must_tell_the_same_verdicts_whatever_was_measured(root: Path) -> None:
    words = judge.Words(root, [rules(root)])
    planted = [one for one in candidates.of_course(rules(root)) if one.mistake is not None]
    told = words.table([made.entry for made in judge.judge_all(root, planted, root / "judged", 2)])
    assert set(told) == {"mistakes.ko.md", "mistakes.en.md"}
    for name, table in told.items():
        (root / "assignments" / name).write_bytes(re.sub(rb": \d+ \|\n", b": 99 |\n", table))
        assert b": 99 |" in (root / "assignments" / name).read_bytes()
    judge.must_be_told(told, root / "assignments")
    korean = root / "assignments" / "mistakes.ko.md"
    korean.write_text(korean.read_text().replace("`zombies`", "`orphans`"))
    with pytest.raises(OutdatedError, match=r"assignments/mistakes.ko.md: tells of other verdicts; invoke judge"):
        judge.must_be_told(told, root / "assignments")


def test_one_mistake_can_be_judged_alone_and_one_that_is_not_there_is_told(root: Path) -> None:
    (one,) = candidates.of_course(rules(root), mistake="not-really")
    assert one.name == "not-really"
    found = {"echo": rules(root)}
    with pytest.raises(SpecError, match="--mistake leaves-zombie: there is no such mistake .did you mean leaves-zom"):
        candidates.chosen(found, [found["echo"].assignment], "leaves-zombie")


@pytest.mark.parametrize(
    ("command", "given", "told"),
    [
        ("./a.out 8090 {delay}", {}, "--command has no {port}: say where the server listens, such as --port 8090"),
        ("./a.out {port}", {}, "--command has no {delay}: say how many seconds the server sleeps, such as --delay 5"),
        ("./a.out {port} {delya}", {"delay": 1.0}, "--command: unknown placeholder {delya}; known are port, delay"),
        ("./a.out 'x", {}, "--command: not words of a shell: No closing quotation; found"),
        ("", {}, "--command: expected a command; found nothing"),
        ("./a.out {port} {delay}", {}, "--command ./a.out: there is no such program in "),
        ("sh {port} {delay}", {"port": 70_000}, "--port 70000: expected 1 to 65535"),
        ("sh {port} {delay}", {"delay": 61.0}, "--delay 61: expected seconds over 0 and at most 60"),
        ("sh {port} {delay}", {"cwd": Path("/no/such")}, "--cwd /no/such: there is no such directory"),
    ],
)
def test_words_that_cannot_be_meant_are_told(
    root: Path, tmp_path: Path, command: str, given: dict[str, object], told: str
) -> None:
    values: dict[str, object] = {"build": None, "cwd": tmp_path, "port": None, "delay": None} | given
    with pytest.raises(SpecError) as caught:
        candidates.brought(root, rules(root), command, **values)  # type: ignore[arg-type]
    assert any(problem.startswith(told) for problem in caught.value.problems), caught.value.problems


def test_a_delay_that_is_in_the_source_makes_every_probe_one_delay_long(root: Path) -> None:
    write(root, "assignments/echo/judge.toml", JUDGE.replace("delay = 1.0", "delay = 0", 1))
    asked, fixed = brought(root, "right"), brought(root, "right", "--port {port} --delay 5", delay=5.0)
    assert asked.assignment.scenarios["one"].delay == 0
    assert fixed.assignment.scenarios["one"].delay == 1
    assert fixed.assignment.scenarios["two"].load.timeout == 150
    assert asked.assignment.scenarios["two"].load.timeout == 30


@pytest.mark.parametrize(
    ("delay", "asked", "timeout"),
    [(0.1, 50, 2), (0.25, 20, 2), (0.5, 10, 2), (1.0, 10, 2), (2.0, 5, 2), (5.0, 2, 2), (20.0, 1, 4), (60.0, 1, 12)],
)
def test_a_probe_of_many_delays_asks_no_one_to_sleep_for_long_and_gives_up_well_before_the_sleep_is_over(
    root: Path, delay: float, asked: float, timeout: float
) -> None:
    long = 'delay = 10.0\nclients = 2\nload = { expect = "My first web server!", timeout = 2 }'
    text = JUDGE.replace(JUDGE[JUDGE.index("delay = 1.0") :].partition("\n[[")[0], long, 1)
    write(root, "assignments/echo/judge.toml", text)
    probe = brought(root, "right", delay=delay).assignment.scenarios["one"]
    assert (probe.delay, probe.load.timeout) == (asked, timeout)
    assert probe.load.timeout <= 0.4 * probe.delay * delay
    assert probe.delay * delay <= max(10.0, delay)
    assert probe.sends == 2


def test_only_assignments_with_a_judge_toml_can_be_judged(root: Path) -> None:
    found = {"echo": rules(root)}
    other = found["echo"].assignment.model_copy(update={"name": "other"})
    with pytest.raises(SpecError, match=r"assignments/other has no judge.toml; servers can be judged for 1 \(echo\)"):
        candidates.of_assignment(found, other)
    (root / "assignments" / "echo" / "judge.toml").unlink()
    with pytest.raises(SpecError, match=f"no assignments/\\*/{judgement.FILE}"):
        rules(root)


def test_the_words_to_judge_it_again_are_a_command(root: Path) -> None:
    one = brought(root, "right", "--port 8090 --delay 5", port=8090, delay=5.0)
    said = candidates.again(one, "cc -o a b.c", Path("/home/of me"))
    assert said.startswith("./inv run --assignment echo --command '{python} ")
    assert said.endswith("--build 'cc -o a b.c' --cwd '/home/of me' --port 8090 --delay 5")


def invoke(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command line itself, for the repository at root."""
    shutil.copy(REPOSITORY / "tasks.py", root)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", "LANGUAGE": "en"}
    command = [sys.executable, "-m", "invoke", *words]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "code", "said", "error"),
    [
        ("right", 0, "○ 통과: 메아리 서버", ""),
        ("exits_at_once", 4, "× 통과하지 못함: 메아리 서버", "error: the server is not accepted: a claim fails\n"),
        ("no load script", 3, "△ 판정할 수 없음: 메아리 서버", "error: the server could not be judged, for trouble"),
    ],
)
def test_the_exit_code_tells_accepted_rejected_and_not_judged_apart(
    root: Path, name: str, code: int, said: str, error: str
) -> None:
    if name == "no load script":
        (root / "assignments" / "accesses.py").unlink()
        name = "right"
    folder = FAKES if (FAKES / f"{name}.py").is_file() else root / "assignments" / "echo" / "mistakes"
    command = f"{{python}} {name}.py --port {{port}} --delay {{delay}}"
    ended = invoke(root, "run", "--assignment", "1", "--cwd", str(folder), "--command", command)
    assert (ended.returncode, said in ended.stdout) == (code, True), ended
    assert ended.stderr.startswith(error)
    assert "Traceback" not in ended.stderr
    assert {"verdict.ko.html", "verdict.ko.md", "verdict.en.html", "verdict.en.md"} <= set(os.listdir(root / "build"))


def test_the_task_judge_fails_where_a_mistake_is_accepted_and_says_which(root: Path) -> None:
    ended = invoke(root, "judge", "--mistake", "not-really", "--language", "en")
    assert ended.returncode == 4, ended
    assert ended.stderr == "error: not judged as it must be: echo/not-really\n"
    assert "0 of 1 mistakes rejected, 0 named rightly" in ended.stdout
    assert "`not-really`" in (root / "build" / "mistakes.ko.md").read_text()


def test_options_of_a_server_of_ones_own_need_the_server(root: Path) -> None:
    for words in (["--port", "8090"], ["--build", "cc"], ["--language", "en"]):
        ended = invoke(root, "run", *words)
        assert (ended.returncode, ended.stderr.startswith("error: --build, --port, --delay")) == (2, True), ended
    ended = invoke(root, "run", "--command", "./a.out")
    assert (ended.returncode, ended.stderr.startswith("error: --command needs --assignment")) == (2, True), ended
