"""Whom was asked, and what came of it. Every query starts from an account."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max

from accounts.models import Account
from seats.insight.activity import today_in
from seats.models import DailyUsage, Nudge
from seats.reclaim.nudge_people import LeftOut, quiet

SHOWN = 100
LOOKS_BACK = timedelta(days=180)


@dataclass(frozen=True)
class Outcome:
    """One nudge. back: the first day on or after it on which the person did something; empty while they did not.
    holds: whether they still have that seat."""

    nudge: Nudge
    back: date | None
    holds: bool


@dataclass(frozen=True)
class Asked:
    """How somebody on the idle list stands to a nudge. at: when they were asked last. why: why not now, if so."""

    at: datetime | None
    why: LeftOut | None


def outcomes(account: Account, kind: str, at: datetime) -> list[Outcome]:
    """The newest nudges of half a year with what came of them; two statements."""
    nudges = list(
        Nudge.objects.filter(account=account, kind=kind, at__gt=at - LOOKS_BACK).select_related(
            "membership__user", "by", "assignment"
        )[:SHOWN]
    )
    oldest = min((today_in(account, nudge.at) for nudge in nudges), default=None)
    if oldest is None:
        return []
    used = DailyUsage.objects.filter(
        account=account, membership__in={nudge.membership_id for nudge in nudges}, day__gte=oldest
    )
    days: dict[int, list[date]] = {}
    for member, day in used.order_by("day").values_list("membership_id", "day").distinct():
        days.setdefault(member, []).append(day)
    return [
        Outcome(
            nudge=nudge,
            back=next((day for day in days.get(nudge.membership_id, []) if day >= today_in(account, nudge.at)), None),
            holds=nudge.assignment.ended_at is None and nudge.assignment.membership_id == nudge.membership_id,
        )
        for nudge in nudges
    ]


def asked_of(account: Account, members: Collection[int], kind: str, at: datetime) -> dict[int, Asked]:
    """For these members of the account, when they were asked last and why they are not asked now."""
    last = dict(
        Nudge.objects.filter(account=account, membership__in=members, kind=kind)
        .order_by()
        .values_list("membership_id")
        .annotate(last=Max("at"))
    )
    why = quiet(members, kind, at)
    return {member: Asked(last.get(member), why.get(member)) for member in members}
