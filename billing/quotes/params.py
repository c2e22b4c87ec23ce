"""The one builder of what is sent to Stripe for a change of quantity: the preview and the charge cannot drift apart."""

import json
from hashlib import sha256
from typing import Any


def change_details(*, item_id: str, quantity: int, proration_date: int | None) -> dict[str, Any]:
    """Items and proration, shared by preview and update. proration_date None: no proration (the next renewal)."""
    details: dict[str, Any] = {"items": [{"id": item_id, "quantity": quantity}]}
    if proration_date is None:
        details["proration_behavior"] = "none"
    else:
        details["proration_behavior"] = "always_invoice"
        details["proration_date"] = proration_date
    return details


def preview_params(
    *, customer_id: str, subscription_id: str, item_id: str, quantity: int, proration_date: int | None
) -> dict[str, Any]:
    """Parameters of invoices.create_preview."""
    return {
        "customer": customer_id,
        "subscription": subscription_id,
        "subscription_details": change_details(item_id=item_id, quantity=quantity, proration_date=proration_date),
    }


def recurring_params(*, customer_id: str, subscription_id: str, item_id: str, quantity: int) -> dict[str, Any]:
    """Parameters of invoices.create_preview for what every period costs, without prorations and pending items."""
    params = preview_params(
        customer_id=customer_id,
        subscription_id=subscription_id,
        item_id=item_id,
        quantity=quantity,
        proration_date=None,
    )
    return params | {"preview_mode": "recurring"}


def update_params(*, change_id: str, item_id: str, quantity: int, proration_date: int) -> dict[str, Any]:
    """Parameters of subscriptions.update. The stamp becomes visible together with the quantity, once paid."""
    return {
        **change_details(item_id=item_id, quantity=quantity, proration_date=proration_date),
        "payment_behavior": "pending_if_incomplete",
        "metadata": {"seat_change_id": change_id},
    }


def params_hash(params: dict[str, Any]) -> str:
    """A fingerprint of parameters; a key is used for one fingerprint for ever."""
    return sha256(json.dumps(params, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
