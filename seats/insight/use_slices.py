"""Usage of any days, by person, feature or day: what integrators read page by page.

The counts are the same rows that the usage page is made of. With privacy mode on, it says what the page says.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.members.queries import members_of
from accounts.models import Account, Membership
from seats.errors import UsageIsPrivate
from seats.insight.activity import DAYS, today_in
from seats.insight.use_report import SMALLEST_GROUP, Cell
from seats.models import Assignment, DailyUsage
from seats.usage.settings import groups_only


@dataclass(frozen=True)
class Slice:
    """Which counts are meant: days of the account, both included; a department's id or name; a feature."""

    first: date
    last: date
    department: str = ""
    feature: str = ""


def slice_of(
    account: Account,
    at: datetime,
    *,
    first: date | None = None,
    last: date | None = None,
    department: str = "",
    feature: str = "",
) -> Slice:
    """What was asked for; without days the page's own thirty, without a first day the thirty up to the last.

    With privacy mode on only the page's thirty days of everybody may be asked for, so that nobody is worked out from
    the difference of two answers. Raises UsageIsPrivate with the field.
    """
    asked = {"from": first, "to": last, "department": department, "feature": feature}
    if groups_only(account):
        for field, value in asked.items():
            if value:
                raise UsageIsPrivate(field=field)
    last = last or today_in(account, at)
    return Slice(first or last - timedelta(days=DAYS - 1), last, department, feature)


def people_in(account: Account, wanted: Slice) -> QuerySet[Membership]:
    """Members with at least one action, with `days`, `actions`, `quantity`, `last_day` and `seated`.

    Raises UsageIsPrivate with privacy mode on.
    """
    if groups_only(account):
        raise UsageIsPrivate
    mine = _counts(account, wanted).filter(membership=OuterRef("pk"))
    sums = mine.order_by().values("membership")

    def one(aggregate: Any) -> Subquery:
        return Subquery(sums.annotate(found=aggregate).values("found"), output_field=IntegerField())

    return (
        members_of(account)
        .filter(Exists(mine))
        .annotate(
            days=one(Count("day", distinct=True)),
            actions=one(Sum("count")),
            quantity=one(Sum("quantity")),
            last_day=Subquery(mine.order_by("-day").values("day")[:1]),
            seated=Exists(
                Assignment.objects.filter(
                    account=account, membership=OuterRef("pk"), ended_at__isnull=True, state=Assignment.State.HELD
                )
            ),
        )
    )


def features_of(account: Account, wanted: Slice, people: Collection[int]) -> dict[int, dict[str, Cell]]:
    """What each of a few members used, by membership and feature; one statement."""
    rows = (
        _counts(account, wanted)
        .filter(membership_id__in=people)
        .values_list("membership_id", "feature")
        .annotate(n=Sum("count"), newest=Max("day"), outcomes=Sum("count", filter=~Q(outcome="")))
        .order_by("membership_id", "-n", "feature")
    )
    found: dict[int, dict[str, Cell]] = defaultdict(dict)
    for member, feature, n, newest, outcomes in rows:
        found[member][feature] = Cell(n, newest, outcomes or 0)
    return found


def features_in(account: Account, wanted: Slice) -> QuerySet[Any, Any]:
    """Features with `people`, `actions` and `quantity`. In privacy mode those of five people and more."""
    found = (
        _counts(account, wanted)
        .values("feature")
        .annotate(people=Count("membership", distinct=True), actions=Sum("count"), quantity=Sum("quantity"))
        .order_by("feature")
    )
    return found.filter(people__gte=SMALLEST_GROUP) if groups_only(account) else found


def outcomes_of(account: Account, wanted: Slice, features: Collection[str]) -> dict[str, dict[str, int]]:
    """The named outcomes of a few features, the most frequent first; one statement."""
    rows = (
        _counts(account, wanted)
        .filter(feature__in=features)
        .exclude(outcome="")
        .values_list("feature", "outcome")
        .annotate(n=Sum("count"))
        .order_by("feature", "-n", "outcome")
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for feature, outcome, n in rows:
        found[feature][outcome] = n
    return found


def days_in(account: Account, wanted: Slice) -> QuerySet[Any, Any]:
    """Days with `people`, `actions` and `quantity`. In privacy mode those on which five people or more were active."""
    found = (
        _counts(account, wanted)
        .values("day")
        .annotate(people=Count("membership", distinct=True), actions=Sum("count"), quantity=Sum("quantity"))
        .order_by("-day")
    )
    return found.filter(people__gte=SMALLEST_GROUP) if groups_only(account) else found


def _counts(account: Account, wanted: Slice) -> QuerySet[DailyUsage]:
    rows = DailyUsage.objects.filter(account=account, day__gte=wanted.first, day__lte=wanted.last)
    if wanted.feature:
        rows = rows.filter(feature=wanted.feature)
    if wanted.department:
        rows = rows.filter(
            Q(membership__department__public_id=wanted.department)
            | Q(membership__department__name__iexact=wanted.department)
        )
    return rows
