"""Thin events: what a `v2.core.event` says of a snapshot event. Pure; nothing of them is stored but the snapshot."""

from __future__ import annotations

from datetime import UTC, datetime

from .errors import Obj

_PATHS = {
    "billing_portal.configuration": "billing_portal/configurations", "charge": "charges",
    "checkout.session": "checkout/sessions", "coupon": "coupons", "credit_note": "credit_notes",
    "customer": "customers", "invoice": "invoices", "invoice_payment": "invoice_payments",
    "invoiceitem": "invoiceitems", "payment_intent": "payment_intents", "payment_method": "payment_methods",
    "price": "prices", "product": "products", "promotion_code": "promotion_codes", "refund": "refunds",
    "setup_intent": "setup_intents", "subscription": "subscriptions",
    "subscription_schedule": "subscription_schedules", "tax_id": "tax_ids", "tax_rate": "tax_rates",
    "test_helpers.test_clock": "test_helpers/test_clocks",
}  # fmt: skip


def of(event: Obj) -> list[Obj]:
    """The thin events of a snapshot event: its own, and those that only thin events have. Nothing for an object
    that cannot be read again.
    """
    inner = event["data"]["object"]
    path = _PATHS.get(inner["object"])
    if path is None:
        return []
    types = [event["type"], *_finer(event)]
    return [_made(event, number, type, inner, path) for number, type in enumerate(types)]


def _made(event: Obj, number: int, type: str, inner: Obj, path: str) -> Obj:
    made: Obj = {
        "id": f"{event['id']}{f'_{number}' if number else '_v2'}", "object": "v2.core.event", "type": f"v1.{type}",
        "created": moment(event["created"]), "livemode": False,
        "related_object": {"id": inner["id"], "type": inner["object"], "url": f"/v1/{path}/{inner['id']}"},
    }  # fmt: skip
    asked = event["request"]
    if asked["id"] is not None:
        made["reason"] = {
            "type": "request",
            "request": {"id": asked["id"], "idempotency_key": asked["idempotency_key"] or ""},
        }
    return made


def snapshot_id(id: str) -> str:
    """The snapshot event that a thin event's id belongs to."""
    return id.rpartition("_")[0]


def moment(seconds: int) -> str:
    """As the v2 API writes time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _finer(event: Obj) -> list[str]:
    """What an update of a subscription consisted of."""
    before = event["data"].get("previous_attributes") or {}
    if event["type"] != "customer.subscription.updated":
        return []
    now = event["data"]["object"]
    found = [] if before.get("status") in (None, now["status"]) or now["status"] == "paused" else [now["status"]]
    if "items" in before:
        found += _items(before["items"]["data"], now["items"]["data"])
    found += [f"{name}_changed" for name in ("cancel_at", "default_payment_method") if name in before]
    return [f"customer.subscription.{name}" for name in found]


def _items(before: list[Obj], after: list[Obj]) -> list[str]:
    old, new = ({item["id"]: item for item in items} for items in (before, after))
    kept = [(old[id], new[id]) for id in old if id in new]
    changes = {
        "item_added": new.keys() - old.keys(),
        "item_removed": old.keys() - new.keys(),
        "item_price_changed": [a for a, b in kept if a["price"]["id"] != b["price"]["id"]],
        "item_quantity_changed": [a for a, b in kept if a["quantity"] != b["quantity"]],
    }
    return [name for name, changed in changes.items() if changed]
