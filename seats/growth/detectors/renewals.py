"""Seats that a renewal is likely to cut (product.md I5)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from accounts.models import Account
from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.holders.queries import ACTIVE_WITHIN
from seats.insight.forecast import AHEAD, TOLD_FROM, TOLD_PERCENT, renewal_forecast, worth_telling
from seats.models import Signal


def renewals_at_risk(span: Span, at: datetime) -> Iterator[Found]:
    """Long periods and commitments that end within 90 days, with idle and free seats that nothing keeps.

    One statement lets through who may be meant; each of them is then judged by what its own page shows.
    """
    found = rows(
        """
        WITH meant AS (
            SELECT p.account_id, p.purchased, greatest(p.purchased - p.assigned, 0) AS free
            FROM seats_seatpool p
            WHERE p.account_id BETWEEN %(first)s AND %(last)s AND p.purchased >= %(from)s
              AND EXISTS (
                SELECT FROM billing_subscription s JOIN billing_subscriptionitem i ON i.subscription_id = s.id
                LEFT JOIN billing_terms t ON t.account_id = s.account_id
                WHERE s.account_id = p.account_id AND s.ended_at IS NULL AND s.cancel_at IS NULL
                  AND (i.period_end <= %(until)s OR t.committed_until BETWEEN %(at)s AND %(until)s))
        ), idle AS (
            SELECT a.account_id, count(*) AS idle
            FROM seats_assignment a
            JOIN accounts_membership m ON m.id = a.membership_id AND m.left_at IS NULL
            WHERE a.account_id IN (SELECT account_id FROM meant) AND a.ended_at IS NULL AND a.started_at <= %(since)s
              AND (m.last_active_at IS NULL OR m.last_active_at < %(since)s)
            GROUP BY a.account_id
        )
        SELECT m.account_id FROM meant m LEFT JOIN idle i ON i.account_id = m.account_id
        WHERE m.free + coalesce(i.idle, 0) >= %(from)s
          AND (m.free + coalesce(i.idle, 0)) * 100 >= m.purchased * %(percent)s
        """,
        span,
        **{"from": TOLD_FROM},
        percent=TOLD_PERCENT,
        until=at + AHEAD + timedelta(days=1),
        at=at,
        since=at - ACTIVE_WITHIN,
    )
    for account in Account.objects.filter(pk__in=[row[0] for row in found]).order_by("pk"):
        forecast = renewal_forecast(account, at)
        if forecast is None or not (forecast.soon and forecast.decisive):
            continue
        if worth_telling(forecast.cut, forecast.counts.purchased):
            evidence = {
                "day": forecast.at.date().isoformat(),
                "purchased": forecast.counts.purchased,
                "idle": forecast.idle,
                "free": forecast.counts.free,
                "committed": forecast.committed,
                "cut": forecast.cut,
            }
            yield Found(account.pk, Signal.Kind.RENEWAL, subject=forecast.at.date().isoformat(), evidence=evidence)
