"""Subscriptions that stand still: paused on request or by the end of a trial without a card, and resumed."""

from __future__ import annotations

from . import invoices, lifecycle
from .agenda import INCOMPLETE_FOR
from .changes import debit, final_credits
from .errors import Obj, StripeError
from .events import emit
from .fields import copied
from .lines import grid, leave_waiting, period_line, waiting
from .render import render
from .routes import route
from .subscriptions import cancel_now
from .world import Request, World


@route("POST", "/v1/subscriptions/{subscription}/pause")
def pause(request: Request) -> Obj:
    world, params = request.world, request.params
    subscription = world.store.change("subscription", request.id)
    if subscription["schedule"] is not None:
        raise StripeError("You cannot pause a subscription that has a schedule attached. Release the schedule first.")
    if subscription["collection_method"] != "charge_automatically":
        raise StripeError("Only subscriptions that charge automatically can be paused.")
    if subscription["status"] not in ("active", "trialing", "past_due"):
        raise StripeError(f"You cannot pause a subscription with the status `{subscription['status']}`.")
    if (record := subscription["_pending"]) is not None:
        invoices.void(world, world.store.change("invoice", record["invoice"]))
    since = params.get("bill_for", {}).get("unused_time_from", {}).get("type", "now")
    if since != "none":
        start = min(item["current_period_start"] for item in subscription["items"])
        credits = final_credits(world, subscription, world.now_of(subscription) if since == "now" else start)
        for item in subscription["items"]:
            item["_debits"] = []
        if credits and params.get("invoicing_behavior") == "invoice":
            invoices.finalize(world, _invoice(world, subscription, credits))
        else:
            leave_waiting(world, subscription, credits)
    _stop(world, subscription, "pause_requested")
    return subscription


def _stop(world: World, subscription: Obj, cause: str) -> None:
    before = copied(render(world, subscription))
    subscription["status"] = "paused"
    subscription["status_details"] = {
        "paused": {
            "subscription": {"type": cause}, "transitioned_at": world.now_of(subscription), "type": "subscription",
        },
    }  # fmt: skip
    emit(world, "customer.subscription.paused", subscription)
    lifecycle.updated(world, subscription, before)


def ends_with_trial(world: World, subscription: Obj) -> bool:
    """Whether a trial that is over without a card ends or pauses the subscription, which is then done."""
    customer = world.store.get("customer", subscription["customer"])
    card = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if card is not None or subscription["collection_method"] != "charge_automatically":
        return False
    match subscription["trial_settings"]["end_behavior"]["missing_payment_method"]:
        case "cancel":
            cancel_now(world, subscription)
        case "pause":
            _stop(world, subscription, "trial_end_without_payment_method")
        case _:
            return False
    return True


@route("POST", "/v1/subscriptions/{subscription}/resume")
def resume(request: Request) -> Obj:
    """Begin a new period now, or go on in the old grid; active when that is paid for, or costs nothing."""
    world, params = request.world, request.params
    subscription = world.store.change("subscription", request.id)
    if subscription["status"] != "paused":
        raise StripeError("Only subscriptions with the status `paused` can be resumed.")
    if subscription["_resuming"] is not None:
        raise StripeError(
            f"This subscription already waits for the invoice {subscription['latest_invoice']} to be paid."
        )
    now = world.now_of(subscription)
    lines, behavior = go_on(world, subscription, params)
    if behavior == "create_prorations":
        leave_waiting(world, subscription, lines)
    if behavior != "always_invoice":
        lifecycle.resumed(world, subscription, "active")
        return subscription
    invoice = _invoice(world, subscription, lines)
    attempted = params.get("payment_behavior", "resume_on_payment_attempt") == "resume_on_payment_attempt"
    subscription["_resuming"] = {
        "invoice": invoice["id"], "on_attempt": attempted, "expires_at": now + INCOMPLETE_FOR,
    }  # fmt: skip
    invoices.finalize(world, invoice)
    method = invoices.method_for(world, invoice)
    if invoice["status"] == "open" and method is not None:
        invoices.collect(world, invoice, method)
    return subscription


def go_on(world: World, subscription: Obj, params: Obj) -> tuple[list[Obj], str]:
    """Put a subscription (or a copy, for a preview) where it goes on; what that costs, and how it is billed."""
    now = world.now_of(subscription)
    fresh = params.get("billing_cycle_anchor", {}).get("type", "now") == "now"
    if fresh:
        subscription |= {"billing_cycle_anchor": now, "_anchor_day": None}
    lines = _periods(world, subscription, now if fresh else params.get("proration_date", now))
    return lines, "always_invoice" if fresh else params.get("proration_behavior", "create_prorations")


def _periods(world: World, subscription: Obj, at: int) -> list[Obj]:
    """Put the items into the period in which they go on; answers what the rest of it costs."""
    lines = []
    for item in subscription["items"]:
        start, end = grid(subscription, world.store.get("price", item["price"])).around(at)
        charge = period_line(world, subscription, item, max(start, at), end)
        item |= {"current_period_start": start, "current_period_end": end, "_debits": [debit(charge)]}
        lines.append(charge)
    return lines


def _invoice(world: World, subscription: Obj, lines: list[Obj]) -> Obj:
    customer = world.store.change("customer", subscription["customer"])
    return invoices.create(
        world, customer, lines, reason="subscription_update", currency=subscription["currency"],
        subscription=subscription, swept=waiting(world, customer["id"], subscription["id"]),
    )  # fmt: skip


def give_up(world: World, subscription: Obj) -> None:
    """Nobody paid for the resumption: its invoice is voided, and the subscription stays paused."""
    invoice = world.store.change("invoice", subscription["_resuming"]["invoice"])
    subscription["_resuming"] = None
    if invoice["status"] == "open":
        invoices.void(world, invoice)
