"""The metrics over all accounts, by segment: one statement, whatever the number of accounts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seats.holders.queries import ACTIVE_WITHIN
from seats.insight.bands import LOW, READY
from seats.insight.kpis import Kpis, expansion_rate

YEAR = timedelta(days=365)

# How accounts can be told apart, each as an expression over `facts`.
SEGMENTS: dict[str, tuple[str | Promise, str]] = {
    "all": (_("All accounts"), "''"),
    "size": (
        _("Size"),
        "CASE WHEN purchased <= 10 THEN '1–10' WHEN purchased <= 50 THEN '11–50' WHEN purchased <= 250 THEN '51–250' "
        "ELSE '251+' END",
    ),
    "industry": (_("Industry"), "industry"),
    "use_case": (_("Use case"), "use_case"),
    "cohort": (_("First purchase"), "to_char(first_at, 'YYYY \"Q\"Q')"),
    "region": (_("Region"), "region"),
}
_FACTS = """
    WITH used AS (
        SELECT s.account_id, count(*) AS active
        FROM seats_assignment s JOIN accounts_membership m ON m.id = s.membership_id
        WHERE s.ended_at IS NULL AND m.last_active_at >= %(since)s GROUP BY s.account_id
    ), grown AS (
        SELECT account_id, min(at) AS first_at, (array_agg(at ORDER BY at, id))[2] AS next_at
        FROM seats_ledgerentry WHERE purchased_after > purchased_before AND at <= %(at)s
        GROUP BY account_id
    ), past AS (
        SELECT DISTINCT ON (account_id) account_id, purchased_after AS start
        FROM seats_ledgerentry WHERE at <= %(year_ago)s ORDER BY account_id, at DESC, id DESC
    ), facts AS (
        SELECT p.purchased, COALESCE(used.active, 0) AS active, COALESCE(past.start, 0) AS start, grown.first_at,
               grown.next_at, a.industry, a.use_case, {region} AS region
        FROM seats_seatpool p
        JOIN accounts_account a ON a.id = p.account_id
        LEFT JOIN used ON used.account_id = p.account_id
        LEFT JOIN grown ON grown.account_id = p.account_id
        LEFT JOIN past ON past.account_id = p.account_id
        WHERE p.purchased > 0
    )
"""
REGION = """COALESCE((SELECT r.name FROM accounts_membership m JOIN accounts_region r ON r.id = m.region_id
    WHERE m.account_id = a.id AND m.left_at IS NULL GROUP BY r.name ORDER BY count(*) DESC, r.name LIMIT 1), '')"""


def kpis_by(segment: str, at: datetime) -> list[Kpis]:
    """One row per value of the segment, the largest first. An account's region is where most of its people are."""
    _name, expression = SEGMENTS[segment]
    facts = _FACTS.replace("{region}", REGION if segment == "region" else "''")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{facts}
            SELECT COALESCE({expression}, '') AS segment, count(*), sum(purchased),
                   COALESCE(sum(start) FILTER (WHERE start > 0), 0),
                   COALESCE(sum(purchased) FILTER (WHERE start > 0), 0),
                   percentile_disc(0.5) WITHIN GROUP (ORDER BY floor(extract(epoch FROM next_at - first_at) / 86400)),
                   count(next_at), count(*) FILTER (WHERE first_at IS NOT NULL AND next_at IS NULL),
                   count(*) FILTER (WHERE active * 100 >= purchased * %(ready)s),
                   count(*) FILTER (WHERE active * 100 < purchased * %(low)s)
            FROM facts GROUP BY 1 ORDER BY 3 DESC, 1
            """,  # noqa: S608  only what stands above is put in
            {"since": at - ACTIVE_WITHIN, "at": at, "year_ago": at - YEAR, "ready": READY, "low": LOW},
        )
        return [
            Kpis(
                segment=name,
                accounts=accounts,
                seats=int(seats),
                mean=int(seats) / accounts,
                rate=expansion_rate(int(start), int(end)),
                days=int(days) if days is not None else None,
                expanded=expanded,
                waiting=waiting,
                ready=ready,
                neutral=accounts - ready - low,
                low=low,
            )
            for name, accounts, seats, start, end, days, expanded, waiting, ready, low in cursor.fetchall()
        ]


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
