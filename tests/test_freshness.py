"""What makes a run stale is what would change it, and never prose, claims, titles, series or masks."""

from pathlib import Path

import pytest

from report import course, freshness
from report.errors import SpecError
from report.freshness import INTERPRETER, inputs, sources, staleness
from report.rendering import metrics
from report.spec import Assignment
from tests.builders import ECHO, write
from tests.builders import course as written

TRADEOFF = """
[[tradeoffs]]
topic = { ko = "a", en = "a" }
textbook = { ko = "b", en = "b" }
measured = { ko = "c", en = "c" }
finding = { ko = "d", en = "d" }
claims = { python = "all-answered" }

"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course whose echo server shares two files and is loaded by a script of two files."""
    written(tmp_path)
    for path in ("service.py", "greeting.py", "accesses.py", "answers.py"):
        write(tmp_path, f"assignments/{path}", f"# {path}\n")
    write(tmp_path, "assignments/README.md", "Read me.\n")
    write(tmp_path, "assignments/echo/expected.txt", "# echo\n")
    return tmp_path


def load(root: Path) -> Assignment:
    (echo,) = course.load(root, metrics.problem)
    return echo


def now(root: Path) -> dict[str, str]:
    return inputs(root, load(root), "two", "python")


def replace(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text(encoding="utf-8")
    assert old in text
    write(root, path, text.replace(old, new, 1))


def test_a_run_that_was_just_made_is_fresh(root: Path) -> None:
    assert staleness(now(root), now(root)) is None


@pytest.mark.parametrize(
    "path",
    [
        "assignments/echo/explanation.ko.md",
        "assignments/echo/explanation.en.md",
        "assignments/echo/expected.txt",
        "assignments/README.md",
        "templates/report.md.j2",
        "templates/labels.toml",
        "templates/style.css",
    ],
)
def test_prose_and_templates_never_make_a_run_stale(root: Path, path: str) -> None:
    before = now(root)
    write(root, path, (root / path).read_text(encoding="utf-8") + "\n# something else\n")
    assert staleness(before, now(root)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number = 1", "number = 7"),
        ("An echo server", "A server that echoes"),
        ("equals = 2", "at_least = 1"),
        ('id = "all-answered"', 'id = "everybody-answered"'),
        ("marks = [2, 8]", "marks = [3]"),
        (r"'queue (\d+)/'", r"'depth (\d+)/'"),
        (r"'^worker (\d+): #\d+ answered'", r"'^w (\d+): #\d+ answered'"),
        ('{ "makespan.delays" = 1 }', '{ "makespan.delays" = 2 }'),
        ('expect = "My first web server!"', 'expect = "Hello"'),
        ("numbered = true", "numbered = false"),
        ("clients = 2", "clients = 2\nrepeat = 5\nmax_speed = 5"),
        ("clients = 2", "clients = 2\nexclusive = true\nquiet = true\ncores = 2"),
        ("clients = 2", "clients = 2\ncheck = { clients = 1, repeat = 1 }"),
        ("equals = 2", 'equals = 2\ncheck = { equals = 1 }\nover = "requests.failed"\nminus = "two"'),
        ("[series]", TRADEOFF + "[series]"),
    ],
)
def test_claims_titles_series_masks_and_expectations_never_make_a_run_stale(root: Path, old: str, new: str) -> None:
    before = now(root)
    replace(root, "assignments/echo/scenario.toml", old, new)
    assert staleness(before, now(root)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("delay = 5.0", "delay = 4.0"),
        ("clients = 2", "clients = 3"),
        ("clients = 2", "arrival = [ { rate = 1, seconds = 2 } ]"),
        ("clients = 2", "clients = 2\nsettle = 1.0"),
        ("clients = 2", "clients = 2\nstop_after = 1.0"),
        ("clients = 2", "clients = 2\nthreads = true"),
        ("clients = 2", 'clients = 2\noptions = ["--max-workers", "4"]'),
        ("load = { ", "load = { stalled = 1, "),
        ("load = { ", 'load = { path = "/missing", '),
        ("load = { ", 'load = { also = ["/missing"], '),
        ("load = { ", "load = { timeout = 5.0, "),
        ('"{delay}"]', '"{delay}", "--read-timeout", "1"]'),
        ('"{delay}"]', '"{delay}"]\ndirectory = "assignments"'),
        ('"{delay}"]', '"{delay}"]\nbuild = ["cc", "server.c"]'),
    ],
)
def test_what_shapes_a_run_makes_it_stale(root: Path, old: str, new: str) -> None:
    before = now(root)
    replace(root, "assignments/echo/scenario.toml", old, new)
    assert staleness(before, now(root)) == "scenario changed"


@pytest.mark.parametrize("path", ["echo/server.py", "service.py", "greeting.py", "accesses.py", "answers.py"])
def test_a_source_that_changed_makes_a_run_stale_and_is_named(root: Path, path: str) -> None:
    before = now(root)
    write(root, f"assignments/{path}", "# changed\n")
    assert staleness(before, now(root)) == f"assignments/{path} changed"


def test_a_source_that_came_or_went_is_named(root: Path) -> None:
    before = now(root)
    write(root, "assignments/echo/pool.py", "")
    assert staleness(before, now(root)) == "assignments/echo/pool.py is new"
    assert staleness(now(root), before) == "assignments/echo/pool.py is gone"


def test_a_file_of_another_assignment_makes_nothing_stale(root: Path) -> None:
    before = now(root)
    write(root, "assignments/fork/server.py", "# another server\n")
    assert staleness(before, now(root)) is None


def test_another_interpreter_makes_a_run_stale_but_not_a_published_one(root: Path) -> None:
    before = now(root) | {INTERPRETER: "CPython 3.10.0"}
    assert staleness(before, now(root)) == "interpreter changed"
    assert staleness(before, now(root), published=True) is None
    before["assignments/echo/server.py"] = "0" * 64
    assert staleness(before, now(root), published=True) == "assignments/echo/server.py changed"


def test_another_evidence_schema_makes_a_run_stale(root: Path) -> None:
    before = now(root) | {"evidence schema": "0"}
    assert staleness(before, now(root), published=True) == "evidence schema changed"


def test_declared_sources_take_the_place_of_the_folders_and_the_load_script_is_always_among_them(root: Path) -> None:
    replace(root, "assignments/echo/scenario.toml", '"{delay}"]', '"{delay}"]\nsources = ["assignments/serv*.py"]')
    assert sources(root, load(root), "python") == [
        "assignments/accesses.py",
        "assignments/answers.py",
        "assignments/service.py",
    ]


@pytest.mark.parametrize("pattern", ["assignments/*.rs", "", "/etc/passwd", "a**b", "../*.py", "."])
def test_declared_sources_that_are_no_files_here_are_a_spec_error(root: Path, pattern: str) -> None:
    write(root.parent, "outside.py", "")
    replace(root, "assignments/echo/scenario.toml", '"{delay}"]', f'"{{delay}}"]\nsources = ["{pattern}"]')
    with pytest.raises(SpecError, match=r"assignments/echo/scenario.toml: servers.python.sources: "):
        sources(root, load(root), "python")


def test_a_server_in_an_unknown_language_must_declare_its_sources(root: Path) -> None:
    replace(root, "assignments/echo/scenario.toml", "[servers.python]", "[servers.rust]")
    replace(root, "assignments/echo/scenario.toml", 'scenario = "two"', 'scenario = "two"\nserver = "rust"')
    with pytest.raises(SpecError, match=r"servers.rust: needs sources = \[ ... \]"):
        sources(root, load(root), "rust")


def test_a_server_in_c_is_made_of_its_sources_and_headers(root: Path) -> None:
    write(root, "assignments/echo/scenario.toml", ECHO + '\n[servers.c]\ncommand = ["./server"]\n')
    for path in ("echo/server.c", "echo/queue.h", "service.c"):
        write(root, f"assignments/{path}", "int x;\n")
    found = sources(root, load(root), "c")
    assert set(found) - set(freshness.LOAD_SCRIPT) == {
        "assignments/echo/queue.h",
        "assignments/echo/server.c",
        "assignments/service.c",
    }


def test_the_script_for_impolite_clients_counts_only_where_a_load_has_some(root: Path) -> None:
    write(root, freshness.IMPOLITE_SCRIPT, "# impolite\n")
    before = now(root)
    assert freshness.IMPOLITE_SCRIPT not in before
    replace(root, "assignments/echo/scenario.toml", "load = { expect", "load = { resets = 1, expect")
    impolite = now(root)
    assert impolite.keys() - before.keys() == {freshness.IMPOLITE_SCRIPT}
    assert staleness(before, impolite) == f"{freshness.IMPOLITE_SCRIPT} is new"
    write(root, freshness.IMPOLITE_SCRIPT, "# less so\n")
    assert staleness(impolite, now(root)) == f"{freshness.IMPOLITE_SCRIPT} changed"


def test_a_key_of_a_load_that_came_later_and_is_not_used_makes_nothing_stale(root: Path) -> None:
    before = now(root)
    keys = "resets = 0, half_closed_resets = 0, reverse = false, expect"
    replace(root, "assignments/echo/scenario.toml", "load = { expect", f"load = {{ {keys}")
    assert staleness(before, now(root)) is None
