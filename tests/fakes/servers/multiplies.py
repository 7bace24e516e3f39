"""Listens; a child of it forks a successor and ends, again and again: its process id is never the same for long."""

import os
import signal
import time

from plain import listen, options

chosen = options()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = listen(chosen.port)
if os.fork() == 0:
    while True:
        time.sleep(0.002)
        if os.fork() != 0:
            os._exit(0)
while True:
    signal.pause()
