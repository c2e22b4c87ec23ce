"""Interest before anybody asks: what was begun and left, and what was refused (product.md C10)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal

LOOKS_BACK = timedelta(days=7)
# A price that is looked at may still be paid.
MAY_STILL_BUY = timedelta(hours=1)


def interest(span: Span, at: datetime) -> Iterator[Found]:
    """Prices that people asked for and left, requests that were refused, people who met the limit and wait.

    Where seats were bought after it, the interest has been answered.
    """
    found = rows(
        """
        WITH traces AS (
            SELECT account_id, 'left_price' AS what, user_id AS who, created_at AS at, target_quantity - base_quantity
                   AS seats
            FROM billing_quote
            WHERE kind = 'add' AND consumed_at IS NULL AND user_id IS NOT NULL
              AND created_at BETWEEN %(since)s AND %(settled)s AND target_quantity > base_quantity
            UNION ALL
            SELECT account_id, 'refused', asked_by_id, decided_at, 1 FROM seats_seatrequest
            WHERE state = 'refused' AND decided_at BETWEEN %(since)s AND %(at)s
            UNION ALL
            SELECT account_id, 'met_limit', membership_id, since, 1 FROM seats_waitingperson
            WHERE served_at IS NULL AND withdrawn_at IS NULL AND since BETWEEN %(since)s AND %(at)s
        ), bought AS (
            SELECT account_id, max(at) AS at FROM seats_ledgerentry
            WHERE at > %(since)s AND purchased_after > purchased_before AND account_id BETWEEN %(first)s AND %(last)s
            GROUP BY account_id
        )
        SELECT t.account_id, count(DISTINCT who) FILTER (WHERE what = 'left_price'),
               count(*) FILTER (WHERE what = 'refused'), count(*) FILTER (WHERE what = 'met_limit'),
               COALESCE(max(t.seats) FILTER (WHERE what = 'left_price'), 0), max(t.at)
        FROM traces t LEFT JOIN bought b ON b.account_id = t.account_id
        WHERE t.account_id BETWEEN %(first)s AND %(last)s AND (b.at IS NULL OR t.at > b.at)
        GROUP BY t.account_id
        """,
        span,
        since=at - LOOKS_BACK,
        settled=at - MAY_STILL_BUY,
        at=at,
    )
    for account, left, refused, waiting, wanted, last in found:
        evidence = {"left": left, "refused": refused, "waiting": waiting, "last": last.date().isoformat()}
        yield Found(account, Signal.Kind.INTEREST, evidence=evidence, seats=max(wanted, refused + waiting))
