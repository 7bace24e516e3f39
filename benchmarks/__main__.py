"""python -m benchmarks [servers load ...] [--rounds 5]; python -m benchmarks --publish"""

import argparse
import sys

from benchmarks.measure import MissingError
from benchmarks.run import DEFAULT, PARTS, TRIED, publish, run
from report import messages


def say(sentence: str) -> None:
    """In the language of the locale, as the other tasks do."""
    print(messages.here(sentence), flush=True)


def refuse(sentence: str) -> None:
    parser.error(messages.here(sentence))


parser = argparse.ArgumentParser(prog="python -m benchmarks")
parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all but whole)")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument(
    "--publish", action="store_true", help="measure nothing; take what build/bench holds into benchmarks/"
)
options = parser.parse_args()
if unknown := [name for name in options.parts if name not in PARTS]:
    refuse(f"{unknown[0]}: there is no such part; there are {', '.join(PARTS)}")
if not 1 <= options.rounds <= 100:
    refuse(f"--rounds {options.rounds}: expected 1 to 100")
try:
    if options.publish:
        if taken := publish():
            say(f"{', '.join(taken)}: taken into benchmarks/")
        else:
            say("nothing was published; measure first")
    else:
        run(options.parts or DEFAULT, options.rounds, TRIED, say)
except MissingError as error:
    sys.exit(messages.here(f"error: {error}"))
except KeyboardInterrupt:
    sys.exit(messages.here("interrupted; every part that was complete is kept"))
