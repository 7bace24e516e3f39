"""python -m benchmarks [part ...] [--rounds 5]"""

import argparse
import json
import sys

from benchmarks import environment, measure, servers, tables


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", default=["servers"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--match", default="", help="only contenders with this in their name")
    options = parser.parse_args()
    environment.prepare()
    wanted = {n: m for n, m in servers.measures().items() if options.match in n}
    samples, missing = measure.interleaved(wanted, options.rounds, lambda line: print(line, flush=True))
    print(json.dumps(environment.versions(servers.PACKAGES, servers.PROGRAMS), ensure_ascii=False))
    print("\n".join(tables.measured(samples, ["rate", "cpu", "switches", "p99", "failed"])))
    print("\n".join(tables.compared(samples, servers.TARGETS)))
    for name, reason in missing.items():
        print(f"{name}: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
