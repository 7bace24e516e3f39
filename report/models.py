"""Floor 1. TOML files into frozen, validated models; every fault of a file as a sentence with its dotted path.

Knows nothing of what the models mean.
"""

import difflib
import tomllib
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict

from report.errors import SpecError


class Model(BaseModel):
    """Strict, frozen, no unknown keys: "8080" is not a number, and a misspelt key is told."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


M = TypeVar("M", bound=BaseModel)


def parse(file: Path, where: str) -> dict[str, Any]:
    """The tables of a TOML file; raises SpecError that calls it `where`."""
    try:
        return tables(file.read_bytes(), where)
    except OSError as error:
        raise SpecError(f"{where}: cannot be read: {error.strerror}") from None


def tables(content: bytes, where: str) -> dict[str, Any]:
    """The tables of a TOML text, which Windows may have begun with a mark; raises SpecError as `parse` does."""
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # among them digits and brackets beyond Python's limits
        raise SpecError(f"{where}: not valid TOML: {error}") from None


def validate(raw: dict[str, Any], kind: type[M], where: str, context: object = None) -> M:
    """The tables as a model, which may ask the context; raises SpecError with one sentence for each fault."""
    try:
        return kind.model_validate(_tupled(raw), context=context)
    except pydantic.ValidationError as error:
        raise SpecError(f"{where}: {_sentence(fault, kind)}" for fault in error.errors()) from None


def _tupled(value: Any) -> Any:
    """TOML's arrays as tuples, which strict frozen models ask for."""
    if isinstance(value, list):
        return tuple(_tupled(item) for item in value)
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return value


def _sentence(fault: Any, kind: type[BaseModel]) -> str:
    path = dotted(fault["loc"])
    if fault["type"] == "extra_forbidden":
        model = _model_at(fault["loc"][:-1], kind)
        return f"{path}: unknown key{near(str(fault['loc'][-1]), list(model.model_fields) if model else [])}"
    if fault["type"] == "missing":
        return f"{path}: is missing"
    message = fault["msg"].removeprefix("Value error, ")
    found = fault["input"]
    shown = "" if isinstance(found, dict | tuple | BaseModel) else f"; found {found!r}"
    return f"{path}: {message[0].lower()}{message[1:]}{shown if 'found' not in message else ''}"


def dotted(location: Iterable[str | int]) -> str:
    """A place in a TOML file as one would write it: scenarios.burst.claims[0].at_least.

    Tags, which tell a choice between several models apart, are left out; no key begins with a bracket.
    """
    path = ""
    for part in (one for one in location if not str(one).startswith("<")):
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def near(word: str, known: Iterable[str]) -> str:
    """A hint at the known name that is nearest, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _model_at(location: Sequence[str | int], kind: type[BaseModel]) -> type[BaseModel] | None:
    """The model that validates the table at this place, so that near names are those meant there."""
    model: type[BaseModel] = kind
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None:
            inner = _model_in(field.annotation)
            if inner is None:
                return None
            model = inner
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in typing.get_args(annotation) if (found := _model_in(arg))), None)
