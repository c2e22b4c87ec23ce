"""Previews: they say to the minor unit what the same change then charges, and write nothing."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, item_of

APRIL, MAY, JUNE = 1_775_001_600, 1_777_593_600, 1_780_272_000
ODD = 1_776_123_457
"""A second in the middle of April, at which nothing comes out even."""

SEED = [{"up_to": 10, "unit_amount": 5000}, {"up_to": "inf", "unit_amount": 4000}]
SHAPES: dict[str, dict[str, Any]] = {
    "flat": {"unit_amount": 5000},
    "graduated": {"unit_amount": None, "tiers": SEED, "tiers_mode": "graduated", "billing_scheme": "tiered"},
    "volume": {"unit_amount": None, "tiers": SEED, "tiers_mode": "volume", "billing_scheme": "tiered"},
    "packages": {"unit_amount": 20000, "transform_quantity": {"divide_by": 5, "round": "up"}},
    "annual": {"unit_amount": 51000, "recurring": {"interval": "year"}},
    "euro": {"unit_amount": 4990, "currency": "eur"},
    "yen": {"unit_amount": 777, "currency": "jpy"},
    "part of a cent": {"unit_amount": None, "unit_amount_decimal": "33.333"},
}


@pytest.mark.parametrize("balance", [0, -1300, -10_000_000, 60])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("before", "after"), [(8, 10), (10, 12), (12, 7)])
def test_the_charge_is_the_quote(shop: Shop, shape: str, balance: int, before: int, after: int) -> None:
    clock = shop.clock(APRIL)
    price = shop.price(**SHAPES[shape])
    subscription = shop.subscribe(shop.customer(clock=clock).id, price.id, before)
    if balance:
        shop.client.v1.customers.balance_transactions.create(
            subscription.customer, {"amount": balance, "currency": price.currency}
        )
    shop.advance(clock, ODD)

    quote = shop.preview(subscription, after, proration_behavior="always_invoice", proration_date=ODD)
    shop.advance(clock, ODD + 400)
    changed = shop.change(subscription, after, proration_date=ODD)

    invoice = changed.latest_invoice
    assert (invoice.total, invoice.amount_due) == (quote.total, quote.amount_due)
    assert (invoice.starting_balance, invoice.ending_balance) == (quote.starting_balance, quote.ending_balance)
    assert [line.amount for line in invoice.lines.data] == [line.amount for line in quote.lines.data]
    assert invoice.amount_paid == quote.amount_due
    assert item_of(changed).quantity == after
    customer = shop.client.v1.customers.retrieve(subscription.customer)
    assert customer.balance == quote.ending_balance


@pytest.mark.parametrize("mode", ["classic", "flexible"])
def test_the_charge_is_the_quote_after_several_changes_in_both_billing_modes(shop: Shop, mode: str) -> None:
    clock = shop.clock(APRIL)
    price = shop.price(**SHAPES["graduated"])
    subscription = shop.subscribe(shop.customer(clock=clock).id, price.id, 3, billing_mode={"type": mode})
    for number, quantity in enumerate([9, 14, 11, 12, 2, 30]):
        moment = APRIL + 300_007 * (number + 1)
        shop.advance(clock, moment)

        quote = shop.preview(subscription, quantity, proration_behavior="always_invoice", proration_date=moment)
        invoice = shop.change(subscription, quantity, proration_date=moment).latest_invoice

        assert (invoice.total, invoice.amount_due) == (quote.total, quote.amount_due)


def half_way(shop: Shop, shape: str, quantity: int) -> Any:
    clock = shop.clock(APRIL)
    subscription = shop.subscribe(shop.customer(clock=clock).id, shop.price(**SHAPES[shape]).id, quantity)
    shop.advance(clock, (APRIL + MAY) // 2)
    return subscription


@pytest.mark.parametrize(("shape", "total"), [("flat", 5000), ("graduated", 4000), ("volume", -1000)])
def test_ten_to_twelve_with_half_of_the_month_left(shop: Shop, shape: str, total: int) -> None:
    quote = shop.preview(half_way(shop, shape, 10), 12, proration_behavior="always_invoice")

    assert quote.total == total
    assert quote.amount_due == max(0, total)


def test_adding_seats_may_credit_the_balance(shop: Shop) -> None:
    changed = shop.change(half_way(shop, "volume", 10), 12)

    invoice = changed.latest_invoice
    assert (invoice.status, invoice.total, invoice.amount_due, invoice.ending_balance) == ("paid", -1000, 0, -1000)
    assert changed.pending_update is None
    [entry] = shop.client.v1.customers.balance_transactions.list(changed.customer).data
    assert (entry.amount, entry.type, entry.invoice) == (-1000, "applied_to_invoice", invoice.id)


def test_an_invoice_below_the_minimum_goes_to_the_balance(shop: Shop) -> None:
    clock = shop.clock(APRIL)
    subscription = shop.subscribe(shop.customer(clock=clock).id, shop.price(60).id)
    shop.advance(clock, (APRIL + MAY) // 2)

    changed = shop.change(subscription, 2)

    assert (changed.latest_invoice.total, changed.latest_invoice.amount_due) == (30, 0)
    assert changed.latest_invoice.status == "paid"
    assert changed.latest_invoice.payments.data == []
    assert shop.client.v1.customers.retrieve(subscription.customer).balance == 30


def test_without_changes_it_is_the_renewal(shop: Shop) -> None:
    subscription = half_way(shop, "flat", 8)

    renewal = shop.client.v1.invoices.create_preview({"subscription": subscription.id})

    assert (renewal.total, renewal.billing_reason, renewal.status) == (40000, "upcoming", "draft")
    [line] = renewal.lines.data
    assert (line.period.start, line.period.end) == (MAY, JUNE)
    assert (line.quantity, line.parent.subscription_item_details.proration) == (8, False)
    assert line.description == "8 × Seat (at $50.00 / month)"
    assert line.pricing.price_details.price == item_of(subscription).price.id


def test_with_none_it_is_the_renewal_at_the_new_quantity(shop: Shop) -> None:
    renewal = shop.preview(half_way(shop, "flat", 8), 10, proration_behavior="none")

    assert (renewal.total, len(renewal.lines.data)) == (50000, 1)
    assert "subscription_proration_date" not in renewal.parent.subscription_details.to_dict()


def test_by_default_the_renewal_has_the_prorations_in_front(shop: Shop) -> None:
    renewal = shop.preview(half_way(shop, "flat", 8), 10)

    assert [line.amount for line in renewal.lines.data] == [-20000, 25000, 50000]


def test_the_steady_state_leaves_prorations_and_balance_out(shop: Shop) -> None:
    subscription = half_way(shop, "flat", 8)
    shop.client.v1.customers.balance_transactions.create(subscription.customer, {"amount": -700, "currency": "usd"})

    steady = shop.client.v1.invoices.create_preview(
        {
            "subscription": subscription.id,
            "preview_mode": "recurring",
            "subscription_details": {"items": [{"id": item_of(subscription).id, "quantity": 10}]},
        }
    )

    assert (steady.total, steady.amount_due, len(steady.lines.data)) == (50000, 50000, 1)


def test_a_preview_writes_nothing(shop: Shop, control: Control) -> None:
    subscription = half_way(shop, "flat", 8)
    counts = control("GET", "state")["counts"]
    before = shop.client.v1.subscriptions.retrieve(subscription.id).to_dict()

    shop.preview(subscription, 10, proration_behavior="always_invoice")
    shop.preview(subscription, 10)

    assert control("GET", "state")["counts"] == counts
    assert shop.client.v1.subscriptions.retrieve(subscription.id).to_dict() == before


def test_a_subscription_that_does_not_exist_yet_can_be_previewed(shop: Shop) -> None:
    price = shop.price(5000)

    preview = shop.client.v1.invoices.create_preview(
        {"subscription_details": {"items": [{"price": price.id, "quantity": 3}]}}
    )

    assert (preview.total, preview.amount_due, preview.currency) == (15000, 15000, "usd")
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []


@pytest.mark.parametrize(
    ("details", "param"),
    [
        ({"proration_date": APRIL - 5}, "subscription_details[proration_date]"),
        ({"proration_behavior": "none", "proration_date": ODD}, "subscription_details[proration_date]"),
        ({"proration_behavior": "sometimes"}, "subscription_details[proration_behavior]"),
    ],
)
def test_what_a_preview_refuses(shop: Shop, details: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.preview(half_way(shop, "flat", 8), 10, **details)

    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_an_ending_subscription_has_no_upcoming_invoice(shop: Shop) -> None:
    subscription = half_way(shop, "flat", 8)
    shop.client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.invoices.create_preview({"subscription": subscription.id})

    assert (refused.value.http_status, refused.value.code) == (404, "invoice_upcoming_none")


def test_changes_at_several_moments_add_up(shop: Shop) -> None:
    subscription = half_way(shop, "flat", 8)
    first = shop.change(subscription, 10).latest_invoice.total
    shop.advance(subscription.test_clock, MAY - 86_400 * 3)

    second = shop.change(subscription, 8).latest_invoice.total

    assert (first, second) == (5000, -1000)
