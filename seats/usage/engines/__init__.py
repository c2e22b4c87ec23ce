"""Where daily counts are made from raw events: PostgreSQL for what it keeps, Spark for the archive. One contract."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from accounts.models import Account


@dataclass(frozen=True, order=True)
class DailyCount:
    """One row of a roll-up. membership: 0 for a person whom the account did not know, who is named by `person`."""

    membership: int
    person: str
    day: date
    feature: str
    outcome: str
    count: int
    quantity: int


class EngineUnavailable(Exception):
    """An engine lacks what it runs on; the text says what to install."""


class Engine(Protocol):
    """Makes daily counts from events, each event id of an account once."""

    def complete_days(self, account: Account) -> tuple[date, date]:
        """The first and the last day of which it has every event; there is none when the first is later."""
        ...

    def counts(self, account: Account, first: date, last: date) -> Iterator[DailyCount]:
        """The counts of these days, both included."""
        ...
