"""Answers rightly and takes no notice of SIGTERM."""

import signal

from plain import listen, options, serve

signal.signal(signal.SIGTERM, signal.SIG_IGN)
chosen = options()
serve(listen(chosen.port), chosen.delay)
