"""Holds its clients until SIGTERM; then answers those it holds and ends with exit status 0."""

import os
import select
import signal

from plain import answer, listen, options, say

wake, waker = os.pipe()
os.set_blocking(waker, False)
signal.set_wakeup_fd(waker)
signal.signal(signal.SIGTERM, lambda *_: None)
listener = listen(options().port)
held = []
while listener.fileno() in select.select([listener.fileno(), wake], [], [])[0]:
    held.append(listener.accept()[0])
listener.close()
for connection in held:
    answer(connection)
say("stopped")
