"""Subscriptions: made, read, canceled. Updates are in updates.py."""

from __future__ import annotations

from . import invoices, items, lifecycle, redemptions, sweeps
from .changes import debit, final_credits, new_item, new_terms
from .errors import Obj, StripeError
from .events import emit
from .fields import given, merged
from .lines import grid, leave_waiting, period_line, trial_line, waiting
from .lists import matching, page
from .payment_methods import of_customer
from .periods import first_anchor
from .render import render
from .routes import route
from .world import Request, World

DAY = 86_400
_DRAFT_FOR = 3600
_LONGEST_TRIAL = 730


def build(world: World, customer: Obj, params: Obj) -> tuple[Obj, list[Obj]]:
    """A subscription as the parameters of `create` say, and the lines of its first invoice. Stores nothing."""
    now = world.now_of(customer)
    specs = params["items"]
    subscription = world.shape(
        "subscription",
        "sub",
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None},
        billing_cycle_anchor=now,
        billing_mode=_billing_mode(params),
        billing_schedules=[],
        cancel_at_period_end=params.get("cancel_at_period_end", False),
        cancellation_details={"comment": None, "feedback": None, "feedback_option": None, "reason": None},
        collection_method=params.get("collection_method", "charge_automatically"),
        created=now,
        currency=_currency(world, customer, params, specs),
        customer=customer["id"],
        default_tax_rates=[],
        discounts=[],
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}} | params.get("invoice_settings", {}),
        items=[],
        metadata=merged(None, params.get("metadata")),
        payment_settings={
            "payment_method_options": None, "payment_method_types": None,
            "save_default_payment_method": "off",
        } | params.get("payment_settings", {}),
        start_date=now,
        status="incomplete",
        test_clock=customer["test_clock"],
        trial_settings=params.get("trial_settings")
        or {"end_behavior": {"missing_payment_method": "create_invoice"}},
        _anchor_day=None,
        _discounts=[],
        _last_discounts=None,
        _pending=None,
        _resuming=None,
        **given(params, "days_until_due", "description", "cancel_at", "default_payment_method"),
    )  # fmt: skip
    subscription["items"] = [
        new_item(world, subscription, spec, f"items[{number}]") for number, spec in enumerate(specs)
    ]
    subscription |= new_terms(world, subscription, params)
    trial_end = _trial_end(params, now)
    if trial_end is not None:
        subscription |= {"trial_start": now, "trial_end": trial_end, "status": "trialing"}
    _anchor(subscription, params, now, trial_end)
    return subscription, _first_lines(world, subscription, params, now)


def _billing_mode(params: Obj) -> Obj:
    mode = params.get("billing_mode", {})
    kind = mode.get("type", "flexible")
    flexible = {"proration_discounts": "included"} | mode.get("flexible", {}) if kind == "flexible" else None
    return {"flexible": flexible, "type": kind}


def _currency(world: World, customer: Obj, params: Obj, specs: list[Obj]) -> str:
    if not specs:
        raise StripeError("Missing required param: items.", code="parameter_missing", param="items")
    wanted = params.get("currency")
    if wanted is None and "price" in specs[0]:
        wanted = world.store.get("price", specs[0]["price"], "items[0][price]")["currency"]
    currency = str(wanted or specs[0].get("price_data", {}).get("currency", "usd")).lower()
    if customer["currency"] not in (None, currency):
        raise StripeError(
            f"You cannot combine currencies on a single customer. This customer has an active subscription, "
            f"or a balance in {customer['currency']}; the currency {currency} does not match.",
            param="currency",
        )
    return currency


def _trial_end(params: Obj, now: int) -> int | None:
    end, days = params.get("trial_end"), params.get("trial_period_days")
    if end is not None and days is not None:
        raise StripeError("You may only specify one of `trial_end` and `trial_period_days`.", param="trial_end")
    if end is not None and end != "now" and end <= now:
        raise StripeError("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    if days is not None and not 0 <= days <= _LONGEST_TRIAL:
        raise StripeError(f"A trial may last {_LONGEST_TRIAL} days at most.", param="trial_period_days")
    if end is not None:
        return None if end == "now" else int(end)
    return now + days * DAY if days else None


def _anchor(subscription: Obj, params: Obj, now: int, trial_end: int | None) -> None:
    if (anchor := params.get("billing_cycle_anchor")) is not None:
        if anchor <= now:
            raise StripeError("billing_cycle_anchor cannot be in the past.", param="billing_cycle_anchor")
        subscription["billing_cycle_anchor"] = anchor
    elif (config := params.get("billing_cycle_anchor_config")) is not None:
        subscription["billing_cycle_anchor"] = first_anchor(
            trial_end or now, config["day_of_month"], config.get("hour"), config.get("minute"), config.get("second")
        )
        subscription |= {"billing_cycle_anchor_config": config, "_anchor_day": config["day_of_month"]}
    elif trial_end is not None:
        subscription["billing_cycle_anchor"] = trial_end


def _first_lines(world: World, subscription: Obj, params: Obj, now: int) -> list[Obj]:
    """Give the items their first period, and say what it costs."""
    lines = []
    for item in subscription["items"]:
        if subscription["status"] == "trialing":
            item |= {"current_period_start": now, "current_period_end": subscription["trial_end"]}
            lines.append(trial_line(world, subscription, item, now, subscription["trial_end"]))
            continue
        _, end = grid(subscription, world.store.get("price", item["price"])).around(now)
        item |= {"current_period_start": now, "current_period_end": end}
        if params.get("proration_behavior") == "none" and subscription["billing_cycle_anchor"] > now:
            continue
        charge = period_line(world, subscription, item, now, end)
        item["_debits"] = [debit(charge)]
        lines.append(charge)
    return lines


@route("POST", "/v1/subscriptions")
def create(request: Request) -> Obj:
    return start(request.world, request.params)


def start(world: World, params: Obj) -> Obj:
    """Create a subscription and collect its first invoice. Raises Stripe's 400s and the 402 of error_if_incomplete."""
    if "customer" not in params:
        raise StripeError("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = world.store.change("customer", params["customer"], "customer")
    if params.get("default_payment_method"):
        of_customer(world, params["default_payment_method"], customer["id"], "default_payment_method")
    subscription, lines = build(world, customer, params)
    automatic = subscription["collection_method"] == "charge_automatically"
    if not automatic and "days_until_due" not in params:
        raise StripeError(
            "If you set `collection_method` to `send_invoice`, you must provide `days_until_due`.",
            param="days_until_due",
        )
    customer["currency"] = customer["currency"] or subscription["currency"]
    store_new(world, subscription)
    sweeps.plan(subscription, params, world.now_of(subscription))
    added = [items.keep(world, item) for item in items.beside(world, subscription, params)]
    if not lines and not added:
        subscription["status"] = "active"
    else:
        _first_invoice(world, customer, subscription, lines, params, automatic=automatic)
    emit(world, "customer.subscription.created", subscription)
    return subscription


def store_new(world: World, subscription: Obj) -> None:
    world.store.add("subscription", subscription)
    for item in subscription["items"]:
        world.store.add("_item", {"id": item["id"], "subscription": subscription["id"]})
    redemptions.attach(world, subscription, {}, subscription["items"])


def _first_invoice(
    world: World, customer: Obj, subscription: Obj, lines: list[Obj], params: Obj, *, automatic: bool
) -> None:
    behavior = params.get("payment_behavior", "allow_incomplete")
    invoice = invoices.create(
        world,
        customer,
        lines,
        reason="subscription_create",
        currency=subscription["currency"],
        subscription=subscription,
        swept=waiting(world, customer["id"], subscription["id"]),
    )
    trialing = subscription["status"] == "trialing"
    method = invoices.method_for(world, invoice)
    if automatic and method is None and behavior != "default_incomplete" and invoice["amount_due"] > 0:
        raise StripeError(
            "This customer has no attached payment source or default payment method. "
            "Consider adding a default payment method.",
            code="resource_missing",
        )
    if not automatic and invoice["total"] > 0:
        # A sent invoice can still be edited for an hour, also the first one.
        invoice |= {"auto_advance": True, "automatically_finalizes_at": world.now_of(customer) + _DRAFT_FOR}
    else:
        invoices.finalize(world, invoice)
    if invoice["status"] == "paid" or not automatic:
        subscription["status"] = "trialing" if trialing else "active"
        return
    if behavior == "default_incomplete":
        if method is not None:
            intent = world.store.change("payment_intent", invoice["_payment_intent"])
            intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        return
    outcome = invoices.collect(world, invoice, method)
    if outcome != "paid" and behavior == "error_if_incomplete":
        raise invoices.refusal(world, invoice, outcome, code="subscription_payment_intent_requires_action")


@route("GET", "/v1/subscriptions")
def list_subscriptions(request: Request) -> Obj:
    store, params = request.world.store, request.params
    rows = store.of_customer("subscription", params["customer"]) if "customer" in params else store.all("subscription")
    rows = matching(rows, params, "collection_method", "test_clock")
    match params.get("status"):
        case None:
            rows = [row for row in rows if row["status"] != "canceled"]
        case "ended":
            rows = [row for row in rows if row["status"] in ("canceled", "incomplete_expired")]
        case "all":
            pass
        case status:
            rows = [row for row in rows if row["status"] == status]
    if "price" in params:
        rows = [row for row in rows if any(item["price"] == params["price"] for item in row["items"])]
    return page(request, rows, "subscription")


@route("GET", "/v1/subscriptions/{subscription_exposed_id}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("subscription", request.id)


@route("DELETE", "/v1/subscriptions/{subscription_exposed_id}")
def cancel(request: Request) -> Obj:
    world, params = request.world, request.params
    subscription = world.store.change("subscription", request.id)
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise StripeError(f"No such subscription: '{request.id}'", status=404, code="resource_missing", param="id")
    subscription["cancellation_details"] |= {"reason": "cancellation_requested"} | {
        key: value or None for key, value in params.get("cancellation_details", {}).items()
    }
    if params.get("prorate"):
        leave_waiting(world, subscription, final_credits(world, subscription, world.now_of(subscription)))
    if params.get("invoice_now"):
        last_invoice(world, subscription)
    cancel_now(world, subscription)
    return subscription


def last_invoice(world: World, subscription: Obj) -> None:
    """Invoice what still waits for the subscription's next invoice, as there will be none."""
    customer = world.store.change("customer", subscription["customer"])
    swept = waiting(world, customer["id"], subscription["id"])
    if not swept:
        return
    invoice = invoices.create(
        world, customer, [], reason="subscription_update", currency=subscription["currency"],
        subscription=subscription, swept=swept,
    )  # fmt: skip
    invoices.finalize(world, invoice)
    if invoice["status"] == "open" and subscription["collection_method"] == "charge_automatically":
        invoices.collect(world, invoice, invoices.method_for(world, invoice))


def cancel_now(world: World, subscription: Obj, *, reason: str | None = None) -> None:
    """End a subscription (taken by `change`): its pending update is dropped, its schedule ends with it, and nobody
    tries to collect its invoices any more. `reason` is that of `cancellation_details`.
    """
    now = world.now_of(subscription)
    if (record := subscription["_pending"]) is not None:
        invoices.void(world, world.store.change("invoice", record["invoice"]))
    if subscription["schedule"] is not None:
        schedule = world.store.change("subscription_schedule", subscription["schedule"])
        schedule |= {"status": "canceled", "canceled_at": now, "current_phase": None}
        # A schedule whose subscription was lost to dunning is said to be aborted.
        emit(world, f"subscription_schedule.{'aborted' if reason == 'payment_failed' else 'canceled'}", schedule)
        subscription["schedule"] = None
    for invoice in world.store.of_customer("invoice", subscription["customer"]):
        if invoice["_subscription"] == subscription["id"] and invoice["status"] in ("draft", "open"):
            world.store.change("invoice", invoice["id"]).update(
                auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None
            )
    subscription |= {
        "status": "canceled", "status_details": None, "ended_at": now,
        "canceled_at": subscription["canceled_at"] or now,
    }  # fmt: skip
    if reason is not None:
        subscription["cancellation_details"] = subscription["cancellation_details"] | {"reason": reason}
    emit(world, "customer.subscription.deleted", subscription)


@route("POST", "/v1/subscriptions/{subscription}/migrate")
def migrate(request: Request) -> Obj:
    world = request.world
    subscription = world.store.change("subscription", request.id)
    before = render(world, subscription)
    mode = _billing_mode(request.params)
    if mode["type"] == "classic":
        raise StripeError("A subscription cannot be migrated to classic billing.", param="billing_mode[type]")
    subscription["billing_mode"] = mode | {"updated_at": world.now_of(subscription)}
    lifecycle.updated(world, subscription, before)
    return subscription
