"""Does not care which port it was given: it listens on one that is free, as a server with its port compiled in."""

import signal
import socket

from plain import options, say

options()
with socket.create_server(("127.0.0.1", 0)) as listener:
    say(f"listening on {listener.getsockname()[1]}")
    signal.pause()
