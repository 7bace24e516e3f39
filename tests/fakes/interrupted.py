"""A recorder to which a signal comes at one moment of a run: when a stage begins, or a line is printed.

python -m tests.fakes.interrupted FOLDER TAG SERVER WHAT TEXT SIGNAL process|group
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from report.recording import LIMITS, cgroup, record
from report.recording.cgroup import Group
from report.recording.progress import Who
from report.run import Bounds, Identity
from report.scenario import Load
from tests.recording.harness import ROOT, Remembering, fake, planned, scenario


class Interrupting(Remembering):
    """Sends the signal when `what` (a stage, or who printed a line) and the beginning of its text are as given."""

    def __init__(self, what: str, text: str, number: int, everybody: bool) -> None:
        super().__init__()
        self._moment, self._number, self._everybody = (what, text), number, everybody

    def stage(self, identity: Identity, text: str) -> None:
        self._look("stage", text)

    def line(self, identity: Identity, who: Who, text: str) -> None:
        self._look(who, text)

    def failed(self, identity: Identity, sentence: str) -> None:
        print(f"failed: {sentence}", flush=True)

    def _look(self, what: str, text: str) -> None:
        if what == self._moment[0] and text.startswith(self._moment[1]):
            (os.killpg if self._everybody else os.kill)(os.getpid(), self._number)


def telling(name: str, bounds: Bounds) -> Group | None:
    """Who looks for what is left finds the names of control groups beside the folder."""
    group = make(name, bounds)
    (Path(folder).parent / "groups").write_text("\n".join(map(str, group.directories)) if group else "")
    return group


make = cgroup.make
cgroup.make = telling  # type: ignore[assignment]
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have these ignored, as nohup does,
signal.signal(signal.SIGINT, signal.default_int_handler)  # and as a shell does for what it runs in the background
folder, tag, server, what, text, number, whom = sys.argv[1:]
delay = 0.1 if "told" in text else 60.0  # past the load, or still under it however slowly the signal is noticed
spec = scenario(delay=delay, load=Load(timeout=120.0))
progress = Interrupting(what, text, int(number), whom == "group")
record(ROOT, planned(fake(server, "--tag", tag), spec), Path(folder), progress, replace(LIMITS, bounds=Bounds()))
