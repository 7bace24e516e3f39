"""How each server is started: ours by its scenario's own command, other people's from `peers/`, nginx by a setting."""

import functools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import environment, generators
from benchmarks.measure import ROOT, MissingError, Started, on_one_core
from report import course
from report.errors import ReportError
from report.recording import fill_command
from report.rendering import metrics
from report.spec import Assignment

Start = Callable[[int, float], Started]  # on a port, with a delay in seconds
PEERS = Path(__file__).parent / "peers"
_NGINX = """\
daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null crit;
events {{ worker_connections 16384; }}
http {{
    keepalive_timeout 0; access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ types {{ }} default_type text/plain; return 200 "My first web server!"; }}
    }}
}}
"""


def ours(name: str, server: str) -> Start:
    """A design as it is committed, with its options; built first if need be."""

    def start(port: int, delay: float) -> Started:
        try:
            command = fill_command(assignment(name), server, port=port, delay=delay)
        except ReportError as error:
            raise MissingError("; ".join(error.problems)) from None
        return Started(command, ROOT / assignment(name).servers[server].directory)

    return start


@functools.cache
def assignment(name: str) -> Assignment:
    """The assignment of this name, as its scenario.toml has it."""
    return course.find(course.load(ROOT, metrics.problem), name)


def silent(name: str) -> Start:
    """A Python design without its lines."""
    program = [sys.executable, "-m", "benchmarks.silent", name]
    return lambda port, delay: Started([*program, "--port", str(port), "--delay", f"{delay:g}"])


def bare(kind: str) -> Start:
    """As little as a design can be."""
    script = str(Path(__file__).parent / "bare.py")
    return lambda port, _: Started([sys.executable, script, kind, str(port)])


def peer(kind: str) -> Start:
    """A server of `peers/server.py`."""
    script = str(PEERS / "server.py")
    return lambda port, delay: Started([str(environment.PYTHON), script, kind, str(port), f"{delay:g}"])


def nginx(port: int, _: float) -> Started:
    """One worker process that returns a constant."""
    program = generators.program("nginx")
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
        Path(folder, "conf").write_text(_NGINX.format(folder=folder, port=port))
        started = Started([program, "-p", folder, "-c", f"{folder}/conf"])
        started.wait_for_port(port)  # by then it has read its settings
        return started


def confined(start: Start) -> Start:
    """The same on one core: the first that this process may use."""

    def start_there(port: int, delay: float) -> Started:
        with on_one_core():
            return start(port, delay)

    return start_there


def fastest() -> Start:
    """What load tools are tried on: nginx where it is installed, else our C edition of the queue."""
    try:
        generators.program("nginx")
    except MissingError:
        return ours("message_queue", "c")
    return nginx
