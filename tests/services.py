"""A pytest plugin: the services that the tests need, started by themselves.

PostgreSQL and the broker start once per run, before Django reads its settings, and xdist's workers receive
them through environment variables. DATABASE_URL, BROKER_URL and CACHE_URL win when they are set beforehand.
The simulator and a Celery worker are fixtures, because few tests need them.
"""

import atexit
import ctypes
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from seatportal.demo.launch import PR_SET_PDEATHSIG
from seatportal.demo.processes import DirectoryInUse, DirectoryLock, Process
from seatportal.demo.services import Services

ROOT = Path(__file__).resolve().parent.parent
FOLDER_PREFIX = "seatportal-tests-"
EMBEDDED_BROKER = "TEST_EMBEDDED_BROKER"
WEBHOOK_SECRET = "whsec_tests"

_simulator_port = socket.socket()
atexit.register(_simulator_port.close)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the environment before pytest-django, whose hook this one wraps, loads the settings."""
    options = early_config.known_args_namespace
    if not options.help and not options.version:
        if "PYTEST_XDIST_WORKER" in os.environ:
            _die_with_controller()
        else:
            _start_services(early_config)
        _separate_workers()
        _set_environment()
    return (yield)


def _die_with_controller() -> None:
    """A worker would finish its test after its controller was killed, and keep that test's processes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _start_services(config: pytest.Config) -> None:
    """Start what is not given, and stop it when pytest ends, also by Ctrl-C."""
    _remove_left_folders()
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    _share_bytecode(folder)
    lock = DirectoryLock(folder)
    lock.acquire()
    config.add_cleanup(lock.release)
    services = Services(lock, durable=False, given=os.environ)
    services.start()
    config.add_cleanup(services.stop)
    if services.broker and not {"BROKER_URL", "CACHE_URL"} & services.given.keys():
        os.environ[EMBEDDED_BROKER] = str(services.broker.socket)
    os.environ |= services.environment()


def _share_bytecode(folder: Path) -> None:
    """Where the tree shall stay free of bytecode, keep it with the run, whose many processes else compile it each."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(folder / "bytecode")
        sys.dont_write_bytecode = False


def _remove_left_folders() -> None:
    """Remove what a run left that was killed; a folder whose lock is free belongs to no living run."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        with suppress(OSError, DirectoryInUse):
            if time.time() - folder.stat().st_mtime < 60:
                continue  # It may be so new that its owner has not locked it yet.
            lock = DirectoryLock(folder)
            lock.acquire(wait_seconds=0)
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()


def _separate_workers() -> None:
    """Give each xdist worker a broker and cache of its own; pytest-django does so for the database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    os.environ["CACHE_PREFIX"] = f"tests-{number}"
    if broker := os.environ.get(EMBEDDED_BROKER):
        os.environ["BROKER_URL"] = f"redis+socket://{broker}?virtual_host={2 * number}"
        os.environ["CACHE_URL"] = f"unix://{broker}?db={2 * number + 1}"


def _set_environment() -> None:
    """Everything else that settings read: no test may depend on what a developer has configured."""
    # Kept bound until the simulator starts, so that its address is known before and nobody else takes it.
    _simulator_port.bind(("127.0.0.1", 0))
    os.environ |= {
        "SECRET_KEY": "tests-" + "0" * 50,
        "DEBUG": "false",
        "SECURE": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "SITE_URL": "http://localhost:8000",
        "STRIPE_API_BASE": f"http://127.0.0.1:{_simulator_port.getsockname()[1]}",
        "STRIPE_API_KEY": "sk_test_simulator",
        "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRET,
        "EMAIL_URL": "memorymail://",
        "STAFF_NEED_MFA": "true",
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "INFO",
        "SENTRY_DSN": "",
    }


@dataclass(frozen=True)
class Simulator:
    """The local Stripe of one test process."""

    url: str
    process: Process

    def control(self, path: str, body: Mapping[str, Any] | None = None, *, method: str = "POST") -> Any:
        """POST JSON to one of the simulator's own endpoints, as `/_control/reset`; return its answer."""
        request = urllib.request.Request(
            f"{self.url}/{path.lstrip('/')}",
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json", "Authorization": "Bearer sk_test_simulator"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def get(self, path: str) -> Any:
        """GET one of the simulator's own endpoints and return its JSON answer."""
        with urllib.request.urlopen(f"{self.url}/{path.lstrip('/')}", timeout=30) as answer:
            return json.loads(answer.read())

    def reset(self) -> None:
        """Forget every object, key, clock and fault."""
        self.control("/_control/reset")


@pytest.fixture(scope="session")
def process_dir(tmp_path_factory: pytest.TempPathFactory) -> Generator[DirectoryLock]:
    """The locked folder where this test process keeps the logs of its child processes."""
    lock = DirectoryLock(tmp_path_factory.mktemp("processes"))
    lock.acquire()
    yield lock
    lock.release()


@pytest.fixture(scope="session")
def simulator(process_dir: DirectoryLock) -> Generator[Simulator]:
    """The simulator, listening at STRIPE_API_BASE; one per test process."""
    url = os.environ["STRIPE_API_BASE"]
    process = Process(
        "The Stripe simulator",
        [sys.executable, "-m", "billing.simulator", "--port", str(urlsplit(url).port)],
        log=process_dir.directory / "simulator.log",
        lock=process_dir,
        cwd=ROOT,
    )
    _simulator_port.close()
    process.start()
    try:
        process.wait_for_output("Stripe simulator ready at ")
        yield Simulator(url, process)
    finally:
        process.stop()


@pytest.fixture(scope="session")
def child_environment(django_db_setup: None) -> dict[str, str]:
    """Environment variables by which a child process works on this test process's database and broker."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    # pytest-django makes the test database only when a test of the run has the mark `django_db`.
    assert name.startswith("test_"), "a test with a child process on the database needs the mark django_db"
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    return {**os.environ, "DATABASE_URL": url.geturl()}


@pytest.fixture(scope="module")
def celery_worker_process(child_environment: dict[str, str], process_dir: DirectoryLock) -> Generator[Process]:
    """A real Celery worker on the test database; its tests need committed rows (`transaction=True`).

    It ends with its module: left alone it would answer the bells of every later test.
    """
    process = celery_worker(child_environment, process_dir)
    process.start()
    try:
        process.wait_for_output(r"celery@\S+ ready")
        yield process
    finally:
        process.stop()


def celery_worker(environment: Mapping[str, str], process_dir: DirectoryLock) -> Process:
    """A worker process that is not started yet, for tests that start and kill workers of their own."""
    celery = [sys.executable, "-m", "celery", "-A", "seatportal.celery", "worker", "-P", "prefork", "-c", "2"]
    return Process(
        "The Celery worker",
        [*celery, "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"],
        log=process_dir.directory / "worker.log",
        lock=process_dir,
        env=environment,
        cwd=ROOT,
    )
