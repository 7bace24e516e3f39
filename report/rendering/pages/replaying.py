"""Floor 2, pure. What lets a page replay a run: when each line of a captured terminal was printed, and the time axis of
its timeline. The page's script reads it; without the script, or without looking at it, nothing is missing.
"""

import re
from collections.abc import Mapping

from report.rendering.pages.appendix import Table

CAPTURES = {"server": "server.log", "client": "client.log"}
_SHOWN = re.compile(r"figures/(?P<run>.+)-(?:(?P<who>server|client)-terminal|timeline)\.\w+\.svg")


def names(tables: Mapping[str, Table]) -> dict[str, str]:
    """The folder of each run's evidence, by what its pictures are called."""
    found = (path.rpartition("/")[0] for path in tables if path.endswith("/run.json"))
    return {folder.removeprefix("evidence/").replace("/", "-"): folder for folder in found}


def attributes(picture: str, runs: Mapping[str, str], tables: Mapping[str, Table]) -> str:
    """For the figure that shows this picture: whose it is and, of a terminal, the hundredths of a second between each
    of its lines and the one before; empty for other pictures."""
    match = _SHOWN.fullmatch(picture)
    if match is None or match["run"] not in runs:
        return ""
    if match["who"] is None:
        return f' data-timeline="{match["run"]}"'
    times = [round(100 * time) for time in tables[f"{runs[match['run']]}/{CAPTURES[match['who']]}"].times]
    steps = ",".join(str(time - before) for before, time in zip([0, *times], times, strict=False))
    return f' data-run="{match["run"]}" data-steps="{steps}"'
