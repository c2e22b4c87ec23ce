"""The meter: one row per account and day, from the ledger, in one statement for everybody."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from accounts.models import Account
from seats.models import DailyMark

# A first run looks back over a quarter and a month; later ones fill what is missing.
MOST_DAYS = 130

# The days are the account's own. Days already written are made again for two days back, since an entry may be older
# than the run that would have seen it; a run that comes late fills what is missing.
_EVERYBODY = """
WITH span AS (
    SELECT a.id AS account_id, a.time_zone AS zone, today.day AS today,
        GREATEST((opened.at AT TIME ZONE a.time_zone)::date, COALESCE(known.day - 2, today.day - %(most)s)) AS since
    FROM accounts_account AS a
    CROSS JOIN LATERAL (SELECT (%(at)s AT TIME ZONE a.time_zone)::date AS day) AS today
    CROSS JOIN LATERAL (SELECT min(at) AS at FROM seats_ledgerentry WHERE account_id = a.id) AS opened
    CROSS JOIN LATERAL (SELECT max(day) AS day FROM seats_dailymark WHERE account_id = a.id) AS known
    WHERE a.closed_at IS NULL AND opened.at IS NOT NULL
), days AS (
    SELECT account_id, d::date AS day, d::date::timestamp AT TIME ZONE zone AS starts,
        (d::date + 1)::timestamp AT TIME ZONE zone AS ends
    FROM span CROSS JOIN LATERAL generate_series(since, today, interval '1 day') AS d
)"""
_ONE = """
WITH days AS (
    SELECT %(account)s::bigint AS account_id, d::date AS day, d::date::timestamp AT TIME ZONE %(zone)s AS starts,
        (d::date + 1)::timestamp AT TIME ZONE %(zone)s AS ends
    FROM (
        SELECT (min(at) AT TIME ZONE %(zone)s)::date AS day FROM seats_ledgerentry WHERE account_id = %(account)s
    ) AS opened
    CROSS JOIN generate_series(GREATEST(%(first)s::date, opened.day), %(last)s::date, interval '1 day') AS d
    WHERE opened.day IS NOT NULL
)"""
_STATES = """, states AS (
    SELECT days.account_id, days.day,
        COALESCE(last.purchased_after, before.purchased_after, 0) AS purchased,
        COALESCE(last.assigned_after, before.assigned_after, 0) AS assigned,
        GREATEST(before.assigned_after, inside.peak, 0) AS assigned_peak,
        GREATEST(
            CASE WHEN before.assigned_after - before.comped_after > before.purchased_after
                THEN before.assigned_after - before.comped_after END,
            inside.over, 0
        ) AS over_peak
    FROM days
    LEFT JOIN LATERAL (
        SELECT purchased_after, assigned_after, comped_after FROM seats_ledgerentry
        WHERE account_id = days.account_id AND at < days.starts ORDER BY at DESC, id DESC LIMIT 1
    ) AS before ON true
    LEFT JOIN LATERAL (
        SELECT purchased_after, assigned_after FROM seats_ledgerentry
        WHERE account_id = days.account_id AND at >= days.starts AND at < days.ends ORDER BY at DESC, id DESC LIMIT 1
    ) AS last ON true
    CROSS JOIN LATERAL (
        SELECT max(assigned_after) AS peak,
            max(assigned_after - comped_after) FILTER (WHERE assigned_after - comped_after > purchased_after) AS over
        FROM seats_ledgerentry
        WHERE account_id = days.account_id AND at >= days.starts AND at < days.ends
    ) AS inside
), marks AS (
    SELECT account_id, day, purchased, assigned_peak, over_peak, GREATEST(purchased - assigned, 0) AS free FROM states
)
"""
_WRITE = """
INSERT INTO seats_dailymark AS m (account_id, day, purchased, assigned_peak, over_peak, free)
SELECT account_id, day, purchased, assigned_peak, over_peak, free FROM marks ORDER BY account_id, day
ON CONFLICT (account_id, day) DO UPDATE SET purchased = EXCLUDED.purchased, assigned_peak = EXCLUDED.assigned_peak,
    over_peak = EXCLUDED.over_peak, free = EXCLUDED.free
WHERE (m.purchased, m.assigned_peak, m.over_peak, m.free)
    IS DISTINCT FROM (EXCLUDED.purchased, EXCLUDED.assigned_peak, EXCLUDED.over_peak, EXCLUDED.free)
"""
_READ = "SELECT day, purchased, assigned_peak, over_peak, free FROM marks ORDER BY day"


@dataclass(frozen=True)
class Mark:
    """One day, as DailyMark says it."""

    day: date
    purchased: int
    assigned_peak: int
    over_peak: int
    free: int


def record_marks(*, at: datetime) -> int:
    """Write the daily marks up to the running day; returns how many rows were new or moved. Twice is as once."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERYBODY + _STATES + _WRITE, {"at": at, "most": MOST_DAYS})
        return int(cursor.rowcount)


def marks_from_ledger(account: Account, *, zone: str, first: date, last: date) -> list[Mark]:
    """The marks of some days as the ledger gives them now, whatever was written before.

    As there, days before its first entry have none: a quarter may begin before the account does.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ONE + _STATES + _READ, {"account": account.pk, "zone": zone, "first": first, "last": last})
        return [Mark(*row) for row in cursor.fetchall()]


def marks_written(account: Account, *, first: date, last: date) -> list[Mark]:
    """The rows that were written for some days, oldest first."""
    rows = DailyMark.objects.filter(account=account, day__gte=first, day__lte=last).order_by("day")
    return [Mark(*row) for row in rows.values_list("day", "purchased", "assigned_peak", "over_peak", "free")]
