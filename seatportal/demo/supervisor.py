"""Keep the demo's programs running, and end them in the right order."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from seatportal.demo.launch import PR_SET_PDEATHSIG
from seatportal.demo.processes import Process

QUICK_SECONDS = 30.0
MAX_QUICK_DEATHS = 5
LONGEST_PAUSE_SECONDS = 10.0


@dataclass
class _Program:
    process: Process
    started_at: float
    quick_deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """Starts programs, restarts those that die, stops all in reverse order; a context manager.

    `tell` receives what a person should know. The death of a `vital` process ends everything.
    `first_pause` is in seconds and doubles with each quick death.
    """

    def __init__(self, *, tell: Callable[[str], None], vital: list[Process], first_pause: float = 0.5) -> None:
        self.tell = tell
        self.vital = vital
        self.first_pause = first_pause
        self.programs: list[_Program] = []

    def start(self, process: Process) -> None:
        self.programs.append(_Program(process, time.monotonic()))
        process.start()

    def check(self) -> None:
        """Look at every process once. Raises ServiceFailed when one cannot be kept running."""
        for process in self.vital:
            if process.status is not None:
                raise process.failure(f"ended by itself with status {process.status}")
        for program in self.programs:
            if program.restart_at is not None:
                if time.monotonic() >= program.restart_at:
                    program.restart_at, program.started_at = None, time.monotonic()
                    program.process.start()
            elif program.process.status is not None:
                self._bury(program)

    def _bury(self, program: _Program) -> None:
        """Tell of a death and plan the next life."""
        process = program.process
        quick = time.monotonic() - program.started_at < QUICK_SECONDS
        program.quick_deaths = program.quick_deaths + 1 if quick else 0
        failure = process.failure(f"ended by itself with status {process.status}")
        process.kill()
        if program.quick_deaths >= MAX_QUICK_DEATHS:
            raise process.failure(f"ended {MAX_QUICK_DEATHS} times right after its start")
        pause = min(self.first_pause * 2**program.quick_deaths, LONGEST_PAUSE_SECONDS)
        program.restart_at = time.monotonic() + pause
        self.tell(f"{failure}\nStarting it again in {pause:.1f} s.")

    def watch(self, *, every: float = 0.25) -> None:
        """Check until a signal ends us. Raises ServiceFailed when a process cannot be kept running."""
        while True:
            self.check()
            time.sleep(every)

    def stop(self) -> None:
        """Stop the programs, the last started first. Safe to repeat."""
        while self.programs:
            self.programs[-1].process.stop()
            self.programs.pop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def ending_on_signals() -> Generator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into KeyboardInterrupt; further ones are ignored while we stop.

    `uv run` stands between the caller and us, and cannot tell us when it is killed; then we end as well.
    """
    # A shell ignores SIGINT in background jobs, which must not keep `kill -INT` from us; nohup means what it does.
    ends = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        ends.append(signal.SIGHUP)
    parent = os.getppid()
    watches_parent = sys.platform == "linux" and _is_uv(parent)

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in ends:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    def parent_may_be_gone(number: int, frame: FrameType | None) -> None:
        # The kernel also signals when only the thread that started us ends.
        if os.getppid() != parent:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            end(number, frame)

    before = {number: signal.signal(number, end) for number in ends}
    if watches_parent:
        before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, parent_may_be_gone)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGUSR1), 0, 0, 0)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_uv(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "uv"
    except OSError:
        return False
