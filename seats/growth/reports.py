"""What reports an account has, and who of it may read which: written elsewhere, found here, and not computed anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Account
from seats.models import BusinessReview, TrueUp, ValueReport, WeeklyDigest
from seats.usage.settings import groups_only

# What a caller needs beyond seeing usage.
ALSO_NEEDS = {"true_up": "billing.view"}
KINDS = ("value_report", "weekly_digest", "business_review", "true_up")
_WEEK = "week_"


@dataclass(frozen=True)
class Report:
    """One in a list. Days are the account's: those that it tells of; a business review tells of the day it was made."""

    id: str
    kind: str
    made_at: datetime
    first_day: date
    last_day: date


def reports_of(account: Account, *, kinds: frozenset[str]) -> list[Report]:
    """Those of some kinds, the newest first. They are few, at most two a week, so they are all read."""
    found = {
        "value_report": _value_reports,
        "weekly_digest": _weekly_digests,
        "business_review": _business_reviews,
        "true_up": _true_ups,
    }
    rows = [row for kind in KINDS if kind in kinds for row in found[kind](account)]
    return sorted(rows, key=lambda row: (row.made_at, row.id), reverse=True)


def week_of(report_id: str) -> date | None:
    """The Monday of a weekly digest's id, `week_2026-11-23`."""
    try:
        monday = date.fromisoformat(report_id.removeprefix(_WEEK))
    except ValueError:
        return None
    return monday if report_id == f"{_WEEK}{monday}" else None


def _value_reports(account: Account) -> Iterator[Report]:
    for row in ValueReport.objects.filter(account=account).select_related("plan"):
        ended = date.fromisoformat(row.data["ended_on"])
        yield Report(row.public_id, "value_report", row.made_at, row.plan.starts_on, ended)


def _weekly_digests(account: Account) -> Iterator[Report]:
    for monday, made_at in WeeklyDigest.objects.filter(account=account).values_list("monday", "made_at"):
        week = monday - timedelta(days=7), monday - timedelta(days=1)
        yield Report(f"{_WEEK}{monday}", "weekly_digest", made_at, *week)


def _business_reviews(account: Account) -> Iterator[Report]:
    rows = BusinessReview.objects.filter(account=account)
    if groups_only(account):
        rows = rows.filter(data__private=True)  # the rule of `reviews.withheld`
    for public_id, prepared_at in rows.values_list("public_id", "prepared_at"):
        day = prepared_at.astimezone(ZoneInfo(account.time_zone)).date()
        yield Report(public_id, "business_review", prepared_at, day, day)


def _true_ups(account: Account) -> Iterator[Report]:
    """Settled ones, which are sealed by the same act: until then nothing is final."""
    sealed = TrueUp.objects.filter(account=account, settled_at__isnull=False)
    for public_id, at, first, last in sealed.values_list("public_id", "settled_at", "first_day", "last_day"):
        if at is not None:
            yield Report(public_id, "true_up", at, first, last)
