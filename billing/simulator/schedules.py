"""Subscription schedules: what a subscription becomes, phase after phase."""

from __future__ import annotations

from . import phases
from .changes import Plan, final_credits, plan
from .errors import Obj, StripeError
from .events import emit
from .fields import assign, merged
from .lines import leave_waiting, waiting
from .lists import matching, page
from .routes import route
from .subscriptions import cancel_now, last_invoice, start
from .world import Request, World

_SETTINGS = (
    "application_fee_percent", "automatic_tax", "billing_cycle_anchor", "billing_thresholds", "collection_method",
    "default_payment_method", "description", "on_behalf_of", "transfer_data",
)  # fmt: skip


@route("POST", "/v1/subscription_schedules")
def create(request: Request) -> Obj:
    return _follow_subscription(request) if "from_subscription" in request.params else _of_phases(request)


def _follow_subscription(request: Request) -> Obj:
    world, params = request.world, request.params
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
    begin = min(item["current_period_start"] for item in subscription["items"])
    end = min(item["current_period_end"] for item in subscription["items"])
    schedule = _new(world, subscription, {
        "collection_method": subscription["collection_method"],
        "default_payment_method": subscription["default_payment_method"],
    }, [phases.phase(world, subscription, phases.of_now(subscription), begin, end)], params)  # fmt: skip
    return _attach(world, schedule, subscription)


def _of_phases(request: Request) -> Obj:
    """A schedule whose subscription begins with its first phase, now or later."""
    world, params = request.world, request.params
    for name in ("customer", "phases"):
        if not params.get(name):
            raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    customer = world.store.get("customer", params["customer"], "customer")
    now = world.now_of(customer)
    begin = params.get("start_date", "now")
    begin = now if begin == "now" else int(begin)
    owner = _owner(world, customer, params["phases"], params)
    found = phases.built(world, owner, params["phases"], begin, now)
    schedule = _new(world, owner, params.get("default_settings", {}), found, params)
    if begin <= now:
        _begin(world, schedule)
    return schedule


def _owner(world: World, customer: Obj, specs: list[Obj], params: Obj) -> Obj:
    """What stands for a subscription that does not exist yet."""
    item = specs[0]["items"][0] if specs and specs[0]["items"] else {}
    price = world.store.find("price", item.get("price", ""))
    currency = specs[0].get("currency") or item.get("price_data", {}).get("currency") or (price or {}).get("currency")
    mode = params.get("billing_mode", {}).get("type", "flexible")
    flexible = {"proration_discounts": "included"} if mode == "flexible" else None
    return {
        "id": None, "customer": customer["id"], "currency": currency, "test_clock": customer["test_clock"],
        "billing_mode": {"flexible": flexible, "type": mode}, "_anchor_day": None, "_discounts": [],
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
    }  # fmt: skip


def _new(world: World, owner: Obj, settings: Obj, found: list[Obj], params: Obj) -> Obj:
    schedule = world.create(
        "subscription_schedule",
        "sub_sched",
        billing_mode=owner["billing_mode"],
        created=world.now_of(owner),
        customer=owner["customer"],
        default_settings=_settings(settings) | {"automatic_tax": owner["automatic_tax"]},
        end_behavior=params.get("end_behavior", "release"),
        metadata=merged(None, params.get("metadata")),
        phases=found,
        status="not_started",
        test_clock=owner["test_clock"],
    )
    emit(world, "subscription_schedule.created", schedule)
    return schedule


def _settings(wanted: Obj) -> Obj:
    found: Obj = dict.fromkeys(_SETTINGS) | {"billing_cycle_anchor": "automatic"}
    assign(found, wanted, *_SETTINGS)
    invoicing = {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}}
    return found | {"invoice_settings": invoicing | wanted.get("invoice_settings", {})}


def _attach(world: World, schedule: Obj, subscription: Obj) -> Obj:
    first = schedule["phases"][0]
    schedule |= {
        "status": "active", "subscription": subscription["id"],
        "current_phase": {"start_date": first["start_date"], "end_date": first["end_date"]},
    }  # fmt: skip
    subscription["schedule"] = schedule["id"]
    return schedule


def _begin(world: World, schedule: Obj) -> None:
    """Make the subscription of the first phase."""
    first, settings = schedule["phases"][0], schedule["default_settings"]
    method = first["collection_method"] or settings["collection_method"] or "charge_automatically"
    days = first["invoice_settings"]["days_until_due"] or settings["invoice_settings"]["days_until_due"]
    params: Obj = {
        "customer": schedule["customer"], "currency": first["currency"], "metadata": first["metadata"],
        "billing_mode": {"type": schedule["billing_mode"]["type"]}, "collection_method": method,
        "items": [
            {name: item[name] for name in ("price", "quantity", "metadata")} for item in first["items"]
        ],
        "default_payment_method": first["default_payment_method"] or settings["default_payment_method"],
        "discounts": [{k: v for k, v in spec.items() if v is not None} for spec in first["discounts"]],
        "trial_end": first["trial_end"], "days_until_due": days,
    }  # fmt: skip
    subscription = start(world, {name: value for name, value in params.items() if value is not None})
    _attach(world, schedule, world.store.change("subscription", subscription["id"]))
    emit(world, "subscription_schedule.updated", schedule, {"status": "not_started"})


@route("GET", "/v1/subscription_schedules")
def list_schedules(request: Request) -> Obj:
    rows = matching(request.world.store.all("subscription_schedule"), request.params, "customer")
    if "scheduled" in request.params:
        rows = [row for row in rows if (row["status"] == "not_started") == request.params["scheduled"]]
    return page(request, rows, "subscription_schedule")


@route("GET", "/v1/subscription_schedules/{schedule}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("subscription_schedule", request.id, "schedule")


@route("POST", "/v1/subscription_schedules/{schedule}")
def update(request: Request) -> Obj:
    world, params = request.world, request.params
    schedule = _open(world, request.id, "update")
    if "phases" in params:
        _set_phases(world, schedule, params["phases"], params.get("proration_behavior"))
    if "default_settings" in params:
        schedule["default_settings"] = schedule["default_settings"] | params["default_settings"]
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    schedule["metadata"] = merged(schedule["metadata"], params.get("metadata"))
    emit(world, "subscription_schedule.updated", schedule, {})
    return schedule


def _set_phases(world: World, schedule: Obj, specs: list[Obj], behavior: str | None) -> None:
    """Replace the phases; the one under way must be sent again, and what it says otherwise applies at once."""
    now = world.now_of(schedule)
    if schedule["status"] == "not_started":
        owner = _owner(world, world.store.get("customer", schedule["customer"]), specs, schedule)
        first = specs[0].get("start_date", schedule["phases"][0]["start_date"]) if specs else now
        schedule["phases"] = phases.built(world, owner, specs, now if first == "now" else int(first), now)
        return
    current = schedule["current_phase"]
    subscription = world.store.change("subscription", schedule["subscription"])
    found = replaced(world, schedule, subscription, specs)
    schedule["phases"] = found
    schedule["current_phase"] = {"start_date": current["start_date"], "end_date": found[0]["end_date"]}
    if phases.differs(subscription, found[0]):
        phases.enter(world, subscription, found[0], now, behavior=behavior)


def replaced(world: World, schedule: Obj, subscription: Obj, specs: list[Obj]) -> list[Obj]:
    """The phases that would replace those of a schedule under way. Raises Stripe's 400s; writes nothing."""
    current, now = schedule["current_phase"], world.now_of(schedule)
    found = phases.built(world, subscription, specs, current["start_date"], now)
    if not found or found[0]["start_date"] != current["start_date"]:
        raise StripeError(
            "You can not modify the start date of the current phase; the first phase must be the current one.",
            param="phases[0][start_date]",
        )
    if found[0]["end_date"] <= now:
        raise StripeError("The current phase must end in the future.", param="phases[0][end_date]")
    return found


def foreseen(world: World, schedule: Obj, details: Obj) -> tuple[Obj, Plan, str, bool]:
    """For a preview of a schedule under way: the subscription, the plan of what its phases bring until the next
    invoice, how that is prorated, and whether the subscription then ends. Writes nothing.
    """
    subscription, now = world.store.get("subscription", schedule["subscription"]), world.now_of(schedule)
    found = schedule["phases"]
    if "phases" in details:
        found = replaced(world, schedule, subscription, details["phases"])
    begun = schedule["current_phase"]["start_date"]
    current = next(phase for phase in found if phase["start_date"] == begun)
    behavior = str(details.get("proration_behavior") or current["proration_behavior"])
    if phases.differs(subscription, current):
        made = phases.planned(world, subscription, current, behavior, now)
    else:
        made = plan(world, subscription, {}, now)
    renewal = min(item["current_period_end"] for item in made.items)
    if current["end_date"] > renewal:
        return subscription, made, behavior, False
    following = next((phase for phase in found if phase["start_date"] == current["end_date"]), None)
    if following is None:
        return subscription, made, behavior, details.get("end_behavior", schedule["end_behavior"]) == "cancel"
    after = phases.planned(world, subscription | {"items": made.items}, following, "none", now)
    made.items, made.terms = after.items, after.terms
    return subscription, made, behavior, False


@route("POST", "/v1/subscription_schedules/{schedule}/release")
def release(request: Request) -> Obj:
    world = request.world
    schedule = _open(world, request.id, "release")
    subscription = schedule["subscription"] and world.store.change("subscription", schedule["subscription"])
    if subscription and not request.params.get("preserve_cancel_date"):
        subscription["cancel_at"] = subscription["cancel_at"] if subscription["cancel_at_period_end"] else None
    _release(world, schedule)
    return schedule


@route("POST", "/v1/subscription_schedules/{schedule}/cancel")
def cancel(request: Request) -> Obj:
    """End the schedule and its subscription: with a last invoice and a credit for the rest, unless told otherwise."""
    world, params = request.world, request.params
    schedule = _open(world, request.id, "cancel")
    if schedule["subscription"] is None:
        schedule |= {"status": "canceled", "canceled_at": world.now_of(schedule)}
        emit(world, "subscription_schedule.canceled", schedule)
        return schedule
    subscription = world.store.change("subscription", schedule["subscription"])
    if params.get("prorate", True):
        leave_waiting(world, subscription, final_credits(world, subscription, world.now_of(subscription)))
    if params.get("invoice_now", True) and waiting(world, subscription["customer"], subscription["id"]):
        last_invoice(world, subscription)
    cancel_now(world, subscription)
    return schedule


def _open(world: World, id: str, verb: str) -> Obj:
    schedule = world.store.change("subscription_schedule", id, "schedule")
    if schedule["status"] not in ("active", "not_started"):
        raise StripeError(
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` status. It "
            "must be `active` or `not_started`."
        )
    return schedule


def follow(world: World, subscription: Obj) -> None:
    """A change made to the subscription itself goes into the schedule's current phase, later phases stay."""
    if subscription["schedule"] is None:
        return
    schedule = world.store.change("subscription_schedule", subscription["schedule"])
    for phase in schedule["phases"]:
        if phase["start_date"] == schedule["current_phase"]["start_date"]:
            phase["items"] = phases.phase(world, subscription, phases.of_now(subscription), 0, 1)["items"]


def step(world: World, schedule: Obj, at: int) -> None:
    """Enter the phase that begins now, or end the schedule after its last one. Both objects were taken by `change`."""
    if schedule["status"] == "not_started":
        _begin(world, schedule)
        return
    current = schedule["current_phase"]
    if schedule["status"] != "active" or current["end_date"] > at:
        return
    following = next((phase for phase in schedule["phases"] if phase["start_date"] == current["end_date"]), None)
    subscription = world.store.change("subscription", schedule["subscription"])
    if following is None:
        if schedule["end_behavior"] == "cancel":
            _complete(world, schedule, subscription)
        else:
            _release(world, schedule)
        return
    schedule["current_phase"] = {"start_date": following["start_date"], "end_date": following["end_date"]}
    phases.enter(world, subscription, following, at)
    emit(world, "subscription_schedule.updated", schedule, {"current_phase": current})


def _complete(world: World, schedule: Obj, subscription: Obj) -> None:
    """The last phase is over, and with it the subscription."""
    subscription["schedule"] = None
    schedule |= {"status": "completed", "completed_at": world.now_of(schedule), "current_phase": None}
    emit(world, "subscription_schedule.completed", schedule)
    last_invoice(world, subscription)
    cancel_now(world, subscription)


def _release(world: World, schedule: Obj) -> None:
    now = world.now_of(schedule)
    if schedule["subscription"] is not None:
        world.store.change("subscription", schedule["subscription"])["schedule"] = None
    schedule |= {
        "status": "released", "released_at": now, "released_subscription": schedule["subscription"],
        "subscription": None, "current_phase": None,
    }  # fmt: skip
    emit(world, "subscription_schedule.released", schedule)
