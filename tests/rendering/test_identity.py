"""The published report is the same bytes wherever, whenever and under whatever settings it is rendered."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RENDER = """
import hashlib, sys
from pathlib import Path
root = Path(sys.argv[1])
sys.path.insert(0, str(root))
from report import check, jobs, plan
course = jobs.load(root)
wanted = plan.plan(course.assignments, 1.0)
files, _ = check.published_files(root, course.assignments, course.settings, wanted, root / "docs/evidence")
for path, data in sorted(files.items()):
    print(hashlib.sha256(data).hexdigest(), path)
"""


def rendered(directory: Path, home: Path, **settings: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)} | settings
    return subprocess.run(
        [sys.executable, "-c", RENDER, str(REPOSITORY)], cwd=directory, env=environment, check=True,
        stdout=subprocess.PIPE, text=True, timeout=100,
    ).stdout  # fmt: skip


def test_place_time_zone_locale_hash_seed_and_settings_change_no_byte(tmp_path: Path) -> None:
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings/matplotlibrc").write_text("font.size: 30\nfigure.facecolor: red\nlines.linewidth: 9\n")
    here = rendered(REPOSITORY, tmp_path, PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C.UTF-8")
    there = rendered(
        tmp_path,
        tmp_path,
        PYTHONHASHSEED="2",
        TZ="Asia/Seoul",
        LC_ALL="C",
        MPLCONFIGDIR=str(tmp_path / "settings"),
        COLUMNS="40",
    )
    assert len(here.splitlines()) > 100
    assert here == there
