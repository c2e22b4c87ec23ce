"""What the portal needs around it, embedded: PostgreSQL and a broker in one folder."""

from collections.abc import Mapping
from typing import Self

from seatportal.demo.broker import EmbeddedBroker
from seatportal.demo.postgres import EmbeddedPostgres
from seatportal.demo.processes import DirectoryLock


class Services:
    """The services that are not given, in a folder whose lock we hold; a context manager.

    `given` holds environment variables: what DATABASE_URL, BROKER_URL and CACHE_URL name is not started.
    `durable=False` trades safety against power loss for speed; it is for tests.
    """

    def __init__(self, lock: DirectoryLock, *, durable: bool = True, given: Mapping[str, str] | None = None) -> None:
        names = {"DATABASE_URL", "BROKER_URL", "CACHE_URL"}
        self.given = {name: value for name, value in (given or {}).items() if name in names}
        self.postgres = None if "DATABASE_URL" in self.given else EmbeddedPostgres(lock, durable=durable)
        self.broker = None if {"BROKER_URL", "CACHE_URL"} <= self.given.keys() else EmbeddedBroker(lock)
        self.all = [service for service in (self.postgres, self.broker) if service]

    def start(self) -> None:
        """Start them. Raises ServiceFailed, with nothing left running."""
        try:
            for service in self.all:
                service.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop them, PostgreSQL last. Safe to repeat."""
        for service in reversed(self.all):
            service.stop()

    def environment(self) -> dict[str, str]:
        """The environment variables by which the portal finds them."""
        started: dict[str, str] = {}
        if self.postgres:
            started["DATABASE_URL"] = self.postgres.url
        if self.broker:
            started |= {"BROKER_URL": self.broker.url, "CACHE_URL": self.broker.cache_url}
        return started | self.given

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
