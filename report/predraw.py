"""Floor 3. Draws the pictures of one language into the keep, as a process of its own beside the one that renders.

A help, never a need: whatever goes wrong here is met again, and told, where the report is made.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from report.errors import ReportError
from report.spec import Language

LANGUAGE: Language = "en"  # what the helper draws; the renderer begins with the other language


@contextlib.contextmanager
def beside(root: Path, evidence: Path, kept: Path) -> Iterator[None]:
    """Has the pictures of one language drawn meanwhile; returns when they are."""
    command = [sys.executable, "-m", "report.predraw", str(root), str(evidence), str(kept)]
    helper = subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    except BaseException:
        helper.kill()
        raise
    finally:
        helper.wait()


def _main(root: Path, evidence: Path, kept: Path) -> None:
    from report import course, plan, settings
    from report.keep import Keep
    from report.rendering import labels, metrics
    from report.rendering.document import Material, compose
    from report.rendering.edition import evidence_of
    from report.rendering.gates.mutation import Score
    from report.rendering.verdicts import judge

    found, assignments = settings.load(root, course.load(root, metrics.problem))
    missing = plan.lacking(assignments)
    wanted = plan.there(plan.plan(assignments, 1.0), missing, evidence)
    runs = evidence_of(assignments, plan.read(wanted, evidence), missing)
    verdicts = {name: judge(runs, assignment, 1.0) for name, assignment in runs.assignments.items()}
    material = Material(root, runs, verdicts, found, Score(0, 0, 0, ()), Keep(root, kept))
    compose(material, labels.load(root / "templates")[LANGUAGE], {})


if __name__ == "__main__":
    with contextlib.suppress(ReportError):
        _main(*(Path(argument) for argument in sys.argv[1:4]))
