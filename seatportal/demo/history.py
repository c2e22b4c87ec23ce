"""Real usage history, moved in time so that it ends now (data/ORIGIN.md says where it comes from)."""

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "usage-events.csv.gz"


@dataclass(frozen=True)
class Event:
    """Somebody used a feature. `at` in UTC; `offset` of the person's own clock from UTC."""

    feature: str
    at: datetime
    offset: timedelta


@cache
def all_events() -> dict[str, list[Event]]:
    """Every event by person, in the order of time."""
    found: dict[str, list[Event]] = defaultdict(list)
    with gzip.open(FILE, "rt", newline="") as file:
        for row in csv.DictReader(file):
            moment = datetime.fromisoformat(row["occurred_at"])
            found[row["user"]].append(Event(row["feature"], moment.astimezone(UTC), moment.utcoffset() or timedelta()))
    for events in found.values():
        events.sort(key=lambda event: event.at)
    return dict(found)


@dataclass(frozen=True)
class Recent:
    """The history as seen from one week of it: cut at the weekday and hour of `now`, moved by whole weeks to end now.

    monday: the first day of that week.
    """

    monday: date
    now: datetime

    @property
    def shift(self) -> timedelta:
        """The one constant by which every event moves."""
        this_monday = self.now.astimezone(UTC).date() - timedelta(days=self.now.astimezone(UTC).weekday())
        return datetime.combine(this_monday, time(), UTC) - datetime.combine(self.monday, time(), UTC)

    def of(self, person: str) -> list[Event]:
        """A person's events up to now, in the order of time."""
        shift = self.shift
        return [
            Event(event.feature, event.at + shift, event.offset)
            for event in all_events().get(person, [])
            if event.at + shift <= self.now
        ]


def home_offset(person: str) -> timedelta:
    """The offset at which a person's clock stood most often: in which part of the world they work."""
    return Counter(event.offset for event in all_events()[person]).most_common(1)[0][0]
