"""The whole product on one machine: start it, keep it running, stop it."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from seatportal.demo.ports import any_free, is_free, next_free
from seatportal.demo.processes import DirectoryLock, ServiceFailed
from seatportal.demo.programs import Programs, answers, last_json
from seatportal.demo.services import Services
from seatportal.demo.state import DemoState
from seatportal.demo.supervisor import Supervisor, ending_on_signals
from seatportal.demo.webhook import KEY, PATH, register_webhook_endpoint

# What a demo writes into its data folder; a reset removes these names and touches nothing else.
OURS = ("postgres", "postgres.unfinished", "broker", "simulator", "beat", "logs", "sockets", "seed", "state.json")


def run_demo(
    *,
    project: Path,
    data_dir: Path,
    port: int,
    reset: bool,
    schema: str,
    tell: Callable[[str], None],
    announce: Callable[[dict[str, Any]], None],
) -> None:
    """Run the demo until a signal ends it; returns when every process is gone.

    `port` is where to look first for a free one; `schema` identifies the set of migrations, which run only when
    it is new to the data folder. `tell` receives progress. `announce` receives, once all is
    ready, `url`, `simulator_url`, `admin`, `member`, `staff` (each with `email` and `password`), `api_key` and
    `scim_token`. Raises ServiceFailed, with a message for a person, when a process cannot be kept running.
    """
    began = time.monotonic()

    def progress(text: str) -> None:
        tell(f"{time.monotonic() - began:6.1f} s  {text}")

    try:
        with ending_on_signals(), DirectoryLock(data_dir) as lock:
            state = _open_state(lock, reset=reset, progress=progress)
            web_port, simulator_port = next_free(port), _simulator_port(state)
            if web_port != port:
                progress(f"Port {port} is busy, so this is port {web_port}")
            # Passkeys need a name: browsers refuse them on a bare address.
            url, simulator_url = f"http://localhost:{web_port}", f"http://127.0.0.1:{simulator_port}"
            services = Services(lock, given=os.environ)
            vital = [service.process for service in services.all]
            progress("Starting PostgreSQL and the broker")
            with services, Supervisor(tell=progress, vital=vital) as supervisor:
                environment = _environment(state, url, simulator_url) | services.environment()
                programs = Programs(project=project, lock=lock, environment=environment)
                progress("Starting the Stripe simulator")
                simulator = programs.simulator(simulator_port)
                supervisor.start(simulator)
                if state.get("schema") != schema:
                    progress("Preparing the tables")
                    programs.manage("migrate", "--no-input").run()
                    state.put(schema=schema)
                simulator.wait_for_output("Stripe simulator ready at ")
                logins = _logins(programs, state, progress)
                programs.environment["STRIPE_WEBHOOK_SECRETS"] = register_webhook_endpoint(
                    simulator_url=simulator_url, url=f"http://127.0.0.1:{web_port}{PATH}", state=state
                )
                progress("Starting the web server, the worker and beat")
                _open_doors(programs, supervisor, web_port)
                progress("Ready")
                announce({"url": url, "simulator_url": simulator_url, **logins})
                supervisor.watch()
    except KeyboardInterrupt:
        progress("Stopped")


def _open_state(lock: DirectoryLock, *, reset: bool, progress: Callable[[str], None]) -> DemoState:
    """Return what an earlier start finished, or begin anew: a half-built market is worth nothing."""
    state = DemoState(lock.directory)
    if state.get("logins") and not reset:
        return state
    if state.values:
        progress("Removing the earlier state" if reset else "Removing a start that was not finished")
    for name in OURS:
        path = lock.directory / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if "DATABASE_URL" in os.environ:
        _require_empty(os.environ["DATABASE_URL"])
    return DemoState(lock.directory)


def _require_empty(database_url: str) -> None:
    """A database that we were given is not ours to empty. Raises ServiceFailed when it holds our tables."""
    try:
        with psycopg.connect(database_url) as connection:
            row = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
    except psycopg.OperationalError as error:
        raise ServiceFailed(f"The database of DATABASE_URL cannot be reached: {error}") from error
    if row != (None,):
        raise ServiceFailed(
            "The database of DATABASE_URL is in use already. Name an empty one for the demo, or unset it."
        )


def _simulator_port(state: DemoState) -> int:
    """The port of the last start if it is free, because pages of the simulator were linked there."""
    kept = state.get("simulator_port")
    port: int = kept if kept and is_free(kept) else any_free()
    state.put(simulator_port=port)
    return port


def _environment(state: DemoState, url: str, simulator_url: str) -> dict[str, str]:
    """The programs' environment: nothing of a developer's own settings reaches the demo."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "seatportal.settings",
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": state.once("secret_key"),
        "DEBUG": "false",
        "SECURE": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SITE_URL": url,
        "STRIPE_API_BASE": simulator_url,
        "STRIPE_API_KEY": KEY,
        "EMAIL_URL": "consolemail://",
        "STAFF_NEED_MFA": "false",
        "WEBHOOKS_TO_LOOPBACK": "true",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
        "SENTRY_DSN": "",
    }


def _logins(programs: Programs, state: DemoState, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return the logins of the market, which is built the first time."""
    if state.get("logins") is None:
        progress("Building a small market from real usage history")
        seed = programs.manage("seed", "--json", "--data", str(programs.lock.directory / "seed"))
        state.put(logins=last_json(seed, seed.run(seconds=600.0)))
    logins: dict[str, Any] = state.get("logins")
    return logins


def _open_doors(programs: Programs, supervisor: Supervisor, port: int) -> None:
    """Start what serves people, all at once, and wait until each does its work."""
    worker, beat, web = programs.worker(), programs.beat(), programs.web(port)
    for process in (worker, beat, web):
        supervisor.start(process)
    web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
    worker.wait_for_output(r"celery@\S+ ready")
    beat.wait_for_output("beat: Starting")
