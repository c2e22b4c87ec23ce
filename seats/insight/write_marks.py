"""One month's marks of all accounts, by one statement."""

from datetime import date, datetime, timedelta

from django.db import connection

from seats.holders.queries import ACTIVE_WITHIN
from seats.insight.kpi_queries import YEAR

# As things are now.
_NOW = """
    used AS (
        SELECT s.account_id, count(*) AS active
        FROM seats_assignment s JOIN accounts_membership m ON m.id = s.membership_id
        WHERE s.ended_at IS NULL AND m.last_active_at >= %(since)s GROUP BY s.account_id
    ), stands AS (
        SELECT p.account_id, p.purchased, p.assigned, COALESCE(used.active, 0) AS active
        FROM seats_seatpool p LEFT JOIN used ON used.account_id = p.account_id WHERE p.purchased > 0
    )
"""
# As they were at a moment: seats by the ledger, use by the daily counts. Calendar days stand for the last 30 days.
_THEN = """
    used AS (
        SELECT s.account_id, count(DISTINCT s.membership_id) AS active FROM seats_assignment s
        WHERE s.started_at < %(at)s AND (s.ended_at IS NULL OR s.ended_at >= %(at)s) AND s.state = 'held' AND EXISTS (
            SELECT FROM seats_dailyusage u WHERE u.account_id = s.account_id AND u.membership_id = s.membership_id
            AND u.day > %(day)s::date - 30 AND u.day <= %(day)s
        ) GROUP BY s.account_id
    ), stands AS (
        SELECT last.account_id, last.purchased, last.assigned, COALESCE(used.active, 0) AS active
        FROM (
            SELECT DISTINCT ON (account_id) account_id, purchased_after AS purchased, assigned_after AS assigned
            FROM seats_ledgerentry WHERE at < %(at)s ORDER BY account_id, at DESC, id DESC
        ) AS last LEFT JOIN used ON used.account_id = last.account_id WHERE last.purchased > 0
    )
"""
# Rows that stay as they are are not touched: an upsert alone would lock and log each of them.
_WRITE = """
    , grown AS (
        SELECT account_id, min(at) AS first_at, (array_agg(at ORDER BY at, id))[2] AS next_at
        FROM seats_ledgerentry WHERE purchased_after > purchased_before AND at <= %(at)s GROUP BY account_id
    ), past AS (
        SELECT DISTINCT ON (account_id) account_id, purchased_after AS start
        FROM seats_ledgerentry WHERE at <= %(year_ago)s ORDER BY account_id, at DESC, id DESC
    ), places AS (
        SELECT DISTINCT ON (account_id) account_id, name FROM (
            SELECT m.account_id, r.name, count(*) AS people
            FROM accounts_membership m JOIN accounts_region r ON r.id = m.region_id
            WHERE m.left_at IS NULL GROUP BY m.account_id, r.name
        ) AS counted ORDER BY account_id, people DESC, name
    ), facts AS MATERIALIZED (
        SELECT s.account_id, s.purchased, s.assigned, s.active::integer AS active, COALESCE(past.start, 0) AS start,
               grown.first_at, grown.next_at, COALESCE(places.name, '') AS region
        FROM stands s
        LEFT JOIN grown ON grown.account_id = s.account_id
        LEFT JOIN past ON past.account_id = s.account_id
        LEFT JOIN places ON places.account_id = s.account_id
    ), gone AS (
        DELETE FROM seats_accountmark k WHERE k.month = %(month)s
        AND NOT EXISTS (SELECT FROM facts f WHERE f.account_id = k.account_id)
    )
    INSERT INTO seats_accountmark AS k
        (month, account_id, purchased, assigned, active, start, first_at, next_at, region)
    SELECT %(month)s, f.* FROM facts f
    LEFT JOIN seats_accountmark k ON k.month = %(month)s AND k.account_id = f.account_id
    WHERE k.account_id IS NULL OR (k.purchased, k.assigned, k.active, k.start, k.first_at, k.next_at, k.region)
        IS DISTINCT FROM (f.purchased, f.assigned, f.active, f.start, f.first_at, f.next_at, f.region)
    ORDER BY f.account_id
    ON CONFLICT (month, account_id) DO UPDATE SET purchased = EXCLUDED.purchased, assigned = EXCLUDED.assigned,
        active = EXCLUDED.active, start = EXCLUDED.start, first_at = EXCLUDED.first_at, next_at = EXCLUDED.next_at,
        region = EXCLUDED.region
"""


def write_marks(month: date, at: datetime, *, over: bool) -> int:
    """Write the marks of the month that begins on `month` as of `at`; returns how many were new or moved.

    over: the month has ended at `at`, so history is asked; otherwise what is there now.
    """
    values = {
        "month": month,
        "at": at,
        "since": at - ACTIVE_WITHIN,
        "year_ago": at - YEAR,
        "day": (at - timedelta(days=1)).date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {_THEN if over else _NOW}{_WRITE}", values)
        return int(cursor.rowcount)


def put_healths(month: date, healths: dict[int, int | None]) -> None:
    """Write each account's score beside its mark of that month."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE seats_accountmark k SET health = h.health
            FROM unnest(%s::bigint[], %s::smallint[]) AS h(account_id, health)
            WHERE k.month = %s AND k.account_id = h.account_id AND k.health IS DISTINCT FROM h.health
            """,
            [list(healths), list(healths.values()), month],
        )
