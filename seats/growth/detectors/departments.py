"""Seats that spread: to another department, or within one (product.md B1, B2)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal

# A department is new for so long, and only if the account had seats so long before.
NEW_FOR = timedelta(days=30)
SETTLED_DAYS = 30
# Percent in a year: the seed's departments grow by 30 to 60.
GROWS = 30
YEAR = timedelta(days=365)
# From fewer holders, one more is no trend.
LEAST = 3


def new_departments(span: Span, at: datetime) -> Iterator[Found]:
    """A department whose first seat was given in the last 30 days, where others had theirs long before."""
    found = rows(
        """
        WITH firsts AS (
            SELECT s.account_id, m.department_id, min(s.started_at) AS first
            FROM seats_assignment s JOIN accounts_membership m ON m.id = s.membership_id
            WHERE s.account_id BETWEEN %(first)s AND %(last)s AND m.department_id IS NOT NULL
            GROUP BY s.account_id, m.department_id
        ), ranked AS (
            SELECT *, min(first) OVER (PARTITION BY account_id) AS begun FROM firsts
        )
        SELECT r.account_id, d.public_id, d.name, r.first, r.begun
        FROM ranked r JOIN accounts_department d ON d.id = r.department_id
        WHERE r.first > %(since)s AND r.first >= r.begun + make_interval(days => %(settled)s)
        """,
        span,
        since=at - NEW_FOR,
        settled=SETTLED_DAYS,
    )
    for account, department, name, first, begun in found:
        days = (first - begun).days
        evidence = {"department": name, "first_seat": first.date().isoformat(), "days_after_first": days}
        yield Found(account, Signal.Kind.NEW_DEPARTMENT, subject=department, evidence=evidence)


def growing_departments(span: Span, at: datetime) -> Iterator[Found]:
    """A department that holds at least 30 % more seats than a year ago.

    Then: its mark of that day (insight/record_department_marks.py). Before marks were kept, who was where is taken from
    today's list, and the evidence says so.
    """
    found = rows(
        """
        SELECT s.account_id, d.public_id, d.name,
               count(*) FILTER (WHERE s.started_at <= %(then)s AND (s.ended_at IS NULL OR s.ended_at > %(then)s)),
               count(*) FILTER (WHERE s.ended_at IS NULL),
               (SELECT k.holders FROM seats_departmentmark k WHERE k.department_id = d.id AND k.day <= %(day)s
                ORDER BY k.day DESC LIMIT 1)
        FROM seats_assignment s
        JOIN accounts_membership m ON m.id = s.membership_id
        JOIN accounts_department d ON d.id = m.department_id
        WHERE s.account_id BETWEEN %(first)s AND %(last)s
        GROUP BY s.account_id, d.id
        """,
        span,
        then=at - YEAR,
        day=(at - YEAR).astimezone(UTC).date(),
    )
    for account, department, name, guessed, today, marked in found:
        then = guessed if marked is None else marked
        if grows(then, today):
            evidence = {"department": name, "then": then, "now": today, "percent": (today - then) * 100 // then}
            evidence["by_members"] = marked is None
            yield Found(
                account,
                Signal.Kind.DEPARTMENT_GROWTH,
                subject=department,
                evidence=evidence,
                seats=next_half_year(then, today),
            )


def grows(then: int, today: int) -> bool:
    """Whether a year brought at least GROWS percent. Pure."""
    return then >= LEAST and (today - then) * 100 >= then * GROWS


def next_half_year(then: int, today: int) -> int:
    """Seats for six more months at the same rate, rounded up: today × (today − then) ÷ then ÷ 2. Pure."""
    return -(-today * (today - then) // (2 * then))
