"""Floor 3. What this machine lacks, what each lack costs and how to get it.

`look` asks the machine, `findings` decides on what was seen, `lines` puts it into words (templates/doctor.toml). Must
speak where no pinned package is installed: imports what needs one only where it is used.
"""

import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from report.welcome import Words

OLDEST, NEWEST = (3, 11), (3, 13)
CORES = 2  # as scenarios whose times need them say
MEMORY = 2 * 2**30  # a thousand forked servers in Python share 0.9 GiB, and other programs want some
DESCRIPTORS = 4096  # what a judged server gets at most; a thousand clients need a quarter
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAMS = ("cc", "make", "valgrind", "git", "python3.13t", *BROWSERS)
_PINNED = re.compile(r"^([A-Za-z][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Machine:
    """What was seen; `packages` are (pinned, installed or None) by name. What could not be tried is None."""

    system: str
    python: tuple[int, int]
    terminals: bool
    packages: Mapping[str, tuple[str, str | None]]
    programs: frozenset[str]
    sanitizers: bool | None
    fonts: bool
    cores: int
    memory: int
    descriptors: int
    networks: bool | None
    groups: bool | None
    rooms: bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: its key in templates/doctor.toml, whether it is as wanted, what was seen of it (if that says more than
    that it is there or not), and whether no report can be made without it."""

    key: str
    is_good: bool
    seen: str = ""
    is_vital: bool = False


def findings(machine: Machine) -> list[Finding]:
    """What is to be said of a machine, in the order of what it costs."""
    programs, packages = machine.programs, machine.packages
    other = [f"{name} {there or '–'} (≠ {pinned})" for name, (pinned, there) in packages.items() if there != pinned]
    is_whole = all(there for _, there in packages.values())
    tried = {key: getattr(machine, key) for key in ("sanitizers", "networks", "groups", "rooms")}
    return [
        Finding("system", machine.system == "Linux", machine.system, is_vital=True),
        Finding("python", OLDEST <= machine.python <= NEWEST, ".".join(map(str, machine.python)), is_vital=True),
        Finding("packages", not other, ", ".join(other) or str(len(packages)), is_vital=not is_whole),
        Finding("terminals", machine.terminals, is_vital=True),
        Finding("compiler", "cc" in programs),
        *(Finding(key, is_good) for key, is_good in tried.items() if is_good is not None),
        Finding("valgrind", "valgrind" in programs),
        Finding("make", "make" in programs),
        Finding("cores", machine.cores >= CORES, str(machine.cores)),
        Finding("memory", machine.memory >= MEMORY, f"{machine.memory / 2**30:.1f} GiB"),
        Finding("descriptors", machine.descriptors >= DESCRIPTORS, str(machine.descriptors)),
        Finding("free-threaded", "python3.13t" in programs),
        Finding("browser", not programs.isdisjoint(BROWSERS)),
        Finding("fonts", machine.fonts),
        Finding("git", "git" in programs),
    ]


def works(found: Sequence[Finding]) -> bool:
    """Whether runs can be recorded and reports rendered."""
    return all(one.is_good for one in found if one.is_vital)


def lines(found: Sequence[Finding], words: Words) -> Iterator[str]:
    """A line for each thing; below one that is lacking, what that costs and how to get it; at the end, all in all."""
    for one in found:
        sign = "○" if one.is_good else "×" if one.is_vital else "△"
        yield f"{sign} {words(f'{one.key}.what')}: {one.seen or words('there' if one.is_good else 'lacking')}"
        if not one.is_good:
            yield f"    {words('costs')}: {words(f'{one.key}.costs')}"
            yield f"    {words('remedy')}: {words(f'{one.key}.remedy')}"
    lacking = sum(not one.is_good for one in found)
    yield ""
    yield words("all_there" if not lacking else "works" if works(found) else "fails", count=lacking)


def look(root: Path) -> Machine:
    """The machine that this runs on."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    pinned = _PINNED.findall((root / "requirements.txt").read_text(encoding="utf-8"))
    sanitizers, networks, groups, rooms = _tried(root)
    return Machine(
        system=platform.system() if os.access("/proc/self/stat", os.R_OK) else f"{platform.system()} (/proc: –)",
        python=sys.version_info[:2],
        packages={name: (version, _installed(name)) for name, version in pinned},
        terminals=_has_terminals(),
        programs=frozenset(name for name in PROGRAMS if shutil.which(name)),
        fonts=_has_fonts(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=_memory(),
        descriptors=sys.maxsize if hard == resource.RLIM_INFINITY else hard,
        sanitizers=sanitizers,
        networks=networks,
        groups=groups,
        rooms=rooms,
    )


def _tried(root: Path) -> tuple[bool | None, bool | None, bool | None, bool | None]:
    """Whether sanitizers work here, a network and a control group of one's own can be made, and programs be shut in."""
    try:
        from report import sanitizers
        from report.recording import cgroup, network, sandbox
        from report.run import Bounds
    except ImportError:  # a package is missing, which is said
        return None, None, None, None
    if group := cgroup.make(cgroup.name(), Bounds()):
        group.remove()
    work = all(sanitizers.problem(root, tool) is None for tool in sanitizers.COURSE)
    return work, network.is_possible(), group is not None, sandbox.version() is not None


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _memory() -> int:
    """Bytes of the machine, or of the container that this is."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(whole, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):  # no cgroups, or "max"
        return whole


def _has_terminals() -> bool:
    try:
        for descriptor in os.openpty():
            os.close(descriptor)
    except OSError:
        return False
    return True


def _has_fonts() -> bool:
    """Whether a browser finds a font with Korean letters; only fontconfig knows."""
    if not shutil.which("fc-list"):
        return False
    done = subprocess.run(["fc-list", ":lang=ko", "family"], capture_output=True, check=False, timeout=30)
    return bool(done.stdout.strip())
