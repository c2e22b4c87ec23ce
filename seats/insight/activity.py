"""What people did in the last 30 days of the account's calendar."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Account
from seats.models import DailyUsage

DAYS = 30


@dataclass(frozen=True)
class Activity:
    """counts: actions a day, the oldest first. features: the most used ones, with their counts."""

    counts: tuple[int, ...]
    features: tuple[tuple[str, int], ...]

    @property
    def active_days(self) -> int:
        """Days with at least one action."""
        return sum(1 for count in self.counts if count)

    @property
    def top(self) -> tuple[str, ...]:
        """The names of the three most used features."""
        return tuple(name for name, _count in self.features[:3])


NOTHING = Activity(counts=(0,) * DAYS, features=())


def today_in(account: Account, at: datetime) -> date:
    """The account's calendar day at a moment."""
    return at.astimezone(ZoneInfo(account.time_zone)).date()


def window(account: Account, at: datetime) -> tuple[date, date]:
    """First and last day of the 30 that count."""
    today = today_in(account, at)
    return today - timedelta(days=DAYS - 1), today


def activity_of(account: Account, members: Collection[int], at: datetime) -> dict[int, Activity]:
    """Activity by membership for those asked for, in one query; who did nothing is not in it."""
    first, last = window(account, at)
    rows = DailyUsage.objects.filter(
        account=account, membership_id__in=members, day__gte=first, day__lte=last
    ).values_list("membership_id", "day", "feature", "count")
    days: dict[int, list[int]] = defaultdict(lambda: [0] * DAYS)
    features: dict[int, Counter[str]] = defaultdict(Counter)
    for member, day, feature, count in rows:
        days[member][(day - first).days] += count
        features[member][feature] += count
    return {
        member: Activity(counts=tuple(counts), features=tuple(features[member].most_common()))
        for member, counts in days.items()
    }
