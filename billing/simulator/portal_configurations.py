"""Configurations of the customer portal: kept and shown. The simulator's own page changes cards whatever they say."""

from __future__ import annotations

from .errors import Obj
from .fields import assign
from .lists import page
from .routes import route
from .world import Request

_KIND = "billing_portal.configuration"


def _features(wanted: Obj, before: Obj | None = None) -> Obj:
    """What is not named keeps its value, or is off."""
    off: Obj = {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": False,
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }
    before = before or off
    return {name: before[name] | dict(wanted.get(name) or {}) for name in off}


@route("POST", "/v1/billing_portal/configurations")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    return world.create(
        _KIND,
        "bpc",
        active=True,
        application=None,
        business_profile={"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
        created=world.now(),
        default_return_url=params.get("default_return_url"),
        features=_features(params["features"]),
        is_default=not world.store.all(_KIND),
        login_page={"enabled": False, "url": None},
        metadata=params.get("metadata") or {},
        name=params.get("name"),
        updated=world.now(),
    )


@route("GET", "/v1/billing_portal/configurations")
def list_configurations(request: Request) -> Obj:
    wanted = {name: request.params[name] for name in ("active", "is_default") if name in request.params}
    rows = request.world.store.all(_KIND)
    return page(request, [row for row in rows if all(row[k] == v for k, v in wanted.items())], _KIND)


@route("GET", "/v1/billing_portal/configurations/{configuration}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get(_KIND, request.id, "configuration")


@route("POST", "/v1/billing_portal/configurations/{configuration}")
def update(request: Request) -> Obj:
    found = request.world.store.change(_KIND, request.id, "configuration")
    assign(found, request.params, "active", "default_return_url", "name")
    if "features" in request.params:
        found["features"] = _features(request.params["features"], found["features"])
    found["updated"] = request.world.now()
    return found
