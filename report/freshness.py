"""Floor 1. Is a recorded run still what running it now would record, and if not, why.

Knows digests of inputs: server sources, load script, the scenario's run-shaping keys, interpreter. Prose, titles,
claims, series and masks are not inputs: editing them never makes a run stale.
"""

import json
import platform
from collections.abc import Mapping
from pathlib import Path

from report.errors import SpecError
from report.evidence import digest
from report.run import SCHEMA
from report.scenario import IMPOLITE
from report.spec import Assignment, Server

LOAD_SCRIPT = ("assignments/accesses.py", "assignments/openloop.py", "assignments/answers.py")
IMPOLITE_SCRIPT = "assignments/impolite.py"  # beside those, where a load asks for it
INTERPRETER = "interpreter"
SCENARIO = "scenario"
_SHAPING = {"delay", "clients", "arrival", "settle", "stop_after", "confine", "piped", "options", "load", "threads"}
_NO_INPUT = {"sources", "needs", "optional", "mistake"}  # keys of a server that change nothing of what is run
_LANGUAGES = {"python": ("*.py",), "c": ("*.c", "*.h")}


def inputs(
    root: Path, assignment: Assignment, scenario: str, server: str, seen: dict[str, str] | None = None
) -> dict[str, str]:
    """Digest of each input of a run, by what a person would call it (paths are relative to the root).

    `seen` are the digests of files that were looked at for other runs, to which those of this one are added.
    """
    seen = {} if seen is None else seen
    found = {
        SCENARIO: digest(_run_shaping(assignment, scenario, server)),
        INTERPRETER: f"{platform.python_implementation()} {platform.python_version()}",
        "evidence schema": str(SCHEMA),
    }
    for path in sources(root, assignment, server):
        if path not in seen:
            seen[path] = digest((root / path).read_bytes())
        found[path] = seen[path]
    if assignment.scenarios[scenario].load.is_impolite:
        found[IMPOLITE_SCRIPT] = digest((root / IMPOLITE_SCRIPT).read_bytes())
    return found


def sources(root: Path, assignment: Assignment, server: str) -> list[str]:
    """The files a run is made of: those the server declares, else its language's in its folder and beside it.

    The load script and what it imports are always among them; the one for impolite clients is an input by itself.
    """
    spec: Server = assignment.servers[server]
    folder = assignment.folder.relative_to(root).as_posix()
    if spec.sources is not None:
        patterns = [*spec.sources]
    else:
        language = _LANGUAGES.get(server, ())
        patterns = [f"{folder}/{pattern}" for pattern in language]
        patterns += [f"assignments/{pattern}" for pattern in language]
        if not language:
            raise SpecError(
                f"{folder}/scenario.toml: servers.{server}: needs sources = [ ... ], the files it is made of; "
                f"they are known by themselves only for servers called {' or '.join(_LANGUAGES)}"
            )
    paths = {path for path in LOAD_SCRIPT if (root / path).is_file()}
    for pattern in patterns:
        try:
            matched = {path.relative_to(root).as_posix() for path in root.glob(pattern) if path.is_file()}
        except (ValueError, IndexError, NotImplementedError):  # no pattern, or one that leads out of the repository
            matched = set()
        if (not matched or ".." in pattern) and spec.sources is not None:
            raise SpecError(
                f"{folder}/scenario.toml: servers.{server}.sources: no file of the repository matches {pattern!r}; "
                "expected patterns from its root, such as assignments/fork/*.py"
            )
        paths |= matched
    return sorted(paths - {IMPOLITE_SCRIPT})  # lies beside the servers, but is of none of them


def staleness(recorded: Mapping[str, str], now: Mapping[str, str], *, published: bool = False) -> str | None:
    """Why a run is stale, in a few words; None when it is fresh.

    A published run may come from another interpreter: that is stated in the report and does not make it stale.
    """
    for name in sorted(recorded.keys() | now.keys()):
        if recorded.get(name) == now.get(name) or (published and name == INTERPRETER):
            continue
        if name not in now:
            return f"{name} is gone"
        return f"{name} is new" if name not in recorded else f"{name} changed"
    return None


def _run_shaping(assignment: Assignment, scenario: str, server: str) -> bytes:
    spec = assignment.scenarios[scenario]
    shape = {
        "scenario": spec.model_dump(mode="json", include=_SHAPING),
        "server": assignment.servers[server].model_dump(mode="json", exclude=_NO_INPUT),
    }
    load = shape["scenario"]["load"]
    load.pop("expect")
    for table, names in ((load, IMPOLITE), (shape["scenario"], ("piped", "threads"))):
        for name in names:
            if not table[name]:  # a key that says nothing new is no news: what was recorded before it came stays fresh
                table.pop(name)
    return json.dumps(shape, sort_keys=True, ensure_ascii=False).encode()
