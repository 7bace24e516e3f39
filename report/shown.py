"""Floor 3. What a preview shows: the rendered files, their pages with a script that reloads them, or what went wrong.

The rendered bytes themselves are never changed: only the copy that is served carries the script.
"""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from report import messages

FIRST = "report.ko.html"
LAST_GOOD = "last-good/"  # below it, the pages as they were before the rendering failed
# EventSource connects again by itself, so a preview that was stopped and started anew finds its pages still open.
_SCRIPT = (
    "{const seen = document.currentScript.dataset.version;"
    'new EventSource("/events").onmessage = (event) => { if (event.data !== seen) location.reload(); };}'
)
_SCRIPT_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'"
_POLICY = re.compile(r'(<meta http-equiv="Content-Security-Policy" content=")([^"]*)(")')
_ERROR_PAGE = """<!doctype html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>보고서를 만들지 못했습니다</title>
<style>
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font-family: sans-serif; line-height: 1.6 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 4px solid #c62828; padding: .2rem 1rem }
</style>
</head>
<body>
<h1>보고서를 만들지 못했습니다</h1>
<p>고쳐서 저장하면 이 페이지가 저절로 바뀝니다.
<span lang="en">Mend it and save: this page then changes by itself.</span></p>
%s
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one name gives."""

    status: int
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """What is served now: the last good files, and what went wrong since, if anything did."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Equal content is an equal version, whenever and by whichever preview it was made."""
        whole = hashlib.sha256(repr(self.problems).encode())
        for name, data in sorted(self.files.items()):
            whole.update(f"\0{name}\0{len(data)}\0".encode() + data)
        return whole.hexdigest()[:16]

    def answer(self, path: str, version: str) -> Answer:
        """The file of this name, pages with the script that reloads them; while anything is wrong, what is wrong."""
        last_good = path.startswith(LAST_GOOD)
        name = path.removeprefix(LAST_GOOD) or FIRST
        page = name.endswith(".html")
        if self.problems and page and not last_good:
            return Answer(500, name, _live(self._error_page(name), version))
        data = self.files.get(name)
        if data is None:
            return Answer(404, "none.txt", "보고서에 없는 파일입니다. The report has no such file.\n".encode())
        return Answer(200, name, _live(data.decode(), version) if page else data)

    def _error_page(self, name: str) -> str:
        said = [one for english in self.problems for one in dict.fromkeys((messages.said(english, "ko"), english))]
        parts = [f"<pre>{html.escape(problem)}</pre>" for problem in said]
        if name in self.files:
            link = f'<a href="/{LAST_GOOD}{html.escape(name)}">마지막으로 만든 보고서</a>'
            parts.append(f'<p>{link} <span lang="en">(the last good one)</span></p>')
        return _ERROR_PAGE % "\n".join(parts)


def _live(page: str, version: str) -> bytes:
    """The page with the script that reloads it, and a policy that lets this script run and listen."""
    before, end, after = page.rpartition("</body>")
    script = f'<script data-version="{version}">{_SCRIPT}</script>\n'
    return _POLICY.sub(_widened, f"{before}{script}{end}{after}", count=1).encode()


def _widened(policy: re.Match[str]) -> str:
    directives = {d.split()[0]: d.split()[1:] for d in policy[2].split(";") if d.split()}
    scripts = [source for source in directives.get("script-src", []) if source != "'none'"]
    directives |= {"script-src": [*scripts, _SCRIPT_SOURCE], "connect-src": ["'self'"]}
    return policy[1] + "; ".join(" ".join([name, *values]) for name, values in directives.items()) + policy[3]
