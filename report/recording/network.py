"""Floor 2, a module and a program of its own. A network with nothing but its own loopback, for a server whose port is
in its source: no other server's port, and no connection of the run before in TIME_WAIT, is in its way there.

Knows namespaces(7) only, and no other module of this project, since it goes before every supervisor that is to be in
such a network. Where the kernel allows none, nothing is lost but time.

    python -I -S network.py new COMMAND...      in a new one
    python -I -S network.py PID COMMAND...      in that of this process
"""

import ctypes
import fcntl
import functools
import os
import socket
import struct
import subprocess
import sys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1  # linux/sockios.h, linux/if.h
NEW = "new"
LIMIT = 10.0


@functools.cache
def is_possible() -> bool:
    """Whether this user may have a network of their own here."""
    try:
        return subprocess.run([*words(NEW), "true"], check=False, capture_output=True, timeout=LIMIT).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def words(where: str) -> list[str]:
    """What goes before a command that is to be in a new network, or in that of the process with this number."""
    return [sys.executable, "-I", "-S", __file__, where]


def make() -> None:
    """This process is in a network of its own; raises OSError where it may not have one."""
    user, group = os.getuid(), os.getgid()
    try:
        _call("unshare", CLONE_NEWNET)
    except PermissionError:  # as the owner of a user namespace everybody may
        _call("unshare", CLONE_NEWUSER | CLONE_NEWNET)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    with socket.socket() as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def join(pid: int) -> None:
    """This process is in the network of that one, and in its user namespace if that is another."""
    for name, kind in (("user", CLONE_NEWUSER), ("net", CLONE_NEWNET)):
        with open(f"/proc/{pid}/ns/{name}", "rb") as theirs:
            if os.fstat(theirs.fileno()).st_ino != os.stat(f"/proc/self/ns/{name}").st_ino:  # noqa: PTH116
                _call("setns", theirs.fileno(), kind)


def _call(name: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def main(where: str, command: list[str]) -> None:
    """The command has taken the place of this program."""
    if where == NEW:
        make()
    else:
        join(int(where))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
