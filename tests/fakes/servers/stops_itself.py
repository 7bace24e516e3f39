"""Listens, then stops itself as Ctrl-Z would; it would answer if anybody let it go on."""

import os
import signal

from plain import listen, options, serve

chosen = options()
listener = listen(chosen.port)
os.kill(os.getpid(), signal.SIGSTOP)
serve(listener, chosen.delay)
