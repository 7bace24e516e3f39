"""Holds its clients until SIGTERM, answers them then and whoever comes later, and does not end; tells each SIGTERM."""

import os
import select
import signal

from plain import answer, listen, options, say

wake, waker = os.pipe()
os.set_blocking(waker, False)
signal.set_wakeup_fd(waker)
signal.signal(signal.SIGTERM, lambda *_: say("was told to end"))
listener = listen(options().port)
held = []
told = False
while True:
    ready, _, _ = select.select([listener.fileno(), wake], [], [])
    if listener.fileno() in ready:
        held.append(listener.accept()[0])
    told = told or wake in ready
    while told and held:
        answer(held.pop(0))
    if wake in ready:
        os.read(wake, 100)
