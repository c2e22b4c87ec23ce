"""Taxes: by rates in and on top of a price, worked out from an address, excused, and the same in a preview."""

from __future__ import annotations

import urllib.request
from fractions import Fraction
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from billing.simulator.taxes import Rate, of

from .conftest import Control, Shop, item_of

APRIL, MAY, JUNE = 1_775_001_600, 1_777_593_600, 1_780_272_000
HALF = (APRIL + MAY) // 2
BERLIN = {"country": "DE", "city": "Berlin", "postal_code": "10115"}


def rate(shop: Shop, percentage: float, *, inclusive: bool = False, **fields: Any) -> str:
    return str(
        shop.client.v1.tax_rates.create(
            {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive} | fields
        ).id
    )


def on_clock(shop: Shop, unit_amount: int, quantity: int, *, who: dict[str, Any] | None = None, **fields: Any) -> Any:
    customer = shop.customer(clock=shop.clock(APRIL), **(who or {}))
    price = shop.price(unit_amount, **fields.pop("price", {}))
    return shop.subscribe(customer.id, price.id, quantity, expand=["latest_invoice"], **fields)


def newest(shop: Shop, subscription: Any) -> Any:
    return shop.client.v1.invoices.list({"subscription": subscription.id, "limit": 1}).data[0]


# Rates


def test_an_exclusive_tax_is_on_top(shop: Shop) -> None:
    vat = rate(shop, 19)

    subscription = on_clock(shop, 999, 1, default_tax_rates=[vat])

    invoice = subscription.latest_invoice
    [line] = invoice.lines.data
    [tax] = line.taxes
    assert (line.amount, tax.amount, tax.taxable_amount, tax.tax_behavior) == (999, 190, 999, "exclusive")
    assert (tax.tax_rate_details.tax_rate, tax.taxability_reason, tax.type) == (
        vat, "standard_rated", "tax_rate_details",
    )  # fmt: skip
    assert [(t.amount, t.taxable_amount) for t in invoice.total_taxes] == [(190, 999)]
    assert (invoice.subtotal, invoice.subtotal_excluding_tax) == (999, 999)
    assert (invoice.total, invoice.total_excluding_tax, invoice.amount_paid) == (1189, 999, 1189)
    assert [r.id for r in subscription.default_tax_rates] == [r.id for r in invoice.default_tax_rates] == [vat]


def test_an_inclusive_tax_is_in_the_price(shop: Shop) -> None:
    invoice = on_clock(shop, 1000, 1, default_tax_rates=[rate(shop, 19, inclusive=True)]).latest_invoice

    [tax] = invoice.lines.data[0].taxes
    assert (tax.amount, tax.taxable_amount, tax.tax_behavior) == (160, 840, "inclusive")
    assert (invoice.subtotal, invoice.subtotal_excluding_tax) == (1000, 840)
    assert (invoice.total, invoice.total_excluding_tax) == (1000, 840)


def test_each_line_is_taxed_and_rounded_by_itself(shop: Shop) -> None:
    vat, other = rate(shop, 7.5), rate(shop, 20)
    items = [{"price": shop.price(333).id}, {"price": shop.price(333).id}, {"price": shop.price(100).id,
              "tax_rates": [other]}]  # fmt: skip
    subscription = shop.client.v1.subscriptions.create({
        "customer": shop.customer().id, "items": items, "default_tax_rates": [vat],
        "expand": ["latest_invoice.total_taxes.tax_rate_details.tax_rate"],
    })  # fmt: skip

    invoice = subscription.latest_invoice
    assert [line.taxes[0].amount for line in invoice.lines.data] == [25, 25, 20]
    assert [(t.tax_rate_details.tax_rate.percentage, t.amount, t.taxable_amount) for t in invoice.total_taxes] == [
        (7.5, 50, 666), (20, 20, 100),
    ]  # fmt: skip
    assert invoice.total == 836


def test_a_discount_comes_before_the_tax(shop: Shop) -> None:
    tenth = shop.client.v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    invoice = on_clock(shop, 1000, 2, default_tax_rates=[rate(shop, 20)], discounts=[{"coupon": tenth}]).latest_invoice

    assert (invoice.subtotal, invoice.total_excluding_tax, invoice.total) == (2000, 1800, 2160)
    assert invoice.total_taxes[0].amount == 360


@pytest.mark.parametrize(
    ("status", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge"), ("none", "standard_rated")]
)
def test_an_exempt_customer_pays_no_tax(shop: Shop, status: str, reason: str) -> None:
    invoice = on_clock(shop, 1000, 1, who={"tax_exempt": status}, default_tax_rates=[rate(shop, 19)]).latest_invoice

    [tax] = invoice.total_taxes
    assert (tax.taxability_reason, tax.amount) == (reason, 190 if status == "none" else 0)
    assert (invoice.customer_tax_exempt, invoice.total) == (status, 1000 + tax.amount)


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("mode", ["classic", "flexible"])
def test_a_taxed_change_is_charged_as_quoted(shop: Shop, mode: str, inclusive: bool) -> None:
    vat = rate(shop, 19, inclusive=inclusive)
    subscription = on_clock(shop, 4990, 3, default_tax_rates=[vat], billing_mode={"type": mode})
    for number, quantity in enumerate([7, 4, 12]):
        moment = APRIL + 300_007 * (number + 1)
        shop.advance(subscription.test_clock, moment)
        quote = shop.preview(subscription, quantity, proration_behavior="always_invoice", proration_date=moment)
        invoice = shop.change(subscription, quantity, proration_date=moment).latest_invoice

        assert (invoice.total, invoice.amount_due) == (quote.total, quote.amount_due)
        assert [t.amount for t in invoice.total_taxes] == [t.amount for t in quote.total_taxes]
        assert invoice.total == sum(
            line.amount + sum(t.amount for t in line.taxes if t.tax_behavior == "exclusive")
            for line in invoice.lines.data
        )


def test_a_renewal_and_waiting_prorations_are_taxed(shop: Shop) -> None:
    subscription = on_clock(shop, 1000, 10, default_tax_rates=[rate(shop, 20)])
    shop.advance(subscription.test_clock, HALF)
    shop.change(subscription, 12, proration_behavior="create_prorations", payment_behavior="allow_incomplete")
    upcoming = shop.client.v1.invoices.create_preview({"subscription": subscription.id})

    shop.advance(subscription.test_clock, MAY + 7200)

    renewal = newest(shop, subscription)
    assert [line.taxes[0].amount for line in renewal.lines.data] == [2400, -1000, 1200]
    assert (renewal.total, upcoming.total) == (15600, 15600)


def test_rates_are_changed_by_an_update_and_archived_ones_refused(shop: Shop) -> None:
    subscription = on_clock(shop, 1000, 1)
    low, old = rate(shop, 7), rate(shop, 16)
    shop.client.v1.tax_rates.update(old, {"active": False})

    updated = shop.client.v1.subscriptions.update(subscription.id, {"default_tax_rates": [low]})
    assert [r.id for r in updated.default_tax_rates] == [low]
    assert shop.client.v1.invoices.create_preview({"subscription": subscription.id}).total == 1070
    with pytest.raises(stripe.InvalidRequestError, match="archived"):
        shop.client.v1.subscriptions.update(subscription.id, {"default_tax_rates": [old]})
    item = item_of(subscription)
    shop.client.v1.subscriptions.update(subscription.id, {"items": [{"id": item.id, "tax_rates": [rate(shop, 50)]}]})
    assert shop.client.v1.invoices.create_preview({"subscription": subscription.id}).total == 1500
    assert [r.id for r in shop.client.v1.tax_rates.list({"active": False}).data] == [old]


# Automatic tax


def test_automatic_tax_asks_where_the_customer_is(shop: Shop) -> None:
    invoice = on_clock(shop, 1000, 2, who={"address": BERLIN}, automatic_tax={"enabled": True}).latest_invoice

    assert (invoice.automatic_tax.enabled, invoice.automatic_tax.status) == (True, "complete")
    assert [(t.amount, t.tax_behavior) for t in invoice.total_taxes] == [(380, "exclusive")]
    assert (invoice.total, invoice.amount_paid) == (2380, 2380)


@pytest.mark.parametrize(
    ("behavior", "country", "total", "reason"),
    [("inclusive", "DE", 1000, "standard_rated"), ("exclusive", "FR", 1200, "standard_rated"),
     ("exclusive", "US", 1000, "not_collecting")],
)  # fmt: skip
def test_automatic_tax_follows_the_price_and_the_registrations(
    shop: Shop, behavior: str, country: str, total: int, reason: str
) -> None:
    subscription = on_clock(
        shop, 1000, 1, who={"address": {"country": country}}, automatic_tax={"enabled": True},
        price={"tax_behavior": behavior},
    )  # fmt: skip

    assert subscription.latest_invoice.total == total
    assert subscription.latest_invoice.total_taxes[0].taxability_reason == reason


def test_without_an_address_a_preview_says_so_and_nothing_is_bought(shop: Shop) -> None:
    customer = shop.customer(clock=shop.clock(APRIL))
    price = shop.price(1000)

    wanted: dict[str, Any] = {
        "customer": customer.id, "automatic_tax": {"enabled": True},
        "subscription_details": {"items": [{"price": price.id}]},
    }  # fmt: skip
    preview = shop.client.v1.invoices.create_preview(wanted)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscribe(customer.id, price.id, automatic_tax={"enabled": True})
    with_address = shop.client.v1.invoices.create_preview(wanted | {"customer_details": {"address": BERLIN}})

    assert (preview.automatic_tax.status, preview.total) == ("requires_location_inputs", 1000)
    assert (refused.value.http_status, refused.value.code) == (400, "customer_tax_location_invalid")
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []
    assert (with_address.automatic_tax.status, with_address.total) == ("complete", 1190)


def test_a_calculation_that_fails_on_order_stops_the_charge(shop: Shop, control: Control) -> None:
    subscription = on_clock(shop, 1000, 1, who={"address": BERLIN}, automatic_tax={"enabled": True})
    shop.advance(subscription.test_clock, HALF)

    control("POST", "tax", fails=True)
    quote = shop.preview(subscription, 3, proration_behavior="always_invoice")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.change(subscription, 3)

    assert quote.automatic_tax.status == "failed"
    assert refused.value.code == "taxes_calculation_failed"
    assert item_of(shop.client.v1.subscriptions.retrieve(subscription.id)).quantity == 1
    shop.advance(subscription.test_clock, MAY + 7200)
    draft = newest(shop, subscription)
    assert (draft.status, draft.last_finalization_error.code) == ("draft", "taxes_calculation_failed")
    assert "invoice.finalization_failed" in shop.types()

    control("POST", "tax", rates={"DE": 10})
    shop.advance(subscription.test_clock, MAY + 6 * 3600)
    paid = newest(shop, subscription)
    assert (paid.id, paid.status, paid.total) == (draft.id, "paid", 1100)


def test_a_renewal_without_an_address_goes_without_automatic_tax(shop: Shop) -> None:
    subscription = on_clock(shop, 1000, 1, who={"address": BERLIN}, automatic_tax={"enabled": True})
    shop.client.v1.customers.update(subscription.customer, {"address": ""})

    shop.advance(subscription.test_clock, MAY + 7200)

    renewal = newest(shop, subscription)
    assert (renewal.status, renewal.total) == ("paid", 1000)
    assert (renewal.automatic_tax.enabled, renewal.automatic_tax.disabled_reason) == (
        False, "finalization_requires_location_inputs",
    )  # fmt: skip
    after = shop.client.v1.subscriptions.retrieve(subscription.id).automatic_tax
    assert (after.enabled, after.disabled_reason) == (False, "requires_location_inputs")


def test_automatic_tax_and_rates_exclude_each_other(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        on_clock(
            shop, 1000, 1, who={"address": BERLIN}, automatic_tax={"enabled": True}, default_tax_rates=[rate(shop, 5)]
        )

    assert refused.value.param == "automatic_tax[enabled]"


# Tax ids


def test_tax_ids_are_on_the_customer_and_its_invoices(shop: Shop) -> None:
    subscription = on_clock(
        shop, 1000, 1, who={"name": "Kaiser GmbH", "tax_id_data": [{"type": "eu_vat", "value": "DE000000000"}]}
    )
    v1, customer = shop.client.v1, subscription.customer

    [known] = v1.customers.retrieve(customer, {"expand": ["tax_ids"]}).tax_ids.data
    assert (known.type, known.value, known.country) == ("eu_vat", "DE000000000", "DE")
    assert (known.verification.status, known.verification.verified_name) == ("verified", "Kaiser GmbH")
    second = v1.customers.tax_ids.create(customer, {"type": "us_ein", "value": "12-3456789"})
    assert second.verification.status == "unavailable"
    shop.advance(subscription.test_clock, MAY + 7200)
    assert [found.value for found in newest(shop, subscription).customer_tax_ids] == ["DE000000000", "12-3456789"]
    assert v1.customers.tax_ids.delete(customer, second.id).deleted is True
    assert [found.id for found in v1.customers.tax_ids.list(customer).data] == [known.id]
    types = shop.types()
    assert (types.count("customer.tax_id.created"), types.count("customer.tax_id.deleted")) == (2, 1)


def test_the_invoices_page_and_file_say_how_the_lines_come_to_what_is_due(shop: Shop) -> None:
    tenth = shop.client.v1.coupons.create({"percent_off": 10, "duration": "forever"}).id
    invoice = on_clock(shop, 1000, 2, default_tax_rates=[rate(shop, 20)], discounts=[{"coupon": tenth}]).latest_invoice

    with urllib.request.urlopen(invoice.hosted_invoice_url, timeout=5) as answer:
        page = answer.read().decode()
    with urllib.request.urlopen(invoice.invoice_pdf, timeout=5) as answer:
        file = answer.read().decode("latin-1")

    for name, amount in (("Discount", "-$2.00"), ("Tax", "$3.60")):
        assert f"<td>{name}</td><td class=number>{amount}</td>" in page
        assert f"{name}: {amount}" in file


@given(
    st.integers(-(10**7), 10**7),
    st.lists(st.tuples(st.decimals(0, 100, places=2), st.booleans()), max_size=5),
)
def test_what_is_in_a_price_comes_out_of_it_whole(net: int, rates: list[tuple[Any, bool]]) -> None:
    found = of(net, [Rate(str(n), Fraction(p), inclusive) for n, (p, inclusive) in enumerate(rates)])

    inside = [tax for tax in found if tax["tax_behavior"] == "inclusive"]
    if inside:
        assert inside[0]["taxable_amount"] + sum(tax["amount"] for tax in inside) == net
    mirrored = of(-net, [Rate(str(n), Fraction(p), inclusive) for n, (p, inclusive) in enumerate(rates)])
    assert [tax["amount"] for tax in mirrored] == [-tax["amount"] for tax in found]
