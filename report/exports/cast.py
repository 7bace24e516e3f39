"""Floor 3, pure. A captured terminal as an asciicast v2, which plays in real time (docs.asciinema.org)."""

import codecs
import json
import shlex
from collections.abc import Sequence

from report.evidence import Chunk
from report.exports.har import anchored
from report.run import Record

WIDTH, HEIGHT = 120, 40  # of the pseudo-terminal that was recorded


def cast(record: Record, who: str, log: bytes, chunks: Sequence[Chunk], start: float) -> bytes:
    """The recording of `who` (server or client); its time 0 is at `start`, so that both can be played in step."""
    command = record.command if who == "server" else record.load_command
    header = {
        "version": 2,
        "width": WIDTH,
        "height": HEIGHT,
        "timestamp": int(anchored(record).timestamp() + start),
        "command": shlex.join(command),
        "title": f"{record.identity} {who}",
    }
    decoder = codecs.getincrementaldecoder(_encoding(log))("backslashreplace")
    ends = [*(chunk.offset for chunk in chunks[1:]), len(log)]
    events = []
    for chunk, end in zip(chunks, ends, strict=bool(chunks)):
        text = decoder.decode(log[chunk.offset : end], final=end == len(log))  # a letter may lie across two chunks
        if text:
            events.append([round(chunk.seconds - start, 6), "o", text])
    return "".join(json.dumps(line) + "\n" for line in (header, *events)).encode()


def _encoding(log: bytes) -> str:
    for encoding in ("utf-8", "cp949"):
        try:
            log.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "utf-8"
