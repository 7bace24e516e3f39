"""The preview: what changes reaches the open page, what is wrong is shown safely, and nothing else is served."""

import html
import http.client
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue

import pytest

from report import preview
from report.errors import SpecError

DEADLINE = 30  # seconds that waiting for what must come is worth
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-AAAA'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)
PAGE = f"""<!doctype html>
<html lang="ko"><head><meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>t</title></head>
<body><p>TEXT</p></body>
</html>
"""


class Preview:
    """A preview of a made-up report whose text stands in one file."""

    def __init__(self, root: Path, page: str = PAGE) -> None:
        self.root = root
        self.template = page
        self.source = root / "text.md"
        self.source.write_text("first", encoding="utf-8")
        self.told: SimpleQueue[str] = SimpleQueue()
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=preview.serve, args=(root, self.render, lambda: root.rglob("*"), 0, self.told.put, self.stop)
        )

    def render(self) -> Mapping[str, bytes]:
        text = self.source.read_text(encoding="utf-8")
        if "wrong" in text:
            raise SpecError(["text.md: <b>wrong</b> & so on", "text.md: a second fault"])
        page = self.template.replace("TEXT", text).encode()
        return {
            "report.ko.html": page,
            "report.en.html": page.replace(b'"ko"', b'"en"'),
            "evidence/fork/burst/server.log": b"\x1b[1mline\r\n",
            "figures/그림.svg": b"<svg/>",
        }

    def write(self, text: str) -> None:
        """Whole or not at all, so that no look can find it half written."""
        beside = self.root / ".text.md"
        beside.write_text(text, encoding="utf-8")
        beside.rename(self.source)

    def heard(self, expected: str) -> str:
        """The first line from now on that the terminal gets with these words in it."""
        while True:
            line = self.told.get(timeout=DEADLINE)
            if expected in line:
                return line

    def begin(self) -> int:
        self.thread.start()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.heard("http://"))
        assert found
        self.port = int(found[1])
        return self.port

    def get(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        """Status, type and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()
        finally:
            connection.close()

    def page(self) -> str:
        return self.get("/")[2].decode()

    def events(self) -> Iterator[str]:
        """The versions that an open page is told."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("GET", "/events")
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "text/event-stream"
        while line := answer.readline():
            if line.startswith(b"data: "):
                yield line.decode().removeprefix("data: ").strip()
        connection.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Preview]:
    started = Preview(tmp_path)
    started.begin()
    yield started
    started.stop.set()
    started.thread.join(DEADLINE)
    assert not started.thread.is_alive()


def version(page: str) -> str:
    found = re.search(r'<script data-version="([0-9a-f]+)">', page)
    assert found
    return found[1]


def test_the_korean_page_comes_first_and_every_file_by_its_name(running: Preview) -> None:
    status, kind, body = running.get("/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert b"<p>first</p>" in body
    assert running.get("/report.ko.html")[2] == body
    assert b'<html lang="en">' in running.get("/report.en.html?x=1")[2]
    assert running.get("/evidence/fork/burst/server.log") == (200, "text/plain; charset=utf-8", b"\x1b[1mline\r\n")
    assert running.get("/figures/%EA%B7%B8%EB%A6%BC.svg") == (200, "image/svg+xml", b"<svg/>")


def test_a_change_reaches_the_open_page_as_a_new_version(running: Preview) -> None:
    events = running.events()
    before = version(running.page())
    assert next(events) == before
    running.write("second")
    after = next(events)
    assert after != before
    assert version(running.page()) == after
    assert "<p>second</p>" in running.page()
    assert running.heard("changed") == "changed: text.md"


def test_a_change_that_makes_no_difference_reloads_nothing(running: Preview) -> None:
    events = running.events()
    before = next(events)
    (running.root / "beside.md").write_text("read by nobody", encoding="utf-8")
    running.heard("nothing differs")
    running.write("second")
    assert next(events) == version(running.page()) != before


def test_what_an_editor_keeps_beside_a_file_renders_nothing(running: Preview) -> None:
    (running.root / ".text.md.swp").write_text("x", encoding="utf-8")
    (running.root / "__pycache__").mkdir()
    (running.root / "__pycache__/x.pyc").write_bytes(b"x")
    (running.root / "gone.md").symlink_to("nowhere")
    running.write("second")
    assert running.heard("changed") == "changed: text.md"


def test_a_removed_file_is_a_change(running: Preview) -> None:
    (running.root / "a.md").write_text("a", encoding="utf-8")
    assert running.heard("changed") == "changed: a.md"
    (running.root / "a.md").unlink()
    assert running.heard("changed") == "changed: a.md"


def test_what_is_wrong_is_shown_as_text_until_it_is_mended(running: Preview) -> None:
    events = running.events()
    good = next(events)
    running.write("wrong")
    broken = next(events)
    status, kind, body = running.get("/")
    assert (status, kind) == (500, "text/html; charset=utf-8")
    page = body.decode()
    assert html.escape("text.md: <b>wrong</b> & so on") in page
    assert "<b>wrong" not in page
    assert "a second fault" in page
    assert running.heard("error: ") == "error: text.md: <b>wrong</b> & so on"
    assert version(page) == broken != good
    running.write("first")
    assert next(events) == good
    assert running.get("/")[0] == 200


def test_the_last_good_page_is_not_lost(running: Preview) -> None:
    events = running.events()
    next(events)
    running.write("wrong")
    next(events)
    assert 'href="/last-good/report.en.html"' in running.get("/report.en.html")[2].decode()
    status, _, body = running.get("/last-good/report.en.html")
    assert status == 200
    assert b"<p>first</p>" in body
    assert running.get("/evidence/fork/burst/server.log")[0] == 200


def test_a_report_that_is_wrong_from_the_start_is_mended_too(tmp_path: Path) -> None:
    started = Preview(tmp_path)
    started.write("wrong")
    started.begin()
    try:
        events = started.events()
        next(events)
        status, _, body = started.get("/")
        assert status == 500
        assert b"last-good" not in body
        started.write("mended")
        next(events)
        assert "<p>mended</p>" in started.page()
    finally:
        started.stop.set()
        started.thread.join(DEADLINE)


@pytest.mark.parametrize(
    "path",
    [
        "/text.md",
        "/../text.md",
        "/evidence/../../text.md",
        "/..%2ftext.md",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/evidence",
        "/evidence/",
        "/last-good/../text.md",
        "/report.ko.html/",
        "/%00",
        "/%ff",
    ],
)
def test_only_names_of_the_report_are_served(running: Preview, path: str) -> None:
    assert running.source.exists()
    assert running.get(path)[0] == 404


def test_a_page_of_another_site_cannot_read_the_report(running: Preview) -> None:
    assert running.get("/", Host="rebound.example")[0] == 403
    assert running.get("/", Host=f"localhost:{running.port}")[0] == 200


def test_it_listens_on_this_machine_alone(running: Preview) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", running.port), timeout=DEADLINE)


def test_the_served_copy_lets_its_script_run_and_loosens_nothing_else(running: Preview) -> None:
    found = re.search(r'Policy" content="([^"]*)"', running.page())
    assert found
    then = {d.split()[0]: d.split()[1:] for d in POLICY.split(";")}
    now = {d.split()[0]: d.split()[1:] for d in found[1].split(";")}
    assert now.pop("connect-src") == ["'self'"]
    scripts = now.pop("script-src")
    assert scripts[:1] == then.pop("script-src")
    assert len(scripts) == 2
    assert scripts[1].startswith("'sha256-")
    assert now == then


def test_a_port_in_use_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SpecError, match=f"--port {port}: is in use; choose another, such as --port {port + 1}$"):
            preview.serve(tmp_path, dict, list, port, lambda line: None)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_refused(tmp_path: Path, port: int) -> None:
    with pytest.raises(SpecError, match=f"--port {port}: expected a number from 0"):
        preview.serve(tmp_path, dict, list, port, lambda line: None)


def test_ctrl_c_ends_it_and_frees_the_port(tmp_path: Path) -> None:
    told: list[str] = []

    def interrupted() -> list[Path]:
        if len(told) > 1:  # rendered, and the address told
            raise KeyboardInterrupt
        return []

    preview.serve(tmp_path, dict, interrupted, 0, told.append)
    assert told[-1] == "preview stopped"
    found = re.search(r":(\d+)/", told[1])
    assert found
    with socket.create_server(("127.0.0.1", int(found[1]))):
        pass


def test_a_fault_of_the_generator_is_not_hidden(tmp_path: Path) -> None:
    def render() -> Mapping[str, bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        preview.serve(tmp_path, render, list, 0, lambda line: None)


def test_an_open_page_does_not_hold_up_the_end(running: Preview) -> None:
    events: Callable[[], Iterator[str]] = running.events
    stream = events()
    next(stream)
    running.stop.set()
    running.thread.join(DEADLINE)
    assert not running.thread.is_alive()
    assert list(stream) == []
