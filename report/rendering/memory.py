"""Floor 2, pure. What is dear to make and depends on little may be remembered, by a key of all that it is made from.

Where and for how long is the caller's matter; forgetting everything gives the same bytes.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

Memory = Callable[[str, Callable[[], bytes]], bytes]
"""Gives the bytes of a key: those that it remembers, or newly made ones."""

Beside = Callable[[Callable[[], object]], AbstractContextManager[None]]
"""While its context lasts, work may be done elsewhere whose only effect is on the memory."""


@contextmanager
def alone(work: Callable[[], object]) -> Iterator[None]:
    """Nobody else does the work; it is done where its result is needed."""
    yield


def forgetful(key: str, make: Callable[[], bytes]) -> bytes:
    """Remembers nothing."""
    return make()


def once(remember: Memory) -> Memory:
    """The same memory, asked only once for each key."""
    found: dict[str, bytes] = {}

    def recall(name: str, make: Callable[[], bytes]) -> bytes:
        if name not in found:
            found[name] = remember(name, make)
        return found[name]

    return recall


def content(file: Path) -> str:
    """The digest of a file; of one that cannot be read nothing, which is told where the file is used."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def key(*parts: object) -> str:
    """One name for all that something is made from; parts are what JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
