"""What the calendar says: check-ins after a first day, and seats that end before procurement does."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal
from seats.value.rules import CHECK_INS, DAYS

# How long a check-in stays worth doing.
WORTH_DOING = 14
# How long an enterprise needs to buy (product.md E18), in days.
PROCUREMENT = (60, 90)
# The pace is measured over so many days.
PACE_DAYS = 90
# From so many seats on, or by invoice, somebody approves.
ENTERPRISE = 50


def check_in_of(days: int) -> int | None:
    """Which check-in is due so many days after the first day. Pure."""
    return next((due for due in CHECK_INS if due <= days < due + WORTH_DOING), None)


def days_to_full(free: int, added: int) -> int | None:
    """In how many days the free seats are used up, if `added` more were taken in PACE_DAYS; None when it does not
    grow. Rounded down. Pure."""
    return None if added <= 0 else max(free, 0) * PACE_DAYS // added


def check_ins(span: Span, at: datetime) -> Iterator[Found]:
    """Accounts whose open value plan began about 7, 30, 60 or 90 days ago; without one, whose first purchase did."""
    found = rows(
        """
        SELECT firsts.account_id, plan.starts_on IS NOT NULL,
               COALESCE(plan.starts_on::timestamp AT TIME ZONE a.time_zone, firsts.bought)
        FROM (SELECT account_id, min(at) AS bought FROM seats_ledgerentry
              WHERE account_id BETWEEN %(first)s AND %(last)s AND purchased_after > purchased_before
              GROUP BY account_id) AS firsts
        JOIN accounts_account a ON a.id = firsts.account_id
        LEFT JOIN LATERAL (
            -- Also a plan that has run its full course: its last check-in is still to be done.
            SELECT p.starts_on FROM seats_valueplan p
            WHERE p.account_id = firsts.account_id AND (p.ended_at IS NULL OR p.ended_at > %(worth)s
                AND p.starts_on <= (p.ended_at AT TIME ZONE a.time_zone)::date - %(days)s)
            ORDER BY p.starts_on DESC LIMIT 1
        ) plan ON true
        WHERE plan.starts_on IS NOT NULL OR firsts.bought > %(since)s
        """,
        span,
        since=at - timedelta(days=CHECK_INS[-1] + WORTH_DOING),
        worth=at - timedelta(days=WORTH_DOING),
        days=DAYS,
    )
    for account, planned, first in found:
        due = check_in_of((at - first).days)
        if due is not None:
            evidence = {"day": due, "plan": planned}
            yield Found(account, Signal.Kind.CHECK_IN, subject=str(due), evidence=evidence)


def runways(span: Span, at: datetime) -> Iterator[Found]:
    """Enterprises whose seats end, at the pace of the last 90 days, before they could have bought more."""
    found = rows(
        """
        SELECT p.account_id, p.purchased - p.assigned, p.assigned - past.assigned_after
        FROM seats_seatpool p
        CROSS JOIN LATERAL (
            SELECT l.assigned_after FROM seats_ledgerentry l
            WHERE l.account_id = p.account_id AND l.at <= %(then)s ORDER BY l.at DESC, l.id DESC LIMIT 1
        ) past
        WHERE p.account_id BETWEEN %(first)s AND %(last)s AND p.assigned > past.assigned_after
          AND p.purchased >= p.assigned
          AND (p.purchased >= %(enterprise)s OR EXISTS (
              SELECT FROM billing_subscription s WHERE s.account_id = p.account_id
              AND s.collection_method = 'send_invoice' AND s.status NOT IN ('canceled', 'incomplete_expired')))
        """,
        span,
        then=at - timedelta(days=PACE_DAYS),
        enterprise=ENTERPRISE,
    )
    shortest, longest = PROCUREMENT
    for account, free, added in found:
        days = days_to_full(free, added)
        if days is not None and days < longest:
            evidence = {"free": free, "added": added, "days": days, "shortest": shortest, "longest": longest}
            # What is missing by the time that the slowest procurement would end.
            yield Found(
                account, Signal.Kind.RUNWAY, evidence=evidence, seats=-(-added * longest // PACE_DAYS) - free or None
            )
