"""The weekly digest: on Monday morning in the account's zone, one mail to each admin who wants it (product.md G11).

Numbers only, no names, whatever the privacy mode. The digest's row is written in the transaction of its mails, so two
beats at once make one, and a worker that dies leaves neither.
"""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts.models import Account
from seatportal.kit.clock import noon_of
from seats.holders.queries import SeatCounts, seat_counts
from seats.insight.bands import utilization_in
from seats.insight.history import History, twelve_months
from seats.insight.make_use_report import current_report
from seats.insight.people import count_idle
from seats.insight.runway import runway
from seats.models import MailChoice, SeatPool, WeeklyDigest
from seats.value.mails import tell_members

log = structlog.get_logger(__name__)

MORNING = time(8)
# Who was down all Monday still sends on Tuesday; later it would be no news.
LATE_DAYS = 1
# As many accounts a call as are done well within a task's time.
AT_ONCE = 200


def monday_for(at: datetime, zone: str) -> date | None:
    """The Monday whose digest is due in a zone at a moment, or None. Pure."""
    local = at.astimezone(ZoneInfo(zone))
    monday = local.date() - timedelta(days=local.weekday())
    morning = datetime.combine(monday, MORNING, local.tzinfo)
    return monday if local >= morning and local.weekday() <= LATE_DAYS else None


def send_weekly_digests(*, at: datetime) -> bool:
    """Write what is due, AT_ONCE accounts at most; returns whether there may be more."""
    zones: dict[date, list[str]] = defaultdict(list)
    open_accounts = Account.objects.filter(closed_at__isnull=True)
    for zone in open_accounts.order_by().values_list("time_zone", flat=True).distinct():
        if monday := monday_for(at, zone):
            zones[monday].append(zone)
    written = 0
    for monday, here in zones.items():
        due = (
            open_accounts.filter(time_zone__in=here)
            .filter(Exists(SeatPool.objects.filter(account=OuterRef("pk"), purchased__gt=0)))
            .exclude(Exists(WeeklyDigest.objects.filter(account=OuterRef("pk"), monday=monday)))
            # In any order, so that accounts that fail do not stand before the others each time.
            .order_by("?")
        )
        for account in due[: AT_ONCE - written]:
            written += _write_safely(account, monday, at)
    return written == AT_ONCE


def _write_safely(account: Account, monday: date, at: datetime) -> bool:
    try:
        return write_digest(account=account, monday=monday, at=at)
    except Exception:  # one account's trouble must not stop the others' mails
        log.exception("weekly_digest_failed", account=account.public_id)
        return False


@transaction.atomic
def write_digest(*, account: Account, monday: date, at: datetime) -> bool:
    """Write one account's digest and its mails; returns whether this call did."""
    row, new = WeeklyDigest.objects.get_or_create(account=account, monday=monday, defaults={"made_at": at, "data": {}})
    if not new:
        return False
    row.data = figures_of(account, monday, at)
    row.save(update_fields=["data"])
    tell_members(
        account=account,
        kind=MailChoice.Kind.WEEKLY,
        key=f"weekly_digest:{account.public_id}:{monday.isoformat()}",
        context={**row.data, "link": reverse("seats:usage", args=[account.slug])},
        at=at,
    )
    return True


def figures_of(account: Account, monday: date, at: datetime) -> dict[str, Any]:
    """The seats now and a week ago, as JSON. more_…: the change, None where a week ago nothing is known."""
    counts = seat_counts(account, at)
    history = twelve_months(account, at)
    report, _made_at = current_report(account, at, people=counts.held)
    active = dict(report.weeks).get(monday - timedelta(days=7))
    then = next((point for point in reversed(history.points) if point.day < monday - timedelta(days=6)), None)
    return {
        "purchased": counts.purchased,
        "assigned": counts.assigned,
        "active": counts.active,
        "free": counts.free,
        "idle": count_idle(account, at),
        "more_purchased": counts.purchased - then.purchased if then else None,
        "more_assigned": counts.assigned - then.assigned if then else None,
        "more_active": counts.active - active if then and active is not None else None,
        "band": str(utilization_in(counts, at).band),
        **_runway(account, counts, history),
    }


def _runway(account: Account, counts: SeatCounts, history: History) -> dict[str, Any]:
    ends = runway(history.points, free=counts.free, today=history.last)
    if ends is None:
        return {"early_at": None, "late_at": None}
    early, late = (noon_of(day, account.time_zone).isoformat() for day in (ends.early, ends.late))
    return {"early_at": early, "late_at": late}
