"""The time: UTC inside, a named zone for people."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """The moment, in UTC. Verbs are told the time; doors ask here."""
    return timezone.now()


def from_unix(seconds: int) -> datetime:
    """Stripe's unix seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def to_unix(moment: datetime) -> int:
    """An aware datetime as whole unix seconds, rounded down."""
    return int(moment.timestamp())


def day_in(moment: datetime, zone: str) -> str:
    """The calendar day of `moment` in a named zone, as YYYY-MM-DD."""
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()
