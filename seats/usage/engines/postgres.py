"""Daily counts from the events that the database still keeps."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import connection

from accounts.models import Account
from seats.usage.engines import DailyCount
from seats.usage.settings import usage_settings

_SQL = """
SELECT coalesce(membership_id, 0), person, day, feature, outcome, count(*), sum(quantity)
FROM seats_usageevent WHERE account_id = %s AND day BETWEEN %s AND %s GROUP BY 1, 2, 3, 4, 5
"""


class PostgresEngine:
    """The default."""

    def complete_days(self, account: Account) -> tuple[date, date]:
        """See Engine."""
        last = usage_settings(account).forgotten_to
        return (last + timedelta(days=1) if last else date.min), date.max

    def counts(self, account: Account, first: date, last: date) -> Iterator[DailyCount]:
        """See Engine."""
        with connection.cursor() as cursor:
            cursor.execute(_SQL, [account.pk, first, last])
            rows = cursor.fetchall()
        for member, person, day, feature, outcome, count, quantity in rows:
            yield DailyCount(member, person, day, feature, outcome, int(count), int(quantity))
