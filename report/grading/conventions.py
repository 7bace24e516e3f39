"""Floor 3. How a submission's server is built and run: as its submission.toml says, else by the names of its files.

Knows the text of the files alone; runs nothing. What is looked for, in which order, stands in assignments/GRADING.md.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from report.errors import SpecError
from report.grading import declared, makefiles, sources
from report.grading.submissions import Files
from report.rendering.display import visible

COMPILERS = {".c": "cc", ".cc": "c++", ".cpp": "c++", ".cxx": "c++"}
FLAGS = ("-O1", "-g", "-pthread")
LIBRARIES = ("-lm", "-lrt")  # of which older C libraries need the second one for message queues
PROGRAM = "server"

_SUFFIX = r"\.(?:c|cc|cpp|cxx|py)"
_FOLDER = re.compile(r"(?:assignment|homework|hw|과제)?[ _#-]?0*([0-9]{1,2})", re.IGNORECASE)
_NAMED = re.compile(rf"server[ _-]?0*([0-9]{{1,2}}){_SUFFIX}", re.IGNORECASE)
_TARGET = re.compile(r"(?:server|assignment|homework|hw)?[_-]?0*([0-9]{1,2})(?:\.out)?", re.IGNORECASE)
_PLAIN = re.compile(rf"server{_SUFFIX}", re.IGNORECASE)
_SOURCE = re.compile(rf".+{_SUFFIX}", re.IGNORECASE)
_FILLED_IN = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is built and run, in a directory below the submission's root; see `candidates.brought`.

    `port` and `delay` are those compiled in, None where the command takes them as {port} and {delay}.
    """

    command: str
    build: str | None
    port: int | None
    delay: float | None
    directory: str = "."


def way(files: Files, number: int, only: bool) -> Way:
    """How the server of this assignment is built and run; `only` where no other assignment's may be meant.

    Raises SpecError with a sentence for the student that names what was looked for.
    """
    if said := _declared(files, number):
        return said
    mine = {path: content for path, content in files.items() if _number(path) in (None, number)}
    folders = {folder: _FOLDER.fullmatch(_base(folder)) for folder in map(_folder, mine)}
    folder = _one((one for one, match in folders.items() if match and int(match[1]) == number), number)
    own = {path: content for path, content in mine.items() if folder and path.startswith(f"{folder}/")}
    for inside, alone in ((own, True), (mine, only)):
        for look in (_named, _made, _plain):
            if found := look(inside, number, alone):
                return found
    if only:
        raise SpecError(
            f"there is no server of assignment {number}; looked for submission.toml, a folder {number}, "
            f"server_{number:02}.c, .cc, .cpp or .py, a Makefile, a server without a number, and one source with a main"
        )
    raise SpecError(
        f"there is no server of assignment {number}; looked for submission.toml, a folder {number}, "
        f"server_{number:02}.c, .cc, .cpp or .py, and a Makefile with the target server_{number:02}"
    )


def _declared(files: Files, number: int) -> Way | None:
    path = _one((path for path in files if _base(path).lower() == declared.FILE), number)
    if path is None:
        return None
    root = posixpath.dirname(path)
    inside = (posixpath.relpath(one, root or ".") for one in files if one.startswith(f"{root}/" if root else ""))
    directories = {above for one in inside for above in _above(one)}
    said = declared.server(files[path], number, directories)
    if said is None:
        return None
    directory = posixpath.normpath(posixpath.join(root, said.directory))
    return Way(said.command, said.build, said.port, said.delay, directory)


def _above(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path or "."


def _base(path: str) -> str:
    return posixpath.basename(path)


def _folder(path: str) -> str:
    """The nearest folder of a file that has the number of an assignment, or nothing."""
    return next((above for above in _above(path) if _FOLDER.fullmatch(_base(above))), "")


def _number(path: str) -> int | None:
    """The assignment that a file belongs to, by its own name or else by the nearest folder with a number."""
    match = _NAMED.fullmatch(_base(path)) or _FOLDER.fullmatch(_base(_folder(path)))
    return int(match[1]) if match else None


def _one(paths: Iterable[str], number: int) -> str | None:
    """The path that lies least deep; raises SpecError where that is none alone."""
    every = sorted(paths, key=lambda path: (path.count("/"), path))
    return _only([path for path in every if path.count("/") == every[0].count("/")], number)


def _only(paths: Sequence[str], number: int) -> str | None:
    if len(paths) > 1:
        names = ", ".join(visible(path) for path in paths[:3])
        raise SpecError(f"which one is meant for assignment {number}? {names}; say it in submission.toml")
    return paths[0] if paths else None


def _named(inside: Files, number: int, alone: bool) -> Way | None:
    names = {path: _NAMED.fullmatch(_base(path)) for path in inside}
    path = _one((path for path, match in names.items() if match and int(match[1]) == number), number)
    return _built(inside, path) if path else None


def _made(inside: Files, number: int, alone: bool) -> Way | None:
    """By the target named like the server; where nothing else can be meant, by the first one."""
    path = _one((path for path in inside if _base(path).lower() in makefiles.NAMES), number)
    made = makefiles.read(inside[path]) if path else makefiles.Makefile()
    named = (one for one in made.rules if (match := _TARGET.fullmatch(_base(one))) and int(match[1]) == number)
    target = next(named, made.first if alone else None)
    if path is None or target is None or (program := made.program(target)) is None:
        return None
    directory = posixpath.dirname(path)
    below = {one: content for one, content in inside.items() if one.startswith(f"{directory}/" if directory else "")}
    begins = [one for one in _sources(below) if not sources.is_python(one)]
    stem, words = _stem(program), {_stem(word) for word in made.words(target)}
    likely = (
        [one for one in begins if _stem(one) == stem]
        or [one for one in begins if _stem(one) in words]
        or [one for one in begins if sources.listens(one, below[one])]
        or begins
    )
    source = likely[0] if likely else None
    others = [content for one, content in below.items() if one not in begins and not sources.is_python(one)]
    told = sources.told(source or ".c", below[source] if source else b"", others)
    build = "make" if target == made.first else shlex.join(("make", target))
    return _way(shlex.quote(f"./{program}"), build, told, directory)


def _plain(inside: Files, number: int, alone: bool) -> Way | None:
    """By the name server alone, else the one file in which a program begins; of several the one that listens."""
    if not alone:
        return None
    path = _one((path for path in inside if _PLAIN.fullmatch(_base(path))), number)
    if path is None:
        begins = _sources(inside)
        listening = [one for one in begins if sources.listens(one, inside[one])]
        path = _only(listening if len(begins) > 1 else begins, number)
    return _built(inside, path) if path else None


def _sources(inside: Files) -> list[str]:
    """Files in which a program begins."""
    return [one for one, content in inside.items() if _SOURCE.fullmatch(_base(one)) and sources.begins(one, content)]


def _stem(path: str) -> str:
    return _base(path).partition(".")[0]


def _built(inside: Files, path: str) -> Way:
    """A server of one source, with what lies beside it and is no program of its own."""
    directory = posixpath.dirname(path)
    beside = {one: content for one, content in inside.items() if posixpath.dirname(one) == directory}
    used = {name for one, content in beside.items() for name in sources.used(one, content)}
    headers = [content for one, content in inside.items() if _base(one) in used and one != path]
    if sources.is_python(path):
        return _way(f"{{python}} {_word(path)}", None, sources.told(path, inside[path], headers), directory)
    compiler = _compiler(path)
    further = [
        one
        for one, content in beside.items()
        if one != path and _compiler(one) == compiler and _base(one) not in used and not sources.begins(one, content)
    ]
    folder = posixpath.join(directory, PROGRAM, "")  # where that is a folder, no program can be called so
    program = f"{PROGRAM}.out" if any(one.startswith(folder) for one in inside) else PROGRAM
    words = (str(compiler), *FLAGS, "-o", program, *(_word(one) for one in (path, *further)), *LIBRARIES)
    told = sources.told(path, inside[path], [*(inside[one] for one in further), *headers])
    return _way(f"./{program}", " ".join(words), told, directory)


def _compiler(path: str) -> str | None:
    return COMPILERS.get(posixpath.splitext(path)[1].lower())


def _word(path: str) -> str:
    """The file's name as a word of a command, which is no option."""
    return shlex.quote(_base(path) if _base(path)[0].isalnum() else f"./{_base(path)}")


def _way(command: str, build: str | None, told: sources.Told, directory: str) -> Way:
    if wrong := _FILLED_IN.search(f"{command} {build}".replace("{python}", "")):
        raise SpecError(f"{wrong[0]}: braces in a file's name; rename it")
    return Way(f"{command} {told.arguments}".strip(), build, told.port, told.delay, directory or ".")
