"""The four designs at delay 0, one connection a request, beside the C edition and servers of other people.

Knows who is compared and how each is started. What is asked of the ratios stands in `TARGETS`.
"""

import functools
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import environment, generators
from benchmarks.measure import ROOT, Missing, Sample, Started, Usage, free_port
from benchmarks.tables import Target
from report import course
from report.errors import ReportError
from report.recording import fill_command
from report.rendering import metrics

SECONDS = 2.0
PACKAGES = ("cheroot", "gunicorn", "waitress")
PROGRAMS = ("wrk", "nginx", "cc")


@dataclass(frozen=True)
class Contender:
    """A server: how it is started on a port with a delay, and whether on one core only."""

    start: Callable[[int, float], Started]


def ours(assignment: str, server: str) -> Contender:
    """A design as it is committed, by its scenario's own command; built first if need be."""

    def start(port: int, delay: float) -> Started:
        try:
            command = fill_command(_assignment(assignment), server, port=port, delay=delay)
        except ReportError as error:
            raise Missing("; ".join(error.problems)) from None
        return Started(command, ROOT / _assignment(assignment).servers[server].directory)

    return Contender(start)


@functools.cache
def _assignment(name: str) -> course.Assignment:
    return course.find(course.load(ROOT, metrics.problem), name)


def peer(kind: str) -> Contender:
    """One of `peers.py`."""
    script = str(Path(__file__).with_name("peers.py"))
    return Contender(lambda port, delay: Started([str(environment.PYTHON), script, kind, str(port), f"{delay:g}"]))


def nginx() -> Contender:
    """One worker process that returns a constant."""
    answer = 'types {} default_type text/plain; return 200 "My first web server!";'
    rest = "keepalive_timeout 0; access_log off; client_body_temp_path {0}; proxy_temp_path {0};"

    def start(port: int, delay: float) -> Started:
        folder = tempfile.mkdtemp(prefix="bench-nginx-")
        listen = f"server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ {answer} }} }}"
        settings = f"daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null crit; events {{ }}"
        Path(folder, "conf").write_text(f"{settings} http {{ {rest.format(folder)} {listen} }}")
        return Started([generators.program("nginx"), "-p", folder, "-c", f"{folder}/conf"])

    return Contender(start)


def confined(contender: Contender) -> Contender:
    """The same on one core: the first that this process may use."""

    def start(port: int, delay: float) -> Started:
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(allowed)})  # what is started inherits it
        try:
            return contender.start(port, delay)
        finally:
            os.sched_setaffinity(0, allowed)

    return Contender(start)


CONTENDERS: Mapping[str, Contender] = {
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
    "nginx, 1 process": nginx(),
}
TARGETS = (
    Target("iterative", "rate", "socketserver.TCPServer", 0.95),
    Target("iterative", "rate", "http.server.HTTPServer", 2.5),
    Target("iterative", "rate", "iterative (C)", None, 0.95),
    Target("iterative", "cpu", "iterative (C)", 1.3),
    Target("fork", "rate", "socketserver.ForkingTCPServer", 2, 3),
    Target("fork", "rate", "fork (C)", 0.28, 0.42),
    Target("thread", "rate", "socketserver.ThreadingTCPServer", 1.3),
    Target("thread", "rate", "http.server.ThreadingHTTPServer", 1.7),
    Target("thread", "rate", "thread (C)", 0.3),
    Target("thread, one core", "rate", "socketserver.ThreadingTCPServer", None, 3),
    Target("thread, one core", "rate", "thread (C)", None, 0.75),
    Target("message_queue", "rate", "cheroot, 10 threads", 3.5),
    Target("message_queue", "rate", "gunicorn gthread, 10 threads", 3.5),
    Target("message_queue", "rate", "waitress, 4 threads", 2),
    Target("message_queue", "rate", "message_queue (C)", 0.45),
    Target("message_queue, one core", "rate", "cheroot, 10 threads", None, 6),
    Target("message_queue, one core", "rate", "gunicorn gthread, 10 threads", None, 6),
    Target("message_queue, one core", "rate", "waitress, 4 threads", None, 4),
    Target("message_queue, one core", "rate", "message_queue (C)", None, 0.85),
    Target("message_queue, one core", "rate", "nginx, 1 process", None, 1),
)


def measures() -> dict[str, Callable[[], Sample]]:
    """What one round takes of each contender."""
    return {name: functools.partial(_measure, contender) for name, contender in CONTENDERS.items()}


def _measure(contender: Contender) -> Sample:
    idle = _idle(contender)
    port = free_port()
    server = contender.start(port, 0.0)
    try:
        server.wait_for_port(port)
        sample, _ = generators.wrk(port, SECONDS)
    finally:
        used = server.stop()
    used -= idle
    requests = sample.pop("requests")
    return sample | {"cpu": used.cpu / requests, "switches": used.switches / requests}


@functools.cache
def _idle(contender: Contender) -> Usage:
    """What it uses to start, answer once and stop, which is not the requests' cost."""
    port = free_port()
    server = contender.start(port, 0.0)
    try:
        server.wait_for_port(port)
    finally:
        used = server.stop()
    return used
