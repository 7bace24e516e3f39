"""Floor 3, pure. The load of one run as an HTTP Archive (HAR 1.2): an entry for each request that was to be answered.

Times are milliseconds from the moment a request was due, so that `time` is the latency that claims bind; where a
point was never reached, the later phases are 0 (send, wait, receive, which the format wants) or -1 (the others).
What was not recorded (headers, versions) is empty, and sizes of it -1. Fields of our own begin with an underscore.
(github.com/ahmadnassri/har-spec, versions/1.2.md.)
"""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from report.run import Record, Request, Run
from report.scenario import Scenario

PHASES = ("blocked", "connect", "send", "wait", "receive")


def har(run: Run, scenario: Scenario, version: str) -> bytes:
    """The archive; `version` is the generator's."""
    base = next((urlsplit(word) for word in run.record.load_command if word.startswith("http://")), urlsplit(""))
    requests = sorted((r for r in run.requests if r.kind == "request"), key=lambda r: (r.due, r.number))
    anchor = anchored(run.record)
    entries = [_entry(r, f"http://{base.netloc}{scenario.path_of(r.number)}", base.hostname, anchor) for r in requests]
    log = {
        "version": "1.2",
        "creator": {"name": "assignment-report", "version": version},
        "pages": [],
        "entries": entries,
        "_run": str(run.identity),
        "_anchor": {"from": "recorded" if run.record.epoch is None else "epoch", "dateTime": _iso(anchor, 0.0)},
    }
    return (json.dumps({"log": log}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def anchored(record: Record) -> datetime:
    """The moment from which times count; of evidence that did not keep it, the second in which the run began."""
    if record.epoch is None:
        return datetime.fromisoformat(record.recorded)
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=record.epoch)


def phases(request: Request) -> dict[str, tuple[float, float]]:
    """Begin and end of each phase that was gone through to its end, without gaps from when the request was due."""
    points = (request.started, request.connected, request.sent, request.first_byte, request.done)
    made: dict[str, tuple[float, float]] = {}
    last = request.due
    for name, point in zip(PHASES, points, strict=True):
        if point is not None:
            made[name] = (last, max(last, point))  # an answer may begin before the request is whole
            last = max(last, point)
    return made


def _entry(request: Request, url: str, host: str | None, anchor: datetime) -> dict[str, object]:
    gone = {name: round((end - begin) * 1000, 3) for name, (begin, end) in phases(request).items()}
    timings = {name: gone.get(name, 0 if name in ("send", "wait", "receive") else -1) for name in PHASES}
    query = [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    empty: dict[str, object] = {"cookies": [], "headers": [], "headersSize": -1}
    content: dict[str, object] = {"size": request.bytes, "mimeType": request.content_type}
    if len(request.body) == request.bytes and "\\" not in request.body:  # else only its beginning is kept, or escapes
        content["text"] = request.body
    return {
        "startedDateTime": _iso(anchor, request.due),
        "time": round(sum(gone.values()), 3),
        "request": {
            **empty, "method": "GET", "url": url, "httpVersion": "HTTP/1.1", "queryString": query, "bodySize": 0
        },
        "response": {
            **empty, "status": request.status or 0, "statusText": "", "httpVersion": "", "content": content,
            "redirectURL": "", "bodySize": request.bytes if request.status else -1
        },
        "cache": {},
        "timings": {**timings, "dns": -1, "ssl": -1},
        **({"serverIPAddress": host} if host else {}),
        **({"connection": str(request.local_port)} if request.local_port else {}),
        "_number": request.number,
        "_outcome": request.outcome,
        "_detail": request.detail,
    }  # fmt: skip


def _iso(anchor: datetime, seconds: float) -> str:
    return (anchor + timedelta(seconds=seconds)).isoformat(timespec="microseconds").replace("+00:00", "Z")
