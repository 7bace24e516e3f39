"""The four designs at delay 0, one connection a request, beside the C edition and servers of other people."""

import functools

from benchmarks import generators
from benchmarks.contenders import Start, bare, confined, nginx, ours, peer, silent
from benchmarks.measure import Sample, Usage, serving
from benchmarks.parts import Part, Table, Target, Words

SECONDS = 2.0

CONTENDERS = {
    "iterative": ours("iterative", "python"),
    "iterative (C)": ours("iterative", "c"),
    "socketserver.TCPServer": peer("socketserver.TCPServer"),
    "http.server.HTTPServer": peer("http.HTTPServer"),
    "fork": ours("fork", "python"),
    "fork (C)": ours("fork", "c"),
    "socketserver.ForkingTCPServer": peer("socketserver.ForkingTCPServer"),
    "thread": ours("thread", "python"),
    "thread, one core": confined(ours("thread", "python")),
    "thread (C)": ours("thread", "c"),
    "socketserver.ThreadingTCPServer": peer("socketserver.ThreadingTCPServer"),
    "http.server.ThreadingHTTPServer": peer("http.ThreadingHTTPServer"),
    "message_queue": ours("message_queue", "python"),
    "message_queue, one core": confined(ours("message_queue", "python")),
    "message_queue (C)": ours("message_queue", "c"),
    "cheroot, 10 threads": peer("cheroot"),
    "gunicorn gthread, 10 threads": peer("gunicorn"),
    "waitress, 4 threads": peer("waitress"),
    "nginx, 1 process": nginx,
}
CAUSES = {
    **{name: CONTENDERS[name] for name in ("fork", "thread", "message_queue")},
    **{f"{name}, without its lines": silent(name) for name in ("fork", "thread", "message_queue")},
    **{f"{name}, at its least": bare(name) for name in ("fork", "thread")},
    **{f"socketserver.{name}": peer(f"socketserver.{name}") for name in ("ForkingTCPServer", "ThreadingTCPServer")},
    "cheroot, 10 threads": CONTENDERS["cheroot, 10 threads"],
}
TARGETS = (
    Target("iterative", "rate", "socketserver.TCPServer", 0.95),
    Target("iterative", "rate", "http.server.HTTPServer", 2.5),
    Target("iterative", "rate", "iterative (C)", aim=0.95),
    Target("iterative", "cpu", "iterative (C)", 1.3),
    Target("fork", "rate", "socketserver.ForkingTCPServer", 2, 3),
    Target("fork", "rate", "fork (C)", 0.28, 0.42),
    Target("thread", "rate", "socketserver.ThreadingTCPServer", 1.3),
    Target("thread", "rate", "http.server.ThreadingHTTPServer", 1.7),
    Target("thread", "rate", "thread (C)", 0.3),
    Target("thread, one core", "rate", "socketserver.ThreadingTCPServer", aim=3),
    Target("thread, one core", "rate", "thread (C)", aim=0.75),
    Target("message_queue", "rate", "cheroot, 10 threads", 3.5),
    Target("message_queue", "rate", "gunicorn gthread, 10 threads", 3.5),
    Target("message_queue", "rate", "waitress, 4 threads", 2),
    Target("message_queue", "rate", "message_queue (C)", 0.45),
    Target("message_queue, one core", "rate", "cheroot, 10 threads", aim=6),
    Target("message_queue, one core", "rate", "gunicorn gthread, 10 threads", aim=6),
    Target("message_queue, one core", "rate", "waitress, 4 threads", aim=4),
    Target("message_queue, one core", "rate", "message_queue (C)", aim=0.85),
    Target("message_queue, one core", "rate", "nginx, 1 process", aim=1),
)


def _measure(start: Start) -> Sample:
    idle = _idle(start)
    with serving(start, 0.0) as (port, server):
        sample = generators.wrk(port, SECONDS)
        used = server.stop() - idle
    requests = sample.pop("requests")
    return sample | {"cpu": used.cpu / requests, "switches": used.switches / requests, "faults": used.faults / requests}


@functools.cache
def _idle(start: Start) -> Usage:
    """What it uses to start, answer once and stop, which is not the requests' cost."""
    with serving(start, 0.0) as (_, server):
        return server.stop()


PART = Part(
    "servers",
    "Servers",
    [
        Table(
            "designs",
            Words("지연 0, 요청마다 연결 하나, 동시 연결 32개", "Delay 0, one connection a request, 32 connections"),
            f"wrk, one thread, {generators.CONNECTIONS} connections, `Connection: close`, {SECONDS:g} s a round; CPU "
            "and context switches of the server with its children, less what it uses to start and stop. What all of "
            "them print goes to /dev/null: ours print four lines or more for every request, http.server one, the "
            "others none. All have a backlog of 4,096, and ForkingTCPServer no cap on its children. `one core`: the "
            "same server confined to one of the cores.",
            ["rate", "cpu", "switches", "p99", "failed"],
            {name: functools.partial(_measure, start) for name, start in CONTENDERS.items()},
            TARGETS,
        ),
        Table(
            "causes",
            Words("시간이 드는 곳: 페이지 폴트와 출력", "Where the time goes: page faults and lines"),
            "The same load on the same servers, and on them without their lines: the difference is what printing "
            "costs, also when nobody reads it. `at its least` does nothing but accept, fork or start a thread, read "
            "once, answer and end: what Python's fork and thread cost by themselves.",
            ["rate", "cpu", "switches", "faults", "failed"],
            {name: functools.partial(_measure, start) for name, start in CAUSES.items()},
            [
                Target("fork, without its lines", "rate", "socketserver.ForkingTCPServer"),
                Target("thread, without its lines", "rate", "socketserver.ThreadingTCPServer"),
                Target("message_queue, without its lines", "rate", "cheroot, 10 threads"),
                Target("fork, at its least", "rate", "socketserver.ForkingTCPServer"),
                Target("thread, at its least", "rate", "socketserver.ThreadingTCPServer"),
            ],
        ),
    ],
    packages=("cheroot", "gunicorn", "waitress"),
    programs=("wrk", "nginx", "cc"),
)
