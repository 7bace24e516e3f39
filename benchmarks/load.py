"""The load script beside other load tools: how much it can send, how it measures, how many it can hold waiting."""

import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import environment, generators, script
from benchmarks.contenders import PEERS, fastest, ours
from benchmarks.measure import Sample, finished, serving
from benchmarks.parts import Part, Table, Target, Words

SECONDS = 2.0
OFFERED = 10_000  # requests due at once; each holds a descriptor until it is answered
RATE = 2000  # requests a second, far below what the server can answer
# wrk waits so long between requests of a connection: on average as long as makes this rate of all connections.
_PAUSE = f"function delay() return math.random(1, {2 * 1000 * generators.CONNECTIONS // RATE - 1}) end\n"
HELD = (100, 1000, 10_000)
_HELD_DELAY = 5.0
_HELD_RATE = 4000


def _against(client: Callable[[int], Sample]) -> Sample:
    with serving(fastest(), 0.0) as (port, _):
        return client(port)


def _ours(port: int) -> Sample:
    done = finished(script.command(port, "--clients", str(OFFERED)), status=script.SOME_FAILED)
    sample = script.of_summary(done.said)
    return sample | {"client_cpu": done.used.cpu / max(1.0, sample["requests"])}


def _peer(kind: str, port: int) -> Sample:
    command = [str(PEERS / "client.py"), kind, f"http://127.0.0.1:{port}/", f"{SECONDS:g}"]
    return _told(finished([str(environment.PYTHON), *command]).said)


def _locust(port: int) -> Sample:
    options = ["--headless", "--only-summary", "-u", str(generators.CONNECTIONS), "-r", str(generators.CONNECTIONS)]
    where = ["--host", f"http://127.0.0.1:{port}", "-t", f"{2 * SECONDS:g}s", "-f", str(PEERS / "locustfile.py")]
    return _told(finished([str(environment.PYTHON), "-m", "locust", *options, *where], status=1).said)


def _told(said: str) -> Sample:
    """The line of JSON that a client prints."""
    told = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    answered = max(1, told["answered"])
    return {"rate": told["answered"] / told["seconds"], "client_cpu": told["cpu"] / answered, "failed": told["failed"]}


def _steady(port: int) -> Sample:
    sample, _ = script.recorded(port, "--arrival", f"{RATE}x{SECONDS:g}")
    return sample | {"rate": RATE * SECONDS / sample["makespan"]}


def _steady_wrk(port: int) -> Sample:
    with tempfile.TemporaryDirectory(prefix="bench-wrk-") as folder:
        Path(folder, "pause.lua").write_text(_PAUSE)
        return generators.wrk(port, SECONDS, "-s", f"{folder}/pause.lua")


def _held(clients: int) -> Sample:
    """So many asleep at once, arriving no faster than the backlog is emptied, all before the first wakes."""
    with serving(ours("thread", "c"), _HELD_DELAY) as (port, _):
        load = ["--arrival", f"{_HELD_RATE}x{clients / _HELD_RATE:g}", "--timeout", "60"]
        sample, done = script.recorded(port, *load)
    return sample | {"peak": float(done.peak), "makespan": sample["makespan"] / _HELD_DELAY}


PART = Part(
    "load",
    "The load script",
    [
        Table(
            "throughput",
            Words("가장 빠른 서버를 상대로 한 요청 수", "Requests against the fastest server"),
            "Each from one process, a connection for each request, against nginx (without it, our C queue). wrk, ab "
            f"and the clients of other people keep {generators.CONNECTIONS} connections, for {SECONDS:g} s. Our "
            f"script's load is open: {OFFERED:,} requests are due at once, it falls behind and says by how much, and "
            "its rate is what it then sends and takes in, with thousands of connections open.",
            ["rate", "client_cpu", "lag", "failed"],
            {
                "accesses": functools.partial(_against, _ours),
                "wrk": functools.partial(_against, lambda port: generators.wrk(port, SECONDS)),
                "ab": functools.partial(_against, lambda port: generators.ab(port, 2 * OFFERED)),
                "uvloop, streams": functools.partial(_against, functools.partial(_peer, "uvloop")),
                "asyncio, streams": functools.partial(_against, functools.partial(_peer, "asyncio")),
                "aiohttp": functools.partial(_against, functools.partial(_peer, "aiohttp")),
                "locust, FastHttpUser": functools.partial(_against, _locust),
                "urllib, a thread a request": functools.partial(_against, functools.partial(_peer, "urllib")),
                "httpx, a thread a client": functools.partial(_against, functools.partial(_peer, "httpx")),
            },
            [
                Target("accesses", "rate", "wrk", 0.8, 0.95),
                Target("accesses", "rate", "locust, FastHttpUser", 5),
                Target("accesses", "rate", "urllib, a thread a request", 8),
            ],
        ),
        Table(
            "latency",
            Words(f"초당 {RATE:,}건에서 잰 응답 시간", f"Latency at {RATE:,} requests/s"),
            f"The same server, {RATE:,} requests/s, which is far below what it can answer. wrk connects before it "
            "waits and reckons from the request's first byte, so it sees neither connect(2) nor accept(2). `p50` and "
            "`p99` are from sent to the last byte for both; `with connect` is ours from before connect(2).",
            ["p50", "p99", "p50_whole", "p99_whole", "rate", "failed"],
            {
                "accesses": functools.partial(_against, _steady),
                "wrk": functools.partial(_against, _steady_wrk),
            },
            [Target("accesses", f"p{p}", "wrk", 1.1, slack=0.0002) for p in (50, 99)],
        ),
        Table(
            "held",
            Words(
                "동시에 기다리는 클라이언트 수에 따른 스크립트의 메모리", "Memory of the script by clients that wait"
            ),
            f"Our script with so many clients asleep at once (our C thread server, delay {_HELD_DELAY:g} s, "
            f"{_HELD_RATE:,} arrivals/s); memory is the script's peak RSS, its record included.",
            ["peak", "makespan", "lag", "retries", "failed"],
            {str(clients): functools.partial(_held, clients) for clients in HELD},
            [Target(str(clients), "failed", bound=0) for clients in HELD],
            most_rounds=3,
            grows={"peak": Words("부하 스크립트", "load script")},
            counted=Words("기다리는 클라이언트 수", "clients that wait"),
        ),
    ],
    packages=("aiohttp", "httpx", "locust", "uvloop"),
    programs=("wrk", "ab", "nginx", "cc"),
)
