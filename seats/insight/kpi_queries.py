"""The metrics over all accounts, by segment: one statement over the marks, whatever the number of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from seats.insight.bands import LOW, READY
from seats.insight.kpis import Kpis, expansion_rate
from seats.insight.segments import SEGMENTS
from seats.models import MarkedMonth

YEAR = timedelta(days=365)
# The running month and the twelve before it.
MONTHS = 13
_KPIS = """
    SELECT month, COALESCE({segment}, '') AS segment, count(*), sum(purchased), sum(active),
           COALESCE(sum(start) FILTER (WHERE start > 0), 0),
           COALESCE(sum(purchased) FILTER (WHERE start > 0), 0),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY floor(extract(epoch FROM next_at - first_at) / 86400)),
           count(next_at), count(*) FILTER (WHERE first_at IS NOT NULL AND next_at IS NULL),
           count(*) FILTER (WHERE active * 100 >= purchased * %(ready)s),
           count(*) FILTER (WHERE active * 100 < purchased * %(low)s),
           floor(avg(health))
    FROM (
        SELECT k.*, a.industry, a.use_case FROM seats_accountmark k JOIN accounts_account a ON a.id = k.account_id
        WHERE k.month = ANY(%(months)s)
    ) AS facts
    GROUP BY 1, 2 ORDER BY 1 DESC, 4 DESC, 2
"""


def newest_month() -> MarkedMonth | None:
    """The month that was counted last, with the moment that its marks show."""
    return MarkedMonth.objects.first()


def months_to_show() -> list[MarkedMonth]:
    """Up to MONTHS of them, the oldest first."""
    return list(MarkedMonth.objects.all()[:MONTHS])[::-1]


def kpis_of_month(segment: str, month: date) -> list[Kpis]:
    """One row per value of the segment, the largest first."""
    return kpis_by_month(segment, [month])[month]


def kpis_by_month(segment: str, months: Sequence[date]) -> dict[date, list[Kpis]]:
    """The same for several months at once. Industry, use case and names of accounts are today's."""
    found: dict[date, list[Kpis]] = {month: [] for month in months}
    with connection.cursor() as cursor:
        cursor.execute(
            _KPIS.replace("{segment}", SEGMENTS[segment][1]), {"months": list(months), "ready": READY, "low": LOW}
        )
        for month, name, accounts, seats, active, start, end, days, expanded, waiting, ready, low, health in cursor:
            found[month].append(
                Kpis(
                    segment=name,
                    accounts=accounts,
                    seats=int(seats),
                    active=int(active),
                    mean=int(seats) / accounts,
                    rate=expansion_rate(int(start), int(end)),
                    days=int(days) if days is not None else None,
                    expanded=expanded,
                    waiting=waiting,
                    ready=ready,
                    neutral=accounts - ready - low,
                    low=low,
                    health=int(health) if health is not None else None,
                )
            )
    return found


@dataclass(frozen=True)
class Cause:
    """Seats added in a year by one cause: seats, plan or other; and by how many purchases."""

    cause: str
    seats: int
    purchases: int


def growth_by_cause(at: datetime) -> list[Cause]:
    """What the ledger says caused more seats in the last 365 days (H5); first purchases are no expansion."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE kind WHEN 'bought' THEN 'seats' WHEN 'plan' THEN 'plan' ELSE 'other' END AS cause,
                   sum(purchased_after - purchased_before), count(*)
            FROM seats_ledgerentry
            WHERE at > %(year_ago)s AND at <= %(at)s AND purchased_after > purchased_before AND purchased_before > 0
            GROUP BY 1 ORDER BY 2 DESC, 1
            """,
            {"year_ago": at - YEAR, "at": at},
        )
        return [Cause(cause, int(seats), purchases) for cause, seats, purchases in cursor.fetchall()]
