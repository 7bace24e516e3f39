"""Floor 0. Errors, split by whose fault they are; every message names file, key or command, and the way out.

Nothing here knows anything else of the project. What a user can cause is raised as one of these and printed
without a traceback; anything else that escapes is a fault of the generator itself.
"""

from collections.abc import Iterable
from typing import Literal

Hurdle = Literal["builds", "starts", "listens"]


class ReportError(Exception):
    """Something went wrong that a message can explain; `problems` holds one sentence for each fault found."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class SpecError(ReportError):
    """A scenario.toml, an option or a file name says something that cannot be meant."""


class ServerError(ReportError):
    """The server under test, or its build, did not do what every server must (start, listen, stop).

    `stage` is what it did not come through; None where the fault may as well be the tool's, the machine's or a second
    program's. `elsewhere` are the ports on which it listened instead of its own; it is `astray` too when it only tried.
    `excess` is what it used too much of, and the bound.
    """

    def __init__(
        self,
        problems: str | Iterable[str],
        stage: Hurdle | None = None,
        elsewhere: Iterable[int] = (),
        *,
        astray: bool = False,
        excess: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(problems)
        self.stage, self.elsewhere = stage, tuple(elsewhere)
        self.astray = astray or bool(self.elsewhere)
        self.excess = excess


class EvidenceError(ReportError):
    """Recorded evidence is missing, incomplete, edited or from another version of the generator."""


class ClaimError(ReportError):
    """A claim does not hold, or is not bound as it must be (missing, cited twice, nothing matched)."""


class OutdatedError(ReportError):
    """A file that is generated differs from what generating it now would give."""


class JudgeError(ReportError):
    """A server could not be judged, for trouble of the tool's own, which is never charged to the server."""
