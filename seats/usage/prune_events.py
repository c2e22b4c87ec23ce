"""Forget single events when an account's time to keep them is over. The daily counts stay."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min

from accounts.models import Account
from seats.models import UsageEvent, UsageSettings
from seats.usage.months import after, drop_empty_month, month_of, months

# An event that was just in time when it came must not be pruned before its request ends.
SLACK = timedelta(days=2)


def prune_events(*, at: datetime) -> int:
    """Delete what is over, account by account and month by month, then drop months that are empty and past.

    Returns how many events were forgotten. It may die at any point and goes on the next time.
    """
    kept = dict(UsageSettings.objects.values_list("account_id", "keep_days"))
    gone = 0
    for account in Account.objects.order_by("pk").only("pk").iterator():
        last = (at - timedelta(days=kept.get(account.pk, UsageSettings.KEEP_DAYS)) - SLACK).date()
        gone += _forget(account, last)
    for month in months():
        if after(month) <= (at - SLACK).date() - timedelta(days=min([UsageSettings.KEEP_DAYS, *kept.values()])):
            drop_empty_month(month)
    return gone


def _forget(account: Account, last: date) -> int:
    """Up to and including `last`; ids go together with their events."""
    gone = 0
    while True:
        oldest = UsageEvent.objects.filter(account=account, day__lte=last).aggregate(day=Min("day"))["day"]
        if oldest is None:
            return gone
        until = min(last, after(month_of(oldest)) - timedelta(days=1))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "WITH gone AS (DELETE FROM seats_usageevent WHERE account_id = %s AND day BETWEEN %s AND %s "
                "RETURNING event_id), ids AS (DELETE FROM seats_usagekey k USING gone "
                "WHERE k.account_id = %s AND k.event_id = gone.event_id) SELECT count(*) FROM gone",
                [account.pk, oldest, until, account.pk],
            )
            gone += int(cursor.fetchone()[0])
            UsageSettings.objects.update_or_create(account=account, defaults={"forgotten_to": until})
