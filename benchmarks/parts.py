"""What a benchmark consists of: parts of tables, each of contenders that are measured in turn. Holds no number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.measure import Sample


@dataclass(frozen=True)
class Words:
    """What a picture says, in both languages."""

    ko: str
    en: str


@dataclass(frozen=True)
class Target:
    """What is asked: of the ratio of ours to a peer's in the same round or, without a peer, of the value itself.

    At least, where more of the metric is better, else at most; `bound` is what must be reached, `aim` what is wished.
    It is reached, too, where the medians differ by no more than `slack`.
    """

    ours: str
    metric: str
    peer: str = ""
    bound: float | None = None
    aim: float | None = None
    slack: float = 0.0


@dataclass(frozen=True)
class Table:
    """Contenders measured in turn; `metrics` are its columns, of which the first is drawn.

    `about` says how it was measured; `most_rounds` bounds what takes long. Where contenders are called by a number,
    of what is `counted`, `grows` names the metrics that grow by it, and what does.
    """

    name: str
    title: Words
    about: str
    metrics: Sequence[str]
    contenders: Mapping[str, Callable[[], Sample]]
    targets: Sequence[Target] = ()
    most_rounds: int = 1000
    grows: Mapping[str, Words] = field(default_factory=dict)
    counted: Words = Words("", "")


@dataclass(frozen=True)
class Part:
    """Tables that are taken together, and whose versions are to be stated with them."""

    name: str
    title: str
    tables: Sequence[Table]
    packages: Sequence[str] = ()
    programs: Sequence[str] = ()
