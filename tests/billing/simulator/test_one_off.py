"""Invoice items, invoices made by hand, what comes beside a change, and sweeps between renewals."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, item_of

APRIL, MAY, JUNE = 1_775_001_600, 1_777_593_600, 1_780_272_000
HALF = (APRIL + MAY) // 2
WEEK = 604_800


def buyer(shop: Shop, **fields: Any) -> Any:
    return shop.customer(clock=shop.clock(APRIL), **fields)


def fee(shop: Shop, amount: int, name: str = "Setup") -> Any:
    product = shop.client.v1.products.create({"name": name})
    return shop.client.v1.prices.create({"currency": "usd", "unit_amount": amount, "product": product.id})


def item(shop: Shop, customer: str, amount: int, **fields: Any) -> Any:
    return shop.client.v1.invoice_items.create({"customer": customer, "amount": amount, "currency": "usd"} | fields)


def amounts(invoice: Any) -> list[int]:
    return [line.amount for line in invoice.lines.data]


# Items


def test_an_item_waits_is_changed_and_is_billed_with_the_renewal(shop: Shop) -> None:
    subscription = shop.subscribe(buyer(shop).id, shop.price(1000).id)
    extra = item(shop, subscription.customer, 300, description="Onboarding")
    assert (extra.invoice, extra.proration, extra.discountable, extra.net_amount) == (None, False, True, 300)

    changed = shop.client.v1.invoice_items.update(extra.id, {"amount": 450, "metadata": {"case": "7"}})
    upcoming = shop.client.v1.invoices.create_preview({"subscription": subscription.id})
    shop.advance(subscription.test_clock, MAY + 7200)

    renewal = shop.client.v1.invoices.list({"subscription": subscription.id}).data[0]
    assert (changed.amount, changed.description, changed.metadata["case"]) == (450, "Onboarding", "7")
    assert sorted(amounts(renewal)) == sorted(amounts(upcoming)) == [450, 1000]
    assert shop.client.v1.invoice_items.retrieve(extra.id).invoice == renewal.id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.invoice_items.update(extra.id, {"amount": 1})
    assert refused.value.code == "invoice_not_editable"
    assert "invoiceitem.updated" in shop.types()


def test_an_item_by_price_has_its_own_discount_and_tax(shop: Shop) -> None:
    customer = buyer(shop)
    half = shop.client.v1.coupons.create({"percent_off": 50, "duration": "once"}).id
    vat = shop.client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False}).id
    shop.client.v1.invoice_items.create({
        "customer": customer.id, "pricing": {"price": fee(shop, 250).id}, "quantity": 4,
        "discounts": [{"coupon": half}], "tax_rates": [vat],
    })  # fmt: skip

    invoice = shop.client.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})

    [line] = invoice.lines.data
    assert (line.amount, line.quantity, line.description) == (1000, 4, "Setup")
    assert (line.discount_amounts[0].amount, line.taxes[0].amount) == (500, 50)
    assert (invoice.subtotal, invoice.total) == (500, 550)
    assert shop.client.v1.coupons.retrieve(half).times_redeemed == 1


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"amount": 5}, "currency"),
        ({"currency": "usd"}, "amount"),
        ({"pricing": {"price": "SEAT"}}, "pricing[price]"),
        ({"unit_amount_decimal": "x", "currency": "usd"}, "unit_amount_decimal"),
        ({"amount": 5, "currency": "usd", "subscription": "sub_x"}, "subscription"),
        ({"amount": 5, "currency": "usd", "discounts": [{"coupon": "none"}]}, "discounts[0][coupon]"),
    ],
)
def test_what_an_item_may_not_be(shop: Shop, fields: dict[str, Any], param: str) -> None:
    customer = buyer(shop)
    if fields.get("pricing"):
        fields = {"pricing": {"price": shop.price(1000).id}}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.invoice_items.create({"customer": customer.id} | fields)

    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert shop.client.v1.invoice_items.list().data == []


def test_the_amount_of_a_proration_cannot_be_changed(shop: Shop) -> None:
    subscription = shop.subscribe(buyer(shop).id, shop.price(1000).id)
    shop.advance(subscription.test_clock, HALF)
    shop.change(subscription, 2, proration_behavior="create_prorations", payment_behavior="allow_incomplete")
    waiting = shop.client.v1.invoice_items.list({"customer": subscription.customer, "pending": True}).data

    with pytest.raises(stripe.InvalidRequestError, match="proration"):
        shop.client.v1.invoice_items.update(waiting[0].id, {"amount": 1})

    assert sorted(entry.amount for entry in waiting) == [-500, 1000]


def test_an_item_in_another_currency_does_not_go_on_the_subscriptions_invoice(shop: Shop) -> None:
    subscription = shop.subscribe(buyer(shop).id, shop.price(1000).id)
    item(shop, subscription.customer, 700, currency="eur")

    shop.advance(subscription.test_clock, MAY + 7200)

    assert amounts(shop.client.v1.invoices.list({"subscription": subscription.id}).data[0]) == [1000]


def test_a_preview_takes_items_that_do_not_exist_and_changes_of_those_that_do(shop: Shop, control: Control) -> None:
    subscription = shop.subscribe(buyer(shop).id, shop.price(1000).id)
    waits = item(shop, subscription.customer, 300)
    product = shop.client.v1.products.create({"name": "Training"}).id
    counts = control("GET", "state")["counts"]

    preview = shop.client.v1.invoices.create_preview({
        "subscription": subscription.id,
        "invoice_items": [
            {"invoiceitem": waits.id, "amount": 350}, {"amount": 20, "currency": "usd", "description": "Postage"},
            {"price_data": {"currency": "usd", "product": product, "unit_amount": 40}, "quantity": 2},
        ],
    })  # fmt: skip
    alone = shop.client.v1.invoices.create_preview({
        "customer": subscription.customer, "invoice_items": [{"amount": 60, "currency": "usd"}],
    })  # fmt: skip

    assert amounts(preview) == [350, 20, 80, 1000]
    assert [line.description for line in preview.lines.data][1:3] == ["Postage", "Training"]
    assert (amounts(alone), alone.total) == ([300, 60], 360)
    assert control("GET", "state")["counts"] == counts
    assert shop.client.v1.invoice_items.retrieve(waits.id).amount == 300


# Invoices made by hand


def test_an_invoice_is_put_together_finalized_and_paid(shop: Shop) -> None:
    v1, customer = shop.client.v1, buyer(shop)

    draft = v1.invoices.create({"customer": customer.id, "description": "Consulting", "metadata": {"po": "9"}})
    assert (draft.status, draft.billing_reason, draft.auto_advance, amounts(draft)) == ("draft", "manual", False, [])
    full = v1.invoices.add_lines(draft.id, {"lines": [
        {"amount": 12000, "description": "A day"}, {"pricing": {"price": fee(shop, 500).id}, "quantity": 3},
    ]})  # fmt: skip
    assert (amounts(full), full.total, full.ending_balance) == ([12000, 1500], 13500, None)
    final = v1.invoices.finalize_invoice(draft.id)
    assert (final.status, final.amount_due, final.parent, final.auto_advance) == ("open", 13500, None, False)
    shop.advance(customer.test_clock, APRIL + 5 * 86_400)
    assert v1.invoices.retrieve(draft.id).status == "open"
    paid = v1.invoices.pay(draft.id)

    assert (paid.status, paid.amount_paid, paid.metadata["po"]) == ("paid", 13500, "9")
    assert len(v1.invoice_items.list({"invoice": draft.id}).data) == 2
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1}]})
    assert refused.value.code == "invoice_not_editable"


def test_lines_are_changed_and_removed_while_it_is_a_draft(shop: Shop) -> None:
    v1, customer = shop.client.v1, buyer(shop)
    draft = v1.invoices.create({"customer": customer.id})
    lines = v1.invoices.add_lines(draft.id, {"lines": [{"amount": 100}, {"amount": 200}, {"amount": 300}]}).lines.data

    line = v1.invoices.line_items.update(draft.id, lines[0].id, {"amount": 150, "description": "Half"})
    several = v1.invoices.update_lines(draft.id, {"lines": [{"id": lines[1].id, "amount": 250, "quantity": 1}]})
    fewer = v1.invoices.remove_lines(draft.id, {"lines": [
        {"id": lines[1].id, "behavior": "unassign"}, {"id": lines[2].id, "behavior": "delete"},
    ]})  # fmt: skip

    assert (line.id, line.amount, line.description) == (lines[0].id, 150, "Half")
    assert (amounts(several), amounts(fewer), fewer.total) == ([150, 250, 300], [150], 150)
    left = v1.invoice_items.list({"customer": customer.id, "pending": True}).data
    assert [entry.amount for entry in left] == [250]
    assert v1.invoices.delete(draft.id).deleted is True


def test_a_draft_takes_discounts_taxes_and_items_one_by_one(shop: Shop) -> None:
    v1, customer = shop.client.v1, buyer(shop)
    tenth = v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    vat = v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": False}).id
    draft = v1.invoices.create({"customer": customer.id, "currency": "usd", "auto_advance": True})
    extra = v1.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 900, "currency": "usd"})
    gone = v1.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 77, "currency": "usd"})
    v1.invoice_items.update(extra.id, {"amount": 1000})
    v1.invoice_items.delete(gone.id)

    updated = v1.invoices.update(draft.id, {"discounts": [{"coupon": tenth}], "default_tax_rates": [vat]})
    assert (amounts(updated), updated.subtotal, updated.total) == ([1000], 1000, 1080)
    shop.advance(customer.test_clock, APRIL + 3 * 3600)

    paid = v1.invoices.retrieve(draft.id)
    assert (paid.status, paid.amount_paid, paid.number) == ("paid", 1080, f"{customer.invoice_prefix}-0001")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.invoices.update(draft.id, {"default_tax_rates": ""})
    assert (refused.value.code, refused.value.param) == ("invoice_not_editable", "default_tax_rates")
    assert v1.invoices.update(draft.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"


def test_an_invoice_is_sent_and_written_off(shop: Shop) -> None:
    v1, customer = shop.client.v1, buyer(shop, card=None)
    draft = v1.invoices.create({"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 10})
    v1.invoices.add_lines(draft.id, {"lines": [{"amount": 5000}]})

    sent = v1.invoices.send_invoice(draft.id)
    assert (sent.status, sent.due_date, sent.amount_due) == ("open", APRIL + 10 * 86_400, 5000)
    assert shop.types()[-1] == "invoice.sent"
    written_off = v1.invoices.mark_uncollectible(draft.id)
    assert (written_off.status, shop.types()[-1]) == ("uncollectible", "invoice.marked_uncollectible")
    automatic = v1.invoices.create({"customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError, match="send_invoice"):
        v1.invoices.send_invoice(automatic.id)


def test_an_invoice_of_nothing_is_paid_and_a_subscription_needs_something_to_bill(shop: Shop) -> None:
    v1, customer = shop.client.v1, buyer(shop)
    empty = v1.invoices.create({"customer": customer.id})
    subscription = shop.subscribe(customer.id, shop.price(1000).id)

    assert (v1.invoices.finalize_invoice(empty.id).status, empty.total) == ("paid", 0)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.invoices.create({"customer": customer.id, "subscription": subscription.id})
    assert refused.value.code == "invoice_no_subscription_line_items"
    item(shop, customer.id, 300, subscription=subscription.id)
    made = v1.invoices.create({"customer": customer.id, "subscription": subscription.id})
    assert (amounts(made), made.parent.subscription_details.subscription) == ([300], subscription.id)


# Beside a subscription


def test_a_fee_comes_with_the_first_invoice(shop: Shop) -> None:
    setup = fee(shop, 2500)

    subscription = shop.subscribe(
        buyer(shop).id, shop.price(1000).id, add_invoice_items=[{"price": setup.id}], expand=["latest_invoice"]
    )

    assert sorted(amounts(subscription.latest_invoice)) == [1000, 2500]
    shop.advance(subscription.test_clock, MAY + 7200)
    assert amounts(shop.client.v1.invoices.list({"subscription": subscription.id}).data[0]) == [1000]


@pytest.mark.parametrize(
    ("behavior", "now", "renewal"), [("always_invoice", [-500, 1000, 700], []), ("create_prorations", [], [700])]
)
def test_a_fee_comes_with_a_change(shop: Shop, behavior: str, now: list[int], renewal: list[int]) -> None:
    subscription = shop.subscribe(buyer(shop).id, shop.price(1000).id)
    shop.advance(subscription.test_clock, HALF)

    changed = shop.client.v1.subscriptions.update(subscription.id, {
        "items": [{"id": item_of(subscription).id, "quantity": 2}], "proration_behavior": behavior,
        "add_invoice_items": [{"price": fee(shop, 700).id}], "expand": ["latest_invoice"],
    })  # fmt: skip

    if now:
        assert (amounts(changed.latest_invoice), changed.latest_invoice.status) == (now, "paid")
    else:
        assert changed.latest_invoice.id == subscription.latest_invoice
    upcoming = shop.client.v1.invoices.create_preview({"subscription": subscription.id})
    assert [amount for amount in amounts(upcoming) if amount == 700] == renewal


def test_a_fee_comes_with_a_held_change(shop: Shop) -> None:
    subscription = shop.subscribe(buyer(shop).id, shop.price(1000).id)
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(subscription.test_clock, HALF)

    held = shop.change(subscription, 2, add_invoice_items=[{"price": fee(shop, 700).id}])

    assert (held.pending_update is not None, amounts(held.latest_invoice)) == (True, [-500, 1000, 700])
    paid = shop.client.v1.invoices.pay(held.latest_invoice.id, {"payment_method": "pm_card_visa"})
    assert (paid.amount_paid, item_of(shop.client.v1.subscriptions.retrieve(subscription.id)).quantity) == (1200, 2)


# Sweeps


def test_pending_items_are_swept_at_each_interval(shop: Shop) -> None:
    subscription = shop.subscribe(
        buyer(shop).id, shop.price(1000).id, pending_invoice_item_interval={"interval": "week"}
    )
    assert subscription.next_pending_invoice_item_invoice == APRIL + WEEK
    assert subscription.pending_invoice_item_interval.interval_count == 1
    item(shop, subscription.customer, 300)
    item(shop, subscription.customer, 200, subscription=subscription.id)

    shop.advance(subscription.test_clock, APRIL + WEEK + 7200)

    [swept, _] = shop.client.v1.invoices.list({"subscription": subscription.id}).data
    assert (swept.billing_reason, swept.status, swept.amount_paid) == (
        "automatic_pending_invoice_item_invoice", "paid", 500,
    )  # fmt: skip
    shop.advance(subscription.test_clock, APRIL + 2 * WEEK + 7200)
    assert len(shop.client.v1.invoices.list({"subscription": subscription.id}).data) == 2
    off = shop.client.v1.subscriptions.update(subscription.id, {"pending_invoice_item_interval": ""})
    assert (off.pending_invoice_item_interval, off.next_pending_invoice_item_invoice) == (None, None)


def test_a_sweep_on_the_day_of_the_renewal_does_not_bill_twice(shop: Shop) -> None:
    subscription = shop.subscribe(
        buyer(shop).id, shop.price(1000).id, pending_invoice_item_interval={"interval": "month"}
    )
    item(shop, subscription.customer, 300)

    shop.advance(subscription.test_clock, MAY + 7200)

    found = shop.client.v1.invoices.list({"subscription": subscription.id}).data
    assert sum(invoice.total for invoice in found) == 1000 + 1000 + 300
    shown = shop.client.v1.subscriptions.retrieve(subscription.id)
    assert shown.next_pending_invoice_item_invoice == JUNE
