"""Prints as JSON what it was started with: variables, descriptors, signals, session, terminal, limits; then answers rightly."""

import json
import os
import resource
from pathlib import Path

from plain import listen, options, say, serve

status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
try:
    os.close(os.open("/dev/tty", os.O_RDWR))
    controlling = True
except OSError:
    controlling = False
told = {
    "environment": dict(os.environ),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1],  # the last is listdir's own
    "input": os.readlink("/proc/self/fd/0"),
    "terminal": [os.isatty(number) for number in (0, 1, 2)],
    "controlling": controlling,
    "columns": os.get_terminal_size(1).columns,
    "blocked": int(status["SigBlk"], 16),
    "ignored": int(status["SigIgn"], 16),
    "leads": os.getsid(0) == os.getpid() == os.getpgid(0),
    "home": sorted(os.listdir(os.environ["HOME"])),
    "directory": os.getcwd(),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
}
chosen = options()
say(json.dumps(told))
(Path(os.environ["HOME"]) / "kept").write_text("something")
serve(listen(chosen.port), chosen.delay)
