"""Compiles the servers in C, and has the tests of the Python servers start them in their place.

It knows the compiler's command line and the servers' source files; it must not know what any of them does.
"""

import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import ROOT, Server, free_port

SHARED = ("assignments/service.c", "assignments/lessons.c")
WARNINGS = ("-O2", "-Wall", "-Wextra", "-Wpedantic")
Start = Callable[[str, Path, str, list[str]], Server]


def compiler() -> str:
    """The C compiler, or a skip that says so, or a failure where tools must not be missing."""
    path = shutil.which("cc")
    if path is None:
        assert not os.environ.get("REQUIRE_TOOLS"), "cc is missing, and here it must not be"
        pytest.skip("cc is not installed")
    return path


def sources(name: str) -> list[str]:
    """What a server is made of, from the repository's root."""
    own = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "assignments" / name).glob("*.c"))
    assert own
    return [*own, *SHARED]


def compile_c(output: Path, files: list[str], *flags: str, root: Path = ROOT) -> str:
    """Build, and return the compiler's warnings; AssertionError with its errors."""
    done = subprocess.run(
        [compiler(), *flags, "-pthread", "-o", str(output), *files],
        cwd=root, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


@functools.cache
def sanitizer(name: str, folder: Path) -> tuple[str, ...]:
    """The flags of a sanitizer that works here; else a skip, since it depends on the kernel, too."""
    flags = ("-O1", "-g", f"-fsanitize={name}", "-fno-sanitize-recover=all")
    (folder / "nothing.c").write_text("int main(void) { return 0; }\n")
    try:
        compile_c(folder / "nothing", [str(folder / "nothing.c")], *flags)
        subprocess.run([folder / "nothing"], check=True, capture_output=True, timeout=60)
    except (AssertionError, subprocess.CalledProcessError) as error:
        pytest.skip(f"-fsanitize={name} does not work here: {error}")
    return flags


def starting(binaries: Path) -> Start:
    """A stand-in for `tests.servers.start`: Python runs the prelude and then becomes the server in C.

    So limits, descriptors and the environment that a prelude sets are the server's own. SIGPIPE, which Python ignores
    and would bequeath, ends a process again.
    """

    def start(name: str, folder: Path, prelude: str, arguments: list[str]) -> Server:
        port = free_port()
        binary = str(binaries / name)
        restored = f"import os, signal, sys\nsignal.signal({int(signal.SIGPIPE)}, signal.SIG_DFL)"
        code = f"{prelude}\n{restored}\nos.execv({binary!r}, [{binary!r}, *sys.argv[1:]])"
        output = folder / f"{name}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", code, "--port", str(port), *arguments],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return Server(process, port, output)

    return start
