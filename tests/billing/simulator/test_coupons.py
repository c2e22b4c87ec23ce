"""Coupons and promotion codes themselves."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.billing.simulator.test_discounts import coupon, on_clock

from .conftest import Shop

APRIL, MAY, JUNE, JULY = 1_775_001_600, 1_777_593_600, 1_780_272_000, 1_782_864_000


def test_a_promotion_code_is_a_way_to_a_coupon(shop: Shop) -> None:
    half = coupon(shop, percent_off=50)
    code = shop.client.v1.promotion_codes.create(
        {"code": "SPRING", "promotion": {"type": "coupon", "coupon": half}, "max_redemptions": 1}
    )
    assert [found.id for found in shop.client.v1.promotion_codes.list({"code": "spring"}).data] == [code.id]

    subscription = on_clock(shop, (1000, 1), discounts=[{"promotion_code": code.id}], expand=["discounts"])

    assert (subscription.discounts[0].promotion_code, subscription.discounts[0].source.coupon) == (code.id, half)
    used = shop.client.v1.promotion_codes.retrieve(code.id)
    assert (used.times_redeemed, used.active) == (1, False)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        on_clock(shop, (1000, 1), discounts=[{"promotion_code": code.id}])
    assert (refused.value.http_status, refused.value.param) == (400, "discounts[0][promotion_code]")
    assert len(shop.client.v1.subscriptions.list().data) == 1


def test_a_first_purchase_code_is_not_for_who_has_paid(shop: Shop) -> None:
    code = shop.client.v1.promotion_codes.create({
        "promotion": {"type": "coupon", "coupon": coupon(shop, percent_off=50)},
        "restrictions": {"first_time_transaction": True},
    })  # fmt: skip
    subscription = on_clock(shop, (1000, 1))

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.subscriptions.update(subscription.id, {"discounts": [{"promotion_code": code.id}]})

    assert refused.value.code == "promotion_code_customer_not_first_time"
    assert shop.client.v1.promotion_codes.retrieve(code.id).times_redeemed == 0


def test_a_coupon_has_its_limits(shop: Shop) -> None:
    single = coupon(shop, percent_off=10, max_redemptions=1)
    on_clock(shop, (1000, 1), discounts=[{"coupon": single}])
    assert shop.client.v1.coupons.retrieve(single).valid is False

    for spent in (single, coupon(shop, percent_off=10, redeem_by=APRIL * 2)):
        if spent != single:
            shop.client.v1.coupons.delete(spent)
        with pytest.raises(stripe.InvalidRequestError) as refused:
            on_clock(shop, (1000, 1), discounts=[{"coupon": spent}])
        assert refused.value.code == ("coupon_expired" if spent == single else "resource_missing")
        assert refused.value.param == "discounts[0][coupon]"


def test_a_deleted_coupon_goes_on_where_it_was_given(shop: Shop) -> None:
    tenth = coupon(shop, percent_off=10)
    subscription = on_clock(shop, (1000, 1), discounts=[{"coupon": tenth}])

    shop.client.v1.coupons.delete(tenth)

    assert shop.client.v1.coupons.list().data == []
    assert shop.client.v1.invoices.create_preview({"subscription": subscription.id}).total == 900


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 10, "amount_off": 5, "currency": "usd"}, "percent_off"),
        ({"percent_off": 101}, "percent_off"),
        ({"amount_off": 5}, "currency"),
        ({"amount_off": 0, "currency": "usd"}, "amount_off"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 10, "redeem_by": APRIL // 2}, "redeem_by"),
        ({"percent_off": 10, "applies_to": {"products": ["prod_x"]}}, "applies_to[products][0]"),
    ],
)
def test_what_a_coupon_may_not_be(shop: Shop, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        coupon(shop, **fields)

    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert shop.client.v1.coupons.list().data == []


def test_a_coupon_in_another_currency_is_refused_unless_it_has_an_option(shop: Shop) -> None:
    dollars = coupon(shop, amount_off=500, currency="usd")
    both = coupon(shop, amount_off=500, currency="usd", currency_options={"eur": {"amount_off": 400}})
    clock = shop.clock(APRIL)
    customer, price = shop.customer(clock=clock), shop.price(2000, currency="eur")

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscribe(customer.id, price.id, discounts=[{"coupon": dollars}])
    made = shop.subscribe(customer.id, price.id, discounts=[{"coupon": both}], expand=["latest_invoice"])

    assert refused.value.param == "discounts[0][coupon]"
    assert made.latest_invoice.total == 1600
