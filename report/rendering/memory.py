"""Floor 2, pure. What is dear to make and depends on little may be remembered, by a key of all that it is made from.

Where and for how long is the caller's matter; forgetting everything gives the same bytes.
"""

import hashlib
import json
from collections.abc import Callable

Memory = Callable[[str, Callable[[], bytes]], bytes]
"""Gives the bytes of a key: those that it remembers, or newly made ones."""


def forgetful(key: str, make: Callable[[], bytes]) -> bytes:
    """Remembers nothing."""
    return make()


def key(*parts: object) -> str:
    """One name for all that something is made from; parts are what JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
