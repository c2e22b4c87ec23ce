"""Stripe's limits for one subscription, when they are switched on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from .conftest import DAY, HOUR, Control, Shop, at, client_of, fresh, item_of, started


@pytest.fixture
def limited(shop: Shop, control: Control) -> Any:
    """A subscription on 10 April, with its first invoice made days ago."""
    subscription = started(shop, "2026-04-01", price={"unit_amount": 50000})
    shop.advance(subscription.test_clock, at("2026-04-10"))
    control("POST", "settings", rate_limits=True)
    return subscription


def refused(act: Callable[[], Any]) -> None:
    with pytest.raises(stripe.RateLimitError) as error:
        act()
    assert error.value.headers is not None
    assert error.value.headers["Stripe-Rate-Limited-Reason"] == "resource-specific"
    assert error.value.http_status == 429


def test_ten_invoices_in_a_minute_and_twenty_in_a_day(shop: Shop, limited: Any) -> None:
    for quantity in range(3, 13):
        shop.change(limited, quantity)
    refused(lambda: shop.change(limited, 13))
    assert item_of(fresh(shop, limited)).quantity == 12

    shop.advance(limited.test_clock, at("2026-04-10T00:01"))
    for quantity in range(13, 23):
        shop.change(limited, quantity)
    shop.advance(limited.test_clock, at("2026-04-10T12:00"))
    refused(lambda: shop.change(limited, 23))

    shop.advance(limited.test_clock, at("2026-04-11T00:01"))
    assert item_of(shop.change(limited, 23)).quantity == 23


def test_a_refused_change_is_not_remembered_by_its_key(shop: Shop, limited: Any) -> None:
    for quantity in range(3, 13):
        shop.change(limited, quantity)

    def change() -> Any:
        wanted: Any = {"items": [{"id": item_of(limited).id, "quantity": 20}], "proration_behavior": "always_invoice"}
        return shop.client.v1.subscriptions.update(limited.id, wanted, {"idempotency_key": "once"})

    refused(change)
    shop.advance(limited.test_clock, at("2026-04-10T00:01"))

    assert item_of(change()).quantity == 20


def test_renewals_are_not_refused(shop: Shop, limited: Any) -> None:
    shop.advance(limited.test_clock, at("2026-04-30T23:59:30"))
    for quantity in range(3, 13):
        shop.change(limited, quantity)

    shop.advance(limited.test_clock, at("2026-05-01T02:00"))

    assert fresh(shop, limited).latest_invoice.billing_reason == "subscription_cycle"


def test_two_hundred_changes_of_quantity_in_an_hour(shop: Shop, limited: Any) -> None:
    def change(quantity: int) -> Any:
        wanted: Any = {"items": [{"id": item_of(limited).id, "quantity": quantity}], "proration_behavior": "none"}
        return shop.client.v1.subscriptions.update(limited.id, wanted)

    for quantity in range(1, 201):
        change(quantity)
    refused(lambda: change(500))
    assert item_of(fresh(shop, limited)).quantity == 200

    shop.advance(limited.test_clock, at("2026-04-10") + HOUR + 1)
    assert item_of(change(500)).quantity == 500


def test_other_subscriptions_are_not_held_back(shop: Shop, limited: Any) -> None:
    for quantity in range(3, 13):
        shop.change(limited, quantity)

    other = started(shop, "2026-04-10")
    assert item_of(shop.change(other, 9)).quantity == 9


def test_the_limits_can_be_on_from_the_start(new_process: Any) -> None:
    _, url = new_process("--limits")
    control, shop = Control(url), Shop(client_of(url))
    assert control("GET", "settings")["rate_limits"] is True
    subscription = shop.subscribe(shop.customer().id, shop.price(50000).id, 1)
    control("POST", "advance", seconds=2 * DAY)

    for quantity in range(2, 12):
        shop.change(subscription, quantity)

    refused(lambda: shop.change(subscription, 12))
    control("POST", "reset")
    assert control("GET", "settings")["rate_limits"] is True
