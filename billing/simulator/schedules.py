"""Subscription schedules: what a subscription becomes at a later boundary."""

from __future__ import annotations

from . import invoices, lifecycle
from .changes import new_item, plan
from .errors import Obj, StripeError
from .events import emit
from .fields import copied, merged
from .lines import leave_waiting
from .lists import matching, page
from .periods import Grid
from .render import render
from .routes import route
from .subscriptions import cancel_now
from .world import Request, World

_PHASE = (
    "collection_method", "default_payment_method", "description", "on_behalf_of", "trial_end",
    "billing_cycle_anchor", "application_fee_percent", "billing_thresholds", "transfer_data", "currency",
)  # fmt: skip


@route("POST", "/v1/subscription_schedules")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    if "from_subscription" not in params:
        raise StripeError(
            "The local Stripe simulator makes schedules only with `from_subscription`.", param="from_subscription"
        )
    if others := sorted(params.keys() - {"from_subscription", "metadata"}):
        raise StripeError(
            "You cannot set other parameters when `from_subscription` is set. Update the schedule afterwards.",
            param=others[0],
        )
    subscription = world.store.change("subscription", params["from_subscription"], "from_subscription")
    if subscription["schedule"] is not None:
        raise StripeError(
            f"You cannot migrate a subscription that is already attached to a schedule: {subscription['schedule']}.",
            param="from_subscription",
        )
    if subscription["status"] not in ("active", "trialing", "past_due"):
        raise StripeError(
            f"You cannot make a schedule of a subscription with the status {subscription['status']}.",
            param="from_subscription",
        )
    start = min(item["current_period_start"] for item in subscription["items"])
    end = min(item["current_period_end"] for item in subscription["items"])
    items = [
        {"price": item["price"], "quantity": item["quantity"], "metadata": item["metadata"]}
        for item in subscription["items"]
    ]
    phase = _phase(world, subscription, {"items": items, "metadata": subscription["metadata"]}, start, end)
    schedule = world.create(
        "subscription_schedule",
        "sub_sched",
        billing_mode=subscription["billing_mode"],
        created=world.now_of(subscription),
        current_phase={"start_date": start, "end_date": end},
        customer=subscription["customer"],
        default_settings={
            "application_fee_percent": None, "automatic_tax": subscription["automatic_tax"],
            "billing_cycle_anchor": "automatic", "billing_thresholds": None,
            "collection_method": subscription["collection_method"],
            "default_payment_method": subscription["default_payment_method"], "description": None,
            "invoice_settings": subscription["invoice_settings"] | {"days_until_due": None},
            "on_behalf_of": None, "transfer_data": None,
        },
        end_behavior="release",
        metadata=merged(None, params.get("metadata")),
        phases=[phase],
        status="active",
        subscription=subscription["id"],
        test_clock=subscription["test_clock"],
    )  # fmt: skip
    subscription["schedule"] = schedule["id"]
    emit(world, "subscription_schedule.created", schedule)
    return schedule


@route("GET", "/v1/subscription_schedules")
def list_schedules(request: Request) -> Obj:
    rows = matching(request.world.store.all("subscription_schedule"), request.params, "customer")
    return page(request, rows, "subscription_schedule")


@route("GET", "/v1/subscription_schedules/{schedule}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("subscription_schedule", request.id, "schedule")


@route("POST", "/v1/subscription_schedules/{schedule}")
def update(request: Request) -> Obj:
    world, params = request.world, request.params
    schedule = _open(world, request.id, "update")
    if "phases" in params:
        _set_phases(world, schedule, params["phases"])
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    schedule["metadata"] = merged(schedule["metadata"], params.get("metadata"))
    emit(world, "subscription_schedule.updated", schedule, {})
    return schedule


@route("POST", "/v1/subscription_schedules/{schedule}/release")
def release(request: Request) -> Obj:
    schedule = _open(request.world, request.id, "release")
    _release(request.world, schedule)
    return schedule


@route("POST", "/v1/subscription_schedules/{schedule}/cancel")
def cancel(request: Request) -> Obj:
    world = request.world
    schedule = _open(world, request.id, "cancel")
    cancel_now(world, world.store.change("subscription", schedule["subscription"]))
    return schedule


def _open(world: World, id: str, verb: str) -> Obj:
    schedule = world.store.change("subscription_schedule", id, "schedule")
    if schedule["status"] not in ("active", "not_started"):
        raise StripeError(
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` status."
        )
    return schedule


def _set_phases(world: World, schedule: Obj, wanted: list[Obj]) -> None:
    """Replace the phases; the one under way must be sent again, as it stands."""
    subscription = world.store.get("subscription", schedule["subscription"])
    current = schedule["current_phase"]
    phases: list[Obj] = []
    for number, spec in enumerate(wanted):
        at = f"phases[{number}]"
        expected = int(phases[-1]["end_date"] if phases else current["start_date"])
        wanted_start = spec.get("start_date", expected)
        start = world.now_of(subscription) if wanted_start == "now" else int(wanted_start)
        if phases and start != expected:
            raise StripeError("The phases must follow each other without a gap.", param=f"{at}[start_date]")
        end = _end(world, subscription, spec, start, at)
        if end <= start:
            raise StripeError("A phase must end after it starts.", param=f"{at}[end_date]")
        phases.append(_phase(world, subscription, spec, start, end, at))
    if not phases or phases[0]["start_date"] != current["start_date"]:
        raise StripeError(
            "You can not modify the start date of the current phase; the first phase must be the current one.",
            param="phases[0][start_date]",
        )
    schedule["phases"] = phases
    schedule["current_phase"] = {"start_date": phases[0]["start_date"], "end_date": phases[0]["end_date"]}


def _end(world: World, subscription: Obj, spec: Obj, start: int, at: str) -> int:
    if "end_date" in spec:
        return world.now_of(subscription) if spec["end_date"] == "now" else int(spec["end_date"])
    if (duration := spec.get("duration")) is None:
        raise StripeError("A phase needs `end_date` or `duration`.", code="parameter_missing", param=f"{at}[end_date]")
    grid = Grid(start, duration["interval"], duration.get("interval_count", 1), subscription["_anchor_day"])
    return grid.boundary(1)


def _phase(world: World, subscription: Obj, spec: Obj, start: int, end: int, at: str = "phases[0]") -> Obj:
    items = []
    for number, item in enumerate(spec["items"]):
        checked = new_item(world, subscription, item, f"{at}[items][{number}]")
        items.append({
            "billing_thresholds": None, "discounts": [], "metadata": checked["metadata"],
            "price": checked["price"], "quantity": checked["quantity"], "tax_rates": [],
        })  # fmt: skip
    return dict.fromkeys(_PHASE) | {name: spec[name] for name in _PHASE if name in spec} | {
        "add_invoice_items": [], "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "currency": subscription["currency"], "default_tax_rates": [], "discounts": [], "end_date": end,
        "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": None}, "items": items,
        "metadata": merged(None, spec.get("metadata")),
        "proration_behavior": spec.get("proration_behavior", "create_prorations"), "start_date": start,
    }  # fmt: skip


def follow(world: World, subscription: Obj) -> None:
    """A change made to the subscription itself goes into the schedule's current phase, later phases stay."""
    if subscription["schedule"] is None:
        return
    schedule = world.store.change("subscription_schedule", subscription["schedule"])
    for phase in schedule["phases"]:
        if phase["start_date"] == schedule["current_phase"]["start_date"]:
            spec = {"items": [{"price": item["price"], "quantity": item["quantity"]} for item in subscription["items"]]}
            phase["items"] = _phase(world, subscription, spec, 0, 1)["items"]


def step(world: World, schedule: Obj, at: int) -> None:
    """Enter the phase that begins now, or end the schedule after its last one. Both objects were taken by `change`."""
    current = schedule["current_phase"]
    if schedule["status"] != "active" or current["end_date"] > at:
        return
    following = next((phase for phase in schedule["phases"] if phase["start_date"] == current["end_date"]), None)
    subscription = world.store.change("subscription", schedule["subscription"])
    if following is None:
        if schedule["end_behavior"] == "cancel":
            cancel_now(world, subscription)
        else:
            _release(world, schedule)
        return
    if (record := subscription["_pending"]) is not None:
        invoices.void(world, world.store.change("invoice", record["invoice"]))
    schedule["current_phase"] = {"start_date": following["start_date"], "end_date": following["end_date"]}
    _enter(world, subscription, following, at)
    emit(world, "subscription_schedule.updated", schedule, {"current_phase": current})


def _enter(world: World, subscription: Obj, phase: Obj, at: int) -> None:
    before = copied(render(world, subscription))
    renews = min(item["current_period_end"] for item in subscription["items"]) <= at
    by_price = {item["price"]: item for item in subscription["items"]}
    specs: list[Obj] = []
    for wanted in phase["items"]:
        known = by_price.pop(wanted["price"], None)
        spec: Obj = {"quantity": wanted["quantity"]}
        specs.append(spec | ({"id": known["id"]} if known else {"price": wanted["price"]}))
    specs += [{"id": item["id"], "deleted": True} for item in by_price.values()]
    # At a renewal the old period is over: there is nothing left of it to prorate.
    behavior = "none" if renews else phase["proration_behavior"]
    planned = plan(world, subscription, {"items": specs, "proration_behavior": behavior}, at)
    if renews:
        for item in planned.items:
            item["current_period_end"] = min(item["current_period_end"], at)
    if planned.lines:
        leave_waiting(world, subscription, planned.lines)
    lifecycle.carry_out(world, subscription, planned.as_record())
    subscription["metadata"] = merged(subscription["metadata"], phase["metadata"])
    if not renews:
        lifecycle.updated(world, subscription, before)


def _release(world: World, schedule: Obj) -> None:
    now = world.now_of(schedule)
    world.store.change("subscription", schedule["subscription"])["schedule"] = None
    schedule |= {
        "status": "released", "released_at": now, "released_subscription": schedule["subscription"],
        "subscription": None, "current_phase": None,
    }  # fmt: skip
    emit(world, "subscription_schedule.released", schedule)
