"""The lessons: paths beside `/` whose handlers compute, count, crash, fail, lock or read memory.

Started with `--lessons` a server has them, otherwise it imports nothing of this. It knows what one handler does,
and what all handlers of a process share; not whether they are threads or processes, which is what each shows:
threads share the counter, the locks and a crash, a forked child has copies of its own.
"""

import array
import contextlib
import ctypes
import itertools
import re
import sys
import threading
import time

from assignments.greeting import response
from assignments.service import Connection

STEPS = 22_000  # steps of computing that take about 1 ms on one core of the machine this was written on
OBJECTS = 2**20 // 32  # Python's ints in 1 MiB: each takes 32 bytes (beside its 8 in the list, which is only read)
NUMBERS = 2**20 // 8  # 64-bit numbers in 1 MiB

NUMBER = "[1-9][0-9]{0,5}"
VALUES = {
    "work": NUMBER,
    "lock": "yes|no",
    "meet": NUMBER,
    "from": "a|b",
    "to": "a|b",
    "order": "given|fixed|seats",
    "mb": NUMBER,
    "of": "objects|array",
}
QUERIES = {  # the keys that each path has, and what they are if the client does not say
    "/spin": {"work": "1"},
    "/count": {"lock": "yes", "meet": "1"},
    "/crash": {},
    "/fail": {},
    "/transfer": {"from": "a", "to": "a", "order": "given"},  # from an account to itself is refused
    "/touch": {"mb": "1", "of": "objects"},
}
TARGET = re.compile(r"\s*GET (?:(?i:http)://[^/ ]*)?(/[^? ]*)(?:\?(\S*))? ")
Query = dict[str, str]


class Lessons:
    """The lessons of one server: what they share, made before the server listens (delay: s, ballast: MiB)."""

    def __init__(self, delay: float, ballast: int) -> None:
        self.delay, self.ballast = delay, ballast
        self.objects = list(range(1000, 1000 + ballast * OBJECTS))  # distinct ones: small ints exist once only
        self.array = array.array("q", range(ballast * NUMBERS))
        self.counter, self.counter_lock = 0, threading.Lock()
        self.readers: dict[int, Meeting] = {}
        self.accounts = {name: Account(name) for name in ("a", "b")}
        self.seats = threading.Semaphore(len(self.accounts) - 1)
        self.movers = Meeting(2)
        self.lessons = {
            "/spin": self.spin,
            "/count": self.count,
            "/crash": self.crash,
            "/fail": self.fail,
            "/transfer": self.transfer,
            "/touch": self.touch,
        }

    def __call__(self, connection: Connection, request: bytes) -> bytes:
        """Do what a valid request asks for; the greeting if that ends well, 404 or 400 if it cannot be meant."""
        target = TARGET.match(request.decode("latin-1"))
        if target is None:  # HEAD: an answer without a body
            return response(404, with_body=False)
        path, text = target.groups()
        if path not in self.lessons:
            return response(404)
        query = self.understood(path, text or "")
        if query is None:
            return response(400)
        self.lessons[path](connection, query)
        return response(200)

    def understood(self, path: str, text: str) -> Query | None:
        """The query with a value for every key of its path; None if it has another key or a bad value."""
        pairs = [pair.partition("=") for pair in text.split("&") if pair]
        given = {key: value for key, _, value in pairs}
        query = QUERIES[path] | given
        known = len(given) == len(pairs) and query.keys() == QUERIES[path].keys()
        if not known or not all(re.fullmatch(VALUES[key], value) for key, value in query.items()):
            return None
        if path == "/transfer" and query["from"] == query["to"]:
            return None
        if path == "/touch" and int(query["mb"]) > self.ballast:
            return None
        return query

    def spin(self, connection: Connection, query: Query) -> None:
        """Compute a fixed amount. A number of steps, never a time: that would pass for all who wait for the core."""
        value = 0
        for step in range(int(query["work"]) * STEPS):
            value = (value * 5 + step) & 0xFFFF
        connection.say(f"spun {query['work']}")

    def count(self, connection: Connection, query: Query) -> None:
        """Add 1 to the counter: read, compute, write. Without the lock all may read before one of them writes."""
        if query["lock"] == "yes":
            with self.counter_lock:
                written = self.counter = self.counter + 1
        else:
            read = self.counter
            self.readers.setdefault(int(query["meet"]), Meeting(int(query["meet"]))).wait(self.delay)
            written = self.counter = read + 1
        connection.say(f"counted {written}")

    def crash(self, connection: Connection, query: Query) -> None:
        """Read from address 0 while others are being served: SIGSEGV ends the process that this handler is in."""
        time.sleep(self.delay / 2)
        connection.say("crashes")
        ctypes.string_at(0)

    def fail(self, connection: Connection, query: Query) -> None:
        """Raise an exception while others are being served: it ends the handler that it is raised in."""
        time.sleep(self.delay / 2)
        connection.say("fails")
        sys.tracebacklimit = 0  # the fault is meant: its message says enough, wherever these files lie
        raise RuntimeError("this handler was asked to fail")

    def transfer(self, connection: Connection, query: Query) -> None:
        """Move 1 between accounts under both locks: in opposite orders each may hold what the other waits for.

        Cured by one order for all ("fixed"), or by a semaphore that lets in one fewer than there are locks
        ("seats"): whoever is in then finds a lock that nobody holds.
        """
        source, target = self.accounts[query["from"]], self.accounts[query["to"]]
        first, second = (source, target) if query["order"] != "fixed" else sorted((source, target), key=str)
        with self.seats if query["order"] == "seats" else contextlib.nullcontext():
            first.lock(connection)
            self.movers.wait(self.delay)  # until another one holds its first lock too: makes the deadlock certain
            second.lock(connection)
            source.balance -= 1
            target.balance += 1
            connection.say("transferred")
            second.unlock()
            first.unlock()

    def touch(self, connection: Connection, query: Query) -> None:
        """Read memory that the parent made, and wait, so that a copy can be seen.

        Reading an object writes its reference count, so a forked child gets a copy of its page; reading an
        array's element makes a new object and leaves the array's pages shared.
        """
        size = int(query["mb"])
        if query["of"] == "objects":
            sum(itertools.islice(self.objects, size * OBJECTS))
        else:
            sum(itertools.islice(self.array, size * NUMBERS))
        connection.say(f"touched {size} MiB of {query['of']}")
        time.sleep(self.delay)


class Meeting:
    """Where `size` handlers wait for each other, each for a limited time; whoever gives up no longer counts.

    Not threading.Barrier: once somebody gives up, that one lets nobody meet again.
    """

    def __init__(self, size: int) -> None:
        self.size, self.present, self.rounds = size, 0, 0
        self.complete = threading.Condition()

    def wait(self, limit: float) -> None:
        """Return as soon as all are here, or after `limit` seconds."""
        with self.complete:
            mine = self.rounds
            self.present += 1
            if self.present == self.size:
                self.present, self.rounds = 0, mine + 1
                self.complete.notify_all()
            elif not self.complete.wait_for(lambda: self.rounds > mine, limit):
                self.present -= 1


class Account:
    """A balance and its lock, which knows whose it is: so a deadlock can be read from the lines.

    A threading.Lock does not know its owner. This one keeps it under a lock of its own, held for a moment only,
    and prints there: the lines stand in the order in which it was taken.
    """

    def __init__(self, name: str) -> None:
        self.name, self.balance = name, 100
        self.owner: int | None = None  # a connection's number
        self.free = threading.Condition()

    def __str__(self) -> str:
        return self.name

    def lock(self, connection: Connection) -> None:
        """Wait for the lock, for ever if need be, and hold it."""
        with self.free:
            if self.owner is not None:
                connection.say(f"waits for {self.name}, held by #{self.owner}")
            self.free.wait_for(lambda: self.owner is None)
            self.owner = connection.number
            connection.say(f"holds {self.name}")

    def unlock(self) -> None:
        """Let go, and wake one who waits."""
        with self.free:
            self.owner = None
            self.free.notify()
