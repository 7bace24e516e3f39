"""A load script that never ends."""

import signal

signal.pause()
