"""Floor 3. submission.toml: how a student says that a server is built and run, as a frozen, validated model.

Knows its keys and what a command may hold; must not know how servers are found where it says nothing.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from report.errors import SpecError
from report.grading.sources import DELAY, LONGEST, PORT
from report.models import Model, tables, validate

FILE = "submission.toml"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"0?[0-9]{1,2}")
_KNOWN = ("port", "delay", "python")


class Server(Model):
    """How a server is built and run in `directory`; port and delay are those in its source, else {port}, {delay}."""

    command: str = Field(min_length=1)
    build: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    delay: float | None = Field(default=None, gt=0, le=LONGEST)
    directory: str = "."


class Declared(Model):
    """The whole file: a table for each assignment, by its number."""

    assignment: Mapping[str, Server] = {}


def server(content: bytes, number: int, directories: set[str]) -> Server | None:
    """What the file says of this assignment, None where it says nothing; raises SpecError with file, key and remedy.

    Tables of other assignments may be wrong without harm to this one. Port and delay that are neither said nor asked
    for are the course's; `directories` are those that the submission has.
    """
    raw = tables(content, FILE)
    nested = raw.get("assignment", {})
    inside = nested if isinstance(nested, dict) else {}
    if wrong := [key for key in inside if not _NUMBER.fullmatch(key)]:
        raise SpecError(f"{FILE}: assignment.{wrong[0]}: expected an assignment's number, such as [assignment.1]")
    own = [one for key, one in (*raw.items(), *inside.items()) if _NUMBER.fullmatch(key) and int(key) == number]
    if len(own) > 1:
        raise SpecError(f"{FILE}: assignment.{number}: stands there twice; keep one table")
    kept: dict[str, Any] = {key: one for key, one in raw.items() if not _NUMBER.fullmatch(key)}
    if nested is inside:
        kept["assignment"] = {str(number): one for one in own}
    found = validate(kept, Declared, FILE).assignment.get(str(number))
    if found and (problems := [f"{FILE}: assignment.{number}.{one}" for one in _unmeant(found, directories)]):
        raise SpecError(problems)
    return found and _completed(found)


def _unmeant(said: Server, directories: set[str]) -> Iterator[str]:
    """What cannot be meant, by its key."""
    for key, text in (("command", said.command), ("build", said.build or "make")):
        try:
            words = shlex.split(text)
        except ValueError as error:
            yield f"{key}: not words of a shell: {error}; found {text!r}"
            continue
        if not words:
            yield f"{key}: expected a command; found nothing"
        elif key == "command" and said.build is None and "/" in words[0]:
            yield f"{key}: {words[0]} must be built first; add build, or begin with {{python}}"
    for name in sorted({*_PLACEHOLDER.findall(said.command)} - {*_KNOWN}):
        yield f"command: unknown placeholder {{{name}}}; known are {', '.join(_KNOWN)}"
    if _PLACEHOLDER.search(said.build or ""):
        yield "build: nothing is filled in there; take the braces out"
    for key in ("port", "delay"):
        if getattr(said, key) is not None and f"{{{key}}}" in said.command:
            yield f"{key}: the command is given it already; take one of the two out"
    if posixpath.normpath(said.directory) not in directories:
        yield f"directory: there is no folder {said.directory}; write it as it is called in the submission"


def _completed(said: Server) -> Server:
    port = None if "{port}" in said.command else said.port or PORT
    delay = None if "{delay}" in said.command else said.delay or DELAY
    return said.model_copy(update={"port": port, "delay": delay})
