"""The time: UTC inside, a named zone for people."""

from datetime import UTC, date, datetime, time, timedelta
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


def start_of_running_day(period_start: datetime, at: datetime) -> datetime:
    """The moment, whole days after `period_start`, at which the day that runs at `at` began.

    Proration is counted from here, so a price holds all day and can be explained in days: "15 of 30 days".
    """
    elapsed = max(int((at - period_start).total_seconds()), 0)
    return period_start + timedelta(days=elapsed // 86_400)


def noon_of(day: date, zone: str) -> datetime:
    """The middle of a calendar day in a zone, in UTC: written in another zone it still names the same day."""
    return datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)


def start_of_day(day: date, zone: str) -> datetime:
    """The first moment of a calendar day in a zone, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
