"""`subscriptions.update`: plan the change, invoice it where it is to be paid now; apply, hold or refuse it."""

from __future__ import annotations

from . import invoices, items, lifecycle, limits, redemptions, schedules, sweeps
from .agenda import INCOMPLETE_FOR
from .changes import Plan, new_terms, plan
from .errors import Obj, StripeError, missing
from .fields import assign, copied, merged
from .lines import leave_waiting, waiting
from .lists import page
from .payment_methods import of_customer
from .render import render
from .routes import route
from .totals import note_discounts
from .world import Request, World

_WITH_PENDING = {
    "expand", "payment_behavior", "proration_behavior", "proration_date", "billing_cycle_anchor", "items", "trial_end",
    "trial_from_plan", "add_invoice_items", "metadata", "cancel_at_period_end", "discounts",
}  # fmt: skip
_ITEM_WITH_PENDING = {"id", "price", "price_data", "quantity"}
_OF_ITEM = ("price", "price_data", "quantity", "metadata", "discounts", "tax_rates")
_UNSUPPORTED = ("billing_thresholds", "billing_schedules", "transfer_data")


@route("POST", "/v1/subscriptions/{subscription_exposed_id}")
def update(request: Request) -> Obj:
    return change(request.world, request.id, request.params)


def change(world: World, id: str, params: Obj) -> Obj:
    """Update a subscription as `subscriptions.update` does. Raises Stripe's 400s and the 402 of error_if_incomplete."""
    subscription = world.store.change("subscription", id)
    _check(world, subscription, params)
    behavior = params.get("payment_behavior", "allow_incomplete")
    if {"items", "trial_end", "billing_cycle_anchor", "add_invoice_items"} & params.keys():
        if any("quantity" in spec for spec in params.get("items", ())):
            limits.new_quantity(world, subscription)
        _replace_pending(world, subscription)
        _change_items(world, subscription, params, behavior)
    else:
        before = copied(render(world, subscription))
        redemptions.attach(world, subscription, new_terms(world, subscription, params), subscription["items"])
        _plain_fields(world, subscription, params)
        lifecycle.updated(world, subscription, before)
    return subscription


def _check(world: World, subscription: Obj, params: Obj) -> None:
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise StripeError(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="resource_missing" if subscription["status"] == "canceled" else None,
            param="id",
        )
    if subscription["schedule"] is not None and {"cancel_at", "cancel_at_period_end"} & params.keys():
        raise StripeError(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead.",
        )
    for name in _UNSUPPORTED:
        if params.get(name):
            raise StripeError(f"The local Stripe simulator does not know `{name}` on a subscription.", param=name)
    if params.get("default_payment_method"):
        of_customer(world, params["default_payment_method"], subscription["customer"], "default_payment_method")
    if params.get("payment_behavior") != "pending_if_incomplete":
        return
    if subscription["collection_method"] != "charge_automatically":
        raise StripeError(
            "You can only use `payment_behavior=pending_if_incomplete` with subscriptions that charge automatically.",
            param="payment_behavior",
        )
    refused = [name for name in params if name not in _WITH_PENDING]
    refused += [
        f"items[{number}][{name}]"
        for number, spec in enumerate(params.get("items", ()))
        for name in spec
        if name not in _ITEM_WITH_PENDING
    ]
    if refused:
        raise StripeError(
            "When `payment_behavior` is set to `pending_if_incomplete`, you can only pass supported params. "
            f"Unsupported: {', '.join(sorted(refused))}.",
            param=refused[0],
        )


def _replace_pending(world: World, subscription: Obj) -> None:
    """A second update voids the invoice of the first, which drops it."""
    if (record := subscription["_pending"]) is not None:
        invoices.void(world, world.store.change("invoice", record["invoice"]))


def _plain_fields(world: World, subscription: Obj, params: Obj) -> None:
    assign(
        subscription, params, "collection_method", "days_until_due", "default_payment_method",
        "description", "pause_collection", "trial_settings",
    )  # fmt: skip
    subscription["invoice_settings"] |= params.get("invoice_settings", {})
    if isinstance(subscription["pause_collection"], dict):
        subscription["pause_collection"].setdefault("resumes_at", None)
    subscription["metadata"] = merged(subscription["metadata"], params.get("metadata"))
    subscription["payment_settings"] |= params.get("payment_settings", {})
    subscription["cancellation_details"] |= params.get("cancellation_details", {})
    now = world.now_of(subscription)
    sweeps.plan(subscription, params, now)
    if "cancel_at_period_end" in params or params.get("cancel_at") == "":
        lifecycle.set_cancellation(subscription, now, at_end=params.get("cancel_at_period_end", False))
    elif "cancel_at" in params:
        at = params["cancel_at"]
        if isinstance(at, str):
            pick = max if at.startswith("max") else min
            at = pick(item["current_period_end"] for item in subscription["items"])
        if at <= now:
            raise StripeError("Invalid timestamp: cancel_at must be in the future.", param="cancel_at")
        subscription |= {"cancel_at": at, "canceled_at": now}
        subscription["cancellation_details"] |= {"reason": "cancellation_requested"}


def _change_items(world: World, subscription: Obj, params: Obj, behavior: str) -> None:
    before = copied(render(world, subscription))
    planned = plan(world, subscription, params, world.now_of(subscription))
    now_due = planned.billed or params.get("proration_behavior") == "always_invoice"
    added = [items.keep(world, item) for item in items.beside(world, subscription, params)]
    if not (now_due and (planned.lines or added)):
        if planned.lines:
            leave_waiting(world, subscription, planned.lines)
            used = redemptions.in_force(world, subscription | planned.terms, planned.at, prorating=True)
            subscription["_last_discounts"] = used
        _apply(world, subscription, planned, params, before)
        return
    held = behavior == "pending_if_incomplete"
    settings = subscription["invoice_settings"] | params.get("invoice_settings", {})
    invoice = _invoice(world, subscription | {"invoice_settings": settings}, planned, added, sweep=not held)
    method = invoices.method_for(world, invoice)
    if invoice["status"] == "paid" or subscription["collection_method"] == "send_invoice":
        _apply(world, subscription, planned, params, before)
        return
    if behavior == "default_incomplete":
        _apply(world, subscription, planned, params, before)
        lifecycle.set_status(world, subscription, "past_due")
        return
    outcome = invoices.collect(world, invoice, method)
    if outcome != "paid" and behavior == "error_if_incomplete":
        raise invoices.refusal(world, invoice, outcome, code="subscription_payment_intent_requires_action")
    if outcome != "paid" and held:
        _hold(world, subscription, planned, params, invoice)
        lifecycle.updated(world, subscription, before)
        return
    _apply(world, subscription, planned, params, before)
    if outcome != "paid":
        invoices.plan_retry(world, invoice)
        lifecycle.set_status(world, subscription, "past_due")


def _invoice(world: World, subscription: Obj, planned: Plan, added: list[Obj], *, sweep: bool) -> Obj:
    """The invoice of the change, finalized. Flexible billing takes pending items along, but not into a held update."""
    customer = world.store.change("customer", subscription["customer"])
    flexible = subscription["billing_mode"]["type"] == "flexible"
    swept = waiting(world, customer["id"], subscription["id"]) if sweep and flexible else added
    invoice = invoices.create(
        world, customer, planned.lines, reason="subscription_update", currency=subscription["currency"],
        subscription=subscription | planned.terms, swept=swept,
    )  # fmt: skip
    invoices.finalize(world, invoice)
    note_discounts(planned.items, invoice["lines"])
    invoices.send(world, invoice)
    return invoice


def _apply(world: World, subscription: Obj, planned: Plan, params: Obj, before: Obj) -> None:
    lifecycle.carry_out(world, subscription, planned.as_record())
    _plain_fields(world, subscription, params)
    schedules.follow(world, subscription)
    lifecycle.updated(world, subscription, before)


def _hold(world: World, subscription: Obj, planned: Plan, params: Obj, invoice: Obj) -> None:
    now = world.now_of(subscription)
    ends = [item["current_period_end"] for item in subscription["items"]]
    if subscription["status"] == "trialing":
        ends.append(subscription["trial_end"])
    metadata = params.get("metadata")
    cancels = params.get("cancel_at_period_end")
    subscription["_pending"] = planned.as_record() | {
        "invoice": invoice["id"], "metadata": metadata, "cancel_at_period_end": cancels,
    }  # fmt: skip
    subscription["pending_update"] = {
        "billing_cycle_anchor": planned.anchor,
        "cancel_at_period_end": cancels,
        "discount": None,
        "discounts": planned.terms.get("discounts"),
        "expires_at": min(now + INCOMPLETE_FOR, *ends),
        "metadata": metadata or None,
        "subscription_items": planned.items,
        "trial_end": planned.trial_end,
        "trial_from_plan": None,
    }


# Subscription items by themselves


def _owner(world: World, item: str) -> Obj:
    found = world.store.find("_item", item)
    if found is None:
        raise missing("subscription_item", item, "id")
    return world.store.get("subscription", found["subscription"])


def _item(world: World, id: str) -> Obj:
    for item in _owner(world, id)["items"]:
        if item["id"] == id:
            return dict(item)
    raise missing("subscription_item", id, "id")


@route("GET", "/v1/subscription_items")
def list_items(request: Request) -> Obj:
    subscription = request.world.store.get("subscription", request.params["subscription"], "subscription")
    return page(request, subscription["items"], "subscription_item", newest_first=False)


@route("GET", "/v1/subscription_items/{item}")
def retrieve_item(request: Request) -> Obj:
    return _item(request.world, request.id)


@route("POST", "/v1/subscription_items/{item}")
def update_item(request: Request) -> Obj:
    params = dict(request.params)
    spec = {"id": request.id} | {name: params.pop(name) for name in _OF_ITEM if name in params}
    params.pop("off_session", None)
    change(request.world, _owner(request.world, request.id)["id"], params | {"items": [spec]})
    return _item(request.world, request.id)


@route("POST", "/v1/subscription_items")
def create_item(request: Request) -> Obj:
    params = dict(request.params)
    owner = request.world.store.get("subscription", params.pop("subscription"), "subscription")
    known = {item["id"] for item in owner["items"]}
    spec = {name: params.pop(name) for name in _OF_ITEM if name in params}
    after = change(request.world, owner["id"], params | {"items": [spec]})
    return next(dict(item) for item in after["items"] if item["id"] not in known)


@route("DELETE", "/v1/subscription_items/{item}")
def delete_item(request: Request) -> Obj:
    params = {name: value for name, value in request.params.items() if name != "clear_usage"}
    change(request.world, _owner(request.world, request.id)["id"], params | {
        "items": [{"id": request.id, "deleted": True}],
    })  # fmt: skip
    return {"id": request.id, "object": "subscription_item", "deleted": True}
