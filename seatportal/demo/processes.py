"""Child processes that end with us: started, awaited, stopped in good order, gone even after `kill -9`."""

import atexit
import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

POLL_SECONDS = 0.02
TAIL_LINES = 15
LAUNCHER = Path(__file__).with_name("launch.py")


class ServiceFailed(RuntimeError):
    """A service did not start, or ended by itself; the message is for the person who started it."""


class DirectoryInUse(ServiceFailed):
    """Another process, or a child that it left, still works in this folder."""


class DirectoryLock:
    """Says that one supervisor and its children use a folder.

    Children inherit the lock, so it is free only when the last of them is gone: whoever holds it knows that
    no server of an earlier run is still writing there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.fd = -1

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self, *, wait_seconds: float = 10.0) -> None:
        """Take the lock, waiting a little for a predecessor that is just stopping. Raises DirectoryInUse."""
        self.directory.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    owner = os.pread(fd, 20, 0).decode().strip() or "unknown"
                    os.close(fd)
                    raise DirectoryInUse(
                        f"The folder {self.directory} is in use by process {owner}. "
                        "Stop that one, or choose another folder."
                    ) from None
                time.sleep(0.1)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self.fd = fd

    def release(self) -> None:
        """Give the lock back; children that still run keep the folder locked."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Process:
    """One child process: its output goes to a log file, and it receives `death_signal` when we die.

    Start it from the main thread: Linux sends the death signal when the *thread* that started the child ends.
    `owned_dir` names the folder of a program that refuses to run as root. `grace` is in seconds.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        lock: DirectoryLock,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals | None = None,
        grace: float = 10.0,
        owned_dir: Path | None = None,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.lock = lock
        self.env = env
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.death_signal = death_signal or stop_signal
        self.grace = grace
        self.owned_dir = owned_dir
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        return self._child.pid if self._child else 0

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs or before it started."""
        return self._child.poll() if self._child else None

    def start(self) -> None:
        """Start it in a process group of its own: Ctrl-C reaches us alone, and we choose the order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(self.death_signal))]
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._child = subprocess.Popen(  # noqa: S603  our own programs
                [*launch, str(self.owned_dir or "-"), "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if self.env is None else dict(self.env),
                cwd=self.cwd,
                process_group=0,
                pass_fds=(self.lock.fd,),
            )
        _started.append(self)

    def output(self) -> str:
        """What it has written since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 180.0) -> None:
        """Return when `ready()` is true. Raises ServiceFailed, with the last log lines, if it never is."""
        deadline = time.monotonic() + seconds
        while not ready():
            # Asked again, since it may have become ready in its very last moment, as `run` waits for.
            if self.status is not None and not ready():
                raise self.failure(f"ended with status {self.status} before it was ready")
            if time.monotonic() > deadline:
                raise self.failure(f"was not ready after {seconds:.0f} seconds")
            time.sleep(POLL_SECONDS)

    def wait_for_output(self, pattern: str, *, seconds: float = 180.0) -> re.Match[str]:
        """Return the first match of a regular expression in its output. Raises ServiceFailed."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            found.extend(match for match in [re.search(pattern, self.output())] if match)
            return bool(found)

        self.wait_until(seen, seconds=seconds)
        return found[0]

    def run(self, *, seconds: float = 300.0) -> str:
        """Start it, wait until it is done, return its output. Raises ServiceFailed unless it succeeds."""
        self.start()
        try:
            self.wait_until(lambda: self.status is not None, seconds=seconds)
        finally:
            self.stop()
        if self.status != 0:
            raise self.failure(f"ended with status {self.status}")
        return self.output()

    def stop(self) -> None:
        """Ask it to end, and kill it and what it started when the grace is over."""
        if self._child is None:
            return
        if self.status is None:
            self._child.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(self.grace)
        self.kill()

    def kill(self) -> None:
        """End it and every process of its group at once."""
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        if self in _started:
            _started.remove(self)

    def failure(self, what: str) -> ServiceFailed:
        """The error that shows what happened and the last lines of the log."""
        tail = "\n".join(f"  {line}" for line in self.output().splitlines()[-TAIL_LINES:]) or "  (no output)"
        return ServiceFailed(f"{self.name} {what}. The end of {self.log}:\n{tail}")


_started: list[Process] = []


@atexit.register
def _kill_what_is_left() -> None:
    """The net below `stop`, and on systems without a death signal the only one."""
    for process in reversed(_started.copy()):
        process.kill()
