"""Answers one client after the other on a socket without SO_REUSEADDR; closes first, so that TIME_WAIT is its own."""

import socket
import sys

from plain import answer, options

chosen = options()
listener = socket.socket()
try:
    listener.bind(("127.0.0.1", chosen.port))
except OSError:
    sys.exit("bind failed")
listener.listen(10)
while True:
    answer(listener.accept()[0], chosen.delay)
