"""The demo's programs: what is run, with which environment, and when each is ready."""

import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from seatportal.demo.processes import DirectoryLock, Process


class Programs:
    """Makes the processes of one demo; each writes its log to the folder `logs` of the locked folder."""

    def __init__(self, *, project: Path, lock: DirectoryLock, environment: Mapping[str, str]) -> None:
        self.project = project
        self.lock = lock
        self.environment = dict(environment)

    def simulator(self, port: int) -> Process:
        journal = self.lock.directory / "simulator"
        return self._python("Stripe simulator", "-m", "billing.simulator", "--port", port, "--data", journal)

    def manage(self, *arguments: str) -> Process:
        return self._python(f"manage.py {arguments[0]}", self.project / "manage.py", *arguments)

    def web(self, port: int, application: str = "seatportal.wsgi:application", *, name: str = "Web server") -> Process:
        return self._python(
            name,
            *("-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"),
            *("--worker-class", "gthread", "--workers", 2, "--threads", 8),
            *("--graceful-timeout", 5, "--no-control-socket", "--preload"),
            # SIGQUIT ends gunicorn's workers at once, for nobody waits when we were killed.
            death_signal=signal.SIGQUIT,
        )

    def worker(self, *, include: str = "") -> Process:
        """include: a module with further tasks."""
        return self._python(
            "Worker",
            *("-m", "celery", "-A", "seatportal.celery", "worker", "-P", "prefork", "-c", 2, "-l", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *(("--include", include) if include else ()),
            # An unfinished task is delivered again, so nothing is lost by not waiting for it.
            death_signal=signal.SIGKILL,
        )

    def beat(self) -> Process:
        schedule = self.lock.directory / "beat" / "schedule"
        schedule.parent.mkdir(exist_ok=True)
        return self._python(
            "Beat",
            *("-m", "celery", "-A", "seatportal.celery", "beat", "-l", "INFO"),
            *("--schedule", schedule, "--pidfile", ""),
            death_signal=signal.SIGKILL,
        )

    def _python(self, name: str, *arguments: str | int | Path, death_signal: signal.Signals | None = None) -> Process:
        return Process(
            name,
            [sys.executable, *map(str, arguments)],
            log=self.lock.directory / "logs" / f"{name.lower().replace(' ', '-')}.log",
            lock=self.lock,
            env=self.environment,
            cwd=self.project,
            death_signal=death_signal,
        )


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own address
        return bool(answer.status == 200)
    return False


def last_json(process: Process, output: str) -> dict[str, Any]:
    """Return the last JSON object among a program's output lines that holds logins. Raises ServiceFailed."""
    for line in reversed(output.splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict) and "api_key" in found:
                return found
    raise process.failure("did not tell the logins")
