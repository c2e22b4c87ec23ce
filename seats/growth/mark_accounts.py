"""Count every account for the account team's metrics: the running month, and what of the last year was not counted."""

from datetime import UTC, date, datetime, time

from django.db import transaction
from django.db.models import Min

from seats.growth.healths import healths_of
from seats.insight.bands import Utilization, running_in
from seats.insight.kpi_queries import MONTHS
from seats.insight.write_marks import put_healths, write_marks
from seats.models import AccountMark, LedgerEntry, MarkedMonth

# Accounts whose health is read at once.
MANY = 20_000


def mark_accounts(*, at: datetime) -> int:
    """Count the running month as of now; returns how many marks were new or moved. Twice is as once.

    Months of the last year that nobody counted, since recording began later or did not run, are told from the ledger
    and the daily counts, without health.
    """
    running = at.astimezone(UTC).date().replace(day=1)
    written = _count_running(running, at)
    for month in _missing(running):
        _count_past(month)
    return written


@transaction.atomic
def _count_running(month: date, at: datetime) -> int:
    row, new = MarkedMonth.objects.select_for_update().get_or_create(first=month, defaults={"counted_at": at})
    if not new and row.counted_at > at:
        return 0
    written = write_marks(month, at, over=False)
    last = 0
    marks = AccountMark.objects.filter(month=month).order_by("account_id")
    while found := list(marks.filter(account_id__gt=last)[:MANY]):
        seats = {
            mark.account_id: Utilization(mark.purchased, mark.assigned, mark.active, running_in(mark.first_at, at))
            for mark in found
        }
        put_healths(month, {pk: score.value if score else None for pk, score in healths_of(seats, at).items()})
        last = found[-1].account_id
    MarkedMonth.objects.filter(first=month).update(counted_at=at)
    return written


@transaction.atomic
def _count_past(month: date) -> None:
    ended = datetime.combine(after(month), time.min, UTC)
    _row, new = MarkedMonth.objects.get_or_create(first=month, defaults={"counted_at": ended})
    if new:
        write_marks(month, ended, over=True)


def _missing(running: date) -> list[date]:
    """The months before the running one that have no marks, since the first purchase, the newest first."""
    oldest = LedgerEntry.objects.aggregate(at=Min("at"))["at"]
    if oldest is None:
        return []
    known = set(MarkedMonth.objects.values_list("first", flat=True))
    months = [running]
    while len(months) < MONTHS:
        months.append(before(months[-1]))
    return [month for month in months if month not in known and after(month) > oldest.astimezone(UTC).date()]


def before(month: date) -> date:
    """The first day of the month before."""
    return month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)


def after(month: date) -> date:
    """The first day of the month after."""
    return month.replace(year=month.year + 1, month=1) if month.month == 12 else month.replace(month=month.month + 1)
