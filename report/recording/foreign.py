"""Floor 2. Builds a program that is not the course's: anew each time, where its author builds it.

Its sources are not known, so nothing of it is kept between runs; what the compiler said is kept, warnings too.
"""

import shlex
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from report.recording import network
from report.recording.build import LIMIT
from report.recording.cancel import Cancel
from report.recording.process import Supervised


def build(
    name: str, words: Sequence[str], directory: Path, limit: float = LIMIT, room: Path | None = None
) -> tuple[bool, str]:
    """Whether the command ended well within the limit, and all that it printed; shut in where there is a room for it.

    Raises ServerError when it cannot be started at all; an interrupt leaves nothing of it.
    """
    apart = network.words(network.NEW) if room and network.is_possible() else ()
    with closing(Cancel()) as cancel, Supervised(name, words, directory, cancel, network=apart, room=room) as compiler:
        compiler.wait(lambda: compiler.exited is not None, limit)
        ended = compiler.exited
    how = f"ended with {ended}" if ended else f"did not end within {limit:g} s"
    good = ended is not None and ended.code == 0
    said = "\n".join(compiler.output().lines()).strip("\n")
    return good, said if good else f"{shlex.join(words)}\n{how}\n{said}"
