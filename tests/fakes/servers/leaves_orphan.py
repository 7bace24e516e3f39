"""Answers rightly; a grandchild in a session of its own keeps the listening socket and ignores every signal it can."""

import os
import signal

from plain import listen, options, serve

chosen = options()
listener = listen(chosen.port)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        while True:
            signal.pause()
    os._exit(0)
os.wait()
serve(listener, chosen.delay)
