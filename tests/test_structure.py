"""The house holds: floors, the wall between recording and rendering, the purity of rendering, sizes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
MODULES = sorted((REPOSITORY / "report").rglob("*.py"))
IMPURE = {"subprocess", "socket", "time", "random", "threading", "datetime", "asyncio", "multiprocessing", "secrets"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}
BUDGET = 21_600  # lines, blank ones and comments too; a guard against growth that nobody noticed
SANITIZERS = {("thread", name) for name in ("judgement.py", "sanitizers.py", "completing.py")}  # of -fsanitize=thread
FLOORS = {
    0: {"errors"},
    1: {
        "languages",
        "models",
        "diagrams",
        "scenario",
        "spec",
        "settings",
        "run",
        "course",
        "evidence",
        "freshness",
        "planned",
        "judgement",
        "graded",
    },
    2: {"recording", "rendering"},
    3: {
        "publish",
        "plan",
        "check",
        "console",
        "site",
        "told",
        "jobs",
        "keep",
        "predraw",
        "preview",
        "shown",
        "stamp",
        "pdf",
        "new",
        "schema",
        "judge",
        "candidates",
        "welcome",
        "doctor",
        "sanitizers",
        "takeaway",
        "exports",
        "latest",
        "show",
        "diff",
        "replay",
        "messages",
        "completing",
        "grading",
        "grade",
    },
}
FLOOR = {name: floor for floor, names in FLOORS.items() for name in names}


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    """The module's or package's name right below report/."""
    return path.relative_to(REPOSITORY / "report").parts[0].removesuffix(".py")


def test_every_room_stands_on_a_floor() -> None:
    assert {room(path) for path in MODULES} - {"__init__"} == set(FLOOR)


def test_a_module_s_first_words_name_its_floor() -> None:
    named = {}
    for path in MODULES:
        if match := re.match(r"Floor (\d)", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""):
            named[path] = int(match[1])
    assert len(named) > 100
    assert {path.name: floor for path, floor in named.items() if floor != FLOOR[room(path)]} == {}


def test_imports_go_down_and_recording_and_rendering_never_meet() -> None:
    looked_at = 0
    for path in MODULES:
        for name in imports(path):
            if not name.startswith("report.") or room(path) == "__init__":
                continue
            looked_at += 1
            above, below = room(path), name.split(".")[1]
            beside = FLOOR[above] == FLOOR[below] and FLOOR[above] in (1, 3)
            assert above == below or FLOOR[below] < FLOOR[above] or beside, f"{path.name} imports {name}"
            assert {above, below} != {"recording", "rendering"}
    assert looked_at > 50


def test_exports_are_pure_and_never_meet_recording() -> None:
    modules = [path for path in MODULES if room(path) == "exports"]
    assert len(modules) > 5
    for path in modules:
        found = set(imports(path))
        assert not any(name.startswith("report.recording") for name in found), path.name
        clocks = {"datetime"}  # a moment that was recorded is turned into a date
        assert not (IMPURE - clocks) & {name.split(".")[0] for name in found}, path.name
        assert "datetime.now" not in path.read_text(encoding="utf-8"), path.name


def test_rendering_is_pure() -> None:
    looked_at = 0
    for path in (REPOSITORY / "report" / "rendering").rglob("*.py"):
        looked_at += 1
        assert not IMPURE & {name.split(".")[0] for name in imports(path)}, path.name
        text = path.read_text(encoding="utf-8")
        assert "environ" not in text.replace("environment", "")
        assert "getenv" not in text
    assert looked_at > 10


def test_the_generator_knows_no_assignment_by_name() -> None:
    names = [path.parent.name for path in (REPOSITORY / "assignments").glob("*/scenario.toml")]
    assert len(names) >= 5
    for path in MODULES:
        assert not any(name.startswith("assignments") for name in imports(path)), path
        text = path.read_text(encoding="utf-8")
        for name in names:
            if (name, path.name) not in SANITIZERS:
                assert f'"{name}"' not in text, f"{path.name} names the assignment {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_a_module_fits_on_a_few_screens_and_opens_with_its_rule(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text.splitlines()) <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, node.name


def test_the_whole_generator_stays_within_its_budget() -> None:
    lines = {path.relative_to(REPOSITORY): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert len(lines) > 30
    assert sum(lines.values()) < BUDGET


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert not {path.stem for path in MODULES} & {"utils", "util", "helpers", "common", "misc"}


def test_nothing_is_imported_by_a_name_that_this_test_could_not_read() -> None:
    for path in MODULES:
        assert not {"import_module", "__import__", "exec", "eval"} & set(names(path.read_text(encoding="utf-8"))), path


def test_rendering_never_asks_the_environment() -> None:
    looked_at = 0
    for path in (REPOSITORY / "report" / "rendering").rglob("*.py"):
        looked_at += 1
        assert not ENVIRONMENT & set(names(path.read_text(encoding="utf-8"))), path
    assert looked_at > 10


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.environ['TZ']",
        "from os import getenv",
        "from os import environ as e",
        "import os\nos.getenv('A')",
    ],
)
def test_the_gate_on_the_environment_would_notice(code: str) -> None:
    assert ENVIRONMENT & set(names(code))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import time", "time"),
        ("import os.path, socket as s", "socket"),
        ("def f():\n    from subprocess import run", "subprocess.run"),
        ("if True:\n    from report.recording import process", "report.recording.process"),
        ("from report import rendering", "report.rendering"),
    ],
)
def test_the_gate_on_imports_would_notice(tmp_path: Path, code: str, found: str) -> None:
    (tmp_path / "module.py").write_text(code, encoding="utf-8")
    assert found in set(imports(tmp_path / "module.py"))


def names(code: str) -> Iterator[str]:
    """Every name and attribute that code uses or imports."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
