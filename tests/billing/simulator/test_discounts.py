"""Coupons, promotion codes and discounts: what they take off, for how long, and what is left of a proration."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.simulator.discounts import Part, Terms, apportion, net_together, split

from .conftest import Control, Shop, item_of

APRIL, MAY, JUNE, JULY = 1_775_001_600, 1_777_593_600, 1_780_272_000, 1_782_864_000
HALF = (APRIL + MAY) // 2
DAY = 86_400


def coupon(shop: Shop, **fields: Any) -> str:
    return str(shop.client.v1.coupons.create({"duration": "forever"} | fields).id)


def on_clock(shop: Shop, *items: tuple[int, int], **fields: Any) -> Any:
    """A subscription of (unit amount, quantity) items that begins in April."""
    clock = shop.clock(APRIL)
    specs = [{"price": shop.price(amount, name=f"P{amount}").id, "quantity": quantity} for amount, quantity in items]
    return shop.client.v1.subscriptions.create(
        {"customer": shop.customer(clock=clock).id, "items": specs, "expand": ["latest_invoice"]} | fields
    )


def newest(shop: Shop, subscription: Any) -> Any:
    return shop.client.v1.invoices.list({"subscription": subscription.id, "limit": 1}).data[0]


# What is taken off


@pytest.mark.parametrize(
    ("fields", "off"),
    [({"percent_off": 20}, 200), ({"percent_off": 33.3}, 333), ({"amount_off": 150, "currency": "usd"}, 150),
     ({"amount_off": 99_999, "currency": "usd"}, 1000)],
)  # fmt: skip
def test_a_discount_is_off_the_line_and_the_total(shop: Shop, fields: dict[str, Any], off: int) -> None:
    invoice = on_clock(shop, (500, 2), discounts=[{"coupon": coupon(shop, **fields)}]).latest_invoice

    [line] = invoice.lines.data
    [discount] = invoice.discounts
    assert (line.amount, line.subtotal, line.discounts, line.discountable) == (1000, 1000, [], True)
    assert [(taken.amount, taken.discount) for taken in line.discount_amounts] == [(off, discount)]
    assert [(taken.amount, taken.discount) for taken in invoice.total_discount_amounts] == [(off, discount)]
    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (1000, 1000 - off, 1000 - off)
    assert (invoice.amount_due, invoice.amount_paid, invoice.status) == (1000 - off, 1000 - off, "paid")


def test_an_amount_is_split_in_proportion_and_the_last_line_takes_the_rest(shop: Shop) -> None:
    subscription = on_clock(
        shop, (1000, 1), (2000, 1), discounts=[{"coupon": coupon(shop, amount_off=500, currency="usd")}]
    )

    lines = subscription.latest_invoice.lines.data
    assert [line.discount_amounts[0].amount for line in lines] == [166, 334]
    assert subscription.latest_invoice.total == 2500


def test_discounts_of_an_item_come_first_and_stack(shop: Shop) -> None:
    clock = shop.clock(APRIL)
    ten, fifty = coupon(shop, percent_off=10), coupon(shop, amount_off=50, currency="usd")
    items = [{"price": shop.price(1000).id, "discounts": [{"coupon": fifty}]}, {"price": shop.price(2000).id}]
    subscription = shop.client.v1.subscriptions.create({
        "customer": shop.customer(clock=clock).id, "items": items, "discounts": [{"coupon": ten}],
        "expand": ["latest_invoice", "discounts", "items.data.discounts"],
    })  # fmt: skip

    first, second = subscription.latest_invoice.lines.data
    assert [taken.amount for taken in first.discount_amounts] == [50, 95]
    assert [taken.amount for taken in second.discount_amounts] == [200]
    assert first.discounts == [subscription["items"].data[0].discounts[0].id]
    assert subscription["items"].data[0].discounts[0].source.coupon == fifty
    # The subtotal has the items' discounts in it already, the total also the invoice's.
    assert (subscription.latest_invoice.subtotal, subscription.latest_invoice.total) == (2950, 2655)


def test_a_coupon_for_one_product_leaves_the_others_alone(shop: Shop) -> None:
    clock = shop.clock(APRIL)
    seat, extra = shop.price(1000), shop.price(2000)
    only = coupon(shop, percent_off=50, applies_to={"products": [extra.product]})
    subscription = shop.client.v1.subscriptions.create({
        "customer": shop.customer(clock=clock).id, "items": [{"price": seat.id}, {"price": extra.id}],
        "discounts": [{"coupon": only}], "expand": ["latest_invoice"],
    })  # fmt: skip

    lines = subscription.latest_invoice.lines.data
    assert [[taken.amount for taken in line.discount_amounts] for line in lines] == [[], [1000]]
    assert shop.client.v1.coupons.retrieve(only, {"expand": ["applies_to"]}).applies_to.products == [extra.product]


# For how long


def test_once_is_used_up_by_the_first_invoice(shop: Shop) -> None:
    subscription = on_clock(shop, (1000, 1), discounts=[{"coupon": coupon(shop, percent_off=50, duration="once")}])
    assert subscription.latest_invoice.total == 500

    shop.advance(subscription.test_clock, MAY + 7200)

    assert newest(shop, subscription).total == 1000
    assert shop.client.v1.subscriptions.retrieve(subscription.id).discounts == []
    assert shop.types().count("customer.discount.created") == shop.types().count("customer.discount.deleted") == 1


def test_once_waits_for_an_invoice_that_charges(shop: Shop) -> None:
    once = coupon(shop, percent_off=50, duration="once")
    subscription = on_clock(shop, (1000, 1), discounts=[{"coupon": once}], trial_end=MAY)
    assert (subscription.latest_invoice.total, len(subscription.discounts)) == (0, 1)

    shop.advance(subscription.test_clock, MAY + 7200)
    assert newest(shop, subscription).total == 500
    shop.advance(subscription.test_clock, JUNE + 7200)
    assert newest(shop, subscription).total == 1000


def test_repeating_ends_after_its_months(shop: Shop) -> None:
    twice = coupon(shop, percent_off=10, duration="repeating", duration_in_months=2)
    subscription = on_clock(shop, (1000, 1), discounts=[{"coupon": twice}], expand=["discounts"])
    assert (subscription.discounts[0].start, subscription.discounts[0].end) == (APRIL, JUNE)

    shop.advance(subscription.test_clock, JULY + 7200)

    totals = [invoice.total for invoice in shop.client.v1.invoices.list({"subscription": subscription.id}).data]
    assert totals == [1000, 1000, 900, 900]
    assert shop.client.v1.subscriptions.retrieve(subscription.id).discounts == []


# Prorations


@pytest.mark.parametrize("mode", ["classic", "flexible"])
def test_the_published_split_when_one_of_two_items_goes(shop: Shop, mode: str) -> None:
    cases = json.loads((Path(__file__).parents[1] / "data" / "proration-cases.json").read_text())
    story = next(story for story in cases["stories"] if story["source"] == "docs, coupons")
    off = coupon(shop, amount_off=500, currency="usd")
    subscription = on_clock(shop, (1000, 1), (2000, 1), discounts=[{"coupon": off}], billing_mode={"type": mode})
    lines = subscription.latest_invoice.lines.data
    assert [line.discount_amounts[0].amount for line in lines] == story["discount_split"]
    shop.advance(subscription.test_clock, HALF)

    details: dict[str, Any] = {
        "items": [{"id": item_of(subscription).id, "deleted": True}], "proration_behavior": "always_invoice",
    }  # fmt: skip
    quote = shop.client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    changed = shop.client.v1.subscriptions.update(subscription.id, details | {"expand": ["latest_invoice"]})

    [line] = changed.latest_invoice.lines.data
    assert (line.amount, changed.latest_invoice.total, quote.total) == (story[mode], story[mode], story[mode])
    assert (line.discountable, [taken.amount for taken in line.discount_amounts]) == (False, [0])


@pytest.mark.parametrize("mode", ["classic", "flexible"])
@pytest.mark.parametrize("fields", [{"percent_off": 17}, {"amount_off": 4321, "currency": "usd"}])
def test_a_discounted_change_is_charged_as_quoted(shop: Shop, mode: str, fields: dict[str, Any]) -> None:
    subscription = on_clock(
        shop, (5000, 3), discounts=[{"coupon": coupon(shop, **fields)}], billing_mode={"type": mode}
    )
    for number, quantity in enumerate([7, 4, 12]):
        moment = APRIL + 300_007 * (number + 1)
        shop.advance(subscription.test_clock, moment)
        quote = shop.preview(subscription, quantity, proration_behavior="always_invoice", proration_date=moment)
        invoice = shop.change(subscription, quantity, proration_date=moment).latest_invoice

        assert (invoice.total, invoice.amount_due) == (quote.total, quote.amount_due)
        assert [line.amount for line in invoice.lines.data] == [line.amount for line in quote.lines.data]
        assert all(line.discountable is False for line in invoice.lines.data)


def test_a_percentage_is_off_the_credit_and_the_charge(shop: Shop) -> None:
    subscription = on_clock(shop, (1000, 10), discounts=[{"coupon": coupon(shop, percent_off=20)}])
    shop.advance(subscription.test_clock, HALF)

    invoice = shop.change(subscription, 12).latest_invoice

    assert [line.amount for line in invoice.lines.data] == [-4000, 4800]
    assert (invoice.total, invoice.total_discount_amounts[0].amount) == (800, 0)


def test_itemized_prorations_show_what_is_taken_off(shop: Shop) -> None:
    mode = {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}
    subscription = on_clock(shop, (1000, 10), discounts=[{"coupon": coupon(shop, percent_off=20)}], billing_mode=mode)
    shop.advance(subscription.test_clock, HALF)

    invoice = shop.change(subscription, 12).latest_invoice

    assert [line.amount for line in invoice.lines.data] == [-5000, 6000]
    assert [line.discount_amounts[0].amount for line in invoice.lines.data] == [-1000, 1200]
    assert (invoice.subtotal, invoice.total, invoice.total_discount_amounts[0].amount) == (1000, 800, 200)
    shop.advance(subscription.test_clock, (HALF + MAY) // 2)
    lowered = shop.change(subscription, 10).latest_invoice
    assert (lowered.total, [line.amount for line in lowered.lines.data]) == (-400, [-3000, 2500])


def test_flexible_gives_back_what_was_billed_after_the_coupon_is_gone(shop: Shop) -> None:
    subscription = on_clock(shop, (1000, 4), discounts=[{"coupon": coupon(shop, percent_off=50, duration="once")}])
    shop.advance(subscription.test_clock, HALF)

    invoice = shop.change(subscription, 2).latest_invoice

    assert [line.amount for line in invoice.lines.data] == [-1000, 1000]


def test_classic_gives_back_with_the_discounts_that_were_last_used(shop: Shop) -> None:
    once = coupon(shop, percent_off=50, duration="once")
    subscription = on_clock(shop, (1000, 4), discounts=[{"coupon": once}], billing_mode={"type": "classic"})
    shop.advance(subscription.test_clock, HALF)
    first = shop.change(subscription, 2).latest_invoice
    shop.advance(subscription.test_clock, (MAY + JUNE) // 2)
    second = shop.change(subscription, 4).latest_invoice

    assert [line.amount for line in first.lines.data] == [-1000, 1000]
    assert [line.amount for line in second.lines.data] == [-1000, 2000]


@pytest.mark.parametrize("mode", ["classic", "flexible"])
def test_a_discount_that_comes_with_a_waiting_change_is_given_back_as_it_was_taken(shop: Shop, mode: str) -> None:
    subscription = on_clock(shop, (1000, 1), billing_mode={"type": mode})
    shop.advance(subscription.test_clock, HALF)
    half = [{"coupon": coupon(shop, percent_off=50)}]
    waits = {"proration_behavior": "create_prorations", "payment_behavior": "allow_incomplete"}

    shop.change(subscription, 4, discounts=half, **waits)
    shop.change(subscription, 1, **waits)

    items = shop.client.v1.invoice_items.list({"customer": subscription.customer, "pending": True}).data
    assert [item.amount for item in items][::-1] == [-500, 1000, -1000, 250]


def test_a_customers_coupon_for_one_invoice_is_used_up_by_one_made_by_hand(shop: Shop, control: Control) -> None:
    customer = shop.customer(clock=shop.clock(APRIL))
    control("POST", "discounts", customer=customer.id, coupon=coupon(shop, percent_off=50, duration="once"))
    totals = []
    for _ in range(2):
        draft = shop.client.v1.invoices.create({"customer": customer.id})
        shop.client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1000}]})
        totals.append(shop.client.v1.invoices.finalize_invoice(draft.id).total)

    assert totals == [500, 1000]
    assert shop.client.v1.customers.retrieve(customer.id).discount is None


def test_pending_prorations_keep_their_discount_until_the_renewal(shop: Shop) -> None:
    subscription = on_clock(shop, (1000, 10), discounts=[{"coupon": coupon(shop, percent_off=20)}])
    shop.advance(subscription.test_clock, HALF)
    shop.change(subscription, 12, proration_behavior="create_prorations", payment_behavior="allow_incomplete")

    upcoming = shop.client.v1.invoices.create_preview({"subscription": subscription.id})
    shop.advance(subscription.test_clock, MAY + 7200)

    renewal = newest(shop, subscription)
    assert [line.amount for line in renewal.lines.data] == [12000, -4000, 4800]
    assert (renewal.total, upcoming.total) == (9600 + 800, 9600 + 800)


# Changing them


@pytest.mark.parametrize("paid", [True, False])
def test_a_held_change_brings_its_discount_only_when_it_is_paid(shop: Shop, paid: bool) -> None:
    subscription = on_clock(shop, (1000, 10))
    half = coupon(shop, percent_off=50)
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(subscription.test_clock, HALF)
    spec = {"items": [{"id": item_of(subscription).id, "quantity": 30}], "proration_behavior": "always_invoice"}
    quote = shop.client.v1.invoices.create_preview(
        {"subscription": subscription.id, "subscription_details": spec, "discounts": [{"coupon": half}]}
    )

    held = shop.client.v1.subscriptions.update(
        subscription.id,
        spec | {"payment_behavior": "pending_if_incomplete", "discounts": [{"coupon": half}]},
    )

    [waiting] = held.pending_update.discounts
    assert (held.discounts, shop.client.v1.coupons.retrieve(half).times_redeemed) == ([], 0)
    invoice = shop.client.v1.invoices.retrieve(held.latest_invoice)
    assert (invoice.total, [line.amount for line in invoice.lines.data]) == (quote.total, [-5000, 7500])
    if paid:
        shop.client.v1.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    else:
        shop.client.v1.invoices.void_invoice(invoice.id)
    after = shop.client.v1.subscriptions.retrieve(subscription.id)
    assert (after.discounts, after.pending_update) == ([waiting] if paid else [], None)
    assert shop.client.v1.coupons.retrieve(half).times_redeemed == int(paid)
    upcoming = shop.client.v1.invoices.create_preview({"subscription": subscription.id})
    assert upcoming.total == (15000 if paid else 10000)


def test_discounts_are_replaced_kept_by_name_and_taken_away(shop: Shop) -> None:
    subscription = on_clock(shop, (1000, 10))
    half, tenth = coupon(shop, percent_off=50), coupon(shop, percent_off=10)
    update = shop.client.v1.subscriptions.update

    first = update(subscription.id, {"discounts": [{"coupon": half}]}).discounts
    kept = update(subscription.id, {"discounts": [{"discount": first[0]}, {"coupon": tenth}]}).discounts
    assert (len(first), len(kept), kept[0]) == (1, 2, first[0])
    assert shop.client.v1.invoices.create_preview({"subscription": subscription.id}).total == 4500
    with pytest.raises(stripe.InvalidRequestError, match="only once"):
        update(subscription.id, {"discounts": [{"coupon": half}, {"coupon": half}]})
    assert update(subscription.id, {"discounts": ""}).discounts == []

    assert [shop.client.v1.coupons.retrieve(id).times_redeemed for id in (half, tenth)] == [1, 1]
    assert shop.types().count("customer.discount.deleted") == 2


def test_a_discount_can_be_deleted(shop: Shop) -> None:
    subscription = on_clock(shop, (1000, 1), discounts=[{"coupon": coupon(shop, percent_off=10)}])

    gone = shop.client.v1.subscriptions.delete_discount(subscription.id)

    assert (gone.deleted, gone.id) == (True, subscription.discounts[0])
    assert shop.client.v1.subscriptions.retrieve(subscription.id).discounts == []
    assert shop.client.v1.invoices.create_preview({"subscription": subscription.id}).total == 1000
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.subscriptions.delete_discount(subscription.id)


def test_a_customers_discount_is_for_subscriptions_that_have_none(shop: Shop, control: Control) -> None:
    clock = shop.clock(APRIL)
    customer = shop.customer(clock=clock)
    tenth = coupon(shop, percent_off=10)
    control("POST", "discounts", customer=customer.id, coupon=tenth)

    plain = shop.subscribe(customer.id, shop.price(1000).id, expand=["latest_invoice"])
    better = [{"coupon": coupon(shop, percent_off=30)}]
    own = shop.subscribe(customer.id, shop.price(1000).id, discounts=better, expand=["latest_invoice"])

    assert (plain.latest_invoice.total, own.latest_invoice.total) == (900, 700)
    shown = shop.client.v1.customers.retrieve(customer.id, {"expand": ["discount.source.coupon"]})
    assert (shown.discount.source.coupon.id, shown.discount.customer) == (tenth, customer.id)
    assert shop.client.v1.customers.delete_discount(customer.id).deleted is True
    assert shop.client.v1.customers.retrieve(customer.id).discount is None
    assert shop.client.v1.invoices.create_preview({"subscription": plain.id}).total == 1000


# The arithmetic


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_a_split_is_whole_and_never_more_than_its_weights(total: int, weights: list[int]) -> None:
    total = min(total, sum(weights))

    shares = split(total, weights)

    assert sum(shares) == total
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    st.lists(st.one_of(st.integers(1, 100).map(lambda p: (p, 0)), st.integers(1, 10**6).map(lambda a: (None, a))),
             max_size=4),
)  # fmt: skip
def test_lines_and_prorations_take_the_same_off(amounts: list[int], coupons: list[tuple[int | None, int]]) -> None:
    """Together to the minor unit for each line and coupon, and never below nothing."""
    terms = [
        Terms(str(number), None if percent is None else Fraction(percent), amount, None)
        for number, (percent, amount) in enumerate(coupons)
    ]

    taken = apportion([Part(amount, "p") for amount in amounts], terms)
    exact = net_together([(Fraction(amount), "p", ()) for amount in amounts], terms)

    left = [amount - sum(s.amount for s in shares) for amount, shares in zip(amounts, taken, strict=True)]
    assert all(rest >= 0 for rest in left)
    assert abs(sum(left) - sum(exact, Fraction(0))) <= len(amounts) * len(coupons)
