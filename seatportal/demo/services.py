"""What the portal needs around it, embedded: PostgreSQL and a broker in one folder."""

from pathlib import Path
from types import TracebackType
from typing import Self

from seatportal.demo.broker import EmbeddedBroker
from seatportal.demo.postgres import EmbeddedPostgres
from seatportal.demo.processes import DirectoryLock


class Services:
    """Both services in one folder, which nobody else uses meanwhile; a context manager.

    `durable=False` trades safety against power loss for speed; it is for tests.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self.durable = durable
        self.lock = DirectoryLock(self.data_dir)

    def start(self) -> None:
        """Lock the folder and start both. Raises ServiceFailed, with nothing left running."""
        self.lock.acquire()
        try:
            self.postgres = EmbeddedPostgres(self.data_dir, lock=self.lock, durable=self.durable)
            self.broker = EmbeddedBroker(self.data_dir, lock=self.lock)
            self.postgres.start()
            self.broker.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both, PostgreSQL last, and unlock the folder. Safe to repeat."""
        for service in ("broker", "postgres"):
            if hasattr(self, service):
                getattr(self, service).stop()
        self.lock.release()

    def environment(self) -> dict[str, str]:
        """The environment variables by which the portal finds them."""
        return {
            "DATABASE_URL": self.postgres.url,
            "BROKER_URL": self.broker.url,
            "CACHE_URL": self.broker.cache_url,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
