"""Starts dj-stripe, in an environment of its own, on a database of its own in the same PostgreSQL."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connection

from seatportal.bench.stage import SECRET, Stage
from seatportal.demo.ports import any_free, is_free
from seatportal.demo.processes import Process, ServiceFailed

# It forbids stripe 16, which we use, so it cannot live in our environment.
REQUIREMENTS = ("dj-stripe==2.11.*", "django>=6.1.3,<6.2", "psycopg[binary]>=3.3.9,<3.4", "gunicorn>=27.0.1,<28")
SITE = Path(__file__).with_name("djstripe_site.py")
DATABASE = "peer"
PATH = "/stripe/webhook/5ea75ea7-0000-4000-8000-000000000001/"


@dataclass(frozen=True)
class Peer:
    """A running dj-stripe."""

    port: int
    python: Path
    stage: Stage
    environment: dict[str, str]

    def forget(self, *, expected: int) -> None:
        """Check that it has processed everything, and let it forget the events. Raises ServiceFailed."""
        found = self._site("handled").split()
        if found != [str(expected), "0"]:
            raise ServiceFailed(f"dj-stripe processed {found[0]} of {expected} events, {found[1]} with an error.")

    def _site(self, verb: str) -> str:
        return _process(self.stage, "peer", [self.python, SITE, verb], self.environment).run()


@contextmanager
def peer_site(stage: Stage) -> Iterator[Peer]:
    """Install it, prepare its tables, and serve it exactly as the portal is served; ended afterwards."""
    python = _install(stage)
    settings = connection.settings_dict
    with psycopg.connect(host=_sockets(), user="postgres", dbname=settings["NAME"], autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
    environment = {
        "PATH": os.environ["PATH"],
        "PEER_DATABASE": DATABASE,
        "PEER_SOCKET": _sockets(),
        "PEER_SECRET": SECRET,
        "STRIPE_API_BASE": stage.stripe,
    }
    peer = Peer(any_free(), python, stage, environment)
    peer._site("prepare")
    web = _process(
        stage,
        "peer web",
        [
            python.with_name("gunicorn"),
            *("djstripe_site:application", "--chdir", SITE.parent, "--bind", f"127.0.0.1:{peer.port}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
            *("--graceful-timeout", "5", "--no-control-socket", "--preload"),
        ],
        environment,
        death_signal=signal.SIGQUIT,
    )
    web.start()
    try:
        web.wait_until(lambda: not is_free(peer.port))
        yield peer
    finally:
        web.stop()


def _sockets() -> str:
    return str(connection.settings_dict["OPTIONS"].get("host") or connection.settings_dict["HOST"])


def _install(stage: Stage) -> Path:
    """An environment with what dj-stripe allows, made by uv. Raises ServiceFailed without uv."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    folder = stage.folder / "peer"
    _process(stage, "peer environment", [uv, "venv", "--quiet", "--python", sys.executable, folder]).run()
    python = folder / "bin" / "python"
    _process(stage, "peer packages", [uv, "pip", "install", "--quiet", "--python", python, *REQUIREMENTS]).run()
    return python


def _process(
    stage: Stage,
    name: str,
    command: list[str | Path],
    environment: dict[str, str] | None = None,
    death_signal: signal.Signals | None = None,
) -> Process:
    return Process(
        name,
        command,
        log=stage.folder / "logs" / f"{name.replace(' ', '-')}.log",
        lock=stage.programs.lock,
        env=environment,
        death_signal=death_signal,
    )
