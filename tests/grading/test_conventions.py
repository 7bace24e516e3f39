"""How a student's server is built and run is told by its files, as a student would name them and as a reader reads them."""

import re
import shutil
import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.errors import SpecError
from report.grading import makefiles, sources
from report.grading.conventions import FLAGS, LIBRARIES, Way, way
from report.judgement import ProbeClaim
from tests.builders import REPOSITORY

# The course's server, as far as it is read here: nothing of its arguments is used, and its sleep is switched off.
GIVEN = b"""#include <stdio.h>
#define PORT 8090
int main(int argc, char const *argv[])
{
    address.sin_port = htons( PORT );
    listen(server_fd, 10);
    // uncomment following line and connect many clients
    //sleep(5);
}
"""
ARGUMENTS = b"int main(int argc, char **argv) { listen(0, 5); port = atoi(argv[1]); delay = atof(argv[2]); }"
PYTHON = b'import socket, time\ns = socket.socket()\ns.bind(("", 8090))\ns.listen()\ntime.sleep(5)\n'
HELPER = b"int square(int x) { return x * x; }"
CLIENT = b"int main(void) { connect(0, 0, 0); }"


def built(*names: str, compiler: str = "cc") -> str:
    return " ".join((compiler, *FLAGS, "-o", "server", *names, *LIBRARIES))


def problem(files: dict[str, bytes], number: int = 1, only: bool = False) -> str:
    with pytest.raises(SpecError) as caught:
        way(files, number, only)
    return "\n".join(caught.value.problems)


@pytest.mark.parametrize(
    "name",
    [
        "server_01.c", "server_1.c", "server1.c", "server01.c", "Server-01.C", "kim/server_01.c", "1/server.c", "01/a.c", "assignment1/x.c",
        "hw1/x.c", "HW01/x.c", "과제1/x.c", "과제 1/x.c", "kim/과제1/src/x.c", "hw2/server_01.c",
    ],
)  # fmt: skip
def test_a_server_is_found_by_its_name_or_that_of_its_folder(name: str) -> None:
    folder, _, base = name.rpartition("/")
    files = {name: GIVEN, "server_02.c": ARGUMENTS, "2/server.c": ARGUMENTS}
    assert way(files, 1, False) == Way("./server", built(base), 8090, 5.0, folder or ".")


@pytest.mark.parametrize(
    ("name", "command", "build"),
    [
        ("server_03.c", "./server {port} {delay}", built("server_03.c")),
        ("server3.cpp", "./server {port} {delay}", built("server3.cpp", compiler="c++")),
        ("server_3.cc", "./server {port} {delay}", built("server_3.cc", compiler="c++")),
        ("3/-o.c", "./server {port} {delay}", built("./-o.c")),
        ("3/my server.c", "./server {port} {delay}", built("'my server.c'")),
    ],
)
def test_c_and_cpp_are_compiled_each_by_its_compiler_and_no_name_is_an_option(
    name: str, command: str, build: str
) -> None:
    assert way({name: ARGUMENTS}, 3, False) == Way(command, build, None, None, name.rpartition("/")[0] or ".")


def test_python_is_not_built() -> None:
    assert way({"server_01.py": PYTHON}, 1, False) == Way("{python} server_01.py", None, 8090, 5.0)


def test_a_plain_server_is_meant_only_where_nothing_else_can_be() -> None:
    assert way({"server.c": GIVEN}, 1, True).build == built("server.c")
    assert way({"web.c": GIVEN, "client.c": CLIENT}, 1, True).build == built("web.c")
    assert way({"web.py": PYTHON, "accesses.py": b"import socket\ns.connect(1)"}, 1, True).command == "{python} web.py"
    assert "there is no server of assignment 1" in problem({"server.c": GIVEN})
    assert "there is no server of assignment 1" in problem({"server_02.c": GIVEN, "2/server.c": GIVEN}, only=True)
    assert "server_01.c" in problem({"notes.h": b""}, only=True)


@pytest.mark.parametrize(
    ("files", "only"),
    [
        ({"server_01.c": GIVEN, "server_1.c": GIVEN}, False),
        ({"server_01.c": GIVEN, "server_01.py": PYTHON}, False),
        ({"1/a.c": GIVEN, "hw1/b.c": GIVEN}, False),
        ({"one.c": GIVEN, "two.c": GIVEN}, True),
        ({"server.c": GIVEN, "server.py": PYTHON}, True),
    ],
)
def test_which_of_two_is_meant_is_not_guessed(files: dict[str, bytes], only: bool) -> None:
    assert problem(
        files, only=only
    ) == f"which one is meant for assignment 1? {', '.join(files)}; say it in submission.toml" or (
        problem(files, only=only).startswith("which one is meant for assignment 1? 1, hw1")
    )


def test_the_one_that_lies_least_deep_is_meant() -> None:
    assert way({"server_01.c": GIVEN, "old/server_01.c": ARGUMENTS}, 1, False).port == 8090


def test_what_lies_beside_a_server_is_compiled_with_it_unless_it_is_a_program_or_included() -> None:
    files = {
        "server_01.c": GIVEN.replace(b"8090", b"8091") + b'#include "list.c"\n',
        "server_02.c": GIVEN, "square.c": HELPER, "client.c": CLIENT, "list.c": HELPER, "deep/other.c": HELPER, "x.cpp": HELPER,
    }  # fmt: skip
    assert way(files, 1, False).build == built("server_01.c", "square.c")


@pytest.mark.parametrize("top", ["", "kim/"])
def test_a_program_is_never_called_like_a_folder_that_is_there(top: str) -> None:
    found = way({f"{top}server_01.c": GIVEN, f"{top}server/notes.h": b""}, 1, False)
    assert (found.command, found.build) == ("./server.out", built("server_01.c").replace("server ", "server.out ", 1))


def test_numbers_are_found_in_headers_modules_and_further_sources() -> None:
    main = b'#include "config.h"\nint main(void) { a.sin_port = htons(MY_PORT); sleep(WAIT); listen(1, 2); }'
    files = {
        "server_01.c": main,
        "config.h": b"#define MY_PORT 9000\n#define WAIT (3)\n",
        "other.h": b"#define MY_PORT 1\n",
    }
    assert (way(files, 1, False).port, way(files, 1, False).delay) == (9000, 3.0)
    files = {"server_01.py": b"import config\nserve(config)", "config.py": b"PORT = 9001\nDELAY: float = 2.5\n"}
    assert (way(files, 1, False).port, way(files, 1, False).delay) == (9001, 2.5)


@pytest.mark.parametrize(
    ("text", "arguments", "port", "delay"),
    [
        (GIVEN.decode(), "", 8090, 5.0),
        ("int main(void) { }", "", 8090, 5.0),
        ("int main(int argc, char *argv[]) { (void)argc; (void)argv; }", "", 8090, 5.0),
        ("int main(int argc, char *argv[]) { printf(argv[0]); sleep(3); }", "", 8090, 3.0),
        ("int main(int n, char **words) { port = atoi(words[1]); sleep(2); }", "{port}", None, 2.0),
        ("int main(int argc, char **argv) { int port = atoi(argv[1]); d = atoi(argv[2]); }", "{port} {delay}", None, None),
        ("int main(int argc, char **argv) { /* argv[2] */ p = argv[1]; puts(\"argv[2]\"); }", "{port}", None, 5.0),
        ("int main(int argc, char **argv, char **envp) { run(argc, argv); }", "{port} {delay}", None, None),
        ("int\nmain(int argc, char **argv)\n{ use(*(argv + 1)); }", "{port} {delay}", None, None),
        ('int main(int c, char **v) { if (!strcmp(v[i], "--port")) ; if (!strcmp(v[i], "--delay")) ; }', "--port {port} --delay {delay}", None, None),
        ('struct option o[] = {{"port", 1, 0, 0}}; int main(int c, char **v) { getopt_long(c, v, "", o, 0); sleep(4); }', "--port {port}", None, 4.0),
        ('int main(int c, char **v) { strncmp(v[1], "--port=", 7); strncmp(v[2], "--delay=", 8); }', "--port={port} --delay={delay}", None, None),
        ("#define PORT 9000\nint main(void) { x = htons(PORT); usleep(500000); }", "", 9000, 0.5),
        ("int port = 7000; int main(void) { usleep(2 * 1000 * 1000); }", "", 7000, 2.0),
        ("int main(void) { a = htons(8091); sleep(1); sleep(5); sleep(10); }", "", 8091, 5.0),
        ("int main(void) { sleep(1); usleep(100); sleep(7); sleep(100); }", "", 8090, 7.0),
        ("#define DELAY 4\nint main(void) { struct timespec t = {DELAY, 500000000}; nanosleep(&t, 0); }", "", 8090, 4.5),
        ("int main(void) { t.tv_sec = 6; t.tv_nsec = 0; nanosleep(&t, 0); }", "", 8090, 6.0),
        ("int main(void) { struct timeval t = {9, 0}; t.tv_sec = 9; sleep(2); }", "", 8090, 2.0),
        ("int main() { std::this_thread::sleep_for(std::chrono::milliseconds(1500)); }", "", 8090, 1.5),
        ("int main() { std::this_thread::sleep_for(3s); }", "", 8090, 3.0),
        ("#if 0\nsleep(9);\n#endif\nint main(void) { sleep(2); }", "", 8090, 2.0),
        ('int main(void) { getaddrinfo(NULL, "8092", &h, &r); }', "", 8092, 5.0),
        ("int main(void) { x = htons(70000); sleep(-1); sleep(0); sleep(1e999); }", "", 8090, 5.0),
        ("int main(void) { puts(\"sleep(9)\"); /* sleep(9) */ puts(\"/*\"); sleep(3); puts(\"*/\"); c = '\"'; sleep(5 ); }", "", 8090, 5.0),
    ],
)  # fmt: skip
def test_port_and_delay_of_c_are_read_as_a_reader_reads_them(
    text: str, arguments: str, port: int | None, delay: float | None
) -> None:
    assert sources.told("a.c", text.encode()) == sources.Told(arguments, port, delay)


@pytest.mark.parametrize(
    ("text", "arguments", "port", "delay"),
    [
        (PYTHON.decode(), "", 8090, 5.0),
        ("import sys\nserve(int(sys.argv[1]), float(sys.argv[2]))", "{port} {delay}", None, None),
        ("from sys import argv\nPORT = int(argv[1]) if len(argv) > 1 else 8090\nsleep(3)", "{port}", None, 3.0),
        ("import sys\nprint(sys.argv[0], len(sys.argv))\n# sys.argv[2]\n'''sys.argv[2]'''\ntime.sleep(2)", "", 8090, 2.0),
        ("import sys\nport, delay = sys.argv[1:]", "{port} {delay}", None, None),
        ("p.add_argument('--port', type=int)\np.add_argument('--delay')", "--port {port} --delay {delay}", None, None),
        ("p.add_argument('-v')\np.add_argument('port', type=int)\np.add_argument(\"delay\")", "{port} {delay}", None, None),
        ("HOST, PORT = '', 9\nPORT = 8091\nHTTPServer((HOST, PORT), Handler)\nDELAY = 2\ntime.sleep(DELAY)", "", 8091, 2.0),
        ("asyncio.start_server(f, port=8093)\nawait asyncio.sleep(0.5)", "", 8093, 0.5),
        ("class A:\n  delay: float = 3\n  def f(self): time.sleep(self.delay)", "", 8090, 3.0),
        ("s = 'a # b'; time.sleep(1)  # time.sleep(5)\n'it''s'", "", 8090, 1.0),
        ("x = '''unclosed\ntime.sleep(1)", "", 8090, 1.0),
    ],
)  # fmt: skip
def test_port_and_delay_of_python_are_read_as_a_reader_reads_them(
    text: str, arguments: str, port: int | None, delay: float | None
) -> None:
    assert sources.told("a.py", text.encode()) == sources.Told(arguments, port, delay)


MAKEFILE = b"""CC = gcc
CFLAGS := -Wall \\
  -pthread
TARGETS = server_01 server_02
.PHONY: all
all: $(TARGETS) # both
server_01: server_01_main.c
\t$(CC) $(CFLAGS) -c -o help.o help.c
\t$(CC) $(CFLAGS) -o $@ server_01_main.c help.o
server_02: two.o
clean:
\trm -f server_01
"""


def test_a_makefile_s_target_is_found_by_its_name_and_so_is_the_program_that_it_links() -> None:
    files = {"src/Makefile": MAKEFILE, "src/server_01_main.c": ARGUMENTS, "src/two.c": GIVEN, "src/help.c": HELPER}
    assert way(files, 1, False) == Way("./server_01 {port} {delay}", "make server_01", None, None, "src")
    assert way(files, 2, False).command == "./server_02"
    assert "no server of assignment 3" in problem(files, 3)


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("all: main\nmain: main.c\n\tgcc -o bin/main main.c", "bin/main"),
        ("run: web\n\t./web\nweb: web.c\n\tcc web.c -oweb", "web"),
        (
            "all: client server\nclient: client.c\n\tcc -o client client.c\nserver: server.c\n\tcc -o server.out server.c",
            "server.out",
        ),
        ("NAME=s\nOUT=$(NAME).out\nall:\n\t$(CC) main.c -o ${OUT}", "s.out"),
        ("all:\n\tgcc main.c", "a.out"),
        ("server: main.o\n", "server"),
        ("A=$(B)\nB=$(A)\nall: $(A)\n\techo", None),
        ("all: all\n", None),
        ("%.o: %.c\n\tcc -c $<\nifeq (a,b)\nall: x\nendif\nx: x.o\n\tcc -o $(@) x.o", "x"),
        ("", None),
    ],
)
def test_a_makefile_says_which_program_its_first_target_links(text: str, program: str | None) -> None:
    made = makefiles.read(text.encode())
    assert (made.program(made.first) if made.first else None) == program


def test_a_makefile_that_is_not_understood_leaves_the_plain_server() -> None:
    files = {"1/Makefile": b"all:\n\tsh build.sh", "1/server.c": GIVEN}
    assert way(files, 1, False).build == built("server.c")


def test_where_make_is_used_port_and_delay_are_read_in_the_source_of_its_program() -> None:
    files = {"Makefile": b"web: a.c b.c\n\tcc -o web b.c", "b.c": ARGUMENTS, "a.c": CLIENT, "web.py": PYTHON}
    assert way(files, 1, True) == Way("./web {port} {delay}", "make", None, None)


SAID = """[assignment.1]
directory = "src"
build = "cc -o web web.c"
command = "./web {port}"
delay = 2
["2"]
command = "{python} two.py"
"""


@pytest.mark.parametrize("top", ["", "kim/"])
def test_submission_toml_wins(top: str) -> None:
    files = {
        f"{top}submission.toml": b"\xef\xbb\xbf" + SAID.encode(),
        f"{top}src/web.c": GIVEN,
        f"{top}server_01.c": ARGUMENTS,
        f"{top}server_03.c": GIVEN,
    }
    assert way(files, 1, False) == Way("./web {port}", "cc -o web web.c", None, 2.0, f"{top}src")
    assert way(files, 2, False) == Way("{python} two.py", None, 8090, 5.0, top.rstrip("/") or ".")
    assert way(files, 3, False).build == built("server_03.c")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[assignment.1]\ncomand = 'x'", "submission.toml: assignment.1.command: is missing\nsubmission.toml: assignment.1.comand: unknown key (did you mean command?)"),
        ("[assignment.1]", "submission.toml: assignment.1.command: is missing"),
        ("[assignment.1]\ncommand = 'a'\nport = '8090'", "submission.toml: assignment.1.port: input should be a valid integer"),
        ("[assignment.1]\ncommand = 'a'\nport = 70000", "submission.toml: assignment.1.port: input should be less than"),
        ("[assignment.1]\ncommand = 'a'\ndelay = nan", "submission.toml: assignment.1.delay: input should be"),
        ("[assignment.1]\ncommand = 'a'\ndirectory = '../b'", "submission.toml: assignment.1.directory: there is no folder ../b"),
        ("[assignment.1]\ncommand = 'a'\ndirectory = '/etc'", "submission.toml: assignment.1.directory: there is no folder /etc"),
        ("[assignment.1]\ncommand = './a'", "submission.toml: assignment.1.command: ./a must be built first"),
        ("[assignment.1]\ncommand = 'a \"b'", "submission.toml: assignment.1.command: not words of a shell"),
        ("[assignment.1]\ncommand = ' '", "submission.toml: assignment.1.command: expected a command"),
        ("[assignment.1]\ncommand = 'a {prot}'", "submission.toml: assignment.1.command: unknown placeholder {prot}"),
        ("[assignment.1]\ncommand = 'a'\nbuild = 'cc -DP={port}'", "submission.toml: assignment.1.build: nothing is filled in"),
        ("[assignment.1]\ncommand = 'a {port}'\nport = 8090", "submission.toml: assignment.1.port: the command is given it"),
        ("[assignment.1]\ncommand = 'a'\n['1']\ncommand = 'b'", "submission.toml: assignment.1: stands there twice"),
        ("[assignment.one]\ncommand = 'a'", "submission.toml: assignment.one: expected an assignment's number"),
        ("[assigment.1]\ncommand = 'a'", "submission.toml: assigment: unknown key (did you mean assignment?)"),
        ("assignment = 3", "submission.toml: assignment: input should be a valid dictionary"),
        ("[assignment.1", "submission.toml: not valid TOML"),
        ("x = '\ud55c'".encode("cp949").decode("latin-1"), None),
        ("a = " + "[" * 100_000, "submission.toml: not valid TOML"),
    ],
)  # fmt: skip
def test_what_submission_toml_cannot_mean_is_told_by_file_and_key(text: str, told: str | None) -> None:
    content = text.encode("latin-1")
    assert problem({"submission.toml": content, "server_01.c": GIVEN}).startswith(
        told or "submission.toml: not valid TOML: 'utf-8'"
    )


def test_a_fault_in_the_table_of_another_assignment_harms_nobody() -> None:
    files = {"submission.toml": b"[assignment.2]\ncomand = 1\n", "server_01.c": GIVEN}
    assert way(files, 1, False).build == built("server_01.c")
    assert problem(files, 2).count("submission.toml: assignment.2.") == 2


def test_braces_in_a_name_are_no_placeholders() -> None:
    assert "{port}: braces in a file's name" in problem({"1/{port}.c": GIVEN})


@pytest.mark.parametrize("name", ["GRADING.md", "GRADING.ko.md"])
def test_the_example_in_the_manual_is_a_submission_toml_that_can_be_meant(name: str) -> None:
    text = (REPOSITORY / "assignments" / name).read_text(encoding="utf-8")
    example, claim = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (points,) = tomllib.loads(claim)["probes"]["burst"]["claims"]
    assert ProbeClaim.model_validate(points).points == 3
    files = {"submission.toml": example.encode(), "queue/main.c": ARGUMENTS}
    numbers = [int(key) for key in tomllib.loads(example)["assignment"]]
    found = [way(files, number, False) for number in numbers]
    assert len({one.command for one in found}) == len(numbers) >= 2
    assert {one.port is None for one in found} == {True, False}


def test_both_manuals_show_the_same_example_and_names() -> None:
    texts = [
        (REPOSITORY / "assignments" / name).read_text(encoding="utf-8") for name in ("GRADING.md", "GRADING.ko.md")
    ]
    codes = [
        re.findall(r"`[^`\n]+`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)) for text in texts
    ]
    assert sorted(codes[0]) == sorted(codes[1])
    assert len(codes[0]) > 20
    headings = [re.findall(r"^#+", text, re.MULTILINE) for text in texts]
    assert headings[0] == headings[1]


@settings(deadline=None, derandomize=True, database=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(["server_01.c", "server_01.py", "1/Makefile", "submission.toml", "1/x.cpp"]),
)
def test_whatever_a_file_holds_a_way_is_told_or_one_sentence(content: bytes, name: str) -> None:
    with suppress(SpecError):
        assert way({name: content, "1/a.c": GIVEN}, 1, True).command


PIECES = [
    "int ",
    "main",
    "(",
    ")",
    "{",
    "/*",
    "*/",
    "//",
    "\n",
    '"',
    "'",
    "'''",
    "\\",
    "#if 0",
    "#endif",
    "argv",
    "[1]",
    "sleep(",
    "5",
    "=",
    "$(A)",
    "a:",
    "\t",
    " ",
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [*PIECES, "int main(", "x = ", '\\"', "a :", "((", "-o ", "timespec a ={", '#include "', "htons(a", "#define a "],
)
def test_no_text_takes_long_to_read(piece: str) -> None:
    """One that took time with the square of its length would take hours."""
    content = (piece * (200_000 // len(piece))).encode()
    for name in ("a.c", "a.py"):
        sources.told(name, b"int main(int argc, char **argv) {" + content)
        sources.begins(name, content)
        sources.used(name, content)
    makefiles.read(content)


def test_servers_that_others_wrote_are_read_as_they_are_run() -> None:
    """The servers of tests/variants were written without knowing these patterns."""
    folder = REPOSITORY / "tests" / "variants"
    looked_at = 0
    for name, variant in tomllib.loads((folder / "variants.toml").read_text(encoding="utf-8")).items():
        (path,) = folder.glob(f"{name}.*")
        if path.suffix in (".c", ".cpp", ".py"):
            looked_at += 1
            found = way({path.name: path.read_bytes()}, 1, True)
            assert found.command.split()[-2:] == variant["command"].split()[-2:] == ["{port}", "{delay}"], name
    assert looked_at > 10


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler called cc")
def test_what_is_said_builds_a_program_that_runs(tmp_path: Path) -> None:
    main = b'#include "list.h"\nint square(int);\nint main(int argc, char **argv) { return square(argc) == 9 && argv[2] ? 0 : 1; }'
    files = {"1/server_01.c": main, "1/square.c": HELPER, "1/list.h": b"", "1/client.c": CLIENT}
    found = way(files, 1, False)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    subprocess.run(str(found.build).split(), cwd=tmp_path / found.directory, check=True)
    words = found.command.format(port=1, delay=2).split()
    assert subprocess.run(words, cwd=tmp_path / found.directory, check=False).returncode == 0
