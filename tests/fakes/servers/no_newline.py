"""Answers rightly and never ends a line."""

import os

from plain import ANSWER, listen, options

chosen = options()
listener = listen(chosen.port)
os.write(1, b"no end of line")
while True:
    connection, _ = listener.accept()
    with connection:
        connection.recv(30_000)
        connection.sendall(ANSWER)
    os.write(1, b", another")
