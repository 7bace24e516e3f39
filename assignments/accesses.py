"""The load script: what a user asks for becomes a load, and its outcomes a table and a summary.

Knows the command line, signals and the record. Must not know how requests are sent, which `assignments.openloop`
does, nor which server it talks to; and it talks to this machine only.

    python -m assignments.accesses http://127.0.0.1:8090/ --arrival 1x10,4x20 --record requests.csv
"""

import argparse
import contextlib
import csv
import errno
import gc
import math
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, TypeVar

if not __package__:  # started by its path: Python looks for modules beside it, not where the package lies
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from assignments.answers import COLUMNS, Access, Outcome, many, summarize
from assignments.openloop import Load, say, words

_T = TypeVar("_T")

MOST = 999_999  # requests: beyond it a schedule is a slip of the pen
EXAMPLE = "; for example: python -m assignments.accesses http://127.0.0.1:8090/ --clients 10"
REQUEST = "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: accesses\r\nAccept: */*\r\nConnection: close\r\n\r\n"


def record(path: str, accesses: Sequence[Access]) -> None:
    """The file at `path` holds `COLUMNS` and a row for each access: all of it, or what it held before."""
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "w", encoding="ascii", newline="") as file:
            file.write(f"{COLUMNS}\n")
            csv.writer(file, lineterminator="\n").writerows(access.row() for access in accesses)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    # A handler cannot end `select`, which Python starts again: hence the byte. A second signal ends the process.
    wake, waker = socket.socketpair()
    with wake, waker:
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: signal.signal(number, signal.SIG_DFL))
        try:
            yield wake
        finally:
            signal.set_wakeup_fd(-1)


def _found(text: str, expected: str, example: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"found {text.strip()!r}, expected {expected}, for example {example}")


def _value(kind: Callable[[str], _T], pattern: str, expected: str, example: str) -> Callable[[str], _T]:
    def convert(text: str) -> _T:
        if not re.fullmatch(pattern, text):
            raise _found(text, expected, example)
        return kind(text)

    return convert


def _url(text: str) -> tuple[str, tuple[str, int], str]:
    # Host field, address and path. Never another machine: a load script must not be pointed at other people's.
    match = re.fullmatch(r"http://((localhost|127(?:\.[0-9]{1,3}){3}):([0-9]{1,5}))(/[!-\"$-~]*)?", text)
    with contextlib.suppress(OSError):
        if match and 0 < int(match[3]) < 65_536:
            ip = "127.0.0.1" if match[2] == "localhost" else match[2]
            socket.inet_pton(socket.AF_INET, ip)
            return match[1], (ip, int(match[3])), match[4] or "/"
    raise _found(text, "a URL on this machine (127.0.0.0/8 or localhost) with its port", "http://127.0.0.1:8090/")


def _offsets(text: str) -> list[float]:
    offsets: list[float] = []
    begin = 0.0
    decimal = r"([0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?)"
    for phase in text.strip().split(","):
        match = re.fullmatch(f"{decimal}x{decimal}", phase)
        rate, seconds = (float(match[1]), float(match[2])) if match else (math.nan, math.nan)
        if not (0 < seconds < math.inf and len(offsets) + rate * seconds <= MOST):
            break
        offsets += [begin + place / rate for place in range(round(rate * seconds))]
        begin += seconds
    else:
        if offsets:
            return offsets
    raise _found(text, f"phases of RATExSECONDS (rate 0 is a pause), of 1 to {MOST} requests", "1x10,4x20,0.2x25")


def _file(text: str) -> str:
    special = os.path.exists(text) and not os.path.isfile(text)  # renaming a file onto /dev/null would end it
    if special or not os.access(os.path.dirname(text) or ".", os.W_OK):
        raise _found(text, "an ordinary file in a folder that can be written to", "--record requests.csv")
    return text


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"accesses: {message}{'' if 'for example' in message else EXAMPLE}\n")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for; one that cannot be meant ends the process with one sentence and status 2."""
    parser = _Parser("python -m assignments.accesses", description="Sends requests and tells what became of them.")
    parser.add_argument("url", type=_url, metavar="URL", help="where to: http://127.0.0.1:8090/")
    clients = _value(int, r"0*[1-9][0-9]{0,5}", "a whole number from 1 to 999999", "--clients 10")
    load = parser.add_mutually_exclusive_group()
    load.add_argument("--clients", type=clients, metavar="N", help="N requests at once (10)")
    load.add_argument("--arrival", type=_offsets, metavar="1x10,4x20", help="1 a second for 10 s, then 4 for 20 s")
    path = _value(str, r"/[!-\"$-~]*", "a path", "--also /spin?work=100")
    parser.add_argument("--also", type=path, action="append", default=[], metavar="PATH", help="ask for these in turn")
    stalled = _value(int, r"[0-9]{1,6}", "a whole number from 0 to 999999", "--stalled 1")
    parser.add_argument("--stalled", type=stalled, default=0, metavar="K", help="open K silent connections first")
    seconds = _value(float, r"(?=.*[1-9])[0-9]{1,6}(\.[0-9]+)?", "seconds, more than 0", "--timeout 30")
    parser.add_argument("--timeout", type=seconds, default=30.0, metavar="S", help="for a whole answer (30)")
    parser.add_argument("--record", type=_file, metavar="FILE", help="write a table of all connections (CSV)")
    # argparse takes -1x3 for an option, and would say nothing of what is wrong with it; not so with a space.
    return parser.parse_args([f" {word}" if re.match(r"-[0-9.]+x", word) else word for word in arguments])


def main(arguments: Sequence[str] | None = None) -> int:
    """The load is over and recorded: 0 all answered, 1 not all, 2 bad usage or no record, 128 + a signal."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    host, address, path = options.url
    offsets = options.arrival or [0.0] * (options.clients or 10)
    first = f", {many(options.stalled, 'stalled connection')} first" if options.stalled else ""
    turns = "".join(f", {other}" for other in options.also)
    say(f"sending {many(len(offsets), 'request')} to http://{host}{path}{turns}{first}")
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with _signals() as wake:
        requests = [REQUEST.format(host=host, path=one).encode("ascii") for one in (path, *options.also)]
        load = Load(address, requests, offsets, options.stalled, options.timeout)
        load.run(wake)
    unanswered = any(request.answer.outcome is not Outcome.ANSWERED for request in load.requests)
    status = 128 + load.signal if load.signal else int(unanswered)
    try:
        if options.record:
            record(options.record, [*load.requests, *load.stalled])
    except OSError as failure:
        print(f"accesses: nothing recorded in {options.record}: {words(failure)}", file=sys.stderr)
        status = 2
    if len(load.requests) < len(offsets):
        say(f"interrupted: {many(len(offsets) - len(load.requests), 'request')} not due yet")
    if lacking := sum(request.answer.detail == os.strerror(errno.EMFILE) for request in load.requests):
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        say(f"{many(lacking, 'request')} not sent: no more than {files} files may be open here at once (ulimit -Hn)")
    say(*summarize(load.requests))
    return status


if __name__ == "__main__":
    gc.disable()  # of thousands of accesses none is garbage before the end
    sys.exit(main())
