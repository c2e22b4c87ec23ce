"""Configurations of the billing portal: what a customer may do there."""

from __future__ import annotations

from .errors import Obj, StripeError
from .events import emit
from .fields import merged
from .lists import matching, page
from .routes import route
from .world import Request, World

_KIND = "billing_portal.configuration"
_REASONS = ("too_expensive", "missing_features", "switched_service", "unused", "other")


def _features(wanted: Obj, before: Obj | None = None) -> Obj:
    """Every feature in full; what was not asked for is off. Raises Stripe's 400 for a feature that says too little."""
    features = before or {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": list(_REASONS)}, "enabled": False,
            "mode": "at_period_end", "proration_behavior": "none",
        },
        "subscription_update": {
            "billing_cycle_anchor": "unchanged", "default_allowed_updates": [], "enabled": False, "products": [],
            "proration_behavior": "none", "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }  # fmt: skip
    after = {name: feature | (wanted.get(name) or {}) for name, feature in features.items()}
    for name, needed in (("customer_update", "allowed_updates"), ("subscription_update", "default_allowed_updates")):
        after[name][needed] = after[name][needed] or []
        if after[name]["enabled"] and not after[name][needed]:
            param = f"features[{name}][{needed}]"
            raise StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    updates = after["subscription_update"]
    updates["products"] = [
        {"adjustable_quantity": {"enabled": True, "maximum": None, "minimum": 1}} | product
        for product in updates["products"] or []
    ]
    return after


def make(world: World, params: Obj) -> Obj:
    """A configuration; the first of an account is its default."""
    now = world.now()
    return world.create(
        _KIND,
        "bpc",
        active=True,
        business_profile=dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url"))
        | params.get("business_profile", {}),
        created=now,
        default_return_url=params.get("default_return_url"),
        features=_features(params["features"]),
        is_default=not world.store.all(_KIND),
        login_page={"enabled": False, "url": None},
        metadata=merged(None, params.get("metadata")),
        name=params.get("name"),
        updated=now,
    )


def the_default(world: World) -> Obj:
    """The account's own configuration: everything but changes of the subscription. It is made when it is needed."""
    found = next((row for row in world.store.all(_KIND) if row["is_default"]), None)
    return found or make(world, {"features": {
        "customer_update": {
            "enabled": True, "allowed_updates": ["address", "email", "name", "phone", "tax_id"],
        },
        "invoice_history": {"enabled": True}, "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True},
    }})  # fmt: skip


@route("POST", "/v1/billing_portal/configurations")
def create(request: Request) -> Obj:
    made = make(request.world, request.params)
    emit(request.world, "billing_portal.configuration.created", made)
    return made


@route("GET", "/v1/billing_portal/configurations")
def list_configurations(request: Request) -> Obj:
    return page(request, matching(request.world.store.all(_KIND), request.params, "active", "is_default"), _KIND)


@route("GET", "/v1/billing_portal/configurations/{configuration}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get(_KIND, request.id, "configuration")


@route("POST", "/v1/billing_portal/configurations/{configuration}")
def update(request: Request) -> Obj:
    world, params = request.world, request.params
    configuration = world.store.change(_KIND, request.id, "configuration")
    if params.get("active") is False and configuration["is_default"]:
        raise StripeError("The default configuration cannot be deactivated.", param="active")
    for name in ("active", "default_return_url", "name"):
        if name in params:
            configuration[name] = params[name] if params[name] != "" else None
    configuration["business_profile"] = configuration["business_profile"] | params.get("business_profile", {})
    configuration["features"] = _features(params.get("features", {}), configuration["features"])
    configuration["metadata"] = merged(configuration["metadata"], params.get("metadata"))
    configuration["updated"] = world.now()
    emit(world, "billing_portal.configuration.updated", configuration, {})
    return configuration
