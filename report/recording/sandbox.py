"""Floor 2. A room for a program of which nobody knows what it does: it may write to one directory, read what every
program needs, see no process but its own and speak to no network but its own; bubblewrap shuts it in.

Knows what such a program needs. Where bubblewrap is not installed, or the kernel gives it no namespaces, there is no
such room, and that is told.
"""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PROGRAM = "bwrap"
LIMIT = 10.0
SPACE = 64 * 2**20  # bytes of /tmp and of /dev/shm, which are memory
_APART = ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--cap-drop", "ALL")
_NO_MORE = ("--disable-userns",)  # nobody in there makes such namespaces again; bubblewrap 0.8 and newer
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt")
_OF_ETC = (
    *("alternatives", "group", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "nsswitch.conf"),
    *("passwd", "ssl/certs", "ssl/openssl.cnf"),
)


@functools.cache
def version() -> str | None:
    """What shuts programs in here, such as `bubblewrap 0.8.0`; None where nothing can."""
    words = _bare()
    if words is None:
        return None
    said = subprocess.run([words[0], "--version"], check=False, capture_output=True, text=True, timeout=LIMIT)
    return said.stdout.strip() or PROGRAM


def words(room: Path, scratch: Path, program: Path) -> list[str]:
    """What goes before a program that may write to these two directories only, and is the first process in there.

    The program is one of this interpreter's. Nothing, where `version` says that nobody can be shut in here.
    """
    bare = _bare()
    if bare is None:
        return []
    seen = [*_seen(), str(program)]
    written = [word for path in (room, scratch) for word in ("--bind", str(path), str(path))]
    return [*bare, *_mounts(seen), *written, "--remount-ro", "/", "--"]


def _mounts(seen: Iterable[str]) -> Iterator[str]:
    yield from ("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev")
    for place in ("/dev/shm", "/tmp"):
        yield from ("--perms", "1777", "--size", str(SPACE), "--tmpfs", place)
    for path in seen:
        if Path(path).is_symlink():
            yield from ("--symlink", str(Path(path).readlink()), path)
        else:
            yield from ("--ro-bind-try", path, path)


def _seen() -> Iterator[str]:
    """What may be read: the system's programs and libraries, this interpreter, and where programs are looked for."""
    yield from _SYSTEM
    yield from (f"/etc/{name}" for name in _OF_ETC)
    more = [Path(sys.base_prefix), Path(sys.prefix), *map(Path, os.get_exec_path())]
    for path in dict.fromkeys(path for path in more if path.is_absolute() and path.is_dir() and path != path.parent):
        if not any(path.is_relative_to(place) for place in _SYSTEM):
            yield str(path)


@functools.cache
def _bare() -> tuple[str, ...] | None:
    """The program with what sets processes apart, as far as both it and the kernel allow; None where they do not."""
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    for more in (_NO_MORE, ()):
        bare = (program, *_APART, *more)
        with_all = [*bare, *_mounts(_seen()), "--remount-ro", "/", "--", sys.executable, "-I", "-S", "-c", ""]
        try:
            if subprocess.run(with_all, check=False, capture_output=True, timeout=LIMIT).returncode == 0:
                return bare
        except (OSError, subprocess.TimeoutExpired):
            continue
    return None
