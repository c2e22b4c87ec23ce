"""Fewer seats from the next period: planned in our row, put on Stripe within its last day (payments.md §3)."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing import facts
from billing.changes.rules import KEY_LIFE, backoff
from billing.errors import ChangeInProgress, NoSubscription, ProviderUnavailable, ReductionRefused, SelfServiceFrozen
from billing.gateway.contract import GatewayError, Refused
from billing.gateway.stripe_api import gateway
from billing.mirror.fence import raise_fences
from billing.mirror.queries import (
    live_subscription,
    open_change,
    open_decrease,
    seat_item,
)
from billing.mirror.refresh import refresh_subscription
from billing.models import Ending, ScheduledDecrease, Subscription
from billing.terms.queries import terms_in_force
from billing.terms.rules import check_may_shrink

log = structlog.get_logger(__name__)
State = ScheduledDecrease.State

LATEST = timedelta(hours=24)
# How often a placed one is looked at; an event normally tells.
LOOK = timedelta(minutes=15)


def plan_decrease(
    *, account: Account, quantity: int, actor: Actor, at: datetime, reason: str = ""
) -> ScheduledDecrease | None:
    """Hold `quantity` seats from the next period on; today's number withdraws the plan (None). No call to Stripe.

    Raises NoSubscription, ChangeInProgress, ReductionRefused, MinimumSeats, CommitmentInForce, ProviderUnavailable
    (only when Stripe holds the old plan), SelfServiceFrozen; a plan that stands can still be withdrawn by
    withdraw_decrease while it is frozen.
    """
    known = live_subscription(account)
    if known is not None and known.frozen:
        raise SelfServiceFrozen  # Before Stripe is asked to let go of the old plan.
    current = open_decrease(account)
    if current is not None and current.on_stripe:
        _take_back(current)
    if current is not None and current.state == State.MISSED:
        raise ChangeInProgress(_("The last reduction is just being put right. Try again in a few minutes."))
    with transaction.atomic():
        subscription = live_subscription(account)
        if subscription is None:
            raise NoSubscription
        # Serializes two admins who plan at once; the second one's number counts.
        subscription = Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
        if subscription.frozen:
            raise SelfServiceFrozen
        item = seat_item(subscription)
        if item is None:
            raise NoSubscription
        if quantity < 1 or quantity > item.quantity:
            raise ReductionRefused(field="quantity")
        if quantity < item.quantity:
            held = terms_in_force(account, item.price.plan, at)
            check_may_shrink(held, quantity=quantity, effective_at=item.period_end)
        if subscription.cancel_at is not None:
            raise ReductionRefused(_("The subscription ends at the end of this period, with all its seats."))
        ScheduledDecrease.objects.filter(subscription=subscription, state=State.PLANNED).update(
            state=State.WITHDRAWN, closed_at=at
        )
        if quantity == item.quantity:
            record_audit(account=account, actor=actor, action="reduction.withdrawn", target=subscription.public_id)
            return None
        plan = ScheduledDecrease.objects.create(
            account=account,
            subscription=subscription,
            user=actor.user,
            reason=reason[:200],
            base_quantity=item.quantity,
            renew_quantity=quantity,
            effective_at=item.period_end,
        )
        record_audit(
            account=account,
            actor=actor,
            action="reduction.planned",
            target=plan.public_id,
            summary=f"{item.quantity} → {quantity}",
            effective_at=item.period_end.isoformat(),
        )
        facts.reduction_planned.send(sender=ScheduledDecrease, plan=plan, at=at)
        return plan


def lock_reduction(account: Account) -> bool:
    """Let nobody else plan until the transaction's end. Returns whether Stripe holds the plan; then it cannot be
    changed inside the transaction."""
    subscription = live_subscription(account)
    if subscription is not None:
        Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
    plan = open_decrease(account)
    return plan is not None and plan.on_stripe


def withdraw_decrease(*, account: Account, actor: Actor, at: datetime) -> bool:
    """Undo the plan before its day. Returns whether there was one. Raises ProviderUnavailable."""
    plan = open_decrease(account)
    if plan is None:
        return False
    if plan.on_stripe:
        _take_back(plan)
    return withdraw_planned(account=account, actor=actor, at=at)


@transaction.atomic
def withdraw_planned(*, account: Account, actor: Actor, at: datetime) -> bool:
    """End a plan that Stripe does not hold. Returns whether there was one."""
    plan = open_decrease(account)
    if plan is None:
        return False
    done = ScheduledDecrease.objects.filter(pk=plan.pk, state=State.PLANNED).update(state=State.WITHDRAWN, closed_at=at)
    if done:
        record_audit(account=account, actor=actor, action="reduction.withdrawn", target=plan.public_id)
    return bool(done)


def place_due_decreases(*, at: datetime) -> int:
    """Put plans on Stripe that take effect within a day; returns how many. Repeats go on where they stopped."""
    _look_after_placed(at)
    due = ScheduledDecrease.objects.filter(state=State.PLANNED, effective_at__lte=at + LATEST).filter(_due_now(at))
    ending = Ending.objects.filter(subscription=OuterRef("subscription"), state=Ending.State.CONFIRMED)
    placed = 0
    for plan in due.exclude(Exists(ending)).select_related("subscription", "account").order_by("pk"):
        if open_change(plan.account) is not None:
            continue  # Stripe would drop its pending update at the phase change.
        try:
            _place(plan, at)
            placed += 1
        except Exception as error:  # one that fails never stops the rest
            log.warning("reduction_not_placed", reduction=plan.public_id, error=str(error), exc_info=True)
            ScheduledDecrease.objects.filter(pk=plan.pk).update(next_try_at=at + backoff(plan.tries + 1))
        refresh_quietly(plan.subscription.stripe_id, at)
    return placed


def _look_after_placed(at: datetime) -> None:
    """Read placed ones now and then: a schedule that is gone, because whoever released it died, is placed again."""
    placed = ScheduledDecrease.objects.filter(state=State.PLACED).filter(_due_now(at))
    for plan in placed.select_related("subscription").order_by("pk"):
        ScheduledDecrease.objects.filter(pk=plan.pk, state=State.PLACED).update(next_try_at=at + LOOK)
        refresh_quietly(plan.subscription.stripe_id, at)


def let_go_of_schedules(*, at: datetime) -> int:
    """Release schedules whose reduction is over: with one attached nothing could be bought. Returns how many."""
    over = ScheduledDecrease.objects.exclude(state__in=(State.PLANNED, State.PLACED)).exclude(schedule_stripe_id="")
    # A newer plan may have taken its schedule over; that one is not to be released.
    taken_over = ScheduledDecrease.objects.filter(
        state__in=(State.PLANNED, State.PLACED), schedule_stripe_id=OuterRef("schedule_stripe_id")
    )
    gone = 0
    for plan in over.exclude(Exists(taken_over)).filter(_due_now(at)).select_related("subscription").order_by("pk"):
        try:
            gateway().release_schedule(plan.schedule_stripe_id, key=f"dec:{plan.public_id}:g{plan.tries}")
        except Refused:
            pass  # Released already.
        except Exception as error:
            log.warning("schedule_not_released", reduction=plan.public_id, error=type(error).__name__, exc_info=True)
            # Another key next time, so that none grows old; a second release is refused and does no harm.
            next_try_at = at + backoff(plan.tries + 1)
            ScheduledDecrease.objects.filter(pk=plan.pk).update(tries=F("tries") + 1, next_try_at=next_try_at)
            continue
        gone += ScheduledDecrease.objects.filter(pk=plan.pk).update(schedule_stripe_id="")
        refresh_quietly(plan.subscription.stripe_id, at)
    return gone


def _due_now(at: datetime) -> Q:
    return Q(next_try_at__isnull=True) | Q(next_try_at__lte=at)


def _place(plan: ScheduledDecrease, at: datetime) -> None:
    """Two calls; a crash between them leaves a schedule with one phase, which the next run finds and completes.

    A key that Stripe may have forgotten is not sent again: what is there was just read, so a new one is safe.
    """
    remote = gateway().subscription(plan.subscription.stripe_id)
    if plan.first_call_at is None or at - plan.first_call_at >= KEY_LIFE:
        plan.tries += plan.first_call_at is not None
        plan.first_call_at = at
        plan.save(update_fields=["tries", "first_call_at"])
    attempt = plan.tries
    if remote.schedule_id:
        schedule = gateway().schedule(remote.schedule_id)
        if not _is_ours(schedule, plan):
            raise Refused("another schedule holds the subscription", code="foreign_schedule")
    else:
        schedule = gateway().create_schedule(plan.subscription.stripe_id, key=f"dec:{plan.public_id}:c{attempt}")
    # Before it holds anything of ours: whoever withdraws the plan meanwhile leaves a row by which it is released.
    ScheduledDecrease.objects.filter(pk=plan.pk).update(schedule_stripe_id=schedule["id"])
    gateway().update_schedule(schedule["id"], schedule_params(schedule, plan), key=f"dec:{plan.public_id}:u{attempt}")
    # A read that began before must not take it for released (mirror/settle.py).
    raise_fences(Subscription, [plan.subscription.stripe_id])
    ScheduledDecrease.objects.filter(pk=plan.pk, state=State.PLANNED).update(
        state=State.PLACED, schedule_stripe_id=schedule["id"], next_try_at=at + LOOK
    )


def _is_ours(schedule: dict[str, Any], plan: ScheduledDecrease) -> bool:
    """Whether what it will do was asked for here; one that was only made from the subscription does nothing yet."""
    stamps = {(phase.get("metadata") or {}).get("seat_change_id") for phase in schedule["phases"][1:]}
    ours = ScheduledDecrease.objects.filter(subscription=plan.subscription_id, public_id__in=stamps - {None})
    return not stamps or ours.exists()


def schedule_params(schedule: dict[str, Any], plan: ScheduledDecrease) -> dict[str, Any]:
    """The running phase as it is, then one period with the lower quantity, then released. Pure."""
    running = schedule["phases"][0]
    items = [{"price": i["price"], "quantity": i["quantity"], **_kept(i)} for i in running["items"]]
    lower = [{**items[0], "quantity": plan.renew_quantity}, *items[1:]]
    item = seat_item(plan.subscription)
    if item is None:
        raise Refused("the subscription sells no seats")
    price = item.price
    return {
        "end_behavior": "release",
        "proration_behavior": "none",
        "phases": [
            {
                "items": items,
                "start_date": running["start_date"],
                "end_date": running["end_date"],
                **_kept(running),
            },
            {
                **_kept(running),
                "items": lower,
                "proration_behavior": "none",
                "duration": {"interval": price.interval, "interval_count": price.interval_count},
                "metadata": {"seat_change_id": plan.public_id},
            },
        ],
    }


def _kept(part: dict[str, Any]) -> dict[str, Any]:
    """What a phase, or one of its items, says beside its quantity. It is sent again: a phase that does not name the
    discounts ends them (payments.md §3). Pure.
    """
    kept = {
        "discounts": [_reference(discount) for discount in part.get("discounts") or ()],
        "tax_rates": [_id(rate) for rate in part.get("tax_rates") or ()],
        "default_tax_rates": [_id(rate) for rate in part.get("default_tax_rates") or ()],
        "automatic_tax": {"enabled": True} if (part.get("automatic_tax") or {}).get("enabled") else None,
        "default_payment_method": part.get("default_payment_method"),
        "collection_method": part.get("collection_method"),
    }
    return {name: value for name, value in kept.items() if value}


def _reference(discount: dict[str, Any]) -> dict[str, Any]:
    """The discount itself where it is in force already, else what it is to be made of."""
    name = next(name for name in ("discount", "promotion_code", "coupon") if discount.get(name))
    return {name: _id(discount[name])}


def _id(thing: dict[str, Any] | str) -> str:
    return thing if isinstance(thing, str) else str(thing["id"])


def _take_back(plan: ScheduledDecrease) -> None:
    """Release our schedule at Stripe, so that the plan may change again. Raises ProviderUnavailable."""
    try:
        release_placed(plan)
    except GatewayError as error:
        raise ProviderUnavailable from error


def release_placed(plan: ScheduledDecrease) -> None:
    """Take a reduction off Stripe, placed or half placed; it is planned again, and placed again if nobody withdraws it.

    Raises GatewayError. A crash before the row follows is seen by the next read (mirror/settle.py).
    """
    rows = ScheduledDecrease.objects.filter(pk=plan.pk)
    try:
        gateway().release_schedule(plan.schedule_stripe_id, key=f"dec:{plan.public_id}:r{plan.tries}")
    except Refused:
        pass  # Released already.
    except GatewayError:
        rows.update(tries=F("tries") + 1)  # So that no key grows old.
        raise
    rows.filter(state__in=(State.PLANNED, State.PLACED), schedule_stripe_id=plan.schedule_stripe_id).update(
        state=State.PLANNED, schedule_stripe_id="", tries=F("tries") + 1, first_call_at=None, next_try_at=None
    )


def refresh_quietly(stripe_id: str, at: datetime) -> None:
    """Read again where a failure only means: later."""
    try:
        refresh_subscription(stripe_id=stripe_id, at=at)
    except Exception as error:
        log.warning("subscription_not_read", subscription=stripe_id, error=type(error).__name__, exc_info=True)
