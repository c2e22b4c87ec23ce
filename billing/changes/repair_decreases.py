"""A reduction whose day passed while no worker ran: put right late, for the whole period (F33, ADR 15).

One call with a stored key sets the lower quantity as of the period's start, so Stripe itself credits exactly what it
billed too much; the amount is previewed, kept and compared like the price of a purchase.
"""

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.changes.buy_quote import HAND_OVER
from billing.changes.finish_change import finish_change
from billing.changes.rules import backoff
from billing.gateway.contract import GatewayError, RemoteInvoice
from billing.gateway.stripe_api import gateway
from billing.mirror.queries import open_change, seat_item
from billing.mirror.refresh import refresh_until_written
from billing.models import QuantityChange, ScheduledDecrease, Subscription, SubscriptionItem
from billing.quotes.params import change_details, params_hash, preview_params, update_params
from seatportal.kit.clock import to_unix
from seatportal.kit.ids import public_id

log = structlog.get_logger(__name__)
State = ScheduledDecrease.State

# While the renewal itself is not paid, its credit has to wait.
WAIT = timedelta(hours=1)
MOST_TRIES = 5


def repair_missed_decreases(*, at: datetime) -> int:
    """Carry every missed reduction on; returns how many were looked at. One that fails never stops the rest."""
    due = ScheduledDecrease.objects.filter(state=State.MISSED, next_try_at__lte=at).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:50])
    for pk in ids:
        try:
            repair_decrease(decrease_id=pk, at=at)
        except Exception:
            log.exception("reduction_not_repaired", decrease_id=pk)
    return len(ids)


def repair_decrease(*, decrease_id: int, at: datetime) -> ScheduledDecrease:
    """Read, then lower the quantity unless somebody moved it meanwhile. Safe to repeat; never raises for Stripe."""
    plan = ScheduledDecrease.objects.select_related("subscription__customer", "account", "repair").get(pk=decrease_id)
    free = ScheduledDecrease.objects.filter(pk=plan.pk, state=State.MISSED, next_try_at=plan.next_try_at)
    if not free.update(next_try_at=at + WAIT):
        return plan
    try:
        refresh_until_written(stripe_id=plan.subscription.stripe_id, at=at)
        plan.refresh_from_db()
        if plan.state == State.MISSED:
            _repair(plan, at)
    except GatewayError as error:
        log.warning("reduction_not_repaired", reduction=plan.public_id, error=type(error).__name__)
        free.model.objects.filter(pk=plan.pk, state=State.MISSED).update(next_try_at=at + backoff(3))
    plan.refresh_from_db()
    return plan


def _repair(plan: ScheduledDecrease, at: datetime) -> None:
    last = plan.repair
    if last is not None and last.is_open:
        finish_change(change_id=last.pk, at=at)
        return
    subscription = Subscription.objects.select_related("customer").get(pk=plan.subscription_id)
    item = seat_item(subscription)
    if item is None or item.quantity != plan.missed_quantity or plan.tries >= MOST_TRIES:
        # Somebody bought or edited since: what is wanted now is for people to say.
        log.error("reduction_given_up", reduction=plan.public_id, subscription=subscription.stripe_id)
        ScheduledDecrease.objects.filter(pk=plan.pk).update(state=State.FAILED, closed_at=at, next_try_at=None)
        return
    if subscription.status not in ("active", "trialing") or open_change(plan.account) is not None:
        return
    start = to_unix(item.period_start)
    price = gateway().preview(
        preview_params(
            customer_id=subscription.customer.stripe_id,
            subscription_id=subscription.stripe_id,
            item_id=item.stripe_id,
            quantity=plan.renew_quantity,
            proration_date=start,
        )
    )
    change = _accept(plan, subscription, item, price, at)
    if change is not None:
        finish_change(change_id=change.pk, at=at)


@transaction.atomic
def _accept(
    plan: ScheduledDecrease, subscription: Subscription, item: SubscriptionItem, price: RemoteInvoice, at: datetime
) -> QuantityChange | None:
    """The intent with its key; None when a purchase was faster."""
    change_id = public_id("chg")
    params = update_params(
        change_id=change_id,
        item_id=item.stripe_id,
        quantity=plan.renew_quantity,
        proration_date=to_unix(item.period_start),
    )
    total = price.total
    if total > 0:
        # By volume, fewer seats may cost more. Nobody pays for our delay: the number alone is put right.
        del params["proration_date"]
        params |= change_details(item_id=item.stripe_id, quantity=plan.renew_quantity, proration_date=None)
        total = 0
    try:
        with transaction.atomic():
            change = QuantityChange.objects.create(
                public_id=change_id,
                kind=QuantityChange.Kind.REDUCE,
                account=plan.account,
                subscription=subscription,
                user=plan.user,
                reason=plan.reason,
                base_quantity=item.quantity,
                target_quantity=plan.renew_quantity,
                base_version=subscription.version,
                item_stripe_id=item.stripe_id,
                price_stripe_id=item.price.stripe_id,
                currency=price.currency,
                quoted_total=total,
                quoted_due=0,
                params=params,
                params_sha256=params_hash(params),
                idempotency_key=f"seatchg:{change_id}:1",
                confirmed_at=at,
                next_try_at=at + HAND_OVER,
            )
    except IntegrityError as error:
        if "change_one_open_per_subscription" in str(error):
            return None
        raise
    ScheduledDecrease.objects.filter(pk=plan.pk).update(repair=change, tries=plan.tries + 1)
    record_audit(
        account=plan.account,
        actor=Actor.system("task"),
        action="reduction.repaired",
        target=plan.public_id,
        summary=f"{item.quantity} → {plan.renew_quantity}",
        change=change_id,
        credit=total,
        currency=price.currency,
    )
    return change
