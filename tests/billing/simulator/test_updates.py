"""Changing a subscription: what is quoted is charged, and what is not paid is not applied."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, item_of

APRIL, HALF, MAY = 1_775_001_600, 1_776_297_600, 1_777_593_600
"""1 April 2026, 16 April 2026, 1 May 2026, all 00:00 UTC."""
HOUR = 3600


def stays_as_it_was(shop: Shop, before: Any) -> None:
    now = shop.client.v1.subscriptions.retrieve(before.id)
    assert item_of(now).quantity == item_of(before).quantity
    assert now.metadata == before.metadata
    assert now.status == before.status
    assert now.pending_update is None
    assert now.latest_invoice == before.latest_invoice


def test_an_increase_is_charged_as_previewed_and_applied(shop: Shop, at_half: Any) -> None:
    quote = shop.preview(at_half, 10, proration_behavior="always_invoice", proration_date=HALF)
    changed = shop.change(at_half, 10, proration_date=HALF, metadata={"seat_change_id": "a"})

    assert quote.amount_due == quote.total == 5000
    assert [line.amount for line in quote.lines.data] == [-20000, 25000]
    assert [line.description for line in quote.lines.data] == [
        "Unused time on 8 × Seat after 16 Apr 2026",
        "Remaining time on 10 × Seat after 16 Apr 2026",
    ]
    assert all(line.parent.subscription_item_details.proration for line in quote.lines.data)
    assert quote.parent.subscription_details.subscription_proration_date == HALF
    invoice = changed.latest_invoice
    assert (invoice.total, invoice.amount_due, invoice.amount_paid, invoice.status) == (5000, 5000, 5000, "paid")
    assert invoice.billing_reason == "subscription_update"
    assert invoice.payments.data[0].payment.payment_intent.startswith("pi_")
    assert item_of(changed).quantity == 10
    assert changed.metadata["seat_change_id"] == "a"
    assert changed.pending_update is None


def test_a_paid_change_tells_of_its_events_with_the_key_of_its_request(shop: Shop, at_half: Any) -> None:
    seen = len(shop.types())

    shop.client.v1.subscriptions.update(
        at_half.id,
        {"items": [{"id": item_of(at_half).id, "quantity": 9}], "proration_behavior": "always_invoice"},
        {"idempotency_key": "seatchg:1:1"},
    )

    events = shop.client.v1.events.list({"limit": 100}).data[::-1][seen:]
    assert [event.type for event in events] == [
        "invoice.created",
        "payment_intent.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]
    assert {event.request.idempotency_key for event in events} == {"seatchg:1:1"}
    assert events[-1].data.previous_attributes["items"]["data"][0]["quantity"] == 8


@pytest.mark.parametrize("card", ["pm_card_chargeCustomerFail", "pm_card_authenticationRequired"])
def test_a_change_that_is_not_paid_is_held(shop: Shop, at_half: Any, card: str) -> None:
    shop.card(at_half.customer, card)

    held = shop.change(at_half, 10, metadata={"seat_change_id": "a"})

    assert item_of(held).quantity == 8
    assert "seat_change_id" not in held.metadata
    assert held.status == "active"
    assert held.pending_update.expires_at == HALF + 23 * HOUR
    assert held.pending_update.metadata["seat_change_id"] == "a"
    assert [item.quantity for item in held.pending_update.subscription_items] == [10]
    assert held.latest_invoice.status == "open"
    assert held.latest_invoice.amount_remaining == 5000
    assert held.latest_invoice.confirmation_secret.client_secret.startswith("pi_")
    intent = shop.client.v1.payment_intents.retrieve(held.latest_invoice.payments.data[0].payment.payment_intent)
    wanted = "requires_action" if "authentication" in card else "requires_payment_method"
    assert intent.status == wanted


def test_paying_a_held_change_with_another_card_applies_it_with_its_stamp(shop: Shop, at_half: Any) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")
    held = shop.change(at_half, 10, metadata={"seat_change_id": "a"})
    good = shop.client.v1.payment_methods.attach("pm_card_mastercard", {"customer": at_half.customer})

    paid = shop.client.v1.invoices.pay(held.latest_invoice.id, {"payment_method": good.id, "off_session": False})

    assert (paid.status, paid.amount_paid) == ("paid", 5000)
    now = shop.client.v1.subscriptions.retrieve(at_half.id)
    assert item_of(now).quantity == 10
    assert now.metadata["seat_change_id"] == "a"
    assert now.pending_update is None
    assert shop.types()[-4:] == [
        "customer.subscription.pending_update_applied",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ]


def test_paying_a_held_change_with_a_bad_card_says_so_and_applies_nothing(shop: Shop, at_half: Any) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")
    held = shop.change(at_half, 10)

    with pytest.raises(stripe.CardError) as refused:
        shop.client.v1.invoices.pay(held.latest_invoice.id)

    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert refused.value.error is not None
    assert refused.value.error.decline_code == "generic_decline"
    invoice = shop.client.v1.invoices.retrieve(held.latest_invoice.id)
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert item_of(shop.client.v1.subscriptions.retrieve(at_half.id)).quantity == 8


@pytest.mark.parametrize(("outcome", "quantity"), [("succeed", 10), ("fail", 8)])
def test_three_d_secure_settles_a_held_change(
    shop: Shop, at_half: Any, control: Control, outcome: str, quantity: int
) -> None:
    shop.card(at_half.customer, "pm_card_authenticationRequired")
    held = shop.change(at_half, 10)

    control("POST", "3ds", invoice=held.latest_invoice.id, outcome=outcome)

    now = shop.client.v1.subscriptions.retrieve(at_half.id, {"expand": ["latest_invoice"]})
    assert item_of(now).quantity == quantity
    assert now.latest_invoice.status == ("paid" if outcome == "succeed" else "open")
    assert (now.pending_update is None) == (outcome == "succeed")


def test_a_card_that_declines_after_authentication_leaves_the_change_held(
    shop: Shop, at_half: Any, control: Control
) -> None:
    shop.card(at_half.customer, "pm_card_threeDSecureRequiredChargeDeclined")
    held = shop.change(at_half, 10)

    answer = control("POST", "3ds", invoice=held.latest_invoice.id, outcome="succeed")

    assert answer["status"] == "requires_payment_method"
    assert shop.client.v1.subscriptions.retrieve(at_half.id).pending_update is not None


def test_voiding_the_invoice_drops_the_held_change(shop: Shop, at_half: Any) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")
    held = shop.change(at_half, 10)

    voided = shop.client.v1.invoices.void_invoice(held.latest_invoice.id)

    assert voided.status == "void"
    now = shop.client.v1.subscriptions.retrieve(at_half.id)
    assert (item_of(now).quantity, now.pending_update) == (8, None)


def test_a_second_change_voids_the_first_and_takes_its_place(shop: Shop, at_half: Any) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")
    first = shop.change(at_half, 10)

    second = shop.change(at_half, 12)

    assert shop.client.v1.invoices.retrieve(first.latest_invoice.id).status == "void"
    assert second.latest_invoice.id != first.latest_invoice.id
    assert [item.quantity for item in second.pending_update.subscription_items] == [12]
    assert item_of(second).quantity == 8


def test_a_held_change_expires_after_23_hours(shop: Shop, at_half: Any) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")
    held = shop.change(at_half, 10)
    clock = at_half.test_clock

    shop.advance(clock, HALF + 23 * HOUR - 1)
    assert shop.client.v1.subscriptions.retrieve(at_half.id).pending_update is not None
    shop.advance(clock, HALF + 23 * HOUR)

    now = shop.client.v1.subscriptions.retrieve(at_half.id)
    assert (item_of(now).quantity, now.pending_update) == (8, None)
    assert shop.client.v1.invoices.retrieve(held.latest_invoice.id).status == "void"
    assert "customer.subscription.pending_update_expired" in shop.types()


def test_a_held_change_never_outlives_the_period(shop: Shop, at_half: Any) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")
    shop.advance(at_half.test_clock, MAY - 12 * HOUR)

    held = shop.change(at_half, 10)
    shop.advance(at_half.test_clock, MAY)

    assert held.pending_update.expires_at == MAY
    now = shop.client.v1.subscriptions.retrieve(at_half.id)
    assert (item_of(now).quantity, now.pending_update) == (8, None)
    assert item_of(now).current_period_start == MAY


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined"),
        ("pm_card_authenticationRequired", "subscription_payment_intent_requires_action"),
    ],
)
def test_error_if_incomplete_changes_nothing(shop: Shop, at_half: Any, card: str, code: str) -> None:
    shop.card(at_half.customer, card)
    seen = len(shop.types())

    with pytest.raises(stripe.CardError) as refused:
        shop.change(at_half, 10, payment_behavior="error_if_incomplete", metadata={"a": "b"})

    assert (refused.value.http_status, refused.value.code) == (402, code)
    stays_as_it_was(shop, at_half)
    assert len(shop.client.v1.invoices.list({"customer": at_half.customer}).data) == 1
    assert len(shop.types()) == seen


@pytest.mark.parametrize("behavior", ["allow_incomplete", "default_incomplete"])
def test_the_incomplete_behaviors_grant_before_they_are_paid(shop: Shop, at_half: Any, behavior: str) -> None:
    shop.card(at_half.customer, "pm_card_chargeCustomerFail")

    changed = shop.change(at_half, 10, payment_behavior=behavior)

    assert item_of(changed).quantity == 10
    assert changed.status == "past_due"
    assert changed.latest_invoice.status == "open"


def test_create_prorations_leaves_two_pending_items_and_the_latest_invoice(shop: Shop, at_half: Any) -> None:
    changed = shop.change(at_half, 10, proration_behavior="create_prorations", payment_behavior="allow_incomplete")

    assert item_of(changed).quantity == 10
    assert changed.latest_invoice.id == at_half.latest_invoice
    pending = shop.client.v1.invoice_items.list({"customer": at_half.customer, "pending": True}).data
    assert sorted(item.amount for item in pending) == [-20000, 25000]
    assert all(item.proration for item in pending)
    assert {item.parent.subscription_details.subscription for item in pending} == {at_half.id}

    shop.advance(at_half.test_clock, MAY + 2 * HOUR)
    renewal = shop.client.v1.invoices.list({"subscription": at_half.id}).data[0]
    assert (renewal.billing_reason, renewal.total, renewal.status) == ("subscription_cycle", 55000, "paid")
    assert shop.client.v1.invoice_items.list({"customer": at_half.customer, "pending": True}).data == []


def test_none_changes_the_quantity_and_bills_nothing(shop: Shop, at_half: Any) -> None:
    changed = shop.change(at_half, 10, proration_behavior="none")

    assert item_of(changed).quantity == 10
    assert changed.latest_invoice.id == at_half.latest_invoice
    assert shop.client.v1.invoice_items.list({"customer": at_half.customer, "pending": True}).data == []


def test_pending_items_are_in_the_preview_and_not_in_a_held_change(shop: Shop, at_half: Any) -> None:
    shop.client.v1.invoice_items.create(
        {"customer": at_half.customer, "subscription": at_half.id, "amount": 700, "currency": "usd"}
    )

    quote = shop.preview(at_half, 10, proration_behavior="always_invoice", proration_date=HALF)
    held = shop.change(at_half, 10)
    swept = shop.change(at_half, 11, payment_behavior="error_if_incomplete")

    assert quote.total == 5700
    assert held.latest_invoice.total == 5000
    assert swept.latest_invoice.total == 2500 + 700


@pytest.mark.parametrize("date", [APRIL - 1, MAY])
def test_a_proration_date_outside_of_the_period_is_refused(shop: Shop, at_half: Any, date: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.change(at_half, 10, proration_date=date)

    assert (refused.value.http_status, refused.value.param) == (400, "proration_date")
    stays_as_it_was(shop, at_half)


def test_a_future_proration_date_inside_of_the_period_is_accepted(shop: Shop, at_half: Any) -> None:
    late = HALF + (MAY - HALF) // 2

    changed = shop.change(at_half, 10, proration_date=late)

    assert changed.latest_invoice.total == 2500


def test_a_new_price_resets_the_quantity_unless_it_is_passed(shop: Shop, at_half: Any) -> None:
    other = shop.price(7000, name="Large seat").id
    item = item_of(at_half).id

    with_quantity = shop.client.v1.subscriptions.update(
        at_half.id, {"items": [{"id": item, "price": other, "quantity": 3}]}
    )
    back = item_of(at_half).price.id
    without = shop.client.v1.subscriptions.update(at_half.id, {"items": [{"id": item, "price": back}]})

    assert item_of(with_quantity).quantity == 3
    assert item_of(without).quantity == 1


def test_an_item_without_id_is_added_and_a_deleted_one_goes(shop: Shop, at_half: Any) -> None:
    other = shop.price(1000, name="Support").id
    update = shop.client.v1.subscriptions.update

    two = update(at_half.id, {"items": [{"price": other}], "proration_behavior": "always_invoice"})
    items = two["items"].data
    one = update(at_half.id, {"items": [{"id": items[1].id, "deleted": True}], "proration_behavior": "none"})

    assert [(item.price.id, item.quantity) for item in items] == [(item_of(at_half).price.id, 8), (other, 1)]
    assert [item.id for item in one["items"].data] == [items[0].id]
    with pytest.raises(stripe.InvalidRequestError):
        update(at_half.id, {"items": [{"price": item_of(at_half).price.id}]})
