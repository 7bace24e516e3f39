"""Prints a line in CP949, one that is no text at all, and answers rightly."""

import os

from plain import listen, options, serve

chosen = options()
os.write(1, "서버를 시작합니다".encode("cp949") + b"\n")
os.write(1, b"\xff\x00\x80\x1b[31m\xfe\n")
serve(listen(chosen.port), chosen.delay)
