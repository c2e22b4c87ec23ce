"""What the lanes need: PostgreSQL, a broker, and for each lane a database, a simulator and a process."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from seatportal.demo.ports import any_free
from seatportal.demo.postgres import DATABASE
from seatportal.demo.processes import DirectoryLock, Process, ServiceFailed
from seatportal.demo.services import Services
from seatportal.demo.webhook import KEY

PROJECT = Path(__file__).resolve().parent.parent.parent
# Longer than any scenario takes on a busy machine.
ANSWER_SECONDS = 300.0


@dataclass
class LaneProcess:
    """The pipe to one lane."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    child: subprocess.Popen[bytes] | None = None

    def play(self, scenario: str, mutant: str) -> dict[str, Any]:
        """Have one scenario played. A lane that dies or says nothing is replaced, and its scenario proves nothing."""
        line = self._ask(json.dumps([scenario, mutant]).encode() + b"\n")
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        self.stop()
        why = f"the lane ended without an answer; see {self.log}"
        return {"scenario": scenario, "mutant": mutant, "violations": [], "unmet": [why], "seconds": 0.0}

    def stop(self) -> None:
        """End the lane."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def _ask(self, question: bytes) -> bytes:
        child = self.child = self.child or self._start()
        if child.stdin is None or child.stdout is None:
            return b""
        try:
            child.stdin.write(question)
            child.stdin.flush()
            ready, _, _ = select.select([child.stdout], [], [], ANSWER_SECONDS)
            return child.stdout.readline() if ready else b""
        except OSError:
            return b""

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  our own module
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self.environment,
                cwd=PROJECT,
            )  # fmt: skip


@contextmanager
def lanes(number: int) -> Iterator[list[LaneProcess]]:
    """Start everything in a folder of its own, which is gone afterwards. Whatever DATABASE_URL names is not touched.

    Raises ServiceFailed.
    """
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="seatportal-matrix-", ignore_cleanup_errors=True))
        )
        lock = stack.enter_context(DirectoryLock(folder))
        services = stack.enter_context(Services(lock, durable=False))
        postgres, broker = services.postgres, services.broker
        if postgres is None or broker is None:
            raise ServiceFailed("The matrix works on services of its own alone.")
        environment = _environment(services)
        _run(lock, environment, "manage.py", "migrate", "--no-input", "--verbosity", "0")
        made = []
        for index in range(number):
            database = f"lane{index}"
            with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as connection:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(DATABASE))
                )
            url = stack.enter_context(_simulator(lock, index))
            home = folder / database
            home.mkdir()
            lane = LaneProcess(
                [sys.executable, "-m", "seatportal.matrix.lane", str(home), url, str(any_free())],
                environment
                | {
                    "DATABASE_URL": postgres.url_of(database),
                    "BROKER_URL": broker.url_of(2 * index),
                    "CACHE_URL": broker.cache_url_of(2 * index + 1),
                    "STRIPE_API_BASE": url,
                },
                folder / "logs" / f"{database}.log",
            )
            stack.callback(lane.stop)
            made.append(lane)
        yield made


def _environment(services: Services) -> dict[str, str]:
    """Nothing of a developer's own settings reaches the matrix."""
    return {
        **os.environ,
        **services.environment(),
        "DJANGO_SETTINGS_MODULE": "seatportal.settings",
        "SECRET_KEY": "matrix-" + "0" * 50,
        "DEBUG": "false",
        "SECURE": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SITE_URL": "http://localhost:8000",
        "STRIPE_API_KEY": KEY,
        "STRIPE_API_BASE": "http://127.0.0.1:9",
        "EMAIL_URL": "memorymail://",
        "LOG_LEVEL": "ERROR",
        "LOG_FORMAT": "console",
        "SENTRY_DSN": "",
    }


def _run(lock: DirectoryLock, environment: dict[str, str], *arguments: str) -> None:
    Process(
        arguments[1], [sys.executable, *arguments], log=lock.directory / "logs" / f"{arguments[1]}.log", lock=lock,
        env=environment, cwd=PROJECT,
    ).run()  # fmt: skip


@contextmanager
def _simulator(lock: DirectoryLock, index: int) -> Iterator[str]:
    process = Process(
        "The Stripe simulator", [sys.executable, "-m", "billing.simulator", "--port", "0"],
        log=lock.directory / "logs" / f"simulator{index}.log", lock=lock, cwd=PROJECT,
    )  # fmt: skip
    process.start()
    try:
        yield process.wait_for_output(r"Stripe simulator ready at (\S+)")[1]
    finally:
        process.stop()
