"""Changing a subscription: what is quoted is charged, and what is not paid is not applied."""

from __future__ import annotations

import pytest
import stripe

from .conftest import Control, Shop, item_of

APRIL, HALF, MAY = 1_775_001_600, 1_776_297_600, 1_777_593_600
"""1 April 2026, 16 April 2026, 1 May 2026, all 00:00 UTC."""


def test_an_increase_is_charged_as_previewed_and_applied(shop: Shop) -> None:
    clock = shop.clock(APRIL)
    customer = shop.customer(clock=clock)
    subscription = shop.subscribe(customer.id, shop.price(5000).id, 8)
    shop.advance(clock, HALF)

    quote = shop.preview(subscription, 10, proration_behavior="always_invoice", proration_date=HALF)
    changed = shop.change(subscription, 10, proration_date=HALF, metadata={"seat_change_id": "a"})

    assert quote.amount_due == quote.total == 5000
    assert [line.amount for line in quote.lines.data] == [-20000, 25000]
    assert [line.description for line in quote.lines.data] == [
        "Unused time on 8 × Seat after 16 Apr 2026",
        "Remaining time on 10 × Seat after 16 Apr 2026",
    ]
    assert quote.parent.subscription_details.subscription_proration_date == HALF
    invoice = changed.latest_invoice
    assert (invoice.total, invoice.amount_due, invoice.amount_paid, invoice.status) == (5000, 5000, 5000, "paid")
    assert invoice.billing_reason == "subscription_update"
    assert item_of(changed).quantity == 10
    assert changed.metadata["seat_change_id"] == "a"
    assert changed.pending_update is None
