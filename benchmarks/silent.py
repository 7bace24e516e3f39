"""One of our Python servers without its lines: what they cost is the difference to the same server with them.

python -m benchmarks.silent thread --port PORT --delay 0
"""

import runpy
import sys

from assignments import service

if __name__ == "__main__":
    design = sys.argv.pop(1)
    service.say = lambda *_: None  # before the server takes it by its name
    runpy.run_module(f"assignments.{design}.server", run_name="__main__", alter_sys=True)
