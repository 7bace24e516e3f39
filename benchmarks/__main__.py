"""python -m benchmarks [servers load ...] [--rounds 5]; python -m benchmarks --publish"""

import argparse
import sys

from benchmarks.measure import MissingError
from benchmarks.run import DEFAULT, PARTS, TRIED, publish, run

parser = argparse.ArgumentParser(prog="python -m benchmarks")
parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all but whole)")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument(
    "--publish", action="store_true", help="measure nothing; take what build/bench holds into benchmarks/"
)
options = parser.parse_args()
if unknown := [name for name in options.parts if name not in PARTS]:
    parser.error(f"{unknown[0]}: there is no such part; there are {', '.join(PARTS)}")
if not 1 <= options.rounds <= 100:
    parser.error(f"--rounds {options.rounds}: expected 1 to 100")
try:
    if options.publish:
        print(f"published: {', '.join(publish()) or 'nothing; measure first'}")
    else:
        run(options.parts or DEFAULT, options.rounds, TRIED, lambda line: print(line, flush=True))
except MissingError as error:
    sys.exit(f"error: {error}")
except KeyboardInterrupt:
    sys.exit("interrupted; every part that was complete is kept")
