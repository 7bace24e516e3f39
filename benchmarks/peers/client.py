"""Clients of other people, small as their own documentation has them: 32 at once, a connection for each request.

    python benchmarks/peers/client.py asyncio http://127.0.0.1:PORT/ SECONDS

Prints how many requests were answered and how many failed, in which time, and the processor time of that.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

CLIENTS = 32
EXPECTED = b"My first web server!"
HEADERS = {"Connection": "close"}


class Tally:
    """How many requests went well and how many did not, until the time is over."""

    def __init__(self, seconds: float) -> None:
        self.answered = self.failed = 0
        self.end = time.monotonic() + seconds

    def add(self, body: bytes) -> None:
        """One more request has ended."""
        if EXPECTED in body:
            self.answered += 1
        else:
            self.failed += 1

    @property
    def goes_on(self) -> bool:
        """Whether the time is not over."""
        return time.monotonic() < self.end


def in_threads(tally: Tally, ask: Callable[[], bytes]) -> None:
    """Each client in a thread of its own, one request after the other."""

    def client() -> None:
        while tally.goes_on:
            try:
                body = ask()
            except Exception:  # each library has its own
                body = b""
            tally.add(body)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def in_tasks(tally: Tally, ask: Callable[[], Awaitable[bytes]]) -> None:
    """Each client in a task of its own, one request after the other."""

    async def client() -> None:
        while tally.goes_on:
            try:
                body = await ask()
            except Exception:  # each library has its own
                body = b""
            tally.add(body)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


def urllib(url: str, tally: Tally) -> None:
    """A thread for each request, as many at once as there are clients, with the library's own client."""
    from urllib.request import Request, urlopen

    free = threading.Semaphore(CLIENTS)

    def ask() -> None:
        try:
            with urlopen(Request(url, headers=HEADERS)) as answer:
                body = answer.read()
        except OSError:
            body = b""
        tally.add(body)
        free.release()

    while tally.goes_on:
        free.acquire()
        threading.Thread(target=ask).start()
    for _ in range(CLIENTS):
        free.acquire()


def httpx(url: str, tally: Tally) -> None:
    """A thread for each client; without a client of its own, which would keep connections."""
    import httpx as library

    with library.Client(limits=library.Limits(max_keepalive_connections=0), headers=HEADERS) as client:
        in_threads(tally, lambda: client.get(url).content)


async def aiohttp(url: str, tally: Tally) -> None:
    """One session that keeps no connection."""
    import aiohttp as library

    async with library.ClientSession(connector=library.TCPConnector(force_close=True, limit=CLIENTS)) as session:

        async def ask() -> bytes:
            async with session.get(url) as answer:
                return bytes(await answer.read())

        await in_tasks(tally, ask)


async def streams(url: str, tally: Tally) -> None:
    """asyncio's streams; reads to the end, parses nothing."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    request = f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()

    await in_tasks(tally, ask)


def uvloop(url: str, tally: Tally) -> None:
    """asyncio's streams on libuv."""
    import uvloop as library

    library.run(streams(url, tally))


KINDS: dict[str, Callable[[str, Tally], Any]] = {
    "asyncio": lambda url, tally: asyncio.run(streams(url, tally)),
    "uvloop": uvloop,
    "urllib": urllib,
    "aiohttp": lambda url, tally: asyncio.run(aiohttp(url, tally)),
    "httpx": httpx,
}

if __name__ == "__main__":
    kind, url, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    KINDS[kind](url, Tally(0.2))  # what is imported and looked up once is no request's cost
    tally, begin, cpu = Tally(seconds), time.monotonic(), time.process_time()
    KINDS[kind](url, tally)
    taken = time.monotonic() - begin
    used = time.process_time() - cpu
    print(json.dumps({"answered": tally.answered, "failed": tally.failed, "seconds": taken, "cpu": used}))
