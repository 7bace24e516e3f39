"""Floor 2. Builds a server once for each state of its sources, under build/bin/.

Knows the declared build command and digests of files; must not know any compiler. A build is made in a temporary
directory and renamed, so that two at once do not disturb each other and a broken one is never used.
"""

import contextlib
import errno
import shlex
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from report import freshness
from report.errors import ServerError
from report.evidence import canonical_json, digest
from report.recording.cancel import Cancel
from report.recording.command import Built, build_command, plain_command
from report.recording.process import Supervised
from report.spec import Assignment

PLACE = "build/bin"
LIMIT = 120.0  # seconds for a build
_one_at_a_time = threading.Lock()


def built(root: Path, assignment: Assignment, server: str, cancel: Cancel, limit: float) -> Built | None:
    """Where the server's build lies, made now if need be; None for a server that declares no build.

    The command runs in the assignment's folder. Raises ServerError with all that the compiler said.
    """
    if assignment.servers[server].build is None:
        return None
    shown = f"{PLACE}/{_key(root, assignment, server)}"
    place = root / shown
    with _one_at_a_time:
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
            try:
                _run(assignment, server, Built(temporary, shown), cancel, limit)
                temporary.chmod(0o755)
                with _unless_there():
                    temporary.rename(place)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return Built(place, shown)


@contextlib.contextmanager
def _unless_there() -> Iterator[None]:
    """What cannot be put there is not needed where another recorder was first; rename(2) says so in two ways."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def fill_command(assignment: Assignment, server: str, *, port: int, delay: float) -> tuple[str, ...]:
    """The words that start a server by hand, built first if need be; raises SpecError and ServerError."""
    root = assignment.folder.parents[1]
    try:
        with contextlib.closing(Cancel()) as cancel:
            build = built(root, assignment, server, cancel, LIMIT)
    except OSError as error:
        raise ServerError(f"{assignment.name}: servers.{server} cannot be built: {error}") from None
    return plain_command(assignment, server, port, delay, build).words


def _key(root: Path, assignment: Assignment, server: str) -> str:
    paths = freshness.sources(root, assignment, server)
    inputs = {path: digest((root / path).read_bytes()) for path in paths if path not in freshness.LOAD_SCRIPT}
    return digest(canonical_json([inputs, list(assignment.servers[server].build or ())]))[:16]


def _run(assignment: Assignment, server: str, into: Built, cancel: Cancel, limit: float) -> None:
    command = build_command(assignment, server, into)
    name = f"{assignment.name}: servers.{server}.build"
    with Supervised(name, command.words, assignment.folder, cancel) as compiler:
        compiler.wait(lambda: compiler.exited is not None, limit)
        ended = compiler.exited
    if ended is None or ended.code != 0:
        how = f"ended with {ended}" if ended else f"did not end within {limit:g} s"
        said = "\n".join(compiler.output().lines())
        raise ServerError(
            f"{name} {how}; mend the source and run again\n  command: {shlex.join(command.shown)}\n{said}",
            stage="builds",
        )
