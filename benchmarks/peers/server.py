"""Servers of other people, small as their own documentation has them, with the same answer and the same backlog.

    python benchmarks/peers/server.py socketserver.ThreadingTCPServer PORT DELAY

Runs in the benchmarks' own environment, and imports only what the one server needs: a fork copies every page.
"""

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

BACKLOG = 4096  # as ours; with their own default of 5 most clients connect a second late
BODY = b"My first web server!"
FIELDS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY))), ("Connection", "close")]
ANSWER = b"HTTP/1.1 200 OK\r\n" + "".join(f"{n}: {v}\r\n" for n, v in FIELDS).encode() + b"\r\n" + BODY


def plain(name: str, port: int, delay: float) -> None:
    """A server class of socketserver: reads to the blank line, answers, parses nothing."""
    import socketserver

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request = b""
            while b"\r\n\r\n" not in request:
                data = self.request.recv(65_536)
                if not data:
                    return
                request += data
            if delay:
                time.sleep(delay)
            self.request.sendall(ANSWER)

    serve(getattr(socketserver, name), Handler, port)


def http(name: str, port: int, delay: float) -> None:
    """A server class of http.server, which parses the request and logs a line of each."""
    import http.server

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if delay:
                time.sleep(delay)
            self.send_response(200)
            for field, value in FIELDS:
                self.send_header(field, value)
            self.end_headers()
            self.wfile.write(BODY)

    serve(getattr(http.server, name), Handler, port)


def serve(kind: Any, handler: type, port: int) -> None:
    """Serve for ever with the backlog, and for ForkingMixIn the number of children, that ours have."""
    limits = {"request_queue_size": BACKLOG, "allow_reuse_address": True, "max_children": 1_000_000}
    with type(kind.__name__, (kind,), limits)(("127.0.0.1", port), handler) as server:
        server.serve_forever()


def application(delay: float) -> Callable[..., Iterable[bytes]]:
    """The same answer for the servers that speak WSGI (PEP 3333)."""

    def answer(environ: object, start_response: Callable[..., object]) -> Iterable[bytes]:
        if delay:
            time.sleep(delay)
        start_response("200 OK", FIELDS[:2])
        return [BODY]

    return answer


def cheroot(port: int, delay: float) -> None:
    """Its default of 10 threads."""
    from cheroot import wsgi

    server = wsgi.Server(("127.0.0.1", port), application(delay), numthreads=10, request_queue_size=BACKLOG)
    server.safe_start()


def waitress(port: int, delay: float) -> None:
    """Its default of 4 threads."""
    import waitress as server

    server.serve(application(delay), host="127.0.0.1", port=port, backlog=BACKLOG, connection_limit=10_000)


def gunicorn(port: int, delay: float) -> None:
    """One process of 10 threads."""
    from gunicorn.app.base import BaseApplication

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {"bind": f"127.0.0.1:{port}", "worker_class": "gthread", "threads": 10, "backlog": BACKLOG}
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> object:
            return application(delay)

    Application().run()


POOLS = {"cheroot": cheroot, "gunicorn": gunicorn, "waitress": waitress}

if __name__ == "__main__":
    kind, port, delay = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    module, _, name = kind.partition(".")
    if module == "socketserver":
        plain(name, port, delay)
    elif module == "http":
        http(name, port, delay)
    else:
        POOLS[kind](port, delay)
