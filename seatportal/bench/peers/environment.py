"""An environment of its own for a peer, on a database of its own in the same PostgreSQL, served as the portal is."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connection

from seatportal.bench.stage import Stage
from seatportal.demo.ports import any_free, is_free
from seatportal.demo.processes import Process


@dataclass(frozen=True)
class Peer:
    """A running site. `site`: its file, which is also a program."""

    name: str
    port: int
    python: Path
    site: Path
    stage: Stage
    environment: dict[str, str]

    def run(self, *verb: str) -> str:
        """What the site's program says to a verb."""
        return _process(self.stage, self.name, [self.python, self.site, *verb], self.environment).run()


@contextmanager
def peer_site(
    stage: Stage, name: str, site: Path, requirements: Sequence[str], environment: Mapping[str, str]
) -> Iterator[Peer]:
    """Install it, prepare its tables (`prepare`), and serve it exactly as the portal is served; ended afterwards."""
    python = _install(stage, name, requirements)
    with psycopg.connect(
        host=sockets(), user="postgres", dbname=connection.settings_dict["NAME"], autocommit=True
    ) as c:
        c.execute(f"CREATE DATABASE {name}".encode())
    wanted = {"PATH": os.environ["PATH"], "PEER_DATABASE": name, "PEER_SOCKET": sockets(), **environment}
    peer = Peer(name, any_free(), python, site, stage, wanted)
    peer.run("prepare")
    web = _process(
        stage,
        f"{name} web",
        [
            python.with_name("gunicorn"),
            *(f"{site.stem}:application", "--chdir", site.parent, "--bind", f"127.0.0.1:{peer.port}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
            *("--graceful-timeout", "5", "--no-control-socket", "--preload"),
        ],
        wanted,
        death_signal=signal.SIGQUIT,
    )
    web.start()
    try:
        web.wait_until(lambda: not is_free(peer.port))
        yield peer
    finally:
        web.stop()


def sockets() -> str:
    """The folder of PostgreSQL's sockets."""
    return str(connection.settings_dict["OPTIONS"].get("host") or connection.settings_dict["HOST"])


def _install(stage: Stage, name: str, requirements: Sequence[str]) -> Path:
    """An environment with what the peer allows, made by uv. Raises ServiceFailed without uv."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    folder = stage.folder / name
    _process(stage, f"{name} environment", [uv, "venv", "--quiet", "--python", sys.executable, folder]).run()
    python = folder / "bin" / "python"
    _process(stage, f"{name} packages", [uv, "pip", "install", "--quiet", "--python", python, *requirements]).run()
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
