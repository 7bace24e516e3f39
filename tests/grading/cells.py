"""Judgements that judge nothing: one for each thing that may become of a process that judges, and the tasks for them.

Functions by name, so that they can be handed to another process.
"""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from report.errors import JudgeError
from report.graded import Graded, Step
from report.grading.cell import Answer, Task
from report.grading.conventions import Way

WAY = Way("./server {port} {delay}", "cc -o server server.c", None, None)
SHORT = 0.5  # seconds that a task may take which is to be given up


class Hurried(Task):
    """A task that is given up soon."""

    @property
    def limit(self) -> float:
        return SHORT


def task(student: str, number: int = 1, files: dict[str, bytes] | None = None, kind: type[Task] = Task) -> Task:
    """Something to judge, as far as who only hands it on can tell."""
    submission = f"of {student}".encode().hex()
    return kind(student, f"number_{number}", number, files or {}, WAY, submission, "rules")


def answer(one: Task, said: str, pages: bytes = b"page") -> Answer:
    """An outcome, or a diagnosis, which means that it is rejected; `by chance` it is accepted with a claim unseen."""
    named = None if said in ("accepted", "by chance", "unjudged", "missing") else said
    unseen = (
        [Step(stage="together", state="undecided", claim="in-turn", reason="no_turns")] if said == "by chance" else []
    )
    outcome: Literal["accepted", "rejected"] = "rejected"
    graded = Graded(
        student=one.student,
        assignment=one.assignment,
        number=one.number,
        outcome=outcome,
        diagnosis=named,
        submission=one.submission,
        rules=one.rules,
        told=said,
        steps=tuple(unseen),
    ).model_copy(update={"outcome": "rejected" if named else "accepted" if unseen else said})
    return Answer(graded, {"verdict.en.html": pages})


@dataclass
class Script:
    """Says of each student one thing after the other, the last one again and again; raises what is to be raised."""

    said: dict[str, list[str | BaseException]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, one: Task) -> Answer:
        self.asked.append(one.student)
        told = self.said[one.student]
        now = told[min(self.asked.count(one.student), len(told)) - 1]
        if isinstance(now, BaseException):
            raise now
        return answer(one, now)


@dataclass(frozen=True)
class Held:
    """Says what is known of each student, when it is allowed to; until then each tells where it is under way."""

    folder: Path
    said: tuple[tuple[str, str], ...]

    def __call__(self, one: Task) -> Answer:
        (self.folder / f"{os.getpid()}.{one.student}").touch()
        while not (self.folder / "go").exists():
            time.sleep(0.01)
        return answer(one, dict(self.said)[one.student])


@dataclass(frozen=True)
class Failing:
    """Has trouble each time, and leaves a note of it."""

    folder: Path

    def __call__(self, one: Task) -> Answer:
        (self.folder / f"{time.monotonic_ns()}.failed").touch()
        raise JudgeError("there is no space left on device")


def accepts(one: Task, directory: Path, root: Path) -> Answer:
    """Tells which process it was, and what it saw of its directory."""
    return answer(one, "accepted", f"{os.getpid()} {directory} {directory.stat().st_mode:o}".encode())


def dies(one: Task, directory: Path, root: Path) -> Answer:
    (directory / "left").write_bytes(b"")
    os._exit(9)


def raises(one: Task, directory: Path, root: Path) -> Answer:
    raise ZeroDivisionError("a fault of the tool's")


def hangs(one: Task, directory: Path, root: Path) -> Answer:
    """For ever, and so does what it started in its group; writes down where the folder that the task names is."""
    child = subprocess.Popen(["sleep", "600"])
    note = Path(one.files["note"].decode())
    note.with_suffix(".new").write_text(f"{os.getpid()} {child.pid} {directory}")
    note.with_suffix(".new").rename(note)
    while True:
        time.sleep(600)


def fills(one: Task, directory: Path, root: Path) -> Answer:
    """A disk, as far as anybody can tell without doing so; it never ends by itself."""
    with open(directory / "large", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, int(one.files["bytes"]))
    while True:
        time.sleep(600)


def makes_a_mess(one: Task, directory: Path, root: Path) -> Answer:
    """Leaves what cannot simply be removed: without rights, and deeper than any path may be long."""
    os.chdir(directory)
    Path("closed/in").mkdir(parents=True)
    Path("closed").chmod(0)
    for _ in range(1500):
        os.mkdir("deep" * 10)
        os.chdir("deep" * 10)
    os.chdir("/")
    return answer(one, "accepted")
