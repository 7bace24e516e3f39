"""Floor 2, the effects: runs a server under its load, supervised, and writes evidence; never renders."""

from report.recording.build import fill_command
from report.recording.live import LiveProgress, progress_for
from report.recording.progress import PlainProgress, Progress, QuietProgress
from report.recording.schedule import attempt_all, record, record_all
from report.recording.stages import JUDGING, LIMITS, Limits

__all__ = [
    "JUDGING",
    "LIMITS",
    "Limits",
    "LiveProgress",
    "PlainProgress",
    "Progress",
    "QuietProgress",
    "attempt_all",
    "fill_command",
    "progress_for",
    "record",
    "record_all",
]
