"""Floor 3. What the text of a student's server says of its port and its delay: arguments, options, or constants.

Knows C, C++ and Python as far as a reader sees it at a glance, and compiles nothing. Every pattern takes time in
proportion to the text, whoever wrote it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PORT, DELAY = 8090, 5.0  # the course's server has them in its source; the delay stands in a comment there
LONGEST = 60.0  # seconds that a server may sleep to be judged (candidates.brought)

_C = re.compile(
    r"//(?:\\\n|[^\n])*|/\*.*?(?:\*/|\Z)|'(?:\\[^\n]{1,8}?|[^'\\\n])'|(?P<string>\"(?:\\.|[^\"\\\n])*\"?)", re.DOTALL
)
_PYTHON = re.compile(
    r"(?P<string>'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^'\\\n])*'?|\"(?:\\.|[^\"\\\n])*\"?)"
    r"|\#[^\n]*",
    re.DOTALL,
)
_SWITCHED_OFF = re.compile(
    r"^[ \t]*#[ \t]*if[ \t]+0\b.*?(?:^[ \t]*#[ \t]*(?:endif|else)\b|\Z)", re.DOTALL | re.MULTILINE
)
_MAIN = re.compile(r"(?:\b(?:int|void)\s+|^[ \t]*)main\s*\(([^){;]{0,300})\)\s*\{", re.MULTILINE)
_LISTENS = re.compile(r"\b(?:listen|bind|create_server|start_server|serve_forever|\w*Server)\s*\(")
_NUMBER = re.compile(r"(\d[\d_']*(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|\.\d+)[uUlLfF]*")
_CONSTANT = re.compile(
    r"#[ \t]*define[ \t]+(?P<macro>\w+)[ \t]+\(?[ \t]*(?P<a>[\d.][\w.]*)"
    r"|\b(?P<name>\w+)(?:\s*:\s*\w+)?\s*=\s*(?P<b>[\d.][\w.]*)"
)
_PORTS = re.compile(r"\bhtons\s*\(([^()\n]{1,60})\)|\(\s*\([^()\n,]{0,60},([^()\n,]{1,60})\)|\bport=([^(),\n]{1,60})")
_SERVICE = re.compile(r"\bgetaddrinfo\s*\([^;,\n]{0,60},\s*\"(\d{1,5})\"")
_SLEEPS = re.compile(r"\b(u?)sleep\s*\(([^()\n]{1,60})\)")
_CHRONO = re.compile(r"\bsleep_for\s*\(\s*(?:std::)?(?:chrono::)?(?:(milli)?seconds\s*[({]\s*)?([\d.]+)(ms|s)?")
_TIMESPEC = re.compile(
    r"\btimespec\s+\w+\s*=\s*\{\s*(?:\.tv_sec\s*=)?([^{},;\n]{1,60})(?:,\s*(?:\.tv_nsec\s*=)?([^{},;\n]{1,60}))?\}"
)
_SECONDS = re.compile(r"[.>]tv_sec\s*=([^;=\n]{1,60});")
_INCLUDES = re.compile(r"^[ \t]*#[ \t]*include[ \t]*\"(?:[^\"\n]*/)?([^\"/\n]+)\"", re.MULTILINE)
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)
_OPTION = r"[\"'](--{}=?)[\"']"
_LONG_OPTION = r"\{{\s*\"{}\"\s*,"
_POSITIONAL = re.compile(r"\badd_argument\s*\(\s*[\"']\w")


@dataclass(frozen=True, slots=True)
class Told:
    """What a server is given on its command line; port and delay are those compiled in, None where it is given them."""

    arguments: str
    port: int | None
    delay: float | None


def is_python(name: str) -> bool:
    return name.lower().endswith(".py")


def code(name: str, content: bytes, *, strings: bool = False) -> str:
    """The text without comments and what is switched off, and what stands between quotes left out or kept."""
    text = content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\0", " ")
    pattern = _PYTHON if is_python(name) else _C
    kept = pattern.sub(lambda m: " " if not m["string"] else m["string"] if strings else '""', text)
    return kept if is_python(name) else _SWITCHED_OFF.sub("", kept)


def begins(name: str, content: bytes) -> bool:
    """Whether a program begins in this file: it has a main or, in Python, waits for connections."""
    return listens(name, content) if is_python(name) else _MAIN.search(code(name, content)) is not None


def listens(name: str, content: bytes) -> bool:
    return _LISTENS.search(code(name, content)) is not None


def used(name: str, content: bytes) -> list[str]:
    """Names of the files that this one includes or imports."""
    if is_python(name):
        return [f"{module}.py" for module in _IMPORTS.findall(code(name, content))]
    return _INCLUDES.findall(code(name, content, strings=True))


def told(name: str, content: bytes, others: Iterable[bytes] = ()) -> Told:
    """How the server in this file takes port and delay; `others` are the further files that it is built of."""
    others = list(others)
    plain = "\n".join(code(name, one) for one in (content, *others))
    quoted = "\n".join(code(name, one, strings=True) for one in (content, *others))
    given = {key: word for key in ("port", "delay") if (word := _option(key, quoted))}
    if not given:
        first = code(name, content)
        most = _python(first, quoted) if is_python(name) else _main(first)
        given = {key: f"{{{key}}}" for key in ("port", "delay")[:most]}
    constants = _constants(plain)
    return Told(
        arguments=" ".join(given.values()),
        port=None if "port" in given else next(_ports(plain, quoted, constants), PORT),
        delay=None if "delay" in given else _delay(plain, constants),
    )


def _option(key: str, text: str) -> str | None:
    """The option with its placeholder, if the text has it."""
    if found := re.search(_OPTION.format(key), text):
        return f"{found[1]}{{{key}}}" if found[1].endswith("=") else f"{found[1]} {{{key}}}"
    return f"--{key} {{{key}}}" if re.search(_LONG_OPTION.format(key), text) else None


def _main(text: str) -> int:
    """How many arguments a main in C uses: none, the port, or the port and the delay."""
    main = _MAIN.search(text)
    argument = re.search(r"(\w+)\s*(?:\[\s*\])?\s*$", main[1].split(",")[1]) if main and "," in main[1] else None
    if main is None or argument is None:
        return 0
    name = re.escape(argument[1])
    return _used(re.sub(rf"\(\s*void\s*\)\s*{name}\b", "", text[main.end() :]), name)


def _python(text: str, quoted: str) -> int:
    positional = len(_POSITIONAL.findall(quoted))
    used = re.sub(r"\blen\s*\(\s*(?:sys\s*\.\s*)?argv\s*\)|\bimport\b[^\n]*", "", text)
    return min(positional, 2) or _used(used, "argv")


def _used(text: str, name: str) -> int:
    """The highest argument that is used, at most 2; 2 where it cannot be seen which."""
    indices = [index.strip() for index in re.findall(rf"\b{name}\b(?:\s*\[([^\]\n]{{0,60}})\])?", text)]
    return max((min(int(one), 2) if re.fullmatch(r"\d{1,4}", one) else 2 for one in indices), default=0)


def _constants(text: str) -> dict[str, float]:
    """Names that the text gives a number, the first one each."""
    found: dict[str, float] = {}
    for match in _CONSTANT.finditer(text):
        if (value := _number(match["a"] or match["b"])) is not None:
            found.setdefault(match["macro"] or match["name"], value)
    return found


def _number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    return float(match[1].replace("_", "").replace("'", "").rstrip(".")) if match else None


def _value(text: str, constants: dict[str, float]) -> float | None:
    """What an argument is: a number, the name of one, or a product of such."""
    product = 1.0
    for factor in text.split("*"):
        word = factor.strip("() \t").rpartition(".")[2] if "self." in factor else factor.strip("() \t")
        value = number if (number := _number(word)) is not None else constants.get(word)
        if value is None:
            return None
        product *= value
    return product


def _ports(text: str, quoted: str, constants: dict[str, float]) -> Iterator[int]:
    places = [next(filter(None, groups), "") for groups in _PORTS.findall(text)] + _SERVICE.findall(quoted)
    named = [value for name, value in constants.items() if name.lower().endswith("port")]
    for value in [*(_value(one, constants) for one in places), *named]:
        if value is not None and 0 < value < 65536 and value.is_integer():
            yield int(value)


def _delay(text: str, constants: dict[str, float]) -> float:
    """The course's delay if the text has it, else the longest: what looks on from time to time sleeps for less."""
    named = [value for name, value in constants.items() if re.search("delay|sleep", name, re.IGNORECASE)]
    for values in (list(_sleeps(text, constants)), named):
        fitting = [value for value in values if 0 < value <= LONGEST]
        if fitting:
            return DELAY if DELAY in fitting else max(fitting)
    return DELAY


def _sleeps(text: str, constants: dict[str, float]) -> Iterator[float]:
    for micro, argument in _SLEEPS.findall(text):
        if (value := _value(argument, constants)) is not None:
            yield value / 1e6 if micro else value
    for milli, number, unit in _CHRONO.findall(text):
        if (value := _number(number)) is not None:
            yield value / 1e3 if milli or unit == "ms" else value
    if "nanosleep" in text:
        for seconds, nano in [*_TIMESPEC.findall(text), *((one, "") for one in _SECONDS.findall(text))]:
            if (value := _value(seconds, constants)) is not None:
                yield value + (_value(nano, constants) or 0.0) / 1e9 if nano else value
