"""The peers' own environment, made from the pinned file once, and the versions of all that was measured."""

import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.generators import program
from benchmarks.measure import ROOT, MissingError

PLACE = ROOT / "build" / "bench-venv"
PYTHON = PLACE / "bin" / "python"
PINNED = Path(__file__).parent / "requirements.txt"
_ASKED = {"wrk": ("-v",), "ab": ("-V",), "nginx": ("-v",), "cc": ("--version",), "pandoc": ("--version",)}


def prepare(say: Callable[[str], None]) -> None:
    """The environment is there and as pinned, or MissingError says why not."""
    stamp = PLACE / ".pinned"
    if stamp.is_file() and stamp.read_text() == PINNED.read_text():
        return
    say("making build/bench-venv from benchmarks/requirements.txt (once; a minute or so)")
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(PINNED)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(PLACE)], [str(PYTHON), *install]):
        if subprocess.run(command, check=False).returncode:
            raise MissingError(f"{' '.join(command)} failed")
    stamp.write_text(PINNED.read_text())


def versions(packages: Iterable[str], programs: Iterable[str]) -> dict[str, str]:
    """Versions of Python, the system, the peers' packages and the programs that are there."""
    pinned = dict(re.findall(r"^([a-z][\w.-]*)==(\S+)", PINNED.read_text(), re.MULTILINE))
    found = {"Python": platform.python_version(), "Linux": platform.release(), "processor": _processor()}
    found |= {name: pinned[name] for name in packages}
    for name in programs:
        try:
            found[name] = _version(name)
        except MissingError:
            found[name] = "not installed"
    return found


def _version(name: str) -> str:
    command = [program(name), *_ASKED[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # wrk says it with exit status 1
    match = re.search(r"\d+\.\d+[\w.]*", done.stdout + done.stderr)
    return match[0] if match else "unknown"


def _processor() -> str:
    said = Path("/proc/cpuinfo").read_text()
    names = re.findall(r"^model name\s*: (.*)$", said, re.MULTILINE)
    return f"{len(names)} × {names[0]}" if names else platform.machine()
