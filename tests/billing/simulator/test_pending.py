"""Held changes: what they may hold, when they end, and what drops them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import HOUR, Shop, at, fresh, item_of, started


def held(shop: Shop, subscription: Any, **fields: Any) -> Any:
    """The subscription with a change to 5 seats that its card does not pay."""
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    changed = shop.change(subscription, 5, **fields)
    assert changed.pending_update is not None
    return changed


def middle(shop: Shop) -> Any:
    subscription = started(shop, "2026-04-01", price={"unit_amount": 30000})
    shop.advance(subscription.test_clock, at("2026-04-16"))
    return subscription


def test_a_held_change_ends_with_the_trial_that_it_would_have_ended(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", price={"unit_amount": 30000}, trial_period_days=1)
    shop.advance(subscription.test_clock, at("2026-04-01T12:00"))

    changed = held(shop, subscription, trial_end="now")

    assert (changed.status, changed.pending_update.expires_at) == ("trialing", at("2026-04-02"))
    assert item_of(changed).quantity == 2
    shop.advance(subscription.test_clock, at("2026-04-02"))
    now = fresh(shop, subscription)
    assert (now.pending_update, item_of(now).quantity) == (None, 2)
    assert shop.client.v1.invoices.retrieve(changed.latest_invoice.id).status == "void"


@pytest.mark.parametrize(
    ("begun", "expires"),
    [("2026-04-16", at("2026-04-16") + 23 * HOUR), ("2026-04-30T20:00", at("2026-05-01"))],
)
def test_a_held_change_ends_after_23_hours_or_with_the_period(shop: Shop, begun: str, expires: int) -> None:
    subscription = started(shop, "2026-04-01", price={"unit_amount": 900000})
    shop.advance(subscription.test_clock, at(begun))

    changed = held(shop, subscription)
    assert changed.pending_update.expires_at == expires
    shop.advance(subscription.test_clock, expires - 1)
    assert fresh(shop, subscription).pending_update is not None
    shop.advance(subscription.test_clock, expires)

    now = fresh(shop, subscription)
    assert (now.pending_update, item_of(now).quantity) == (None, 2)
    assert shop.client.v1.invoices.retrieve(changed.latest_invoice.id).status == "void"
    assert shop.types().count("customer.subscription.pending_update_expired") == 1


def test_a_held_change_ends_with_the_period_that_ends_first(shop: Shop) -> None:
    subscription = started(shop, "2026-04-01", price={"unit_amount": 900000})
    daily = shop.price(90000, recurring={"interval": "day"})
    shop.client.v1.subscriptions.update(subscription.id, {"items": [{"price": daily.id, "quantity": 1}]})
    shop.advance(subscription.test_clock, at("2026-04-16T15:00"))

    changed = held(shop, subscription)

    assert changed.pending_update.expires_at == at("2026-04-17")


def test_a_held_change_brings_metadata_discounts_and_its_end_along(shop: Shop) -> None:
    subscription = middle(shop)
    coupon = shop.client.v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    changed = held(
        shop, subscription, metadata={"seat_change_id": "c1"}, cancel_at_period_end=True, discounts=[{"coupon": coupon}]
    )
    assert (changed.metadata.to_dict(), changed.cancel_at_period_end, changed.discounts) == ({}, False, [])
    pending = changed.pending_update
    assert (pending.metadata.to_dict(), pending.cancel_at_period_end) == ({"seat_change_id": "c1"}, True)
    assert len(pending.discounts) == 1

    good = shop.card(subscription.customer, "pm_card_visa")
    shop.client.v1.invoices.pay(changed.latest_invoice.id, {"payment_method": good})

    now = fresh(shop, subscription)
    assert (item_of(now).quantity, now.pending_update, now.cancel_at_period_end) == (5, None, True)
    assert now.metadata.to_dict() == {"seat_change_id": "c1"}
    assert now.discounts == pending.discounts


@pytest.mark.parametrize(
    "params",
    [
        {"description": "x"},
        {"collection_method": "charge_automatically"},
        {"pause_collection": {"behavior": "void"}},
        {"cancel_at": at("2026-04-20")},
        {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}},
        {"default_tax_rates": ""},
        {"automatic_tax": {"enabled": False}},
        {"days_until_due": 3},
    ],
)
def test_what_a_held_change_cannot_hold(shop: Shop, params: dict[str, Any]) -> None:
    subscription = middle(shop)
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")

    with pytest.raises(stripe.InvalidRequestError, match="you can only pass supported params"):
        shop.change(subscription, 5, **params)

    now = fresh(shop, subscription)
    assert (now.pending_update, item_of(now).quantity) == (None, 2)
    assert len(shop.client.v1.invoices.list({"subscription": subscription.id}).data) == 1


@pytest.mark.parametrize("how", ["change", "pause", "cancel", "phase"])
def test_what_drops_a_held_change(shop: Shop, how: str) -> None:
    subscription = middle(shop)
    changed = held(shop, subscription)
    v1 = shop.client.v1

    if how == "change":
        assert shop.change(subscription, 6).pending_update.subscription_items[0].quantity == 6
    elif how == "pause":
        v1.subscriptions.pause(subscription.id)
    elif how == "cancel":
        v1.subscriptions.cancel(subscription.id)
    else:
        schedule = v1.subscription_schedules.create({"from_subscription": subscription.id})
        price = item_of(subscription).price.id
        v1.subscription_schedules.update(schedule.id, {"proration_behavior": "none", "phases": [
            {"items": [{"price": price, "quantity": 3}], "start_date": at("2026-04-01"), "end_date": at("2026-05-01")},
        ]})  # fmt: skip

    now = fresh(shop, subscription)
    assert v1.invoices.retrieve(changed.latest_invoice.id).status == "void"
    assert item_of(now).quantity == (3 if how == "phase" else 2)
    assert (now.pending_update is None) is (how != "change")


def test_a_held_change_goes_on_cycling_and_is_not_applied_by_another_payment(shop: Shop) -> None:
    subscription = middle(shop)
    changed = held(shop, subscription)
    good = shop.card(subscription.customer, "pm_card_visa")
    other = shop.client.v1.invoices.list({"subscription": subscription.id, "status": "paid"}).data

    shop.client.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}, "default_payment_method": good})

    now = fresh(shop, subscription)
    assert (len(other), item_of(now).quantity) == (1, 2)
    assert now.pending_update.expires_at == changed.pending_update.expires_at
