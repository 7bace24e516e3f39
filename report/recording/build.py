"""Floor 2. Builds a server once for each state of its sources, under build/bin/.

Knows the declared build command and digests of files; must not know any compiler. A build is made in a temporary
directory and renamed, so that two at once do not disturb each other and a broken one is never used.
"""

import shlex
import shutil
import tempfile
import threading
from pathlib import Path

from report import freshness
from report.errors import ServerError
from report.evidence import canonical_json, digest
from report.recording.command import Built, Planned, build_command
from report.recording.process import Cancel, Supervised

PLACE = "build/bin"
_one_at_a_time = threading.Lock()


def built(root: Path, planned: Planned, cancel: Cancel, limit: float) -> Built | None:
    """Where the server's build lies, made now if need be; None for a server that declares no build.

    The command runs in the assignment's folder. Raises ServerError with all that the compiler said.
    """
    if planned.server.build is None:
        return None
    shown = f"{PLACE}/{_key(root, planned)}"
    place = root / shown
    with _one_at_a_time:
        if not place.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
            try:
                _run(planned, Built(temporary, shown), cancel, limit)
                temporary.chmod(0o755)
                if not place.is_dir():
                    temporary.rename(place)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return Built(place, shown)


def _key(root: Path, planned: Planned) -> str:
    paths = freshness.sources(root, planned.assignment, planned.identity.server)
    inputs = {path: digest((root / path).read_bytes()) for path in paths if path != freshness.LOAD_SCRIPT}
    return digest(canonical_json([inputs, list(planned.server.build or ())]))[:16]


def _run(planned: Planned, into: Built, cancel: Cancel, limit: float) -> None:
    command = build_command(planned, into)
    name = f"{planned.assignment.name}: servers.{planned.identity.server}.build"
    with Supervised(name, command.words, planned.assignment.folder, cancel, lambda _: None) as compiler:
        in_time = compiler.wait(lambda: compiler.exited is not None, limit)
    if in_time and compiler.exited is not None and compiler.exited.code == 0:
        return
    how = f"ended with {compiler.exited}" if in_time else f"did not end within {limit:g} s"
    said = "\n".join(compiler.output().lines())
    raise ServerError(
        f"{name} {how}; mend the source and run again\n  command: {shlex.join(command.shown)}\n{said}"
    )
