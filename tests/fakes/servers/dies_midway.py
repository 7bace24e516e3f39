"""Answers one request and dies at the second, with exit status 7."""

import os

from plain import answer, listen, options

chosen = options()
listener = listen(chosen.port)
answer(listener.accept()[0], chosen.delay)
listener.accept()
os._exit(7)
