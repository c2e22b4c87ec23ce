"""`invoices.create_preview`: the same plan as an update, shown and forgotten."""

from __future__ import annotations

from . import items, pauses, schedules
from .changes import Plan, plan
from .drawing import draw_up
from .errors import Obj, StripeError, missing
from .fields import assign, copied
from .lines import grid, line_of_waiting, period_line, waiting
from .redemptions import put, wanted
from .routes import route
from .subscriptions import build
from .taxes import automatic
from .world import Request, World

_CHANGES = ("items", "trial_end", "billing_cycle_anchor")


@route("POST", "/v1/invoices/create_preview")
def create_preview(request: Request) -> Obj:
    world, params = request.world, request.params
    if params.get("schedule") or params.get("schedule_details"):
        return _of_schedule(world, params)
    if "subscription" not in params:
        return _of_new(world, params) if "items" in params.get("subscription_details", {}) else _of_items(world, params)
    subscription = world.store.get("subscription", params["subscription"], "subscription")
    if params.get("customer", subscription["customer"]) != subscription["customer"]:
        raise StripeError(
            f"The subscription {subscription['id']} does not belong to the customer {params['customer']}.",
            param="subscription",
        )
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise _no_upcoming(subscription)
    details = _with_terms(params)
    now = world.now_of(subscription)
    customer = _customer(world, subscription["customer"], params)
    if "proration_date" in details and not any(name in details for name in _CHANGES):
        raise StripeError(
            "You must pass one of `subscription_details[items]` or `subscription_details[trial_end]` with "
            "`subscription_details[proration_date]`.",
            param="subscription_details[proration_date]",
        )
    specs = params.get("invoice_items", [])
    if details.get("resume_at") == "now":
        return _of_resumption(world, customer, subscription, details)
    planned = plan(world, subscription, details, now, date_param="subscription_details[proration_date]")
    if params.get("preview_mode") == "recurring":
        return _recurring(world, customer, subscription, planned)
    behavior = details.get("proration_behavior", "create_prorations")
    changed = any(name in details for name in _CHANGES)
    if planned.billed or (behavior == "always_invoice" and changed):
        return _immediate(world, customer, subscription, planned, behavior, specs)
    moment = planned.at if changed and behavior != "none" else None
    return _next(world, customer, subscription, planned, moment, details, specs)


def _of_resumption(world: World, customer: Obj, subscription: Obj, details: Obj) -> Obj:
    """The invoice that `resume` would make now."""
    if subscription["status"] != "paused":
        raise StripeError(
            "Only subscriptions with the status `paused` can be resumed.", param="subscription_details[resume_at]"
        )
    moved = copied(subscription)
    lines, behavior = pauses.go_on(world, moved, details)
    if behavior != "always_invoice":
        raise _no_upcoming(subscription)
    swept = [line_of_waiting(world, item) for item in waiting(world, customer["id"], subscription["id"])]
    return draw_up(
        world, customer, lines + swept, reason="upcoming", currency=subscription["currency"], subscription=moved,
        id=world.new_id("upcoming_in"),
    )  # fmt: skip


def _of_schedule(world: World, params: Obj) -> Obj:
    """The next invoice under a schedule as it is, or as `schedule_details` would make it."""
    details = params.get("schedule_details", {})
    for name in ("subscription", "subscription_details"):
        if name in params:
            raise StripeError(f"You cannot combine `{name}` with a preview of a schedule.", param=name)
    schedule = world.store.get("subscription_schedule", params["schedule"], "schedule") if "schedule" in params else {}
    if schedule.get("status") not in (None, "active", "not_started"):
        raise StripeError(f"A schedule that is {schedule['status']} has no next invoice.", param="schedule")
    if not schedule or schedule["status"] == "not_started":
        first = next(iter(details.get("phases") or schedule.get("phases") or ()), None)
        if first is None:
            raise StripeError("Missing required param: schedule_details[phases].", code="parameter_missing",
                              param="schedule_details[phases]")  # fmt: skip
        items = [{name: item[name] for name in ("price", "price_data", "quantity") if name in item}
                 for item in first["items"]]  # fmt: skip
        trial = {"trial_end": first["trial_end"]} if first.get("trial_end") else {}
        customer = schedule["customer"] if schedule else params.get("customer")
        return _of_new(world, params | {"customer": customer, "subscription_details": {"items": items} | trial})
    subscription, planned, behavior, last = schedules.foreseen(world, schedule, details)
    customer = _customer(world, subscription["customer"], params)
    if planned.billed or (behavior == "always_invoice" and planned.lines):
        return _immediate(world, customer, subscription, planned, behavior, [])
    moment = planned.at if planned.lines else None
    return _next(world, customer, subscription, planned, moment, {"cancel_at_period_end": True} if last else {}, [])


def _with_terms(params: Obj) -> Obj:
    """`subscription_details` with the discounts and taxes that a preview has beside them."""
    beside: Obj = {name: params[name] for name in ("discounts", "automatic_tax") if name in params}
    beside |= params.get("subscription_details", {})
    return beside


def _customer(world: World, id: str | None, params: Obj) -> Obj:
    """The customer of a preview, with what `customer_details` says of them; one of its own when there is none."""
    if id is not None:
        customer = dict(world.store.get("customer", id, "customer"))
    else:
        customer = world.shape(
            "customer", "cus", balance=0, currency=None, test_clock=None, tax_exempt="none", metadata={}, _discounts=[]
        )
    assign(customer, params.get("customer_details", {}), "address", "shipping", "tax_exempt")
    return customer | {"tax_exempt": customer["tax_exempt"] or "none"}


def upcoming(world: World, subscription: Obj) -> Obj:
    """The next renewal as things stand. Raises Stripe's 404 when nothing is to be billed."""
    now = world.now_of(subscription)
    customer = _customer(world, subscription["customer"], {})
    return _next(world, customer, subscription, plan(world, subscription, {}, now), None, {}, [])


def _lines_of_items(
    world: World, customer: Obj, pending: list[Obj], specs: list[Obj], *, currency: str | None, subscription: str | None
) -> list[Obj]:
    """The lines of the items that wait, and of `invoice_items`, which are new ones or change some that wait."""
    waits = {item["id"]: copied(item) for item in pending}
    for number, spec in enumerate(specs):
        param = f"invoice_items[{number}]"
        if "invoiceitem" in spec:
            known = world.store.find("invoiceitem", spec["invoiceitem"])
            if known is None or known["customer"] != customer["id"] or known["invoice"] is not None:
                raise missing("invoiceitem", spec["invoiceitem"], f"{param}[invoiceitem]")
            if known["id"] not in waits:
                continue  # It waits for another invoice than the one that is shown.
            items.changed(world, waits[spec["invoiceitem"]], spec, param, store=False)
            continue
        item = items.build(
            world, customer, spec, param=param, currency=currency, subscription=subscription, store=False
        )
        waits[item["id"]] = item
    return [line_of_waiting(world, item) for item in waits.values()]


def _of_items(world: World, params: Obj) -> Obj:
    """An invoice of what waits and of `invoice_items`, without a subscription."""
    specs = params.get("invoice_items", [])
    if not specs:
        raise StripeError(
            "You must pass `subscription`, `subscription_details[items]` or `invoice_items` to preview an invoice.",
            code="parameter_missing",
            param="subscription",
        )
    customer = _customer(world, params.get("customer"), params)
    pending = [item for item in waiting(world, customer["id"], None) if item["parent"] is None]
    currency = params.get("currency") or customer["currency"]
    lines = _lines_of_items(world, customer, pending, specs, currency=currency, subscription=None)
    currency = currency or lines[-1]["currency"]
    lines = [line for line in lines if line["currency"] == currency]
    terms: Obj = {}
    if "automatic_tax" in params:
        terms["automatic_tax"] = {"disabled_reason": None, "provider": None, "status": None} | automatic(params, [])
    if "discounts" in params:
        put(terms, wanted(
            world, params["discounts"] or [], holder=customer, currency=currency, at=world.now_of(customer),
            param="discounts", owner={"customer": params.get("customer")},
        ))  # fmt: skip
    return draw_up(
        world, customer, lines, reason="upcoming", currency=currency, terms=terms, id=world.new_id("upcoming_in")
    )


def _immediate(world: World, customer: Obj, subscription: Obj, planned: Plan, behavior: str, specs: list[Obj]) -> Obj:
    flexible = subscription["billing_mode"]["type"] == "flexible"
    swept = _lines_of_items(
        world, customer, waiting(world, subscription["customer"], subscription["id"]) if flexible else [], specs,
        currency=subscription["currency"], subscription=subscription["id"],
    )  # fmt: skip
    return draw_up(
        world,
        customer,
        planned.lines + swept,
        reason="upcoming",
        currency=subscription["currency"],
        subscription=subscription | planned.terms,
        id=world.new_id("upcoming_in"),
        proration_date=planned.at if behavior != "none" else None,
    )


def _next(
    world: World,
    customer: Obj,
    subscription: Obj,
    planned: Plan,
    proration_date: int | None,
    details: Obj,
    specs: list[Obj],
) -> Obj:
    """The renewal: what waits, the change's own lines, then the next period of the items that renew first."""
    end = min(item["current_period_end"] for item in planned.items)
    swept = waiting(world, subscription["customer"], subscription["id"])
    lines = [
        *_lines_of_items(
            world, customer, swept, specs, currency=subscription["currency"], subscription=subscription["id"]
        ),
        *planned.lines,
    ]
    cancels = details.get("cancel_at_period_end", subscription["cancel_at_period_end"])
    stop = subscription["cancel_at"]
    if not cancels and (stop is None or stop > end):
        moved = subscription | (
            {"billing_cycle_anchor": planned.anchor, "_anchor_day": None} if planned.anchor is not None else {}
        )
        for item in planned.items:
            if item["current_period_end"] == end:
                _, after = grid(moved, world.store.get("price", item["price"])).around(end)
                lines.append(period_line(world, moved, item, end, after))
    elif not lines:
        raise _no_upcoming(subscription)
    start = min(item["current_period_start"] for item in planned.items)
    invoice = draw_up(
        world,
        customer,
        lines,
        reason="upcoming",
        currency=subscription["currency"],
        subscription=subscription | planned.terms,
        period=(start, end),
        id=world.new_id("upcoming_in"),
        proration_date=proration_date,
    )
    invoice["created"] = end
    invoice["next_payment_attempt"] = end + 3600
    return invoice


def _recurring(world: World, customer: Obj, subscription: Obj, planned: Plan) -> Obj:
    """What every period costs from then on, without prorations and without the customer's balance."""
    lines = []
    for item in planned.items:
        start, end = grid(subscription, world.store.get("price", item["price"])).around(item["current_period_end"])
        lines.append(period_line(world, subscription, item, start, end))
    return draw_up(
        world,
        customer | {"balance": 0},
        lines,
        reason="upcoming",
        currency=subscription["currency"],
        subscription=subscription | planned.terms,
        period=(lines[0]["period"]["start"], lines[0]["period"]["end"]),
        id=world.new_id("upcoming_in"),
    )


def _of_new(world: World, params: Obj) -> Obj:
    """The first invoice of a subscription that does not exist yet."""
    details = _with_terms(params)
    customer = _customer(world, params.get("customer"), params)
    anchor = details.get("billing_cycle_anchor", {})
    wanted = {name: value for name, value in details.items() if name != "billing_cycle_anchor"}
    if anchor.get("type") == "timestamp":
        wanted["billing_cycle_anchor"] = anchor.get("timestamp")
    subscription, lines = build(
        world, customer, wanted | ({"currency": params["currency"]} if "currency" in params else {})
    )
    if params.get("preview_mode") == "recurring":
        return _recurring(world, customer, subscription, Plan(subscription["created"], subscription["items"]))
    lines += _lines_of_items(
        world, customer, waiting(world, customer["id"], subscription["id"]), params.get("invoice_items", []),
        currency=subscription["currency"], subscription=subscription["id"],
    )  # fmt: skip
    return draw_up(
        world, customer, lines, reason="upcoming", currency=subscription["currency"], subscription=subscription,
        id=world.new_id("upcoming_in"),
    )  # fmt: skip


def _no_upcoming(subscription: Obj) -> StripeError:
    return StripeError(
        f"No upcoming invoices for customer: '{subscription['customer']}'", status=404, code="invoice_upcoming_none"
    )
