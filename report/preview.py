"""Floor 3. Serves the report on loopback while it is being written: what is watched changes, the open page reloads.

Only names that the rendering gave are served, to this machine alone, and nothing is written. What keeps the report
from being rendered is shown in place of its pages until it is mended; the last good ones stay within reach.
"""

import errno
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path, PurePosixPath
from socketserver import ThreadingTCPServer
from urllib.parse import unquote

from report.errors import ReportError, SpecError
from report.shown import Answer, Shown

HOST = "127.0.0.1"
_POLL = 0.3  # seconds between two looks at the watched files
_KEEPALIVE = 15.0  # seconds after which a quiet event stream says that it lives, and so learns that its reader left
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".pdf": "application/pdf",
    **dict.fromkeys((".md", ".csv", ".log", ".txt", ".toml", ".cast", ".py", ".c", ".h"), "text/plain; charset=utf-8"),
}


class _Shelf:
    """What is shown, shared between the one thread that renders and those that answer."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shown = Shown()
        self._version = ""
        self._closed = False

    def answer(self, path: str) -> Answer:
        """What this path gives now."""
        with self._changed:
            shown, version = self._shown, self._version
        return shown.answer(path, version)

    def put(self, files: Mapping[str, bytes]) -> bool:
        """Shows these files; tells whether anything differs from what was shown."""
        return self._show(Shown(files))

    def fail(self, problems: tuple[str, ...]) -> None:
        """Shows what went wrong, and keeps the last good files."""
        self._show(Shown(self._shown.files, problems))

    def _show(self, shown: Shown) -> bool:
        version = shown.version
        with self._changed:
            differs = version != self._version
            self._shown, self._version = shown, version
            self._changed.notify_all()
        return differs

    def close(self) -> None:
        """Ends every event stream."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def after(self, version: str) -> str | None:
        """The next version after this one, the same one again if none came in time, None once the preview ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._version != version, _KEEPALIVE)
            return None if self._closed else self._version


class _Server(ThreadingTCPServer):
    """Not http.server's own server, which asks the resolver for a name of this machine before it starts."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False  # an open event stream must not hold up Ctrl-C

    def __init__(self, port: int, shelf: _Shelf) -> None:
        self.shelf = shelf
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that went away is no fault; anything else is ours and is told as such."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 60  # a silent connection (browsers keep spare ones) ends

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0]).removeprefix("/")
        if self.headers.get("Host", "").partition(":")[0] not in (HOST, "localhost"):  # another site's rebound name
            self._send(Answer(403, "none.txt", b"the preview answers to this machine's own address only\n"))
        elif path == "events":
            self._events()
        else:
            self._send(self.server.shelf.answer(path))

    do_HEAD = do_GET  # noqa: N815 (the name that http.server calls)

    def log_message(self, format: str, *values: object) -> None:
        """Requests are not told: the terminal is for what changed and for what is wrong."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", _TYPES.get(PurePosixPath(answer.name).suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _events(self) -> None:
        """The version shown now, then each new one, until the reader leaves or the preview ends."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        told = ""
        while self.command != "HEAD" and (version := self.server.shelf.after(told)) is not None:
            self.wfile.write(b": alive\n\n" if version == told else f"data: {version}\n\n".encode())
            told = version


def serve(
    root: Path,
    render: Callable[[], Mapping[str, bytes]],
    watched: Callable[[], Iterable[Path]],
    port: int,
    announce: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Serves what `render` gives, anew after each change of a watched file, until Ctrl-C or `stop`.

    Raises SpecError when the port cannot be had. `announce` gets the address, each change, each problem: a line each.
    """
    stop = stop or threading.Event()
    shelf = _Shelf()
    with _listening(port, shelf) as server:
        answering = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        try:
            seen = _states(root, watched, {})
            _renew(shelf, render, announce)
            answering.start()
            announce(f"http://{HOST}:{server.server_address[1]}/ (stop with Ctrl-C)")
            while not stop.wait(_POLL):
                before, seen = seen, _states(root, watched, seen)
                if before != seen:
                    announce(_told(before, seen))
                    _renew(shelf, render, announce)
        except KeyboardInterrupt:
            announce("preview stopped")
        finally:
            shelf.close()
            if answering.is_alive():
                server.shutdown()


def _listening(port: int, shelf: _Shelf) -> _Server:
    try:
        return _Server(port, shelf)
    except OverflowError:
        raise SpecError(f"--port {port}: expected a number from 0 (any free port) to 65535") from None
    except OSError as error:
        found = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise SpecError(
            f"--port {port}: {found}; choose another, such as --port {port + 1 if 1023 < port < 65535 else 8099}"
        ) from None


def _renew(shelf: _Shelf, render: Callable[[], Mapping[str, bytes]], announce: Callable[[str], None]) -> None:
    try:
        files = render()
    except (ReportError, OSError) as error:  # a file that is just being saved may be missing for a moment
        problems = error.problems if isinstance(error, ReportError) else (str(error),)
        shelf.fail(problems)
        for problem in problems:
            announce(f"error: {problem}")
    else:
        announce("rendered" if shelf.put(files) else "rendered; nothing differs")


def _states(
    root: Path, watched: Callable[[], Iterable[Path]], before: Mapping[str, tuple[int, ...]]
) -> Mapping[str, tuple[int, ...]]:
    """What tells a change of each watched file, by its name; what was before, where a folder vanished midway."""
    found = {}
    try:
        for path in watched():
            name = path.relative_to(root)
            if any(part.startswith(".") or part == "__pycache__" for part in name.parts):
                continue  # editors' own files, and evidence that is still being recorded
            state = _state(path)
            if state is not None and stat.S_ISREG(state[0]):
                found[name.as_posix()] = state
    except FileNotFoundError:
        return before
    return found


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        state = path.stat()
    except OSError:  # gone since it was listed, or a link to nothing
        return None
    return state.st_mode, state.st_mtime_ns, state.st_size, state.st_ino


def _told(before: Mapping[str, tuple[int, ...]], now: Mapping[str, tuple[int, ...]]) -> str:
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    return f"changed: {', '.join(changed[:3])}" + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
