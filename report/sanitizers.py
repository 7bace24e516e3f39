"""Floor 3. Tools that show what no observer can see from outside: how a server is built for one and run below it.

Knows the command lines of compilers, sanitizers and valgrind, and which rules still say something of a server that a
tool makes slow and large. Runs nothing but a trial, and what `interpose.c` is built with.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from report.errors import ReportError, SpecError
from report.evidence import digest
from report.judgement import REPORTED, TOOLS, Condition, Diagnosis, Probe, ProbeClaim, Rules, Stage, Tool
from report.recording import foreign
from report.recording.build import PLACE
from report.rendering.metrics import find

COURSE: tuple[Tool, ...] = ("thread", "address", "wakeups", "refusals")
"""Tools that a machine with a C compiler has: the course's own good servers must be clean under each."""
FLAGS: Mapping[Tool | None, tuple[str, ...]] = {
    "thread": ("-fsanitize=thread", "-g", "-fno-omit-frame-pointer"),
    "address": ("-fsanitize=address", "-fsanitize-recover=address", "-g", "-fno-omit-frame-pointer"),
    "valgrind": ("-g",),
    "helgrind": ("-g",),
}
NEEDS: Mapping[Tool | None, str] = {
    "thread": "a compiler with -fsanitize=thread, such as gcc with its libtsan",
    "address": "a compiler with -fsanitize=address, such as gcc with its libasan",
    "valgrind": "valgrind",
    "helgrind": "valgrind",
    "wakeups": "a C compiler called cc",
    "refusals": "a C compiler called cc",
}
_RUNTIME: Mapping[Tool | None, bytes] = {"thread": b"__tsan_init", "address": b"__asan_init"}
_MACRO: Mapping[Tool | None, str] = {
    "thread": "LEAVE",
    "address": "LEAVE",
    "wakeups": "WAKEUPS",
    "refusals": "REFUSALS",
}
_VALGRIND: Mapping[Tool | None, tuple[str, ...]] = {
    "valgrind": ("--tool=memcheck", "--leak-check=full", "--show-leak-kinds=definite"),
    "helgrind": ("--tool=helgrind",),
}
_COMMON = "color=never:halt_on_error=0:exitcode=66"
_OPTIONS: Mapping[Tool | None, str] = {
    # exit() in a signal's handler is ours, see interpose.c
    "thread": f"TSAN_OPTIONS={_COMMON}:report_signal_unsafe=0",
    "address": f"ASAN_OPTIONS={_COMMON}:detect_leaks=1:detect_stack_use_after_return=1:verify_asan_link_order=0",
}
_COMPILER = re.compile(r"(?:[\w.]+-)*(?:cc|c99|c11|gcc|clang|c\+\+|g\+\+|clang\+\+)(?:-[\d.]+)?")
_MADE_WITH = {"CC": "cc", "CXX": "c++"}
_RANDOM_BITS = 28  # of an address; with more, runtimes before gcc 14 and clang 18 do not find their place in memory
_TRIAL = 'cd "$TMPDIR" && echo "int main(void) { return 0; }" > a.c && $1 a.c -o a && shift && exec "$@" ./a'
_JUDGED: tuple[Stage, ...] = ("answers", "correct", "together", "recovers")


def named(tool: str | None) -> Tool | None:
    """The tool of this name; raises SpecError for another."""
    if tool is not None and tool not in TOOLS:
        raise SpecError(f"--sanitize {tool}: expected {' or '.join(TOOLS)}")
    return next((one for one in TOOLS if one == tool), None)


def fitting(threads: bool) -> Tool:
    """The tool to be offered for a server that has threads, or for one that has none."""
    return "thread" if threads else "address"


def under(rules: Rules, tool: Tool | None) -> Rules:
    """The rules that hold for a server under a tool, or without any; raises SpecError if no probe is for this tool.

    Where a tool reports, each probe must be clean, and what it finds goes before any other diagnosis. Times from above
    say nothing there, nor does what is left or used: a server under a tool is slow and large and has threads besides.
    """
    probes = {name: probe for name, probe in rules.probes.items() if (tool or "plain") in probe.under}
    if not probes:
        raise SpecError(f"--sanitize {tool}: no probe of assignments/{rules.assignment.name} is under this tool")
    if tool not in FLAGS:
        return replace(rules, probes=probes)
    found = tuple(
        Diagnosis(id=kind, when=(Condition(probe=name, metric=f"reports.{kind}", at_least=1),))
        for kind in REPORTED
        for name in probes
    )
    known = (d for d in rules.diagnoses if all(c.probe in probes and not find(c.metric).timed for c in d.when))
    relaxed = {name: probe.model_copy(update={"claims": _relaxed(name, probe)}) for name, probe in probes.items()}
    return replace(rules, probes=relaxed, diagnoses=(*found, *known))


def _relaxed(name: str, probe: Probe) -> tuple[ProbeClaim, ...]:
    clean = ProbeClaim(id=f"{name}-clean", stage="correct", metric="reports.count", equals=0)
    return (*(claim for claim in probe.claims if _still_says(claim)), clean)


def _still_says(claim: ProbeClaim) -> bool:
    slow = find(claim.metric).timed and claim.at_least is None
    return claim.stage in _JUDGED and not slow and claim.relative_to is None and claim.minus is None


def compiles(words: Sequence[str] | None) -> bool:
    """Whether a build is one call of a C or C++ compiler."""
    return words is not None and _COMPILER.fullmatch(Path(words[0]).name) is not None


def _is_make(program: str) -> bool:
    return Path(program).name in ("make", "gmake")


def building(words: tuple[str, ...], tool: Tool | None) -> tuple[str, ...]:
    """The words of a build with a tool's flags in them, where it is known how to put them in.

    For make they stand behind the compiler, since CFLAGS on its command line would take the place of the Makefile's.
    """
    flags = FLAGS.get(tool, ())
    if not flags or any(word.startswith("-fsanitize=") for word in words):
        return words
    if compiles(words):
        return (*words, *flags)
    if _is_make(words[0]):
        return (*words, "-B", *(f"{name}={program} {' '.join(flags)}" for name, program in _MADE_WITH.items()))
    return words


def running(root: Path, tool: Tool | None) -> tuple[str, ...]:
    """The words before a command that runs under a tool; `env` and `setarch` become the command itself."""
    if tool is None:
        return ()
    if tool in _VALGRIND:
        return ("valgrind", "-q", "--error-exitcode=66", *_VALGRIND[tool])
    options = [_OPTIONS[tool]] if tool in _OPTIONS else []
    words = ("env", *options, f"LD_PRELOAD={_interposer(root, _MACRO[tool])}")
    return ("setarch", "-R", *words) if tool in _RUNTIME and _random_bits() > _RANDOM_BITS else words


def misbuilt(program: Path, building: Sequence[str] | None, tool: Tool | None) -> str | None:
    """What is wrong with a program for a run under this tool, or without any, and the remedy."""
    code = program.read_bytes() if program.is_file() else b""
    if tool in _RUNTIME and _RUNTIME[tool] not in code:
        return (
            f"--sanitize {tool}: {program.name} is not built for it; compile and link it with {' '.join(FLAGS[tool])}"
        )
    if tool is None and building and _is_make(building[0]) and any(name in code for name in _RUNTIME.values()):
        return f"--command {program.name}: is still built for a sanitizer; build it anew with make -B"
    return None


@cache
def problem(root: Path, tool: Tool, compiler: str = "cc") -> str | None:
    """Why a tool does not work on this machine, in a sentence, if it does not."""
    try:
        trial = ["sh", "-c", _TRIAL, "sh", " ".join((compiler, *FLAGS[tool]))] if tool in _RUNTIME else []
        before = running(root, tool)
        good, said = foreign.build(tool, [*trial, *before] if trial else [*before, "true"], root)
    except ReportError as error:
        good, said = False, str(error)
    if good:
        return None
    last = said.strip().splitlines()[-1]
    return f"--sanitize {tool} does not work on this machine ({last}); it needs {NEEDS[tool]}"


def _interposer(root: Path, macro: str) -> Path:
    """The library that `interpose.c` is with this macro, built once for each state of that file."""
    source = Path(__file__).with_name("interpose.c")
    place = root / PLACE / f"{macro.lower()}-{digest(source.read_bytes())[:16]}.so"
    if re.search(r"[\s:]", str(place)):
        raise SpecError(f"LD_PRELOAD takes no path with a space or colon, such as {root}")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_suffix(f".{os.getpid()}")
        words = ["cc", "-O2", "-shared", "-fPIC", f"-D{macro}", "-o", str(temporary), str(source), "-ldl"]
        good, said = foreign.build(source.name, words, root)
        if not good:
            raise SpecError(said)
        temporary.rename(place)
    return place


def _random_bits() -> int:
    try:
        return int(Path("/proc/sys/vm/mmap_rnd_bits").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
