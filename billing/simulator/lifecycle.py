"""How a subscription follows its invoices: paid, failed, voided."""

from __future__ import annotations

from . import redemptions
from .errors import Obj
from .events import differences, emit
from .fields import merged
from .render import render
from .world import World


def updated(world: World, subscription: Obj, before: Obj) -> None:
    """Tell of an update; `before` is the subscription as it was rendered then."""
    after = render(world, subscription)
    previous = differences(before, after)
    if previous:
        emit(world, "customer.subscription.updated", subscription, previous)


def set_status(world: World, subscription: Obj, status: str) -> None:
    if subscription["status"] == status:
        return
    before = subscription["status"]
    subscription |= {"status": status, "status_details": None}
    emit(world, "customer.subscription.updated", subscription, {"status": before})


def resumed(world: World, subscription: Obj, status: str) -> None:
    """A paused subscription (taken by `change`) goes on."""
    subscription["_resuming"] = None
    set_status(world, subscription, status)
    emit(world, "customer.subscription.resumed", subscription)


def _resuming_by(world: World, invoice: Obj) -> Obj | None:
    """The paused subscription that waits for this invoice, to be written."""
    id = invoice["_subscription"]
    subscription = id and world.store.find("subscription", id)
    if not subscription or (subscription["_resuming"] or {}).get("invoice") != invoice["id"]:
        return None
    return world.store.change("subscription", id)


def set_cancellation(subscription: Obj, now: int, *, at_end: bool) -> None:
    """Let it end with its period, or take that back."""
    end = min(item["current_period_end"] for item in subscription["items"])
    subscription |= {
        "cancel_at_period_end": at_end, "cancel_at": end if at_end else None, "canceled_at": now if at_end else None,
    }  # fmt: skip
    reason = "cancellation_requested" if at_end else None
    subscription["cancellation_details"] = subscription["cancellation_details"] | {"reason": reason}


def carry_out(world: World, subscription: Obj, record: Obj) -> None:
    """Put a plan (`Plan.as_record`) in force."""
    subscription["items"] = record["items"]
    redemptions.attach(world, subscription, record["terms"], record["items"])
    for item in record["items"]:
        if world.store.find("_item", item["id"]) is None:
            world.store.add("_item", {"id": item["id"], "subscription": subscription["id"]})
    if record["anchor"] is not None:
        subscription |= {"billing_cycle_anchor": record["anchor"], "_anchor_day": None}
    if record["trial_end"] is not None:
        start = subscription["trial_start"] or world.now_of(subscription)
        subscription |= {"trial_start": start, "trial_end": record["trial_end"], "status": "trialing"}
    if record["ends_trial"]:
        subscription |= {"trial_end": world.now_of(subscription), "status": "active"}


def _pending_of(world: World, invoice: Obj) -> Obj | None:
    """The subscription whose pending update waits for this invoice, to be written."""
    id = invoice["_subscription"]
    subscription = id and world.store.find("subscription", id)
    if not subscription or (subscription["_pending"] or {}).get("invoice") != invoice["id"]:
        return None
    return world.store.change("subscription", id)


def applying(world: World, invoice: Obj) -> None:
    """The invoice of a pending update was paid: its items and its metadata apply together."""
    subscription = _pending_of(world, invoice)
    if subscription is None:
        return
    before = render(world, subscription)
    record = subscription["_pending"]
    carry_out(world, subscription, record)
    subscription["metadata"] = merged(subscription["metadata"], record["metadata"])
    if record["cancel_at_period_end"] is not None:
        set_cancellation(subscription, world.now_of(subscription), at_end=record["cancel_at_period_end"])
    subscription |= {"pending_update": None, "_pending": None}
    emit(world, "customer.subscription.pending_update_applied", subscription)
    invoice["_applied"] = differences(before, render(world, subscription))


def paid(world: World, invoice: Obj) -> None:
    """A payment wakes an incomplete or past-due subscription, as Stripe does, whatever else is still open."""
    id = invoice["_subscription"]
    subscription = id and world.store.find("subscription", id)
    if not subscription:
        return
    subscription = world.store.change("subscription", id)
    if _resuming_by(world, invoice) is not None:
        resumed(world, subscription, "active")
        return
    if (previous := invoice.pop("_applied", None)) is not None:
        emit(world, "customer.subscription.updated", subscription, previous)
    if subscription["latest_invoice"] == invoice["id"] and subscription["status"] in (
        "incomplete",
        "past_due",
        "unpaid",
    ):
        set_status(world, subscription, "active")


def payment_failed(world: World, invoice: Obj) -> None:
    """A failed charge makes a running subscription past due, unless a pending update holds it apart."""
    id = invoice["_subscription"]
    subscription = id and world.store.find("subscription", id)
    if (waiting := _resuming_by(world, invoice)) is not None:
        if waiting["_resuming"]["on_attempt"]:
            resumed(world, waiting, "past_due")
        return
    if not subscription or invoice["billing_reason"] != "subscription_cycle":
        return
    if subscription["status"] in ("active", "trialing"):
        set_status(world, world.store.change("subscription", id), "past_due")


def late(world: World, invoice: Obj) -> None:
    """A sent invoice has passed its due date unpaid."""
    id = invoice["_subscription"]
    subscription = id and world.store.find("subscription", id)
    if subscription and subscription["status"] in ("active", "trialing"):
        set_status(world, world.store.change("subscription", id), "past_due")


def voided(world: World, invoice: Obj) -> None:
    """Voiding the invoice of a pending update drops the update, that of a resumption leaves it paused."""
    if (subscription := _pending_of(world, invoice)) is not None:
        drop_pending(world, subscription)
    elif (subscription := _resuming_by(world, invoice)) is not None:
        subscription["_resuming"] = None
    _without(world, invoice)


def written_off(world: World, invoice: Obj) -> None:
    """An uncollectible invoice holds its subscription back no longer."""
    if (subscription := _resuming_by(world, invoice)) is not None:
        resumed(world, subscription, "active")
    _without(world, invoice)


def _without(world: World, invoice: Obj) -> None:
    """A subscription that is late follows its latest invoice that is not void."""
    id = invoice["_subscription"]
    subscription = id and world.store.find("subscription", id)
    if not subscription or subscription["status"] not in ("past_due", "unpaid"):
        return
    owed = [
        other["status"]
        for other in world.store.of_customer("invoice", subscription["customer"])
        if other["_subscription"] == id and other["status"] not in ("void", "draft")
    ]
    if not owed or owed[-1] in ("paid", "uncollectible"):
        set_status(world, world.store.change("subscription", id), "active")


def drop_pending(world: World, subscription: Obj, *, expired: bool = False) -> None:
    before = render(world, subscription)
    subscription |= {"pending_update": None, "_pending": None}
    if expired:
        emit(world, "customer.subscription.pending_update_expired", subscription)
    updated(world, subscription, before)
