"""The policy that charges active seats only: count at the end of each period, then credit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from billing.changes.credit_idle import IdleCount, finish_idle_credit, open_idle_credit
from billing.mirror.queries import live_subscription, seat_item
from billing.mirror.verdict import CLOCK_SKEW
from billing.models import IdleCredit, QuantityChange, Subscription, SubscriptionItem, Terms
from seats.models import LedgerEntry
from seats.true_up.agreed import floor_of
from seats.true_up.idle import idle_holders
from seats.true_up.rules import (
    AFTER_PERIOD_END,
    BEFORE_PERIOD_END,
    creditable,
    day_in,
    one_period_before,
    window_days,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Period:
    """A billing period that is ending, or ended a moment ago."""

    subscription: Subscription
    item: SubscriptionItem
    start: datetime
    end: datetime


def count_idle_credits(*, at: datetime) -> int:
    """Count every period that ends now and has no row yet; returns how many. One account's failure stops no other."""
    counted = 0
    terms = Terms.objects.filter(inactive_policy=Terms.InactivePolicy.ACTIVE, account__closed_at__isnull=True)
    for agreed in terms.select_related("account").order_by("pk"):
        try:
            for period in _ending(agreed, at):
                credit = _count(agreed, period, at)
                finish_idle_credit(credit_id=credit.pk, at=at)
                counted += 1
        except Exception:
            log.exception("idle_seats_not_counted", account=agreed.account.public_id)
    return counted


def _ending(agreed: Terms, at: datetime) -> Iterator[Period]:
    """The period that ends within two hours, or ended within three days while nobody counted.

    A subscription that ends has no next invoice, one in trial was not charged, and one that is past due owes: none of
    them is credited.
    """
    subscription = live_subscription(agreed.account)
    item = seat_item(subscription) if subscription is not None else None
    if subscription is None or item is None or subscription.status != "active":
        return
    price = item.price
    ends = [(item.period_start, item.period_end)]
    if subscription.started_at is not None and subscription.started_at < item.period_start:
        ends.append((one_period_before(item.period_start, price.interval, price.interval_count), item.period_start))
    for start, end in ends:
        if not -AFTER_PERIOD_END <= end - at <= BEFORE_PERIOD_END:
            continue
        if subscription.cancel_at is not None and subscription.cancel_at <= end:
            continue
        if end == item.period_start and _plan_changed_since(subscription, end):
            continue
        if agreed.created_at < end and not IdleCredit.objects.filter(subscription=subscription, period_end=end):
            yield Period(subscription, item, start, end)


def _plan_changed_since(subscription: Subscription, end: datetime) -> bool:
    """Whether today's price and interval say nothing about the period that ended: it was another plan's.

    A switch that begins a new cycle ends the old period before its time, and gives back what is left of it.
    """
    switched = QuantityChange.objects.filter(
        subscription=subscription, kind=QuantityChange.Kind.PLAN, state=QuantityChange.State.APPLIED
    )
    return switched.filter(settled_at__gte=end - CLOCK_SKEW).exists()


def _count(agreed: Terms, period: Period, at: datetime) -> IdleCredit:
    account = agreed.account
    moment = min(at, period.end)
    last = day_in(account.time_zone, moment)
    days = window_days(agreed.idle_days, period=period.end - period.start)
    idle = idle_holders(account, zone=account.time_zone, last=last, days=days, at=moment)
    purchased, assigned = _seats_at(agreed, moment)
    floor = floor_of(account, period.item.price.plan, moment)
    return open_idle_credit(
        subscription=period.subscription,
        item=period.item,
        period_start=period.start,
        period_end=period.end,
        count=IdleCount(
            first_day=last - timedelta(days=days - 1),
            last_day=last,
            quantity=purchased,
            assigned=assigned,
            credited=creditable(purchased=purchased, assigned=assigned, idle=len(idle), floor=floor),
            people=[
                {
                    "member": holder.member_id,
                    "name": holder.name,
                    "email": holder.email,
                    "seated_on": day_in(account.time_zone, holder.seated_at).isoformat(),
                    "last_active_on": holder.last_active_on.isoformat() if holder.last_active_on else "",
                }
                for holder in idle
            ],
        ),
        at=at,
    )


def _seats_at(agreed: Terms, moment: datetime) -> tuple[int, int]:
    """Purchased and taken seats at a moment, by the ledger."""
    entry = LedgerEntry.objects.filter(account=agreed.account, at__lte=moment).order_by("-at", "-pk").first()
    return (entry.purchased_after, entry.assigned_after) if entry else (0, 0)
