"""How an account uses its seats: who, how often, what."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from accounts.members.queries import members_of
from accounts.models import Account, Membership
from seats.holders.queries import open_seats
from seats.insight.activity import window
from seats.models import Assignment, DailyUsage

# Active days in the last 30, from none to nearly daily; the last is a power user.
BUCKETS = ((0, 0), (1, 4), (5, 11), (12, 19), (20, 30))
POWER_DAYS = 20
TABLE_SIZE = 50
FEATURES = 8


@dataclass(frozen=True)
class Bucket:
    """How many holders were active on `low` to `high` days."""

    low: int
    high: int
    people: int


@dataclass(frozen=True)
class Person:
    """One holder: active days and actions in 30 days."""

    membership: Membership
    days: int
    actions: int


@dataclass(frozen=True)
class Matrix:
    """Actions by person and feature; the busiest people and features first."""

    features: list[str]
    rows: list[tuple[Membership, list[int], int]]


def active_days(account: Account, at: datetime) -> tuple[list[Bucket], list[Person]]:
    """The holders by active days, and the power users among them, the busiest first."""
    first, last = window(account, at)
    holders = set(
        open_seats(account).filter(state=Assignment.State.HELD).order_by().values_list("membership_id", flat=True)
    )
    found = {
        member: (days, actions)
        for member, days, actions in DailyUsage.objects.filter(account=account, day__gte=first, day__lte=last)
        .values("membership_id")
        .annotate(days=Count("day", distinct=True), actions=Sum("count"))
        .values_list("membership_id", "days", "actions")
        if member in holders
    }
    spread = Counter(days for days, _actions in found.values())
    spread[0] = len(holders) - len(found)
    buckets = [Bucket(low, high, sum(spread[day] for day in range(low, high + 1))) for low, high in BUCKETS]
    power = sorted(
        (pk for pk, (days, _actions) in found.items() if days >= POWER_DAYS),
        key=lambda pk: (-found[pk][0], -found[pk][1], pk),
    )[:10]
    members = members_of(account).in_bulk(power)
    return buckets, [Person(members[pk], *found[pk]) for pk in power if pk in members]


def feature_matrix(account: Account, at: datetime) -> Matrix:
    """What the fifty busiest people used in 30 days; the eight most used features have a column each."""
    first, last = window(account, at)
    used = DailyUsage.objects.filter(account=account, day__gte=first, day__lte=last, membership__left_at__isnull=True)
    people = list(used.values("membership_id").annotate(n=Sum("count")).order_by("-n", "membership_id")[:TABLE_SIZE])
    ids = [row["membership_id"] for row in people]
    features = list(
        used.values("feature")
        .annotate(n=Sum("count"))
        .order_by("-n", "feature")
        .values_list("feature", flat=True)[:FEATURES]
    )
    cells = {
        (member, feature): n
        for member, feature, n in used.filter(membership_id__in=ids, feature__in=features)
        .values("membership_id", "feature")
        .annotate(n=Sum("count"))
        .values_list("membership_id", "feature", "n")
    }
    members = members_of(account).in_bulk(ids)
    rows = [
        (members[row["membership_id"]], [cells.get((row["membership_id"], f), 0) for f in features], row["n"])
        for row in people
        if row["membership_id"] in members
    ]
    return Matrix(features=features, rows=rows)
