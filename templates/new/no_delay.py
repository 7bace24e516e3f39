"""The server of this assignment with one mistake: it does not sleep before it answers.

python mistakes/no_delay.py 8090
"""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
sys.argv[1:] = ["--port", sys.argv[1], "--delay", "0"]
runpy.run_module("assignments.$name.server", run_name="__main__", alter_sys=True)
