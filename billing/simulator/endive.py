"""What `2026-10-28.endive` adds to Stripe's published description of `2026-08-26.dahlia`, as far as it is used here.

Read from the typed parameters and objects of the official library 16.1.0.
"""

from __future__ import annotations

from .errors import Obj

_TIMESTAMP = {"type": "integer", "format": "unix-time"}
_EXPAND = {"type": "array", "items": {"type": "string", "maxLength": 5000}}
_CAUSES = [
    "final_payment_failure", "first_payment_failure", "pause_requested", "system", "trial_end_without_payment_method",
]  # fmt: skip
_UNCOLLECTIBLE = [
    "max_payment_attempts", "payment_not_received", "subscription_canceled", "subscription_paused", "user_forgiven",
]  # fmt: skip


def _one_of(*values: str) -> Obj:
    return {"type": "string", "enum": list(values)}


def _object(required: tuple[str, ...] = (), /, *, nullable: bool = False, **properties: Obj) -> Obj:
    schema: Obj = {"type": "object", "properties": properties, "required": list(required)}
    return schema | ({"nullable": True} if nullable else {})


def _typed(*values: str) -> Obj:
    return _object(("type",), type=_one_of(*values))


_PROPERTIES: dict[str, Obj] = {
    "checkout.session": {"allowed_payment_method_types": {"type": "array", "items": {"type": "string"}}},
    "invoice": {
        "status_details": _object(
            nullable=True,
            uncollectible=_object(nullable=True, reason=_one_of(*_UNCOLLECTIBLE) | {"nullable": True}),
        ),
    },
    "subscription": {
        "status_details": _object(
            ("paused",),
            nullable=True,
            paused=_object(
                ("subscription", "transitioned_at", "type"),
                subscription=_typed(*_CAUSES),
                transitioned_at=_TIMESTAMP,
                type=_one_of("subscription"),
            ),
        ),
    },
    "recurring": {"trial_period_days": {"type": "integer", "nullable": True}},
    "subscriptions_resource_pending_update": {"cancel_at_period_end": {"type": "boolean", "nullable": True}},
}

_PARAMETERS: dict[str, Obj] = {
    "POST /v1/subscriptions/{subscription}/resume": {
        "payment_behavior": _one_of("resume_on_payment_attempt", "resume_on_payment_success"),
    },
}

_OPERATIONS: dict[str, tuple[Obj, Obj]] = {
    "POST /v1/subscriptions/{subscription}/pause": (
        _object(
            bill_for=_object(
                outstanding_usage_through=_typed("none", "now"),
                unused_time_from=_typed("item_current_period_start", "none", "now"),
            ),
            expand=_EXPAND,
            invoicing_behavior=_one_of("invoice", "pending_invoice_item"),
            type=_one_of("subscription"),
        ),
        {"$ref": "#/components/schemas/subscription"},
    ),
}


def bring_up(shapes: Obj) -> Obj:
    """Bring the description to endive, in place."""
    for name, properties in _PROPERTIES.items():
        shapes["objects"][name]["properties"] |= properties
    for operation, parameters in _PARAMETERS.items():
        shapes["requests"][operation]["properties"] |= parameters
    versions = shapes["requests"]["POST /v1/webhook_endpoints"]["properties"]["api_version"]["enum"]
    versions += ["2026-09-30.endive", "2026-10-28.endive"]
    for operation, (parameters, answer) in _OPERATIONS.items():
        shapes["requests"][operation] = parameters
        shapes["responses"][operation] = answer
    return shapes
