"""Forget single events when an account's time to keep them is over, or move them to the archive. Daily counts stay."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min

from accounts.models import Account
from seats.models import UsageEvent, UsageSettings
from seats.usage.archive_events import archive_events
from seats.usage.ingest_events import lock_of
from seats.usage.months import after, drop_empty_month, month_of, months

# An event that was just in time when it came must not be pruned before its request ends.
SLACK = timedelta(days=2)


def prune_events(*, at: datetime) -> int:
    """Delete what is over, then drop months that are empty and past. Where there is an archive, it is there first.

    Returns how many events were forgotten or moved. It may die at any point and goes on the next time. Raises
    ArchiveUnusable, and keeps the events.
    """
    kept = dict(UsageSettings.objects.values_list("account_id", "keep_days"))
    until = {
        account: (at - timedelta(days=kept.get(account.pk, UsageSettings.KEEP_DAYS)) - SLACK).date()
        for account in Account.objects.order_by("pk").only("pk")
    }
    if settings.USAGE_ARCHIVE:
        gone = archive_events(until=until)
    else:
        gone = sum(_forget(account, last) for account, last in until.items())
    for month in months():
        if after(month) <= (at - SLACK).date() - timedelta(days=min([UsageSettings.KEEP_DAYS, *kept.values()])):
            drop_empty_month(month)
    return gone


def _forget(account: Account, last: date) -> int:
    """Up to and including `last`, month by month; ids go together with their events."""
    gone = 0
    while True:
        oldest = UsageEvent.objects.filter(account=account, day__lte=last).aggregate(day=Min("day"))["day"]
        if oldest is None:
            return gone
        until = min(last, after(month_of(oldest)) - timedelta(days=1))
        with transaction.atomic(), connection.cursor() as cursor:
            # Whoever counts the account anew from these events has it alone.
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock_of(account)])
            cursor.execute(
                "WITH gone AS (DELETE FROM seats_usageevent WHERE account_id = %s AND day BETWEEN %s AND %s "
                "RETURNING event_id), ids AS (DELETE FROM seats_usagekey k USING gone "
                "WHERE k.account_id = %s AND k.event_id = gone.event_id) SELECT count(*) FROM gone",
                [account.pk, oldest, until, account.pk],
            )
            gone += int(cursor.fetchone()[0])
            known = {"forgotten_to": until, "archived_from": None}
            UsageSettings.objects.update_or_create(account=account, defaults=known)
