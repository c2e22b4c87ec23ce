"""Changes of a subscription beside its quantity, and what may not be changed while one is held."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.billing.simulator.test_updates import HOUR, stays_as_it_was

from .conftest import Shop, item_of

APRIL, HALF, MAY = 1_775_001_600, 1_776_297_600, 1_777_593_600
"""1 April 2026, 16 April 2026, 1 May 2026, all 00:00 UTC."""


@pytest.mark.parametrize(
    "extra", [{"default_payment_method": "pm_x"}, {"description": "x"}, {"off_session": True}, {"cancel_at": MAY}]
)
def test_a_held_change_takes_only_some_parameters(shop: Shop, at_half: Any, extra: dict[str, Any]) -> None:
    if "default_payment_method" in extra:
        extra = {"default_payment_method": shop.card(at_half.customer, "pm_card_visa")}

    with pytest.raises(stripe.InvalidRequestError, match="pending_if_incomplete"):
        shop.change(at_half, 10, **extra)

    stays_as_it_was(shop, at_half)


def test_a_held_change_needs_automatic_charges(shop: Shop) -> None:
    customer = shop.customer()
    invoiced = shop.subscribe(customer.id, shop.price().id, 2, collection_method="send_invoice", days_until_due=30)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.change(invoiced, 3)

    assert refused.value.param == "payment_behavior"
    stays_as_it_was(shop, invoiced)


def test_a_change_in_a_trial_costs_nothing(shop: Shop) -> None:
    clock = shop.clock(APRIL)
    customer = shop.customer(clock=clock)
    trial = shop.subscribe(customer.id, shop.price(5000).id, 2, trial_period_days=14)

    changed = shop.change(trial, 5)

    assert (trial.status, trial.trial_end) == ("trialing", APRIL + 14 * 86_400)
    assert item_of(changed).quantity == 5
    assert changed.latest_invoice.id == trial.latest_invoice
    shop.advance(clock, trial.trial_end + 2 * HOUR)
    now = shop.client.v1.subscriptions.retrieve(trial.id, {"expand": ["latest_invoice"]})
    assert (now.status, now.latest_invoice.total, now.latest_invoice.status) == ("active", 25000, "paid")


def test_the_anchor_can_be_moved_to_now(shop: Shop, at_half: Any) -> None:
    moved = shop.client.v1.subscriptions.update(
        at_half.id,
        {
            "billing_cycle_anchor": {"type": "now"},
            "proration_behavior": "always_invoice",
            "expand": ["latest_invoice"],
        },
    )

    assert moved.billing_cycle_anchor == HALF
    assert item_of(moved).current_period_start == HALF
    assert moved.latest_invoice.total == 40000 - 20000
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscriptions.update(at_half.id, {"billing_cycle_anchor": "now"})


def test_subscription_items_can_be_changed_by_themselves(shop: Shop, at_half: Any) -> None:
    item = shop.client.v1.subscription_items.update(
        item_of(at_half).id,
        {"quantity": 9, "proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete"},
    )

    assert (item.quantity, item.object) == (9, "subscription_item")
    assert shop.client.v1.subscription_items.retrieve(item.id).quantity == 9
    assert len(shop.client.v1.subscription_items.list({"subscription": at_half.id}).data) == 1


def test_metadata_alone_is_merged_and_leaves_a_held_change_alone(shop: Shop, at_half: Any) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")
    shop.change(at_half, 10)

    now = shop.client.v1.subscriptions.update(at_half.id, {"metadata": {"a": "1", "b": "2"}})
    now = shop.client.v1.subscriptions.update(at_half.id, {"metadata": {"a": ""}})

    assert now.metadata.to_dict() == {"b": "2"}
    assert now.pending_update is not None


def test_a_subscription_can_be_canceled_at_its_end_and_that_undone(shop: Shop, at_half: Any) -> None:
    leaving = shop.client.v1.subscriptions.update(at_half.id, {"cancel_at_period_end": True})
    back = shop.client.v1.subscriptions.update(at_half.id, {"cancel_at_period_end": False})
    shop.client.v1.subscriptions.update(at_half.id, {"cancel_at_period_end": True})
    shop.advance(at_half.test_clock, MAY)

    assert (leaving.cancel_at, leaving.cancel_at_period_end) == (MAY, True)
    assert (back.cancel_at, back.canceled_at, back.cancel_at_period_end) == (None, None, False)
    ended = shop.client.v1.subscriptions.retrieve(at_half.id)
    assert (ended.status, ended.ended_at) == ("canceled", MAY)
    assert shop.client.v1.subscriptions.list({"customer": at_half.customer}).data == []
    assert len(shop.client.v1.subscriptions.list({"customer": at_half.customer, "status": "all"}).data) == 1
