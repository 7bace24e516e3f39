"""python -m benchmarks [servers load ...] [--rounds 5] [--into FOLDER]"""

import argparse
from pathlib import Path

from benchmarks.run import PARTS, TRIED, run

parser = argparse.ArgumentParser(prog="python -m benchmarks")
parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--into", type=Path, default=TRIED)
options = parser.parse_args()
if unknown := [name for name in options.parts if name not in PARTS]:
    parser.error(f"{unknown[0]}: there is no such part; there are {', '.join(PARTS)}")
run(options.parts or [*PARTS], options.rounds, options.into, lambda line: print(line, flush=True))
