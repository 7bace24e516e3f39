"""What sanitizers and valgrind print is counted by kind, and read down to the lines that name the server's source."""

import pytest

from report.judgement import REPORTED
from report.rendering.measure import Subject
from report.rendering.metrics import METRICS, find
from report.rendering.reports import Report, of_runs, reports
from report.run import LogLine
from tests.builders import assignment, lines, run

RACE = """\
server: accepted connection 7
WARNING: ThreadSanitizer: data race (pid=18896)
  Read of size 4 at 0x55d2d52891e8 by thread T2:
    #0 converse /home/me/homework/thread.c:86 (a.out+0x1a2b) (BuildId: 0f3a)
thread 4: answered
    #1 serve mistakes/thread.c:101 (a.out+0x1a2b)

  Previous write of size 4 at 0x55d2d52891e8 by thread T1:
    #0 converse /home/me/homework/thread.c:86
    #1 <null> <null> (libtsan.so.2+0x2ea27)

SUMMARY: ThreadSanitizer: data race /home/me/homework/thread.c:86 in converse
==================
thread 5: answered"""
LEAKED_THREAD = """\
WARNING: ThreadSanitizer: thread leak (pid=4126)
  Thread T1 (tid=4185, finished) created by main thread at:
    #0 pthread_create ../../../../src/libsanitizer/tsan/tsan_interceptors_posix.cpp:969 (libtsan.so.2+0x605b8)
    #1 main /home/me/thread.c:187 (t+0x162f)

  And 7 more similar thread leaks.

SUMMARY: ThreadSanitizer: thread leak /home/me/thread.c:187 in main"""
OVERFLOW = """\
==20880==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014 at pc 0x55bdafc47a3c bp 0x7ff sp 0x7ff
WRITE of size 4 at 0x602000000014 thread T0
    #0 0x55bdafc47a3b in main thread.c:174
0x602000000014 is located 3 bytes to the right of 1-byte region [0x602000000010,0x602000000011)
allocated by thread T0 here:
    #0 0x7f1e in __interceptor_malloc ../../../../src/libsanitizer/asan/asan_malloc_linux.cpp:69
    #1 0x55bdafc476ec in main thread.c:169
SUMMARY: AddressSanitizer: heap-buffer-overflow thread.c:174 in main
Shadow bytes around the buggy address:"""
SHORT = "==7==ERROR: {}\n    #0 0x55 in serve server.c:12\nSUMMARY: AddressSanitizer: it"
FREED = """\
==42== Invalid read of size 4
==42==    at 0x1091C8: main (uaf.c:7)
thread 3: answered
==42==  Address 0x4a41044 is 4 bytes inside a block of size 40 free'd
==42==    at 0x484317B: free (in /usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so)
==42==    by 0x1091BF: main (uaf.c:6)
==42==
==42== Conditional jump or move depends on uninitialised value(s)
==42==    at 0x48B9027: __vfprintf_internal (vfprintf-process-arg.c:58)
==42==    by 0x109204: main (uaf.c:8)
==42== """
BEYOND = """\
==43== Invalid write of size 4
==43==    at 0x10940C: main (thread.c:173)
==43==  Address 0x4a42080 is 0 bytes inside a block of size 1 alloc'd
==43== """
HELGRIND = """\
==44== ---Thread-Announcement------------------------------------------
==44==
==44== Thread #2 was created
==44==    at 0x496DB3F: clone (clone.S:76)
==44==
==44== Thread #1 is the program's root thread
==44==
==44== Possible data race during write of size 4 at 0x10C4C0 by thread #2
==44== Locks held: 1, at address 0x10C5A0
==44==    at 0x109C27: pop (queue.c:82)
==44==
==44== This conflicts with a previous read of size 4 by thread #1
==44==    at 0x10942F: main (queue.c:325)
==44==
==44== Thread #1: lock order "0x10C5A0 before 0x10C5E0" violated
==44==    at 0x10942F: main (queue.c:330)
==44== """


def found(text: str) -> list[Report]:
    return list(reports([LogLine(0.0, line) for line in text.split("\n")]))


@pytest.mark.parametrize(
    ("text", "kinds", "places"),
    [
        (RACE, ["data-race"], ["thread.c:86"]),
        (LEAKED_THREAD, ["thread-leak"], ["thread.c:187"]),
        (OVERFLOW, ["buffer-overflow"], ["thread.c:174"]),
        (SHORT.format("AddressSanitizer: heap-use-after-free on address 0x6"), ["freed-memory"], ["server.c:12"]),
        (SHORT.format("AddressSanitizer: stack-use-after-return on address 0x6"), ["freed-memory"], ["server.c:12"]),
        (SHORT.format("AddressSanitizer: attempting double-free on 0x6"), ["freed-memory"], ["server.c:12"]),
        (SHORT.format("AddressSanitizer: stack-buffer-underflow on 0x6"), ["buffer-overflow"], ["server.c:12"]),
        (SHORT.format("LeakSanitizer: detected memory leaks"), ["memory-leak"], ["server.c:12"]),
        (SHORT.format("AddressSanitizer: SEGV on unknown address 0x0"), ["other-report"], ["server.c:12"]),
        (FREED, ["freed-memory", "uninitialised-memory"], ["uaf.c:7", "uaf.c:8"]),
        (BEYOND, ["buffer-overflow"], ["thread.c:173"]),
        ("==45== 1,024 bytes in 2 blocks are definitely lost in loss record 1 of 4\n==45== ", ["memory-leak"], [""]),
        ("==45== 9 (8 direct, 1 indirect) bytes in 1 blocks are definitely lost in loss", ["memory-leak"], [""]),
        (HELGRIND, ["data-race", "other-report"], ["queue.c:82", "queue.c:330"]),
        ("server: ERROR: no such file\nWARNING: slow\n==46==\n==46== 8 bytes in 1 blocks are still reachable", [], []),
    ],
)
def test_a_report_is_of_a_kind_and_leads_to_a_line(text: str, kinds: list[str], places: list[str]) -> None:
    assert [report.kind for report in found(text)] == kinds
    assert [report.place for report in found(text)] == places


def test_what_is_kept_of_a_report_are_its_own_lines_without_directories_libraries_and_addresses_of_code() -> None:
    (report,) = found(RACE)
    assert report.line == 2
    assert report.lines == (
        "WARNING: ThreadSanitizer: data race (pid=18896)",
        "  Read of size 4 at 0x55d2d52891e8 by thread T2:",
        "    #0 converse thread.c:86",
        "    #1 serve thread.c:101",
        "  Previous write of size 4 at 0x55d2d52891e8 by thread T1:",
        "    #0 converse thread.c:86",
        "SUMMARY: ThreadSanitizer: data race thread.c:86 in converse",
    )
    (report,) = found(OVERFLOW)
    assert report.lines[0] == "ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014"
    assert "    #0 main thread.c:174" in report.lines
    assert report.lines[-1].startswith("SUMMARY: ")
    assert not any("malloc" in line for line in report.lines)
    assert found(FREED)[0].lines == (
        "Invalid read of size 4",
        "    at main (uaf.c:7)",
        "  Address 0x4a41044 is 4 bytes inside a block of size 40 free'd",
        "    by main (uaf.c:6)",
    )


def test_a_report_that_never_ends_is_not_read_for_ever() -> None:
    (report,) = found("WARNING: ThreadSanitizer: data race (pid=1)\n" + "    #1 f a.c:1\n" * 500)
    assert len(report.lines) < 20


def test_every_kind_of_report_is_a_metric_with_the_line_on_which_its_first_one_begins() -> None:
    log = "\n".join(["server: listening", RACE, BEYOND, FREED])
    made = run(server_lines=lines(*log.split("\n")))
    subject = Subject(assignment(), assignment().scenarios["two"], made)
    counts = {name: find(name).measure(subject) for name in METRICS if name.startswith("reports.")}
    assert set(counts) == {"reports.count", *(f"reports.{kind}" for kind in REPORTED)}
    assert counts["reports.count"] == 4
    assert {name.partition(".")[2]: count for name, count in counts.items() if count == 1} == {
        "data-race": 1, "buffer-overflow": 1, "freed-memory": 1, "uninitialised-memory": 1,
    }  # fmt: skip
    assert find("reports.count").witness(subject) == find("reports.data-race").witness(subject) == 3
    assert find("reports.thread-leak").witness(subject) is None
    assert [report.kind for report in of_runs([made], "buffer-overflow")][:2] == ["buffer-overflow", "data-race"]
