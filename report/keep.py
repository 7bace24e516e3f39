"""Floor 3. Remembers on disk what rendering has made, so that an edit redraws only what it changed.

A folder for each version of what makes things (the generator's own code, templates of pictures, pinned packages);
folders of other versions are removed. A broken file is made again.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from report.publish import write_file

_MAKERS = (
    *("matplotlib", "fonttools", "brotli", "pyte", "wcwidth", "koreanize-matplotlib"),
    *("jinja2", "markupsafe", "markdown-it-py", "mdurl", "pygments"),
)


class Keep:
    """A memory (see report.rendering.memory) below `folder`, for the generator that lies under `root`."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._folder = folder / _version(root)
        if folder.is_dir():
            for other in sorted(folder.iterdir()):
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)

    def is_empty(self) -> bool:
        """Whether this version of the generator has made nothing yet."""
        return not self._folder.is_dir()

    def __call__(self, key: str, make: Callable[[], bytes]) -> bytes:
        """What is kept under the key, or what `make` makes, which is then kept."""
        file = self._folder / key
        try:
            digest, _, data = file.read_bytes().partition(b"\n")
            if hashlib.sha256(data).hexdigest().encode() == digest:
                return data
        except OSError:
            pass
        data = make()
        write_file(file, hashlib.sha256(data).hexdigest().encode() + b"\n" + data, lasting=False)
        return data


def _version(root: Path) -> str:
    found = hashlib.sha256(sys.version.encode())
    for package in _MAKERS:
        found.update(f"{package} {version(package)}\n".encode())
    for file in [*sorted((root / "report").rglob("*.py")), *sorted((root / "templates").glob("*.svg.j2"))]:
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:16]
