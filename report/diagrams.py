"""Floor 1. Diagrams that a scenario.toml declares, and what follows from what is declared.

A diagram of descriptors states operations only; the tables, the reference counts and whether FIN leaves are computed
here. Knows nothing of how anything is drawn.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, WrapValidator, model_validator

from report.languages import ADDED, LANGUAGES, TEXTS, file
from report.models import Model, near

Who = Literal["parent", "child"]
Descriptor = Annotated[int, Field(ge=0, le=1023)]


class Text(Model):
    """One text in both languages."""

    model_config = ConfigDict(extra="allow" if ADDED else "forbid")  # a language that was added is a key as well
    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _in_every_language(cls, raw: Any, info: ValidationInfo) -> Any:
        """Those that were added are taken from the context, by the English text."""
        if not ADDED or not isinstance(raw, dict) or not isinstance(english := raw.get("en"), str):
            return raw
        every = {code: (info.context or {}).get(code, {}).get(english) for code in ADDED} | raw
        if unknown := sorted(every.keys() - {*LANGUAGES}):
            raise ValueError(f"{unknown[0]}: unknown key{near(unknown[0], LANGUAGES)}")
        if lacking := [code for code in ADDED if not isinstance(every[code], str) or not every[code]]:
            where = f"assignments/{file(TEXTS, lacking[0])}"
            raise ValueError(f'is not there in {", ".join(lacking)}; write "{english}" = "…" into {where}')
        return every


class Queue(Model):
    """A bounded queue between an accepting thread and workers that take turns; thresholds as numbers of messages."""

    kind: Literal["queue"]
    capacity: Annotated[int, Field(ge=1, le=40)]
    add_at: Annotated[int, Field(ge=1)]
    remove_at: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _thresholds_are_in_order(self) -> Self:
        if not self.remove_at < self.add_at <= self.capacity:
            raise ValueError(
                f"needs remove_at < add_at <= capacity; found {self.remove_at}, {self.add_at} and {self.capacity}"
            )
        return self


class Object(Model):
    """What a descriptor refers to: the same one in every process that has it."""

    descriptor: Descriptor
    name: Text


class Call(StrEnum):
    """A system call that changes a table of descriptors: opens one, copies all, closes one, or closes all."""

    OPEN = auto()
    FORK = auto()
    CLOSE = auto()
    EXIT = auto()


_NEEDS = {Call.OPEN: (True, True), Call.CLOSE: (True, True), Call.EXIT: (True, False), Call.FORK: (False, False)}


class Step(Model):
    """One system call; `fork` is always the parent's."""

    does: Call = Field(strict=False)
    who: Who | None = None
    descriptor: Descriptor | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        needs = _NEEDS[self.does]
        for key, value, needed in (("who", self.who, needs[0]), ("descriptor", self.descriptor, needs[1])):
            if needed != (value is not None):
                raise ValueError(f"{self.does} {'needs' if needed else 'takes no'} {key}")
        return self


@dataclass(frozen=True, slots=True)
class State:
    """After a step: the open descriptors of each living process, references to the watched one, and whether FIN left.

    `changed` are the descriptors that this step opened, copied or closed, by process.
    """

    tables: Mapping[Who, tuple[int, ...]]
    changed: Mapping[Who, tuple[int, ...]]
    references: int
    fin: bool


class Descriptors(Model):
    """Descriptor tables of a parent and its child while operations are carried out; `watched` is the one counted."""

    kind: Literal["descriptors"]
    watched: Descriptor
    objects: tuple[Object, ...] = Field(max_length=6, strict=False)
    at_start: tuple[Descriptor, ...] = Field(default=(), strict=False)
    steps: tuple[Step, ...] = Field(max_length=12, strict=False)

    @model_validator(mode="after")
    def _can_happen(self) -> Self:
        if not self.steps:
            raise ValueError("steps: needs at least one")
        known = {one.descriptor for one in self.objects}
        used = {self.watched, *self.at_start, *(s.descriptor for s in self.steps if s.descriptor is not None)}
        if lacking := sorted(used - known):
            raise ValueError(
                f"objects: descriptor {lacking[0]} has no name; add {{ descriptor = {lacking[0]}, name = … }}"
            )
        for _ in self.states():
            pass
        return self

    def states(self) -> Iterator[State]:
        """The state after each step; raises ValueError at a step that cannot happen.

        A fork copies the table, and each entry refers to the same open object as before. The object is closed when
        nobody refers to it any more, and a connection that is closed sends FIN (fork(2), close(2), RFC 9293, 3.6).
        """
        tables: dict[Who, list[int]] = {"parent": sorted(self.at_start)}
        references = Counter(self.at_start)
        for place, step in enumerate(self.steps):
            before = references[self.watched]
            try:
                changed = _carried_out(step, tables)
            except ValueError as error:
                raise ValueError(f"steps[{place}]: {error}") from None
            references = Counter(descriptor for table in tables.values() for descriptor in table)
            now = references[self.watched]
            shown: dict[Who, tuple[int, ...]] = {who: tuple(table) for who, table in tables.items()}
            yield State(shown, changed, now, before > 0 and now == 0)


def _carried_out(step: Step, tables: dict[Who, list[int]]) -> dict[Who, tuple[int, ...]]:
    """Changes the tables; what was opened or closed, by process."""
    who: Who = step.who or "parent"
    if who not in tables:
        raise ValueError(f"the {who} does not live")
    table = tables[who]
    if step.does is Call.FORK:
        if "child" in tables:
            raise ValueError("fork: the child lives already; a diagram shows one child")
        tables["child"] = list(table)
        return {"child": tuple(table)}
    if step.does is Call.EXIT:
        return {who: tuple(tables.pop(who))}
    descriptor = step.descriptor or 0
    if step.does is Call.OPEN:
        if descriptor in table:
            raise ValueError(f"open: the {who} has descriptor {descriptor} open already")
        table.append(descriptor)
        table.sort()
    elif descriptor not in table:
        raise ValueError(f"close: the {who} has no descriptor {descriptor} open")
    else:
        table.remove(descriptor)
    return {who: (descriptor,)}


_KINDS: Mapping[str, type[Queue] | type[Descriptors]] = {"queue": Queue, "descriptors": Descriptors}


def _of_its_kind(raw: Any, _: Any, info: ValidationInfo) -> Queue | Descriptors:
    """The table as the model that its `kind` names; pydantic's own choice would put the kind into the faults' paths."""
    if isinstance(raw, Queue | Descriptors):
        return raw
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"kind: must be {' or '.join(_KINDS)}{near(str(kind), _KINDS)}; found {kind!r}")
    return _KINDS[kind].model_validate(raw, context=info.context)


Diagram = Annotated[Queue | Descriptors, Field(discriminator="kind"), WrapValidator(_of_its_kind)]
