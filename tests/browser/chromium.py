"""A real browser for tests: Chromium without a window, driven over a pair of pipes, so with no port and no driver.

What is missing is a skip that says so, except where REQUIRE_TOOLS is set. Every wait has a deadline; the profile is
temporary, and the browser's own process group is all that is ever ended.
"""

import base64
import fcntl
import json
import os
import re
import select
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEADLINE = 240  # seconds for any one answer of the browser, on a busy machine too
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-breakpad",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip


def executable() -> str:
    """The browser's path, or a skip."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        assert not os.environ.get("REQUIRE_TOOLS"), "Chromium is missing, and here it must not be"
        pytest.skip("Chromium is not installed")
    return path


class Tab:
    """One page in the browser, in a window of this size and colour scheme."""

    def __init__(self, browser: "Browser", width: int, dark: bool, scripts: bool) -> None:
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self.session: str = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM", "CSS"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.shape(width, dark)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        return self._browser.call(method, self.session, **params)

    def shape(self, width: int, dark: bool, media: str = "screen") -> None:
        """The window's width in CSS pixels, the colour scheme that the reader prefers, and screen or print."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def open(self, url: str) -> None:
        """Goes there and waits until all of it is loaded; to a place in the page that is open, until it is drawn."""
        found = self.call("Page.navigate", url=url)
        assert not found.get("errorText"), f"{url}: {found}"
        if "loaderId" in found:
            self.loaded()
        else:
            self.drawn()

    def loaded(self) -> None:
        """Waits for the next end of loading that nothing has waited for yet."""
        self._browser.event(self.session, "Page.loadEventFired")

    def drawn(self) -> None:
        """Waits until the page has been drawn anew, so that what follows a scroll has run."""
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression, or the promise that it gives, comes to in the page."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, name: str) -> None:
        """A key, as the reader presses it."""
        code, text = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " ")}[name]
        for kind, typed in (("keyDown" if text else "rawKeyDown", text), ("keyUp", "")):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, text=typed, windowsVirtualKeyCode=code)

    def complaints(self) -> list[str]:
        """Errors and warnings that the browser told of this page: its scripts, its policy, what it could not load."""
        found = []
        for event in self._browser.seen(self.session):
            params = event["params"]
            if event["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(str(params["args"]))
        return found

    def count(self, selector: str) -> int:
        """How many elements match; works without scripts, too."""
        return len(self._nodes(selector))

    def _nodes(self, selector: str) -> list[int]:
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        found: list[int] = self.call("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"]
        return found

    def fonts(self) -> tuple[int, list[str]]:
        """How many letters are drawn outside pictures, and the elements drawn in a font that the page did not bring."""
        drawn, foreign = 0, []
        for node in self._nodes("body *:not(svg *)"):
            for font in self.call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]:
                drawn += font["glyphCount"]
                if not font["isCustomFont"]:
                    html = self.call("DOM.getOuterHTML", nodeId=node)["outerHTML"]
                    foreign.append(f"{font['familyName']}: {html[:200]}")
        return drawn, foreign

    def rgb(self, selector: str, name: str) -> list[float]:
        """A colour as it is painted: red, green, blue; nothing where it is transparent."""
        found: str = self.value(f"getComputedStyle(document.querySelector({selector!r})).getPropertyValue({name!r})")
        numbers = [float(number) for number in re.findall(r"[\d.]+", found)]
        return [] if len(numbers) == 4 and numbers[3] == 0 else numbers[:3]

    def picture(self, whole: bool = False) -> bytes:
        """A PNG of what the window shows, or of the whole page."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)


class Browser:
    """One running Chromium. Its orders and answers are JSON, each ended by a zero byte."""

    def __init__(self, folder: Path) -> None:
        self._from, self._to = -1, -1
        self._number = 0
        self._rest = b""
        self._answers: dict[int, dict[str, Any]] = {}
        self._events: list[dict[str, Any]] = []
        self._waited: dict[tuple[str, str], int] = {}
        self._pid = self._start(folder)

    def _start(self, folder: Path) -> int:
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for pair in (os.pipe(), os.pipe()) for fd in pair]
        orders, self._to, self._from, answers = ends[0], ends[1], ends[2], ends[3]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        path = executable()
        pid = os.posix_spawn(
            path,
            [path, f"--user-data-dir={folder / 'profile'}", *OPTIONS],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, orders, 3),
                (os.POSIX_SPAWN_DUP2, answers, 4),
                (os.POSIX_SPAWN_OPEN, 2, str(folder / "stderr"), os.O_WRONLY | os.O_CREAT, 0o600),
            ],
            setsid=True,
        )
        os.close(orders)
        os.close(answers)
        return pid

    def call(self, method: str, session: str | None = None, **params: object) -> dict[str, Any]:
        """The browser's answer to one order."""
        self._number += 1
        order: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if session is not None:
            order["sessionId"] = session
        rest = memoryview(json.dumps(order).encode() + b"\0")
        while rest:
            rest = rest[os.write(self._to, rest) :]
        end = time.monotonic() + DEADLINE
        while self._number not in self._answers:
            self._read(end, method)
        answer = self._answers.pop(self._number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        found: dict[str, Any] = answer["result"]
        return found

    def event(self, session: str, method: str) -> None:
        """Waits for an event that nothing has waited for yet."""
        number = self._waited[session, method] = self._waited.get((session, method), 0) + 1
        end = time.monotonic() + DEADLINE
        while sum(event["method"] == method for event in self.seen(session)) < number:
            self._read(end, method)

    def seen(self, session: str) -> Iterator[Mapping[str, Any]]:
        """The events of one tab so far."""
        return (event for event in self._events if event.get("sessionId") == session)

    def _read(self, end: float, what: str) -> None:
        ready, _, _ = select.select([self._from], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"Chromium did not answer in {DEADLINE} s: {what}"
        data = os.read(self._from, 1 << 20)
        assert data, f"Chromium ended: {what}"
        *whole, self._rest = (self._rest + data).split(b"\0")
        for message in map(json.loads, whole):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self._events.append(message)

    def stop(self) -> None:
        """Asks it to close; whatever of its group is there after a grace is killed."""
        with suppress(AssertionError, OSError):
            self.call("Browser.close")
        handle = os.pidfd_open(self._pid)
        select.select([handle], [], [], 10)
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        for fd in (handle, self._from, self._to):
            os.close(fd)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A Chromium that keeps everything it writes in this folder, and is gone afterwards."""
    started = Browser(folder)
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def tab(of: Browser, width: int = 1000, *, dark: bool = False, scripts: bool = True) -> Iterator[Tab]:
    """A fresh tab, closed afterwards."""
    opened = Tab(of, width, dark, scripts)
    try:
        yield opened
    finally:
        opened.close()
