"""Servers are judged under tools that show what nobody sees from outside: built for them, run below them, and named.

What the tools say of the planted mistakes and of the good servers is asked by `invoke judge`; here each tool has one
server. A tool that does not work here is a skip that says so, except where REQUIRE_TOOLS is set.
"""

import os
import shlex
import shutil
from pathlib import Path

import pytest

from report import candidates, course, judge, sanitizers
from report.candidates import Candidate
from report.errors import OutdatedError, SpecError
from report.judge import Judged
from report.judgement import REPORTED, TOOLS, Rules, Tool
from report.rendering import metrics
from report.rendering.memory import forgetful
from tests.builders import REPOSITORY
from tests.rendering.test_strict_html import dead, loads, parsed, unspoken
from tests.test_tools import tool as installed

# What a student hands in: no word of SIGTERM, every thread and every argument forgotten.
STUDENT = r"""
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static double delay;
static void *serve(void *argument)
{
    char request[3000], *answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\nMy first web server!";
    int client = *(int *)argument;
    if (read(client, request, sizeof request) > 0) {
        usleep(delay * 1e6);
        write(client, answer, strlen(answer));
    }
    close(client);
    return NULL;
}
int main(int count, char **arguments)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    delay = atof(arguments[2]);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, 100);
    for (;;) {
        int *client = malloc(sizeof *client);
        pthread_t thread;
        *client = accept(listener, NULL, NULL);
        pthread_create(&thread, NULL, serve, client);
    }
}
"""
SAYS_SO = """#!/bin/sh
[ "$2" = --error-exitcode=66 ] || exit 1
shift 5
echo "==7== Invalid read of size 4"
echo "==7==    at 0x1091C8: serve (server.c:12)"
echo "==7==  Address 0x4a41044 is 4 bytes inside a block of size 40 free'd"
echo "==7== "
exec "$@"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """This repository, but for what is built and recorded."""
    for name in ("assignments", "templates"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    return tmp_path


def rules(root: Path, name: str) -> Rules:
    return candidates.rules(root, course.load(root, metrics.problem))[name]


def works(root: Path, tool: Tool) -> None:
    problem = sanitizers.problem(root, tool)
    if problem:
        assert not os.environ.get("REQUIRE_TOOLS"), problem
        pytest.skip(problem)


def brought(root: Path, name: str, source: str, tool: Tool | None, *flags: str, build: str = "") -> Candidate:
    (root / "server.c").write_text(source)
    os.utime(root / "server.c", (0, 0))  # older than whatever was made of it
    build = build or shlex.join(["cc", "-O1", "-pthread", "-w", *flags, "-o", "a.out", "server.c"])
    return candidates.brought(root, rules(root, name), "./a.out {port} {delay}", build, root, None, None, tool)


def verdict(root: Path, one: Candidate) -> Judged:
    (made,) = judge.judge_all(root, [one], root / "judged", 3)
    return made


def named(made: Judged) -> str | None:
    return made.judgement.diagnosis.id if made.judgement.diagnosis else None


# Each tool on a server that has the mistake it shows


@pytest.mark.parametrize(
    ("name", "mistake", "tool", "place"),
    [
        ("thread", "unlocked-counter", "thread", "thread.c:86"),
        ("thread", "malloc-one", "address", "thread.c:173"),
        ("fork", "fork-failure-as-child", "refusals", ""),
        ("thread", "create-below-zero", "refusals", ""),
        ("message_queue", "if-for-while", "wakeups", ""),
    ],
)
def test_a_mistake_that_nobody_sees_from_outside_is_named_under_the_tool_that_shows_it(
    root: Path, name: str, mistake: str, tool: Tool, place: str
) -> None:
    works(root, tool)
    (one,) = candidates.of_course(rules(root, name), mistake=mistake)
    assert one.tool == tool
    made = verdict(root, one)
    assert made.entry.is_named, (made.judgement.outcome, named(made), made.judgement.faults)
    assert (made.reported.place if made.reported else "") == place


@pytest.mark.parametrize(
    ("tool", "macro", "kind"),
    [("valgrind", "MALLOC_ONE", "buffer-overflow"), ("helgrind", "UNLOCKED_COUNTER", "data-race")],
)
def test_valgrind_needs_no_compiler_of_its_own(root: Path, tool: Tool, macro: str, kind: str) -> None:
    works(root, tool)
    source = (REPOSITORY / "assignments" / "thread" / "mistakes" / "thread.c").read_text()
    made = verdict(root, brought(root, "thread", source, tool, f"-D{macro}"))
    assert named(made) == kind
    assert made.reported is not None
    assert made.reported.place.startswith("server.c:")


@pytest.mark.parametrize(("tool", "kind"), [("thread", "thread-leak"), ("address", "memory-leak")])
def test_leaks_are_found_in_a_server_that_term_would_end_at_once(root: Path, tool: Tool, kind: str) -> None:
    works(root, tool)
    made = verdict(root, brought(root, "thread", STUDENT, tool))
    assert named(made) == kind
    words = judge.Words(root, [rules(root, "thread")])
    said = "\n".join(words.lines(made, "ko", "page", "again"))
    assert f"도구가 보고한 것:\n  {made.reported.lines[0] if made.reported else ''}" in said
    assert "server.c:" in said
    assert "걸린 시간과 뒷정리와 종료는 판정하지 않습니다" in said


def test_what_a_tool_reports_is_a_finding_with_evidence_on_both_pages(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "bin").mkdir()
    (root / "bin" / "valgrind").write_text(SAYS_SO)
    (root / "bin" / "valgrind").chmod(0o755)
    monkeypatch.setenv("PATH", f"{root / 'bin'}:{os.environ['PATH']}")
    answers = REPOSITORY / "tests" / "fakes" / "servers"
    command = "{python} right.py --port {port} --delay {delay}"
    (root / "right.py").write_text(
        "from plain import listen, options, serve\nc = options()\nserve(listen(c.port), c.delay)\n"
    )
    shutil.copy(answers / "plain.py", root)
    one = candidates.brought(root, rules(root, "iterative"), command, None, root, None, None, "valgrind")
    made = verdict(root, one)
    states = {finding.claim.id: finding.state for finding in made.judgement.findings if finding.claim}
    assert states["one-clean"] == states["burst-clean"] == states["recover-clean"] == "fails"
    assert states["one-answered"] == "holds"
    assert "recover-memory" not in states
    assert named(made) == "freed-memory"
    files = judge.Words(root, [rules(root, "iterative")]).files(made, candidates.again(one, None, root), forgetful)
    for language in ("ko", "en"):
        assert "(server.c:12)" in files[f"verdict.{language}.md"].decode().partition("```text")[2].partition("```")[0]
        assert "--sanitize valgrind" in files[f"verdict.{language}.md"].decode()
        page = parsed(files[f"verdict.{language}.html"].decode())
        assert (dead(page), unspoken(page), loads(page)) == ([], [], [])


def test_a_server_without_the_mistake_is_clean_and_without_a_tool_the_next_one_is_offered(root: Path) -> None:
    works(root, "address")
    source = (REPOSITORY / "assignments" / "iterative" / "mistakes" / "iterative.c").read_text()
    assert verdict(root, brought(root, "iterative", source, "address")).judgement.outcome == "accepted"
    plain = brought(root, "iterative", source, None)
    made = verdict(root, plain)
    words = judge.Words(root, [rules(root, "iterative")])
    again = candidates.again(plain, "cc -o a.out server.c", root)
    said = words.lines(made, "en", "page", again)
    assert f"To find what cannot be seen from outside: `{again} --sanitize address`" in said
    assert "To see the compiler's warnings, too, add to the build: `-Wall -Wextra`" in said
    assert f"{again} --sanitize address" in words.files(made, again, forgetful)["verdict.ko.md"].decode()


# How a program comes to run under a tool


@pytest.mark.parametrize("compiler", ["cc", "/usr/bin/gcc", "gcc-12", "clang++", "x86_64-linux-gnu-g++", "c99"])
def test_a_compiler_is_given_the_flags_of_the_tool(compiler: str) -> None:
    words = (compiler, "-o", "a.out", "server.c")
    assert sanitizers.building(words, "thread") == (*words, "-fsanitize=thread", "-g", "-fno-omit-frame-pointer")
    assert sanitizers.building(words, "valgrind") == (*words, "-g")
    assert sanitizers.building(words, "wakeups") == sanitizers.building(words, None) == words
    own = (*words, "-fsanitize=address,undefined")
    assert sanitizers.building(own, "address") == own


def test_make_builds_all_anew_with_the_flags_behind_its_compilers_so_that_the_makefiles_own_stay() -> None:
    *words, c, cxx = sanitizers.building(("make", "server"), "thread")
    assert words == ["make", "server", "-B"]
    assert c == "CC=cc -fsanitize=thread -g -fno-omit-frame-pointer"
    assert cxx == "CXX=c++ -fsanitize=thread -g -fno-omit-frame-pointer"


@pytest.mark.parametrize("program", ["./build.sh", "cmake", "cargo", "javac", "accc"])
def test_what_is_no_compiler_is_left_as_it_stands(program: str) -> None:
    assert sanitizers.building((program, "x"), "thread") == (program, "x")


def test_a_makefile_is_built_for_the_tool_and_a_stale_program_is_told(root: Path) -> None:
    works(root, "address")
    installed("make")
    (root / "Makefile").write_text("CC = gcc\na.out: server.c\n\t$(CC) -w -o a.out server.c\n")
    source = (REPOSITORY / "assignments" / "iterative" / "mistakes" / "iterative.c").read_text()
    made = brought(root, "iterative", source, "address", build="make")
    assert "cc -fsanitize=address" in made.built
    with pytest.raises(SpecError, match="--command a.out: is still built for a sanitizer; build it anew with make -B"):
        brought(root, "iterative", source, None, build="make")
    assert brought(root, "iterative", source, None, build="make -B").fault is None


def test_a_program_that_was_not_built_for_the_tool_is_told_with_the_remedy(root: Path) -> None:
    works(root, "thread")
    shutil.copy(shutil.which("true") or "", root / "a.out")
    told = "--sanitize thread: a.out is not built for it; compile and link it with -fsanitize=thread -g -fno-omit"
    with pytest.raises(SpecError, match=told):
        brought(root, "thread", "", "thread", build="true")


@pytest.mark.parametrize(
    ("tool", "needs"),
    [
        ("thread", "a compiler with -fsanitize=thread, such as gcc with its libtsan"),
        ("valgrind", "valgrind"),
        ("refusals", "a C compiler called cc"),
    ],
)
def test_a_machine_without_the_tool_is_told_in_one_sentence(
    root: Path, monkeypatch: pytest.MonkeyPatch, tool: Tool, needs: str
) -> None:
    (root / "bin").mkdir()
    for name in ("sh", "env", "true"):
        (root / "bin" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(root / "bin"))
    with pytest.raises(SpecError) as caught:
        candidates.brought(root, rules(root, "thread"), "./a.out {port} {delay}", None, root, None, None, tool)
    (told,) = caught.value.problems
    assert told.startswith(f"--sanitize {tool} does not work on this machine (")
    assert told.endswith(f"); it needs {needs}")
    assert "\n" not in told
    assert "LD_PRELOAD takes no path" in str(sanitizers.problem(root / "my homework", "wakeups"))
    left_out = candidates.left_out(rules(root, "thread"))
    assert "thread/c is not judged: needs cc" in left_out
    assert "thread/unlocked-counter is not judged: needs cc" in left_out


# What is still claimed under a tool


@pytest.mark.parametrize("name", ["iterative", "fork", "thread", "message_queue"])
def test_under_a_tool_that_slows_nothing_is_claimed_of_time_memory_or_the_end(name: str) -> None:
    plain = rules(REPOSITORY, name)
    for tool in sanitizers.FLAGS:
        assert tool is not None
        under = sanitizers.under(plain, tool)
        claims = [claim for probe in under.probes.values() for claim in probe.claims]
        assert {claim.stage for claim in claims} <= {"answers", "correct", "together", "recovers"}
        assert not [c for c in claims if metrics.find(c.metric).timed and (c.at_most or c.between)]
        assert {f"{probe}-clean" for probe in under.probes} <= {claim.id for claim in claims}
        assert {"one", "recover"} <= set(under.probes) < set(plain.probes)
        assert [d.id for d in under.diagnoses[:: len(under.probes)]][: len(REPORTED)] == list(REPORTED)
    assert not [
        claim
        for probe in sanitizers.under(plain, None).probes.values()
        for claim in probe.claims
        if claim.id.endswith("-clean")
    ]


def test_without_a_tool_no_probe_is_made_that_is_only_under_one() -> None:
    assert {"woken", "refused"} <= set(rules(REPOSITORY, "message_queue").probes)
    assert not {"woken", "refused"} & set(sanitizers.under(rules(REPOSITORY, "message_queue"), None).probes)
    assert list(sanitizers.under(rules(REPOSITORY, "message_queue"), "wakeups").probes) == ["woken"]


def test_a_tool_for_which_there_is_no_probe_or_that_is_none_is_told() -> None:
    with pytest.raises(SpecError, match="--sanitize wakeups: no probe of assignments/iterative is under this tool"):
        sanitizers.under(rules(REPOSITORY, "iterative"), "wakeups")
    with pytest.raises(SpecError, match="--sanitize tread: expected thread or address or valgrind or"):
        sanitizers.named("tread")
    assert [sanitizers.named(tool) for tool in (*TOOLS, None)] == [*TOOLS, None]


def test_good_servers_in_c_are_judged_under_every_tool_that_comes_with_a_compiler(root: Path) -> None:
    for tool in sanitizers.COURSE:
        works(root, tool)
    names = {(one.name, one.tool) for one in candidates.of_course(rules(root, "message_queue")) if one.mistake is None}
    assert names == {("python", None), ("c", None), *((f"c-{tool}", tool) for tool in sanitizers.COURSE)}
    assert candidates.left_out(rules(root, "message_queue")) == []


def test_a_table_that_was_made_without_a_tool_may_lack_rows_but_not_differ_in_one(tmp_path: Path) -> None:
    told = "lead 2\n\n| a | b | 1 |\n| c | d | 2 |\n"
    (tmp_path / "mistakes.en.md").write_text(told)
    judge.must_be_told({"mistakes.en.md": b"lead 1\n\n| a | b | 9 |\n"}, tmp_path, whole=False)
    for less, whole in ((b"lead 1\n\n| a | b | 9 |\n", True), (b"lead 2\n\n| a | x | 9 |\n", False)):
        with pytest.raises(OutdatedError):
            judge.must_be_told({"mistakes.en.md": less}, tmp_path, whole=whole)
