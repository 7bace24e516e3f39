"""Goes to the background: the main process ends at once, a process of another session listens and answers."""

import os

from plain import listen, options, serve

chosen = options()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        serve(listen(chosen.port), chosen.delay)
    os._exit(0)
os.wait()
