"""Says that it listens, and never does."""

import signal

from plain import options, say

say(f"listening on {options().port} (not true)")
signal.pause()
