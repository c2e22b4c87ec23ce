"""Subscriptions of less usual shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, item_of

DAY = 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def started(shop: Shop, price: str, quantity: int = 2, **fields: Any) -> Any:
    clock = shop.clock(at("2026-04-01"))
    return shop.subscribe(shop.customer(clock=clock).id, price, quantity, **fields)


def latest(shop: Shop, subscription: Any) -> Any:
    return shop.client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice


def test_the_first_invoice(shop: Shop) -> None:
    subscription = started(shop, shop.price(5000).id, 3, metadata={"a": "1"})

    invoice = latest(shop, subscription)
    assert subscription.status == "active"
    assert (invoice.billing_reason, invoice.total, invoice.status) == ("subscription_create", 15000, "paid")
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.parent.subscription_details.metadata["a"] == "1"
    assert (invoice.lines.data[0].quantity, invoice.lines.data[0].amount) == (3, 15000)
    assert invoice.automatic_tax.enabled is False
    assert [(i.id, i.status) for i in shop.client.v1.invoices.list({"status": "paid"}).data] == [(invoice.id, "paid")]
    assert shop.client.v1.invoices.list({"status": "open"}).data == []


@pytest.mark.parametrize(("mode", "anchor"), [("flexible", "2026-04-01"), ("classic", "2026-04-16")])
def test_a_longer_interval_moves_the_anchor_in_classic_billing_only(shop: Shop, mode: str, anchor: str) -> None:
    monthly, yearly = shop.price(1000).id, shop.price(10000, recurring={"interval": "year"}).id
    subscription = started(shop, monthly, 1, billing_mode={"type": mode})
    shop.advance(subscription.test_clock, at("2026-04-16"))

    changed = shop.client.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item_of(subscription).id, "price": yearly}],
            "proration_behavior": "always_invoice",
            "expand": ["latest_invoice"],
        },
    )

    assert day(changed.billing_cycle_anchor) == anchor
    year = int(anchor[:4]) + 1
    assert day(item_of(changed).current_period_end) == f"{year}{anchor[4:]}"
    full = changed.latest_invoice.lines.data[-1].amount
    assert full == (10000 if mode == "classic" else 9589)
    assert changed.latest_invoice.total == full - 500


def test_items_of_different_intervals_renew_by_themselves(shop: Shop) -> None:
    monthly, yearly = shop.price(1000).id, shop.price(9000, recurring={"interval": "year"}).id
    clock = shop.clock(at("2026-04-01"))
    subscription = shop.client.v1.subscriptions.create(
        {"customer": shop.customer(clock=clock).id, "items": [{"price": monthly}, {"price": yearly}]}
    )

    shop.advance(clock, at("2026-05-02"))

    now = shop.client.v1.subscriptions.retrieve(subscription.id)
    assert [day(item.current_period_end) for item in now["items"].data] == ["2026-06-01", "2027-04-01"]
    assert latest(shop, subscription).total == 1000


def test_a_trial_can_be_ended_now_and_made_longer(shop: Shop) -> None:
    subscription = started(shop, shop.price(5000).id, 2, trial_period_days=30)
    update = shop.client.v1.subscriptions.update

    longer = update(subscription.id, {"trial_end": at("2026-06-01"), "proration_behavior": "none"})
    shop.advance(subscription.test_clock, at("2026-04-10"))
    ended = update(subscription.id, {"trial_end": "now", "expand": ["latest_invoice"]})

    assert (longer.status, day(longer.trial_end), day(item_of(longer).current_period_end)) == (
        "trialing",
        "2026-06-01",
        "2026-06-01",
    )
    assert (ended.status, ended.latest_invoice.total) == ("active", 10000)
    assert (day(ended.billing_cycle_anchor), day(item_of(ended).current_period_end)) == ("2026-04-10", "2026-05-10")


def test_a_held_change_in_a_trial_ends_with_the_trial(shop: Shop) -> None:
    subscription = started(shop, shop.price(5000).id, 2, trial_period_days=1)
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(subscription.test_clock, at("2026-04-01T12:00"))

    held = shop.client.v1.subscriptions.update(
        subscription.id, {"trial_end": "now", "payment_behavior": "pending_if_incomplete"}
    )

    assert (held.status, held.pending_update.expires_at) == ("trialing", at("2026-04-02"))


def test_canceling_now_may_give_back_the_rest(shop: Shop) -> None:
    subscription = started(shop, shop.price(5000).id, 2)
    shop.advance(subscription.test_clock, at("2026-04-16"))

    ended = shop.client.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})

    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "cancellation_requested")
    assert shop.client.v1.customers.retrieve(subscription.customer).balance == -5000
    assert latest(shop, subscription).total == -5000
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscriptions.cancel(subscription.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.change(subscription, 3)


def test_an_invoiced_subscription_changes_at_once(shop: Shop) -> None:
    subscription = started(shop, shop.price(5000).id, 2, collection_method="send_invoice", days_until_due=14)
    shop.advance(subscription.test_clock, at("2026-04-16"))

    changed = shop.change(subscription, 4, payment_behavior="allow_incomplete")

    assert item_of(changed).quantity == 4
    invoice = changed.latest_invoice
    assert (invoice.status, invoice.amount_due, day(invoice.due_date)) == ("open", 5000, "2026-04-30")


def test_a_price_may_have_several_currencies(shop: Shop) -> None:
    price = shop.price(5000, currency_options={"eur": {"unit_amount": 4500}})
    clock = shop.clock(at("2026-04-01"))

    subscription = shop.subscribe(shop.customer(clock=clock).id, price.id, 2, currency="eur")

    assert (subscription.currency, latest(shop, subscription).total) == ("eur", 9000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscribe(subscription.customer, shop.price(100).id)
    assert refused.value.param == "currency"
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscriptions.update(subscription.id, {"items": [{"price": shop.price(100).id}]})


@pytest.mark.parametrize("kind", ["one_time", "inactive"])
def test_a_price_that_does_not_fit_is_refused(shop: Shop, kind: str) -> None:
    price = shop.price(5000)
    if kind == "inactive":
        shop.client.v1.prices.update(price.id, {"active": False})
    else:
        price = shop.client.v1.prices.create({"currency": "usd", "unit_amount": 5, "product": price.product})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscribe(shop.customer().id, price.id)

    assert refused.value.param == "items[0][price]"


def test_cards_can_be_typed_listed_changed_and_detached(shop: Shop) -> None:
    customer = shop.customer()
    v1 = shop.client.v1
    card = {"number": "5555555555554444", "exp_month": 4, "exp_year": 2040, "cvc": "123"}

    made = v1.payment_methods.create({"type": "card", "card": card})
    v1.payment_methods.attach(made.id, {"customer": customer.id})

    assert (made.card.last4, made.card.exp_year, made.customer) == ("4444", 2040, None)
    listed = v1.payment_methods.list({"customer": customer.id, "type": "card"}).data
    assert [method.card.last4 for method in listed] == ["4444", "4242"]
    assert v1.payment_methods.update(made.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    default = v1.customers.retrieve(customer.id).invoice_settings.default_payment_method
    v1.payment_methods.detach(default)
    assert v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    assert len(v1.payment_methods.list({"customer": customer.id}).data) == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [("4111111111111111", "card_declined"), ("abc", "incorrect_number")],
)
def test_only_test_cards_exist(shop: Shop, number: str, code: str) -> None:
    with pytest.raises(stripe.CardError) as refused:
        shop.client.v1.payment_methods.create(
            {"type": "card", "card": {"number": number, "exp_month": 4, "exp_year": 2040}}
        )

    assert refused.value.code == code


def test_a_refused_card_is_not_attached(shop: Shop) -> None:
    customer = shop.customer(card=None)

    with pytest.raises(stripe.CardError) as refused:
        shop.client.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})

    assert refused.value.code == "card_declined"
    assert shop.client.v1.payment_methods.list({"customer": customer.id}).data == []


def test_a_card_that_was_authenticated_once_pays_by_itself(shop: Shop, control: Control) -> None:
    clock = shop.clock(at("2026-04-01"))
    customer = shop.customer("pm_card_authenticationRequiredOnSetup", clock=clock)
    subscription = shop.subscribe(customer.id, shop.price(5000).id)
    assert subscription.status == "incomplete"
    control("POST", "3ds", invoice=subscription.latest_invoice, outcome="succeed")

    shop.advance(clock, at("2026-05-01T02:00"))

    assert latest(shop, subscription).status == "paid"


def test_an_intent_can_be_confirmed_with_another_card(shop: Shop) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    subscription = shop.subscribe(customer.id, shop.price(5000).id)
    invoice = shop.client.v1.invoices.retrieve(subscription.latest_invoice, {"expand": ["confirmation_secret"]})
    intent = invoice.confirmation_secret.client_secret.partition("_secret_")[0]

    with pytest.raises(stripe.CardError):
        shop.client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_chargeCustomerFail"})
    waiting = shop.client.v1.payment_intents.confirm(
        intent, {"payment_method": "pm_card_authenticationRequired", "return_url": "http://127.0.0.1:9/x"}
    )
    done = shop.client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})

    assert waiting.next_action.redirect_to_url.url.endswith(f"/3ds/{intent}")
    assert (done.status, done.amount_received) == ("succeeded", 5000)
    assert shop.client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_setup_intents(shop: Shop) -> None:
    customer = shop.customer(card=None)
    v1 = shop.client.v1

    plain = v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True})
    asks = v1.setup_intents.create({"customer": customer.id})
    asks = v1.setup_intents.confirm(asks.id, {"payment_method": "pm_card_authenticationRequired"})
    gone = v1.setup_intents.cancel(v1.setup_intents.create({}).id)

    assert (plain.status, asks.status, gone.status) == ("succeeded", "requires_action", "canceled")


def test_products_and_prices_can_be_changed(shop: Shop) -> None:
    v1 = shop.client.v1
    product = v1.products.create({"id": "prod_own", "name": "A", "default_price_data": {
        "currency": "usd", "unit_amount": 100, "recurring": {"interval": "month"}}})  # fmt: skip
    price = v1.prices.create({"currency": "usd", "unit_amount": 5, "product": product.id, "lookup_key": "seat",
                              "recurring": {"interval": "year"}})  # fmt: skip

    assert product.default_price.startswith("price_")
    assert [p.id for p in v1.prices.list({"lookup_keys": ["seat"]}).data] == [price.id]
    assert v1.products.update(product.id, {"name": "B", "metadata": {"x": "1"}}).name == "B"
    with pytest.raises(stripe.InvalidRequestError):
        v1.products.create({"id": "prod_own", "name": "A"})
    with pytest.raises(stripe.InvalidRequestError):
        v1.products.delete(product.id)
    with pytest.raises(stripe.InvalidRequestError):
        v1.prices.create({"currency": "usd", "unit_amount": 5, "product": product.id, "lookup_key": "seat"})
    moved = v1.prices.create({"currency": "usd", "unit_amount": 5, "product": product.id, "lookup_key": "seat",
                              "transfer_lookup_key": True})  # fmt: skip
    assert (moved.lookup_key, v1.prices.retrieve(price.id).lookup_key) == ("seat", None)


def test_an_invoice_can_be_written_off(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail").id, shop.price(5000).id)
    v1 = shop.client.v1

    lost = v1.invoices.mark_uncollectible(subscription.latest_invoice)
    voided = v1.invoices.void_invoice(lost.id)

    assert (lost.status, voided.status) == ("uncollectible", "void")
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.pay(lost.id)
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.void_invoice(lost.id)


def test_voiding_gives_the_used_balance_back(shop: Shop) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    v1 = shop.client.v1
    v1.customers.balance_transactions.create(customer.id, {"amount": -1500, "currency": "usd"})
    subscription = shop.subscribe(customer.id, shop.price(5000).id)
    invoice = v1.invoices.retrieve(subscription.latest_invoice)
    assert (invoice.amount_due, v1.customers.retrieve(customer.id).balance) == (3500, 0)

    v1.invoices.void_invoice(invoice.id)

    assert v1.customers.retrieve(customer.id).balance == -1500
    kinds = [entry.type for entry in v1.customers.balance_transactions.list(customer.id).data]
    assert kinds == ["unapplied_from_invoice", "applied_to_invoice", "adjustment"]
