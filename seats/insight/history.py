"""Purchased and taken seats over time, from the ledger."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Value
from django.db.models.functions import TruncDate

from accounts.models import Account
from seats.insight.activity import today_in
from seats.models import LedgerEntry


@dataclass(frozen=True)
class Point:
    """From this day on, so many seats were purchased and taken."""

    day: date
    purchased: int
    assigned: int


@dataclass(frozen=True)
class Purchase:
    """A line of the ledger that added seats. kind, change: what the line says of where it came from."""

    day: date
    seats: int
    line: str
    kind: str
    change: str


@dataclass(frozen=True)
class History:
    """points: the days on which something moved, oldest first; the last one goes on until `last`."""

    first: date
    last: date
    points: list[Point]
    purchases: list[Purchase] = field(default_factory=list)


def twelve_months(account: Account, at: datetime) -> History:
    """The last 365 days of the account's calendar: the state at the end of each day on which something moved."""
    last = today_in(account, at)
    return history_between(account, last - timedelta(days=365), last, at)


def history_between(account: Account, first: date, last: date, at: datetime) -> History:
    """The state at the end of each of these days on which something moved, up to the moment `at`."""
    zone = ZoneInfo(account.time_zone)
    start = datetime.combine(first, time.min, zone).astimezone(UTC)
    entries = LedgerEntry.objects.filter(account=account)
    # With the state before the first day and the purchases, as one statement.
    before = entries.filter(at__lt=start).order_by("-at", "-pk").annotate(day=Value(first), bought=Value(0))[:1]
    within = entries.filter(at__gte=start, at__lte=min(at, _end(last, zone))).annotate(day=TruncDate("at", tzinfo=zone))
    moved = within.annotate(bought=Value(0)).order_by("-day", "-at", "-pk").distinct("day")
    added = within.filter(purchased_after__gt=F("purchased_before")).annotate(
        bought=F("purchased_after") - F("purchased_before")
    )
    columns = ("day", "purchased_after", "assigned_after", "bought", "public_id", "kind", "change_id", "at")
    parts = [rows.values_list(*columns) for rows in (before, moved, added)]
    points, purchases = [], []
    rows = parts[0].union(*parts[1:], all=True).order_by("at")
    for day, purchased, assigned, bought, line, kind, change, _at in rows:
        if bought:
            purchases.append(Purchase(day, bought, line, kind, change))
        else:
            points.append(Point(day, purchased, assigned))
    return History(first=first, last=last, points=points, purchases=purchases)


def _end(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC) - timedelta(microseconds=1)


def months_of_growth(history: History, *, free: int) -> int | None:
    """In about how many months the free seats are used up, at the pace of the last 90 days. Pure.

    None when nobody was added on balance, or when less than 90 days are known.
    """
    then = history.last - timedelta(days=90)
    known = [point for point in history.points if point.day <= then]
    if not known or not history.points:
        return None
    added = history.points[-1].assigned - known[-1].assigned
    return None if added <= 0 else free * 3 // added
