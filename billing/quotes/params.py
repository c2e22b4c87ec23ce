"""The one builder of what is sent to Stripe for a change of quantity: the preview and the charge cannot drift apart."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

# As it stands on the invoice; Stripe allows 40 characters, and 140 for the value.
PO_FIELD = "PO number"


def change_details(
    *, item_id: str, quantity: int, proration_date: int | None, price_id: str = "", new_cycle: bool = False
) -> dict[str, Any]:
    """Items and proration, shared by preview and update.

    proration_date None: no proration (the next renewal). price_id: another price; empty: it stays. new_cycle: the
    period begins anew; flexible billing never does that by itself, classic does when the interval changes, so it is
    always said.
    """
    item: dict[str, Any] = {"id": item_id, "quantity": quantity}
    if price_id:
        item["price"] = price_id
    details: dict[str, Any] = {"items": [item]}
    if proration_date is None:
        details["proration_behavior"] = "none"
    else:
        details["proration_behavior"] = "always_invoice"
        details["proration_date"] = proration_date
    if new_cycle:
        details["billing_cycle_anchor"] = {"type": "now"}
    return details


def preview_params(
    *,
    customer_id: str,
    subscription_id: str,
    item_id: str,
    quantity: int,
    proration_date: int | None,
    price_id: str = "",
    new_cycle: bool = False,
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """Parameters of invoices.create_preview. without: pending invoice items that the charge will not take along."""
    params: dict[str, Any] = {
        "customer": customer_id,
        "subscription": subscription_id,
        "subscription_details": change_details(
            item_id=item_id,
            quantity=quantity,
            proration_date=proration_date,
            price_id=price_id,
            new_cycle=new_cycle,
        ),
    }
    if without:
        params["invoice_items"] = [{"invoiceitem": item, "amount": 0} for item in without]
    return params


def recurring_params(
    *, customer_id: str, subscription_id: str, item_id: str, quantity: int, price_id: str = ""
) -> dict[str, Any]:
    """Parameters of invoices.create_preview for what every period costs, without prorations and pending items."""
    params = preview_params(
        customer_id=customer_id,
        subscription_id=subscription_id,
        item_id=item_id,
        quantity=quantity,
        proration_date=None,
        price_id=price_id,
    )
    return params | {"preview_mode": "recurring"}


def update_params(
    *,
    change_id: str,
    item_id: str,
    quantity: int,
    proration_date: int,
    price_id: str = "",
    new_cycle: bool = False,
    on_credit: bool = False,
    po_number: str = "",
    present: bool = True,
) -> dict[str, Any]:
    """Parameters of subscriptions.update. The stamp becomes visible together with the quantity, once paid.

    on_credit: an invoice is sent; Stripe knows no pending update then, so the quantity counts at once. The purchase
    order number goes along: it is printed on the invoice that this very call makes. present: whether somebody is there
    who could confirm with the bank or give another card; with nobody, a payment that is not complete at once is an
    error and nothing changes (payments.md §2.3).
    """
    params = change_details(
        item_id=item_id, quantity=quantity, proration_date=proration_date, price_id=price_id, new_cycle=new_cycle
    )
    params["metadata"] = {"seat_change_id": change_id}
    if not on_credit:
        params["payment_behavior"] = "pending_if_incomplete" if present else "error_if_incomplete"
    elif po_number:
        params["invoice_settings"] = {"custom_fields": [{"name": PO_FIELD, "value": po_number}]}
    return params


def params_hash(params: dict[str, Any]) -> str:
    """A fingerprint of parameters; a key is used for one fingerprint for ever."""
    return sha256(json.dumps(params, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
