"""The values of a server's command line, each made of its word or refused with ValueError.

Knows words and numbers. Must not know which option a value is for. It imports little, like the servers.
"""

import math


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
