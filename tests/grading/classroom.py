"""A class that hands in: right servers, one mistake each, broken, hostile and slow ones, each with the verdict that it
must get, which was fixed before anything is judged.

    python -m tests.grading.classroom DIR --count 300 --seed 7

writes DIR/submissions and DIR/expected.json. The same seed gives the same class on machines that can shut programs in,
and on those that cannot another, whose verdicts differ. They are those at the delay of half a second that is usual.
"""

import argparse
import io
import json
import random
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.recording import sandbox
from tests.builders import REPOSITORY

ASSIGNMENTS = {1: "fork", 2: "thread", 3: "message_queue"}
SOURCES = {1: "fork.c", 2: "thread.c", 3: "queue.c"}
VARIANTS = REPOSITORY / "tests" / "variants"
DECLARED = "submission.toml"
SHUT_IN = sandbox.version() is not None
ANY = "any"  # rejected, with whatever diagnosis
FAMILY = ["김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "Kim", "Lee", "Park", "Choi", "Smith", "García"]
GIVEN = ["서연", "민준", "지우", "하은", "도윤", "예준", "수아", "지호", "Jisu", "Minho", "Ana", "Søren"]


@dataclass(frozen=True)
class Handed:
    """What is handed in for one assignment: its files, and the verdict that it must get (an outcome or a diagnosis)."""

    files: Mapping[str, bytes]
    verdict: str


def right(number: int) -> str:
    """The source of a right server, as a student writes it."""
    folder = REPOSITORY / "assignments" / ASSIGNMENTS[number] / "mistakes"
    return (folder / SOURCES[number]).read_text(encoding="utf-8")


def c(number: int, source: str, verdict: str) -> Handed:
    return Handed({f"server_0{number}.c": source.encode()}, verdict)


def mistakes(number: int) -> dict[str, Handed]:
    """The planted mistakes of an assignment that no tool is needed for and that are chosen by macros alone."""
    rules = tomllib.loads((REPOSITORY / "assignments" / ASSIGNMENTS[number] / "judge.toml").read_text(encoding="utf-8"))
    found = {}
    for name, one in rules["mistakes"].items():
        macros = [word[2:].replace("=", " ") for word in one["build"] if word.startswith("-D")]
        if "shown_by" not in one and one["build"][-1] == f"mistakes/{SOURCES[number]}":
            source = "".join(f"#define {macro}\n" for macro in macros) + right(number)
            found[name] = c(number, source, one["diagnosis"])
    return found


def variants(number: int) -> dict[str, Handed]:
    """Servers of other hands, in C and Python, right ones and others."""
    declared: dict[str, Any] = tomllib.loads((VARIANTS / "variants.toml").read_text(encoding="utf-8"))
    found = {}
    for name, one in declared.items():
        for ending in ("c", "py"):
            file = VARIANTS / f"{name}.{ending}"
            if one["assignment"] == ASSIGNMENTS[number] and file.is_file():
                handed = {f"server_0{number}.{ending}": file.read_bytes()}
                found[name] = Handed(handed, one.get("diagnosis", "accepted"))
    return found


def fixed(number: int) -> Handed:
    """A right server with port and delay in its source, which its submission.toml says."""
    source = right(number).replace("int main(", "static int given(")
    source += (
        '\nint main(void)\n{\n    char *words[] = {"server", "8090", "0.3", NULL};\n    return given(3, words);\n}\n'
    )
    build = f"cc -O1 -pthread -o server server_0{number}.c"
    said = f'[assignment.{number}]\nbuild = "{build}"\ncommand = "./server"\nport = 8090\ndelay = 0.3\ndirectory = "{number}"\n'
    return Handed({f"server_0{number}.c": source.encode(), DECLARED: said.encode()}, "accepted")


FIRST = "\n#include <fcntl.h>\n#include <sys/stat.h>\n__attribute__((constructor)) static void before_all(void)\n{{\n    {}\n}}\n"
HOSTILE: dict[str, tuple[str, str]] = {  # what a right server does before anything else, and the verdict
    "fork bomb": ("for (;;) fork();", "exceeds-limits"),
    "memory": ("for (;;) { char *p = malloc(1 << 26); if (p) memset(p, 1, 1 << 26); }", "exceeds-limits"),
    "one file": (
        'static char b[1 << 20]; int f = open("big", O_CREAT | O_WRONLY, 0600); for (;;) if (write(f, b, sizeof b) < 0) ;',
        "exceeds-limits",
    ),
    "endless output": ('for (;;) puts("all work and no play");', "never-listens"),
    "never listens": ("for (;;) pause();", "never-listens"),
    "ends its own group": ("kill(0, SIGKILL);", "ends-at-once"),
    "crashes": ("abort();", "ends-at-once"),
    "daemonises": ("if (fork() > 0) _exit(0); setsid(); if (fork() > 0) _exit(0);", ANY),
    "leaves a daemon": (
        "if (fork() == 0) { setsid(); if (fork() == 0) for (;;) pause(); _exit(0); } else wait(NULL);",
        ANY,
    ),
    "ends its supervisor": (
        "if (fork() == 0) { setsid(); for (;;) pause(); } usleep(200000); kill(getppid(), SIGKILL); for (;;) pause();",
        "never-listens" if SHUT_IN else "unjudged",
    ),
    "looks around": (
        'if (access("../judged", F_OK) == 0 || access("../../judged", F_OK) == 0) abort();',
        "accepted" if SHUT_IN else "ends-at-once",
    ),
    "closes its directory": ('mkdir("closed", 0700); mkdir("closed/in", 0700); chmod("closed", 0);', "accepted"),
    "writes beside its directory": (
        'int f = open("../beside", O_CREAT | O_WRONLY, 0600); if (f >= 0) close(f);',
        "accepted",
    ),
    "starts slowly": ("sleep(2);", "accepted"),
}
if SHUT_IN:  # else it would end who judges it
    HOSTILE["ends everybody"] = ("if (fork() == 0) { kill(-1, SIGKILL); _exit(0); } for (;;) pause();", "ends-at-once")


def hostile(number: int, name: str) -> Handed:
    first, verdict = HOSTILE[name]
    return c(number, "#include <sys/wait.h>\n" + right(number) + FIRST.format(first), verdict)


def broken(number: int) -> dict[str, Handed]:
    """Those of which nothing runs."""
    said = f'[assignment.{number}]\nbuild = "sleep 1000"\ncommand = "./server"\ndirectory = "{number}"\n'
    return {
        "does not compile": c(number, right(number).replace("int main(", "int main(;"), "does-not-build"),
        "lacks a header": c(number, '#include "mine.h"\n' + right(number), "does-not-build"),
        "is a letter": Handed({"README.txt": b"My disk is broken.\n"}, "missing"),
        "hangs in the build": Handed(
            {f"server_0{number}.c": right(number).encode(), DECLARED: said.encode()}, "does-not-build"
        ),
    }


SLOW = {"hangs in the build"}  # minutes each, as long as a build may take


def one(number: int, chance: random.Random, *, slow: bool) -> tuple[str, Handed]:
    """What somebody hands in for an assignment, and what it is called."""
    kinds: list[tuple[int, Callable[[], dict[str, Handed]]]] = [
        (9, lambda: {"right": c(number, right(number), "accepted")}),
        (2, lambda: {"port and delay in its source": fixed(number)}),
        (4, lambda: variants(number)),
        (8, lambda: mistakes(number)),
        (3, lambda: {name: made for name, made in broken(number).items() if slow or name not in SLOW}),
        (4, lambda: {name: hostile(number, name) for name in HOSTILE}),
    ]
    (make,) = chance.choices([make for _, make in kinds], [weight for weight, _ in kinds])
    made = make()
    name = chance.choice(sorted(made))
    return name, made[name]


def write(folder: Path, student: str, files: Mapping[str, bytes], *, packed: bool) -> None:
    """The student's folder, or the zip of it."""
    if not packed:
        for path, data in files.items():
            place = folder / student / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return
    folder.mkdir(parents=True, exist_ok=True)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(f"{student}/{path}", data)
    (folder / f"{student}.zip").write_bytes(made.getvalue())


def classroom(
    folder: Path, count: int, seed: int, *, slow: bool = True, each: bool = False
) -> dict[str, dict[str, dict[str, str]]]:
    """What must become of each student, by number of the assignment: how it is called, and the verdict.

    With `each` a student hands in one assignment only, the next one the next.
    """
    chance = random.Random(seed)
    expected: dict[str, dict[str, dict[str, str]]] = {}
    (folder / "submissions").mkdir(parents=True)
    for place in range(count):
        student = f"{2026_0000 + chance.randrange(9999)} {chance.choice(FAMILY)} {chance.choice(GIVEN)} {place}"
        files: dict[str, bytes] = {}
        expected[student] = {}
        for number in [[*ASSIGNMENTS][place % len(ASSIGNMENTS)]] if each else ASSIGNMENTS:
            name, handed = one(number, chance, slow=slow)
            files |= {f"{number}/{path}": data for path, data in handed.files.items() if path != DECLARED}
            files[DECLARED] = files.get(DECLARED, b"") + handed.files.get(DECLARED, b"")
            expected[student][str(number)] = {"kind": name, "verdict": handed.verdict}
        files = {path: data for path, data in files.items() if data}
        write(folder / "submissions", student, files, packed=chance.random() < 0.4)
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (folder / "expected.json").write_text(text, encoding="utf-8")
    return expected


def is_as(verdict: str, outcome: str, diagnosis: str | None) -> bool:
    """Whether this is the verdict that was expected."""
    if verdict == ANY:
        return outcome == "rejected"
    return verdict == (diagnosis if outcome == "rejected" else outcome)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", action="store_true", help="one assignment each, in turn")
    chosen = parser.parse_args()
    classroom(chosen.folder, chosen.count, chosen.seed, each=chosen.each)
