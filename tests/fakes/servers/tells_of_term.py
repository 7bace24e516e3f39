"""Answers rightly; SIGTERM makes it say so, and nothing else."""

import signal

from plain import listen, options, say, serve

signal.signal(signal.SIGTERM, lambda *_: say("was told to end"))
chosen = options()
serve(listen(chosen.port), chosen.delay)
