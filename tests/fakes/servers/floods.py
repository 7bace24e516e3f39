"""Prints 10 MB before it listens, then answers rightly."""

import sys

from plain import listen, options, serve

chosen = options()
line = b"." * 99 + b"\n"
for _ in range(1000):
    sys.stdout.buffer.write(line * 100)
    sys.stdout.flush()
serve(listen(chosen.port), chosen.delay)
