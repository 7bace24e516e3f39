"""Floor 2, a program of its own. Runs one command, and ends all that came of it even when the recorder is killed.

Knows processes only: no port, no evidence, no other module of this project, so that it starts in hundredths of a
second. One thread; as child sub-reaper (PR_SET_CHILD_SUBREAPER(2const)) it inherits whatever forks twice or takes
a session of its own. The recorder's side of the two pipes is `report.recording.process`.

    python -I -S supervisor.py CONTROL REPORT TERMINAL HOLD SCRATCH DIRECTORY COMMAND...

HOLD is empty or has, in lines, two limits (`KIND SOFT HARD`), and by threes a control group to be in and descriptors of
its list of processes and of that of the group before. Process 1 of a namespace is not to be looked into.
"""

import ctypes
import math
import os
import resource
import select
import signal
import sys
from time import monotonic, sleep

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36  # linux/prctl.h
LAST_GRACE = 1.0  # seconds from TERM to KILL when the recorder is gone or wants no more
TRIES, ROUND = 50, 0.02  # rounds until a control group must be empty; seconds between two, or two of KILL
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """One command's tree of processes, the orders about it (CONTROL) and what is told of it (REPORT).

    Orders are lines: `stop GRACE` sends TERM to the main process and KILL after GRACE seconds, `kill` sends KILL
    to everything. The end of CONTROL means that the recorder died: then both, one after the other. Reports are
    JSON lines: failed, or started, exited (the main process) and finished (nothing is left), each with its time.
    """

    def __init__(self, control: int, report: int, hold: list[str]) -> None:
        self._control, self._report = control, report
        self._limits, self._groups = hold[:2], hold[2::3]
        self.lists = [int(word) for way in zip(hold[3::3], hold[4::3], strict=True) for word in way]
        self._wake = _wake_on_signals()
        self._main, self._main_lives, self._empty = 0, False, True
        self._deadline = math.inf  # of the main process
        self._ending = False  # what outlives the main process is killed
        self._orphaned = False  # nobody reads reports any more
        self._killed: set[int] = set()
        self._usage = [0.0, 0.0, 0, 0]

    def start(self, command: list[str], directory: str, terminal: int) -> bool:
        """The command runs in a session of its own with nothing inherited; False, and told why, when it cannot."""
        try:
            os.chdir(directory)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is a finding; its core would lie in the sources
            for kind, soft, hard in (map(int, words.split()) for words in self._limits):
                resource.setrlimit(kind, (soft, hard))
            grouped = all(put(into, "0") for into in self.lists[::2])
            self._main = os.posix_spawnp(
                command[0],
                command,
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, terminal, 1), (os.POSIX_SPAWN_DUP2, terminal, 2)],
                setsid=True,
                setsigmask=(),
                setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
            )
        except OSError as error:
            self._tell("failed", reason=error.strerror or str(error))
            return False
        finally:
            for back in self.lists[1::2]:
                put(back, "0")
            os.close(terminal)
        self._main_lives, self._empty = True, False
        self._tell("started", pid=self._main, grouped=grouped)
        return True

    def attend(self) -> None:
        """Nothing of the tree is left, and it was told."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            self._reap()
            if self._empty:
                break
            pause = self._act()
            for descriptor, _ in poll.poll(None if math.isinf(pause) else math.ceil(pause * 1000)):
                data = os.read(descriptor, 4096)
                if descriptor == self._wake:
                    self._orphaned = self._orphaned or any(number in ENDING for number in data)
                elif data:
                    self._obey(data.decode())
                else:
                    self._orphaned = True
                    poll.unregister(descriptor)
            if self._orphaned and not self._ending:
                self._stop(LAST_GRACE)
                self._ending = True
        self._tell("finished", killed=len(self._killed), usage=self._usage)

    def end(self) -> None:
        """The last resort: KILL until nothing is left, whatever went wrong before."""
        self._ending = True
        while not self._empty:
            self._kill(children())
            sleep(ROUND)
            self._reap()
        for group in self._groups * TRIES:
            try:
                os.rmdir(group)  # noqa: PTH106 - pathlib's import takes as long as the rest
            except FileNotFoundError:
                continue
            except OSError:  # the kernel is still busy with the last who was in it
                sleep(ROUND)

    def wait_for_release(self) -> None:
        """The recorder has read what it wants of the scratch directory, or died."""
        while not self._orphaned and os.read(self._control, 4096):
            pass

    def _act(self) -> float:
        """What is due is done; seconds until more will be, if nothing is heard before."""
        if self._main_lives:
            left = self._deadline - monotonic()
            if left > 0:
                return left
            self._kill([self._main])
            return ROUND
        if self._ending:
            self._kill(children())
            return ROUND
        return math.inf

    def _obey(self, orders: str) -> None:
        for order in orders.splitlines():
            name, _, grace = order.partition(" ")
            if name == "stop":
                self._stop(float(grace))
            elif name == "kill":
                self._deadline, self._ending = 0.0, True

    def _stop(self, grace: float) -> None:
        self._deadline = min(self._deadline, monotonic() + grace)
        if self._main_lives:
            os.kill(self._main, signal.SIGTERM)
            os.kill(self._main, signal.SIGCONT)  # a stopped process would never see TERM

    def _kill(self, pids: list[int]) -> None:
        """KILL to direct children only: until it is waited for, a child's number cannot pass to a stranger.

        In the end it goes to the whole process group of each (as process 1 to all others) in one step, in which nobody
        can fork, and in a control group nobody can any more. All are of this tree: it has sessions of its own.
        """
        for group in self._groups if self._ending else ():
            put(f"{group}/pids.max", "0")
            put(f"{group}/cgroup.kill", "1")
        for pid in pids:
            try:
                everybody = -1 if os.getpid() == 1 else -os.getpgid(pid)
                os.kill(everybody if self._ending else pid, signal.SIGKILL)
            except OSError:  # it changed its user; nothing more can be done
                continue
            self._killed.add(pid)

    def _reap(self) -> None:
        while not self._empty:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self._empty = True
                return
            if pid == 0:
                return
            spent = (usage.ru_utime, usage.ru_stime, usage.ru_nvcsw, usage.ru_nivcsw)
            if self._ending and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                self._killed.add(pid)
            self._usage = [total + part for total, part in zip(self._usage, spent, strict=True)]
            if pid == self._main:
                self._main_lives = False
                self._tell("exited", code=os.waitstatus_to_exitcode(status))

    def _tell(self, event: str, **values: object) -> None:
        import json  # here: its import takes as long as the rest, and the command is already starting

        line = json.dumps({"event": event, "time": monotonic(), **values}) + "\n"
        try:
            os.write(self._report, line.encode())
        except OSError:
            self._orphaned = True


def children() -> list[int]:
    """This process's own children: fields 2 and 4 of /proc/PID/stat (proc_pid_stat(5))."""
    own, found = os.getpid(), []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat", "rb") as file:
                    stat = file.read()
            except OSError:  # it ended meanwhile
                continue
            if int(stat.rpartition(b")")[2].split()[1]) == own:
                found.append(int(entry.name))
    return found


def put(file: str | int, text: str) -> bool:
    """Whether a file of the kernel's takes this text; by its path, or a descriptor that stays open."""
    try:
        descriptor = os.dup(file) if isinstance(file, int) else os.open(file, os.O_WRONLY)
        with open(descriptor, "wb", 0) as opened:
            return opened.write(text.encode()) > 0
    except OSError:
        return False


def _wake_on_signals() -> int:
    """A descriptor that becomes readable when a signal of interest arrives, one byte each."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *ENDING):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # what came since this process was born is heard now
    return reading


def main(arguments: list[str]) -> None:
    """Nothing of the command and nothing of its scratch directory is left."""
    control, report, terminal = (int(number) for number in arguments[:3])
    hold, scratch, directory, *command = arguments[3:]
    supervisor = Supervisor(control, report, hold.splitlines())
    for descriptor in (control, report, terminal, *supervisor.lists):
        os.set_inheritable(descriptor, False)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    if os.getpid() == 1:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # else the command could tell the recorder what it likes
    try:
        if supervisor.start(command, directory, terminal):
            supervisor.attend()
        supervisor.wait_for_release()
    finally:
        supervisor.end()
        import shutil  # here: not needed for starting

        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
