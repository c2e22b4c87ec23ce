"""Where benches run: embedded PostgreSQL that keeps what it commits, the broker, a simulator, the portal's programs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from seatportal.demo.processes import DirectoryLock, Process
from seatportal.demo.programs import Programs
from seatportal.demo.services import Services

SECRET = "whsec_bench"
FOLDER = "BENCH_FOLDER"


@dataclass(frozen=True)
class Stage:
    """What a bench gets. `quick` asks for the smallest run that still says something of every figure."""

    programs: Programs
    quick: bool

    @property
    def folder(self) -> Path:
        return self.programs.lock.directory

    @property
    def stripe(self) -> str:
        """The simulator's address."""
        return self.programs.environment["STRIPE_API_BASE"]


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Start what a bench needs around it, with our tables; yields the environment of the process that measures."""
    with (
        TemporaryDirectory(prefix="seatportal-bench-") as name,
        DirectoryLock(Path(name)) as lock,
        Services(lock) as started,
    ):
        environment = {
            **os.environ,
            **started.environment(),
            "SECRET_KEY": "bench-" + "0" * 50,
            "DEBUG": "false",
            "SECURE": "false",
            "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
            "STRIPE_API_KEY": "sk_test_simulator",
            "STRIPE_WEBHOOK_SECRETS": SECRET,
            "EMAIL_URL": "memorymail://",
            "LOG_LEVEL": "WARNING",
            FOLDER: name,
        }
        command = [sys.executable, "-m", "billing.simulator", "--port", "0"]
        simulator = Process(
            "The simulator", command, log=Path(name) / "simulator.log", lock=lock, cwd=settings.BASE_DIR
        )
        simulator.start()
        try:
            environment["STRIPE_API_BASE"] = simulator.wait_for_output(r"Stripe simulator ready at (\S+)")[1]
            programs = Programs(project=settings.BASE_DIR, lock=lock, environment=environment)
            programs.manage("migrate", "--no-input").run()
            yield environment
        finally:
            simulator.stop()


@contextmanager
def stage(*, quick: bool) -> Iterator[Stage]:
    """Inside the process that measures, with the environment of `services`."""
    with DirectoryLock(Path(os.environ[FOLDER]) / "measuring") as lock:
        yield Stage(
            Programs(project=settings.BASE_DIR, lock=lock, environment=os.environ | {"LOG_LEVEL": "INFO"}), quick
        )
