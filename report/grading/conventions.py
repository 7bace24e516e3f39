"""Floor 3. How a submission's server is built and run: as its submission.toml says, else by the names of its files.

Knows the text of the files alone; runs nothing.
"""

from dataclasses import dataclass

from report.errors import SpecError
from report.grading.submissions import Files


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is built and run, in a directory below the submission's root; see `candidates.brought`.

    `port` and `delay` are those compiled in, None where the command takes them as {port} and {delay}.
    """

    command: str
    build: str | None
    port: int | None
    delay: float | None
    directory: str = "."


def way(files: Files, number: int, only: bool) -> Way:
    """How the server of this assignment is built and run; `only` where no other assignment's may be meant.

    Raises SpecError with a sentence for the student that names what was looked for.
    """
    raise SpecError(f"there is no server for assignment {number}")
