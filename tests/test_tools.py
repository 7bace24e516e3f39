"""Every server answers the tools people use: curl, wget, ab and a browser; afterwards nothing is left.

A tool that is missing is a skip that says so, except where REQUIRE_TOOLS is set (.ci/run installs them all).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import NAMES, Server, running

GREETING = "My first web server!"


def tool(name: str) -> str:
    """The tool's path, or a skip."""
    path = shutil.which(name)
    if path is None:
        assert not os.environ.get("REQUIRE_TOOLS"), f"{name} is missing, and here it must not be"
        pytest.skip(f"{name} is not installed")
    return path


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=90).stdout


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/"


@pytest.fixture(params=NAMES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Each server without delay; after the test it must end well and leave nothing."""
    with running(request.param, tmp_path, read_timeout=1) as started:
        yield started
        assert started.stop() == 0
        assert started.lines[-1] == "server: stopped"
        assert started.session() == []


def test_curl_gets_the_greeting(server: Server) -> None:
    assert output(tool("curl"), "-sS", "--fail", url(server)) == GREETING


def test_curl_gets_the_head_alone(server: Server) -> None:
    assert "Content-Length: 20" in output(tool("curl"), "-sS", "--fail", "--head", url(server))


def test_wget_gets_the_greeting(server: Server) -> None:
    assert output(tool("wget"), "-q", "-O", "-", url(server)) == GREETING


def test_ab_gets_2000_right_answers(server: Server) -> None:
    found = output(tool("ab"), "-n", "2000", "-c", "32", url(server))
    assert "Complete requests:      2000" in found
    assert "Failed requests:        0" in found
    assert "Non-2xx" not in found
    assert "Document Length:        20 bytes" in found


def test_a_browser_shows_the_greeting(server: Server, tmp_path: Path) -> None:
    chromium = tool("chromium")
    page = output(
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path}", "--dump-dom", url(server),
    )  # fmt: skip
    assert GREETING in page
