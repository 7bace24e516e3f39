"""wrk and ab, the load tools of other people: how they are called, and what their output says.

The parsing is pure. Both open a connection for each request (`Connection: close`, HTTP/1.0) and aim at loopback.
"""

import re
import shutil

from benchmarks.measure import MissingError, Sample, finished

CONNECTIONS = 32
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def wrk(port: int, seconds: float, *options: str) -> Sample:
    """Requests a second, those that failed, latencies in seconds, over `CONNECTIONS` connections of one thread."""
    command = [program("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--latency", "-H", "Connection: close"]
    done = finished([*command, *options, f"http://127.0.0.1:{port}/"], limit=seconds + 30)
    sample = wrk_output(done.said)
    return sample | {"client_cpu": done.used.cpu / max(1.0, sample["requests"])}


def ab(port: int, requests: int) -> Sample:
    """Requests a second and those that failed, over `CONNECTIONS` connections."""
    command = [program("ab"), "-q", "-c", str(CONNECTIONS), "-n", str(requests), f"http://127.0.0.1:{port}/"]
    done = finished(command)
    sample = ab_output(done.said)
    return sample | {"client_cpu": done.used.cpu / max(1.0, sample["requests"])}


def program(name: str) -> str:
    """Where a program of the system is; MissingError with the package of Debian's that has it."""
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    if found is None:
        package = {"ab": "apache2-utils", "nginx": "nginx-light"}.get(name, name)
        raise MissingError(f"{name} is not installed; on Debian and Ubuntu: apt install {package}")
    return found


def wrk_output(said: str) -> Sample:
    """What wrk printed, as numbers; ValueError where it is not wrk's output."""
    count = _number(r"(\d+) requests in ", said)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failed = sum(map(int, errors.groups())) if errors else 0
    if other := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        failed += int(other[1])
    sample = {"rate": _number(r"Requests/sec:\s+([\d.]+)", said), "requests": count, "failed": float(failed)}
    for percent, value, unit in re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)$", said, re.MULTILINE):
        sample[f"p{percent}"] = float(value) * _UNITS[unit]
    return sample


def ab_output(said: str) -> Sample:
    """What ab printed, as numbers; ValueError where it is not ab's output."""
    failed = _number(r"Failed requests:\s+(\d+)", said)
    if other := re.search(r"Non-2xx responses:\s+(\d+)", said):
        failed += int(other[1])
    return {
        "rate": _number(r"Requests per second:\s+([\d.]+)", said),
        "requests": _number(r"Complete requests:\s+(\d+)", said),
        "failed": failed,
    }


def _number(pattern: str, said: str) -> float:
    match = re.search(pattern, said)
    if match is None:
        raise ValueError(f"nothing like {pattern!r} in: {said[:200]!r}")
    return float(match[1])
