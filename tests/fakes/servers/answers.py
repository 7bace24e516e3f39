"""Answers rightly, a child for each connection, and ends on SIGTERM with exit status 0 when all have ended."""

import os
import signal
import sys

from plain import answer, listen, options, say


def stop(*_: object) -> None:
    sys.exit(0)


chosen = options()
signal.signal(signal.SIGTERM, stop)
listener = listen(chosen.port)
children: set[int] = set()
listener.settimeout(0.05)
try:
    while True:
        children -= {pid for pid in children if os.waitpid(pid, os.WNOHANG)[0]}
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            listener.close()
            connection.settimeout(None)
            answer(connection, chosen.delay)
            os._exit(0)
        connection.close()
        children.add(child)
finally:
    if children:
        for pid in children:
            os.waitpid(pid, 0)
    say("stopped")
