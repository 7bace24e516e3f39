"""Assignment 1, a child process per connection.

It knows fork, wait and who closes which descriptor; how to serve is `service.py`'s. No threads here: fork(2)
copies only the thread that calls it, and a lock that another one held would stay locked in the child for ever.
"""

import contextlib
import os
import signal
import sys
from typing import NoReturn

from assignments.service import Connection, Connections, Handle, Options, StopAtOnce, ignore_stop_signals, main, say

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
Children = dict[int, int]  # process id → number of the connection


def serve(connections: Connections, handle: Handle, options: Options) -> None:
    """Serve every connection in a child process: N clients take about one delay."""
    children: Children = {}
    connections.on_signal(signal.SIGCHLD, lambda: reap(children, os.WNOHANG))
    try:
        for connection in connections:
            start_child(connection, connections, handle, children)
            connection.socket.close()  # the parent's copy: only the last close(2) of a connection sends FIN
        reap(children, 0)
    except StopAtOnce:
        ignore_stop_signals()
        kill(children)
        raise


def start_child(connection: Connection, connections: Connections, handle: Handle, children: Children) -> None:
    """Fork until it works: fork(2) returns twice, 0 in the child and the child's process id in the parent.

    It fails with EAGAIN at the limit of processes and with ENOMEM without memory; some child's end may help.
    Signals are blocked round it, so that no child runs the parent's handlers and no end comes unregistered.
    """
    while True:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                run_child(connection, connections, handle)
            children[pid] = connection.number
            connection.say(f"forked child {pid}")
            return
        except OSError as error:
            connection.say(f"fork failed ({error.strerror}), trying again")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        connections.pause()


def run_child(connection: Connection, connections: Connections, handle: Handle) -> NoReturn:
    """A child's whole life. It always leaves by _exit(2), never back into the accept loop.

    exit(3) would also run the parent's exit handlers and write out its buffers a second time. The signals stay
    blocked: a stop is the parent's affair (Ctrl-C reaches them all), and the child finishes its work.
    """
    status = 1
    try:
        connections.listener.close()  # the child's copy: it would keep the port beyond the parent's end
        connection.actor = f"child {os.getpid()}"
        handle(connection)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def reap(children: Children, flags: int) -> None:
    """Collect the exit status of every child that has ended, with flags 0 of all of them, waiting.

    Until waitpid(2) has told its status, an ended child stays a zombie. Many ends may come as one SIGCHLD,
    so it asks until there is no more.
    """
    with contextlib.suppress(ChildProcessError):  # ECHILD: there are none left
        while children:
            pid, status = os.waitpid(-1, flags)
            if pid == 0:  # the others are still at work
                break
            code = os.waitstatus_to_exitcode(status)
            ending = f"exit status {code}" if code >= 0 else f"killed by signal {-code}"
            if pid in children:  # not an orphan that a container's first process inherits
                say("server", f"#{children.pop(pid)} reaped child {pid}, {ending}")


def kill(children: Children) -> None:
    """End the children at once: SIGKILL cannot be ignored."""
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    reap(children, 0)


if __name__ == "__main__":
    main(serve)
