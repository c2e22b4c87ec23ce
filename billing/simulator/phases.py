"""The phases of a schedule: checked as they are set, and put in force when their time comes."""

from __future__ import annotations

from . import invoices, lifecycle
from .changes import Plan, new_item, plan
from .errors import Obj, StripeError
from .fields import copied, merged
from .lines import leave_waiting
from .periods import Grid
from .render import render
from .world import World

_PLAIN = (
    "application_fee_percent", "billing_cycle_anchor", "billing_thresholds", "collection_method", "currency",
    "default_payment_method", "description", "on_behalf_of", "transfer_data",
)  # fmt: skip


def built(world: World, owner: Obj, specs: list[Obj], first: int, now: int) -> list[Obj]:
    """The phases that `phases` ask for, one after the other from `first` on. Raises Stripe's 400s.

    `owner` is the subscription, or what stands for one that does not exist yet.
    """
    found: list[Obj] = []
    for number, spec in enumerate(specs):
        at = f"phases[{number}]"
        expected = int(found[-1]["end_date"] if found else first)
        wanted = spec.get("start_date", expected)
        start = now if wanted == "now" else int(wanted)
        if found and start != expected:
            raise StripeError("The phases must follow each other without a gap.", param=f"{at}[start_date]")
        end = _end(owner, spec, start, now, at)
        if end <= start:
            raise StripeError("A phase must end after it starts.", param=f"{at}[end_date]")
        found.append(phase(world, owner, spec, start, end, at))
    return found


def _end(owner: Obj, spec: Obj, start: int, now: int, at: str) -> int:
    if "end_date" in spec and "duration" in spec:
        raise StripeError("You may only set one of `end_date` and `duration`.", param=f"{at}[duration]")
    if "end_date" in spec:
        return now if spec["end_date"] == "now" else int(spec["end_date"])
    if (duration := spec.get("duration")) is None:
        raise StripeError("A phase needs `end_date` or `duration`.", code="parameter_missing", param=f"{at}[end_date]")
    grid = Grid(start, duration["interval"], duration.get("interval_count", 1), owner["_anchor_day"])
    return grid.boundary(1)


def phase(world: World, owner: Obj, spec: Obj, start: int, end: int, at: str = "phases[0]") -> Obj:
    """One phase as the schedule shows it."""
    items = []
    for number, item in enumerate(spec["items"]):
        checked = new_item(world, owner, item, f"{at}[items][{number}]")
        items.append({
            "billing_thresholds": None, "discounts": _references(item.get("discounts")),
            "metadata": checked["metadata"], "price": checked["price"], "quantity": checked["quantity"],
            "tax_rates": [],
        })  # fmt: skip
    trial_end = end if spec.get("trial") else spec.get("trial_end")
    if trial_end is not None and not start <= trial_end <= end:
        raise StripeError("A trial must end within its phase.", param=f"{at}[trial_end]")
    return dict.fromkeys(_PLAIN) | {name: spec[name] for name in _PLAIN if name in spec} | {
        "add_invoice_items": [], "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "currency": owner["currency"], "default_tax_rates": [], "discounts": _references(spec.get("discounts")),
        "end_date": end,
        "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": None}
        | spec.get("invoice_settings", {}),
        "items": items, "metadata": dict(spec.get("metadata") or {}),
        "proration_behavior": spec.get("proration_behavior", "create_prorations"), "start_date": start,
        "trial_end": trial_end,
    }  # fmt: skip


def _references(specs: list[Obj] | None) -> list[Obj]:
    return [dict.fromkeys(("coupon", "discount", "promotion_code")) | spec for spec in specs or ()]


def of_now(subscription: Obj) -> Obj:
    """The parameters of a phase that leaves a subscription as it is."""
    return {
        "items": [
            {"price": item["price"], "quantity": item["quantity"], "metadata": item["metadata"]}
            for item in subscription["items"]
        ],
        "discounts": [{"discount": discount["id"]} for discount in subscription["_discounts"]],
        "metadata": subscription["metadata"],
    }


def differs(subscription: Obj, wanted: Obj) -> bool:
    """Whether a phase asks for other items than the subscription has."""

    def shown(items: list[Obj]) -> list[tuple[str, int]]:
        return sorted((item["price"], item["quantity"]) for item in items)

    return shown(subscription["items"]) != shown(wanted["items"])


def planned(world: World, subscription: Obj, wanted: Obj, behavior: str, at: int) -> Plan:
    """What entering a phase comes to. Writes nothing."""
    by_price = {item["price"]: item for item in subscription["items"]}
    specs: list[Obj] = []
    for item in wanted["items"]:
        known = by_price.pop(item["price"], None)
        spec: Obj = {"quantity": item["quantity"], "metadata": item["metadata"]}
        specs.append(spec | ({"id": known["id"]} if known else {"price": item["price"]}))
    specs += [{"id": item["id"], "deleted": True} for item in by_price.values()]
    params: Obj = {"items": specs, "proration_behavior": behavior, "discounts": _in_force(subscription, wanted)}
    if wanted["trial_end"] is not None and wanted["trial_end"] > at:
        params["trial_end"] = wanted["trial_end"]
    if wanted["billing_cycle_anchor"] == "phase_start":
        params["billing_cycle_anchor"] = {"type": "now"}
    return plan(world, subscription, params, at)


def _in_force(subscription: Obj, wanted: Obj) -> list[Obj]:
    """The phase's discounts: none unless it names them, whatever the subscription had. Used-up ones are left out."""
    left = {discount["id"] for discount in subscription["_discounts"]}
    specs = [{name: value for name, value in spec.items() if value is not None} for spec in wanted["discounts"]]
    return [spec for spec in specs if spec.get("discount") is None or spec["discount"] in left]


def enter(world: World, subscription: Obj, wanted: Obj, at: int, *, behavior: str | None = None) -> None:
    """Put a phase in force on a subscription taken by `change`; a pending update is dropped."""
    if (record := subscription["_pending"]) is not None:
        invoices.void(world, world.store.change("invoice", record["invoice"]))
    before = copied(render(world, subscription))
    renews = min(item["current_period_end"] for item in subscription["items"]) <= at
    # At a renewal the old period is over: there is nothing left of it to prorate.
    behavior = "none" if renews else behavior or wanted["proration_behavior"]
    made = planned(world, subscription, wanted, behavior, at)
    if renews and made.anchor is None:
        for item in made.items:
            item["current_period_end"] = min(item["current_period_end"], at)
    lifecycle.carry_out(world, subscription, made.as_record())
    _settle(world, subscription, made, at_once=made.billed or behavior == "always_invoice")
    subscription["metadata"] = merged(subscription["metadata"], wanted["metadata"])
    for name in ("collection_method", "default_payment_method", "description"):
        if wanted[name] is not None:
            subscription[name] = wanted[name]
    if (days := wanted["invoice_settings"]["days_until_due"]) is not None:
        subscription["days_until_due"] = days
    if not renews:
        lifecycle.updated(world, subscription, before)


def _settle(world: World, subscription: Obj, made: Plan, *, at_once: bool) -> None:
    """Bill what a phase costs. A schedule has no payment behavior: the phase holds whether or not it is paid."""
    if not made.lines:
        return
    if not at_once:
        leave_waiting(world, subscription, made.lines)
        return
    customer = world.store.change("customer", subscription["customer"])
    invoice = invoices.create(
        world, customer, made.lines, reason="subscription_update", currency=subscription["currency"],
        subscription=subscription,
    )  # fmt: skip
    invoices.finalize(world, invoice)
    invoices.send(world, invoice)
    if invoice["status"] != "open" or invoice["collection_method"] == "send_invoice":
        return
    if invoices.collect(world, invoice, invoices.method_for(world, invoice)) != "paid":
        invoices.plan_retry(world, invoice)
        lifecycle.set_status(world, subscription, "past_due")
