"""A child for each connection, and no child is ever waited for."""

import os

from plain import answer, listen, options

chosen = options()
listener = listen(chosen.port)
while True:
    connection, _ = listener.accept()
    if os.fork() == 0:
        answer(connection, chosen.delay)
        os._exit(0)
    connection.close()
