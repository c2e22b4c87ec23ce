"""Processes that die on order: forked from a warm one, with connections of their own, ended by SIGKILL where asked."""

import ctypes
import json
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from celery import current_app
from django.db import connection
from kombu import pools

from seatportal.demo.launch import PR_SET_PDEATHSIG
from seatportal.kit.errors import PortalError

type Cut = Callable[[], None]
"""A patch of a process's own code, made after the fork: a kill point, a hook, a mutant."""

# Held for ever, so that a child never closes what belongs to its parent.
_inherited: list[Any] = []


class Notes:
    """What processes have to say before they die: one line of JSON each, in a file that all of them share."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clear()

    def clear(self) -> None:
        """Begin a new page."""
        self.path.write_text("")

    def add(self, kind: str, text: str) -> None:
        """Write one line at once, whatever happens to this process next."""
        with self.path.open("a") as page:
            page.write(json.dumps([kind, text]) + "\n")

    def of(self, kind: str) -> list[str]:
        """What was noted of this kind."""
        lines = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [text for noted, text in lines if noted == kind]


@dataclass(frozen=True)
class End:
    """How a process ended. error: the code of a PortalError, or an exception's name; empty when there was none."""

    killed: bool
    error: str
    value: Any
    details: str = ""


@dataclass
class Running:
    """A process that was started and is not waited for yet."""

    pid: int
    pipe: int

    def wait(self) -> End:
        """Read what it has to say and how it ended. Safe to call once."""
        with os.fdopen(self.pipe, "rb") as reader:
            said = reader.read()
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            return End(killed=os.WTERMSIG(status) == signal.SIGKILL, error="", value=None)
        error, value, details = pickle.loads(said) if said else ("Silent", None, "it ended without a word")  # noqa: S301  our own child
        return End(killed=False, error=error, value=value, details=details)

    def kill(self) -> None:
        """End it from outside."""
        os.kill(self.pid, signal.SIGKILL)


def start(work: Callable[[], Any], *, cuts: Sequence[Cut] = ()) -> Running:
    """Fork a process that makes the cuts, does the work and ends. Its value must be picklable."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writer)
        return Running(pid, reader)
    os.close(reader)
    said: tuple[str, Any, str] = ("", None, "")
    try:
        _be_a_process()
        for cut in cuts:
            cut()
        said = ("", work(), "")
    except PortalError as refused:
        said = (refused.code, None, str(refused))
    except BaseException as error:  # whatever it is, it must not run on as a copy of its parent
        said = (type(error).__name__, None, traceback.format_exc()[-3000:])
    finally:
        with os.fdopen(writer, "wb") as out:
            out.write(pickle.dumps(said))
        os._exit(0)


def run(work: Callable[[], Any], *, cuts: Sequence[Cut] = ()) -> End:
    """Start and wait."""
    return start(work, cuts=cuts).wait()


def signal_between() -> tuple[Callable[[], object], Callable[[], object]]:
    """A signal between processes: wait for it, give it."""
    out, into = os.pipe()
    return (lambda: os.read(out, 1)), (lambda: os.write(into, b"!"))


def die() -> None:
    """What `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def _be_a_process() -> None:
    """End with the parent, and share none of its connections."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _inherited.append(connection.connection)
    connection.connection = None
    connection.closed_in_transaction = False
    connection.in_atomic_block = False
    connection.savepoint_ids = []
    connection.needs_rollback = False
    connection.run_on_commit = []
    _inherited.extend([dict(pools.connections), dict(pools.producers)])
    pools.connections.clear()
    pools.producers.clear()
    current_app._after_fork()  # type: ignore[attr-defined]  # what Celery itself does after a fork
    resolve_name("billing.gateway.stripe_api:gateway").cache_clear()
