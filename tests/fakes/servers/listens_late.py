"""Listens only after a while, in which another of its sockets listens on another port."""

import time

from plain import listen, options, serve

chosen = options()
other = listen(0)
time.sleep(0.3)
serve(listen(chosen.port), chosen.delay)
