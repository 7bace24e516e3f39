"""What the kernel tells: descent, zombies, who listens, which ports are free."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from report.recording import kernel
from tests.recording.harness import wait_for

ENDS_AT_EOF = "import sys; sys.stdin.read()"


@contextlib.contextmanager
def child(code: str = ENDS_AT_EOF) -> Iterator[subprocess.Popen[bytes]]:
    """A process that lasts as long as the test needs it, and ends even when the test does not."""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.communicate()


def found(pid: int, root: int) -> kernel.Process:
    return next(process for process in kernel.descendants(root) if process.pid == pid)


def test_descendants_of_every_generation_are_found_without_the_root() -> None:
    code = "import os, sys; os.write(1, b'%d\\n' % (os.fork() or os.getpid())); sys.stdin.read()"
    with child(code) as parent:
        assert parent.stdout is not None
        pids = {int(parent.stdout.readline()), int(parent.stdout.readline())}
        assert len(pids) == 1
        assert {process.pid for process in kernel.descendants(parent.pid)} == pids
        assert {parent.pid, *pids} <= {process.pid for process in kernel.descendants(os.getpid())}


def test_a_process_that_nobody_waited_for_is_a_zombie() -> None:
    with child() as process:
        assert not found(process.pid, os.getpid()).zombie
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        wait_for(lambda: found(process.pid, os.getpid()).zombie, "the end of the child")


def test_a_process_whose_main_thread_ended_before_the_others_is_no_zombie() -> None:
    code = (
        "import ctypes, sys, threading; threading.Thread(target=sys.stdin.read).start(); "
        "print(flush=True); ctypes.CDLL(None).syscall(60, 0)"  # exit(2) of the calling thread only, on x86-64
    )
    if os.uname().machine != "x86_64":
        pytest.skip("the number of exit(2) is that of x86-64")
    with child(code) as process:
        assert process.stdout is not None
        process.stdout.readline()
        stat = Path(f"/proc/{process.pid}/stat")
        wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z", "the end of the main thread")
        assert not found(process.pid, os.getpid()).zombie


def test_a_name_with_brackets_and_blanks_does_not_mislead() -> None:
    code = "open('/proc/self/comm', 'w').write(') Z 1 ('); print(flush=True); import sys; sys.stdin.read()"
    with child(code) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seen = found(process.pid, os.getpid())
        assert (seen.parent, seen.zombie, seen.threads) == (os.getpid(), False, 1)


def test_threads_and_memory_are_counted() -> None:
    code = (
        "import sys, threading; [threading.Thread(target=sys.stdin.read).start() for _ in range(5)]; "
        "print(flush=True); sys.stdin.read()"
    )
    with child(code) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seen = found(process.pid, os.getpid())
        assert seen.threads == 6
        assert seen.rss > 1_000_000
        assert kernel.descriptors(process.pid) == 3


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_listening_socket_is_found_and_a_bound_or_connected_one_is_not(
    family: socket.AddressFamily, host: str
) -> None:
    with socket.socket(family) as listener, socket.socket(family) as client:
        try:
            listener.bind((host, 0))
        except OSError:
            pytest.skip(f"no {host} here")
        port = listener.getsockname()[1]
        assert kernel.listening(port) == set()
        listener.listen()
        (inode,) = kernel.listening(port)
        assert inode == os.fstat(listener.fileno()).st_ino
        client.connect((host, port))
        assert kernel.listening(client.getsockname()[1]) == set()
        assert len(kernel.listening(port)) == 1


def test_a_strangers_listening_socket_is_not_the_servers() -> None:
    with socket.socket() as listener, child() as process:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        inodes = kernel.listening(port)
        assert kernel.held(inodes, [os.getpid()]) == inodes
        assert kernel.held(inodes, [process.pid]) == set()
        assert kernel.listeners(port, process.pid) == 0


def test_what_cannot_be_looked_into_counts_as_holding_nothing() -> None:
    assert kernel.held(frozenset({1}), [2**30]) == set()
    assert kernel.descriptors(2**30) == 0


def test_free_ports_lie_outside_the_ephemeral_range_and_are_not_given_twice() -> None:
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    ports = [kernel.free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(10_000 <= port < low or port > high for port in ports)


def test_free_ports_differ_between_threads() -> None:
    ports: list[int] = []
    threads = [threading.Thread(target=lambda: ports.append(kernel.free_port())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ports)) == 20


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        assert not kernel.is_free(listener.getsockname()[1])
    assert kernel.is_free(kernel.free_port())


def test_many_who_ask_while_one_looks_share_the_next_look_and_never_get_an_older_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, release = threading.Event(), threading.Event()
    looks: list[int] = []

    def look() -> list[kernel.Process]:
        looks.append(len(looks) + 1)
        begun.set()
        assert release.wait(10)
        return [kernel.Process(looks[-1], 0, False, 1, 0, 0.0)]

    monkeypatch.setattr(kernel, "_processes", look)
    table = kernel._Table()
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(table.now)
        assert begun.wait(10)
        others = [pool.submit(table.now) for _ in range(4)]
        while len(table._turn._waiters) < 4:  # type: ignore[attr-defined]  # all of them wait for their turn
            pass
        release.set()
        assert [process.pid for process in first.result(10)] == [1]
        assert {one.result(10)[0].pid for one in others} == {2}
    assert looks == [1, 2]


def test_a_look_that_failed_leaves_the_turn_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> list[kernel.Process]:
        raise OSError("no descriptor is left")

    table = kernel._Table()
    with monkeypatch.context() as patch:
        patch.setattr(kernel, "_processes", look)
        with pytest.raises(OSError, match="no descriptor"):
            table.now()
    assert table.now()
