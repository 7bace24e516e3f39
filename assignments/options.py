"""The command line that all servers have, each value made of its word or refused in a sentence.

Knows words and numbers. Must not know what a value is good for. It imports little, like the servers.
"""

import argparse
import math
from collections.abc import Callable

Options = argparse.Namespace
AddArguments = Callable[[argparse.ArgumentParser], None]


def parse(add_arguments: AddArguments) -> Options:
    """What the command line says, by the options of all servers and by those that are added here."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", default=8090, type=int, help="port to listen on")
    parser.add_argument("--delay", default=5, type=seconds, help="seconds of sleep before the greeting")
    parser.add_argument("--read-timeout", default=10, type=seconds, help="seconds a client has for its request")
    parser.add_argument("--lessons", action="store_true", help="also answer the paths of lessons.py")
    parser.add_argument("--ballast", default=0, type=count, metavar="MIB", help="memory for the lesson /touch to read")
    add_arguments(parser)
    return parser.parse_args()


def seconds(text: str) -> float:
    """A duration of the command line: a finite number, not negative; otherwise ValueError."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """A whole number of the command line, not negative; otherwise ValueError."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value
