"""Floor 3, pure. What a bundle is, for machines: ro-crate-metadata.json of RO-Crate 1.1.

(w3id.org/ro/crate/1.1: metadata file, root data entity, data entities, provenance of entities.)
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from report.evidence import canonical_json
from report.exports.verify import EVIDENCE
from report.rendering.labels import Labels
from report.run import Run
from report.settings import Settings

METADATA = "ro-crate-metadata.json"
_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_LICENSE = "https://spdx.org/licenses/MIT"
_FORMATS = {
    ".md": "text/markdown", ".html": "text/html", ".pdf": "application/pdf", ".json": "application/json",
    ".py": "text/x-python", ".toml": "application/toml", ".cff": "text/yaml",
}  # fmt: skip


def metadata(
    files: Mapping[str, bytes], runs: Iterable[Run], settings: Settings, label: Labels, software: Mapping[str, str]
) -> bytes:
    """The metadata of these files in the label's language; `software` is the generator, as pyproject.toml has it."""
    title = getattr(settings.title, label.language) if settings.title else label("title")
    recorded = sorted(run.record.recorded for run in runs)
    named = {
        path: _file(path, data) for path, data in files.items() if "/" not in path or path.startswith("docs/report.")
    }
    folders = {path.split("/")[0] for path in files if "/" in path} | {"docs/figures", EVIDENCE}
    parts = [*named.values(), *(_folder(path) for path in sorted(folders))]
    author = _author(settings, label)
    reports = [{"@id": path} for path in named if path.startswith("docs/report.")]
    graph: list[dict[str, Any]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _SPECIFICATION},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": title,
            "description": label("lead"),
            "datePublished": recorded[-1],
            "license": {"@id": _LICENSE},
            "hasPart": [{"@id": part["@id"]} for part in parts],
            **({"author": {"@id": author["@id"]}} if author else {}),
        },
        {"@id": _LICENSE, "@type": "CreativeWork", "name": "MIT License", "description": "MIT License"},
        {"@id": "#generator", "@type": "SoftwareApplication", **software},
        {
            "@id": "#recording",
            "@type": "CreateAction",
            "name": label("evidence"),
            "startTime": recorded[0],
            "endTime": recorded[-1],
            "instrument": {"@id": "#generator"},
            "result": [{"@id": f"{EVIDENCE}/"}, *reports],
            **({"agent": {"@id": author["@id"]}} if author else {}),
        },
        *([author] if author else []),
        *parts,
    ]
    return canonical_json({"@context": f"{_SPECIFICATION}/context", "@graph": graph})


def _file(path: str, data: bytes) -> dict[str, Any]:
    kind = _FORMATS.get(PurePosixPath(path).suffix, "text/plain")
    return {"@id": path, "@type": "File", "name": path, "contentSize": str(len(data)), "encodingFormat": kind}


def _folder(path: str) -> dict[str, Any]:
    return {"@id": f"{path}/", "@type": "Dataset", "name": path}


def _author(settings: Settings, label: Labels) -> dict[str, Any] | None:
    """Whose report it is, if report.toml says so."""

    def said(words: Any) -> str:
        return words if isinstance(words, str) else str(getattr(words, label.language))

    if not (name := said(settings.author)):
        return None
    number = said(settings.student_number)
    return {"@id": "#author", "@type": "Person", "name": name, **({"identifier": number} if number else {})}
