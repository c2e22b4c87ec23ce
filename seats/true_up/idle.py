"""Who did nothing: holders without a counted action on the last days of the account's calendar."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Q, Subquery

from accounts.models import Account
from seatportal.kit.clock import start_of_day
from seats.models import Assignment, DailyUsage


@dataclass(frozen=True)
class IdleHolder:
    """One holder. last_active_on: their last counted day up to the day of counting; None if there is none."""

    membership_id: int
    member_id: str
    name: str
    email: str
    seated_at: datetime
    last_active_on: date | None


def idle_holders(account: Account, *, zone: str, last: date, days: int, at: datetime) -> list[IdleHolder]:
    """Who held a seat through all of the `days` days up to `last` without one counted action, and holds it at `at`.

    From tenures and daily usage alone, so the same days can be counted again later. Reserved seats have no holder, and
    free ones neither: both are not idle, they are capacity.
    """
    first = last - timedelta(days=days - 1)
    newest = (
        DailyUsage.objects.filter(account=account, membership=OuterRef("membership"), day__lte=last)
        .order_by("-day")
        .values("day")[:1]
    )
    found = (
        Assignment.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=at),
            account=account,
            state=Assignment.State.HELD,
            started_at__lt=start_of_day(first, zone),
        )
        .annotate(newest=Subquery(newest))
        .filter(Q(newest__isnull=True) | Q(newest__lt=first))
        .order_by("started_at", "pk")
        .values_list(
            "membership_id",
            "membership__public_id",
            "membership__user__name",
            "membership__user__email",
            "started_at",
            "newest",
        )
    )
    return [IdleHolder(*row) for row in found]
