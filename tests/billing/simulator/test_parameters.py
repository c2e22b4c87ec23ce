"""What the API refuses and how, and that what it returns has Stripe's shape."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from .conftest import Shop, item_of


@pytest.mark.parametrize(
    ("params", "message", "code", "param"),
    [
        ({"colour": "red"}, "Received unknown parameter: colour", "parameter_unknown", "colour"),
        ({"a": "1", "b": "2"}, "Received unknown parameters: a, b", "parameter_unknown", "a"),
        ({"balance": "much"}, "Invalid integer: much", "parameter_invalid_integer", "balance"),
        ({"tax_exempt": "maybe"}, "Invalid tax_exempt: must be one of exempt, none, or reverse", None, "tax_exempt"),
        ({"address": {"moon": "x"}}, "Received unknown parameter: address[moon]", "parameter_unknown", "address[moon]"),
        ({"test_clock": "clock_x"}, "No such test clock: 'clock_x'", "resource_missing", "test_clock"),
        ({"invoice_settings": "x"}, "Invalid object", None, "invoice_settings"),
    ],
)
def test_a_bad_parameter(shop: Shop, params: Any, message: str, code: str | None, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.customers.create(params)

    assert (refused.value.http_status, refused.value.user_message) == (400, message)
    assert (refused.value.code, refused.value.param) == (code, param)
    assert shop.client.v1.customers.list().data == []


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({}, "parameter_missing", "customer"),
        ({"customer": "cus_x", "items": [{"price": "p"}]}, "resource_missing", "customer"),
        ({"customer": "", "items": [{"price": "p"}]}, "parameter_invalid_empty", "customer"),
        ({"customer": "REAL", "items": [{"price": "price_x"}]}, "resource_missing", "items[0][price]"),
        ({"customer": "REAL", "items": [{"quantity": 2}]}, "parameter_missing", "items[0][price]"),
        ({"customer": "REAL", "items": [{"price": "PRICE", "quantity": "two"}]}, "parameter_invalid_integer",
         "items[0][quantity]"),
        ({"customer": "REAL", "items": [{"price": "PRICE", "quantity": -1}]}, "parameter_invalid_integer",
         "items[0][quantity]"),
        ({"customer": "REAL", "items": [{"price": "PRICE", "seats": 1}]}, "parameter_unknown", "items[0][seats]"),
    ],
)  # fmt: skip
def test_a_bad_subscription(shop: Shop, params: dict[str, Any], code: str, param: str) -> None:
    text = json.dumps(params).replace("REAL", shop.customer().id).replace("PRICE", shop.price().id)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.subscriptions.create(json.loads(text))

    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []


def test_a_customer_without_a_card_cannot_subscribe(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        shop.subscribe(shop.customer(card=None).id, shop.price().id)

    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []


def test_a_foreign_card_is_refused(shop: Shop) -> None:
    mine, other = shop.customer(), shop.customer(card=None)
    card = mine.id and shop.client.v1.payment_methods.list({"customer": mine.id}).data[0].id

    with pytest.raises(stripe.InvalidRequestError):
        shop.subscribe(other.id, shop.price().id, default_payment_method=card)


def test_a_missing_object_is_a_404(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.subscriptions.retrieve("sub_x")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert refused.value.user_message == "No such subscription: 'sub_x'"


def test_an_unknown_path_says_that_the_simulator_does_not_know_it(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="simulator does not know this path"):
        shop.client.v1.payouts.list()


@pytest.mark.parametrize("key", ["sk_live_1234567890123456", "nonsense", ""])
def test_a_test_key_is_needed(simulator_url: str, key: str) -> None:
    request = urllib.request.Request(f"{simulator_url}/v1/customers", headers={"Authorization": f"Bearer {key}"})

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)

    with refused.value as answer:
        assert answer.code == 401
        assert key == "" or key.encode() not in answer.read()


def test_answers_carry_a_request_id_and_the_version(shop: Shop) -> None:
    headers = shop.client.v1.customers.create({}).last_response.headers

    assert headers["Request-Id"].startswith("req_")
    assert headers["Stripe-Version"] == "2026-10-28.endive"


def test_metadata_may_have_numbers_as_keys(shop: Shop) -> None:
    customer = shop.client.v1.customers.create({"metadata": {"0": "a", "7": "b"}})

    assert customer.metadata.to_dict() == {"0": "a", "7": "b"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/relative", "http://x/\r\nSet-Cookie: a=b"])
def test_a_page_leads_only_to_web_addresses(shop: Shop, url: str) -> None:
    customer = shop.customer(card=None).id
    setup = {"mode": "setup", "currency": "usd", "customer": customer, "success_url": "http://127.0.0.1/ok"}

    for wrong in ({"success_url": url}, {"cancel_url": url}):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.client.v1.checkout.sessions.create(setup | wrong)
        assert refused.value.code == "url_invalid"
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.billing_portal.sessions.create({"customer": customer, "return_url": url})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("items=x", "Invalid array"),
        ("items[0]=x", "Invalid object"),
        ("items[0]=x&items[0][price]=y", "Invalid parameter: items[0][price]"),
        ("items[price]=y", "Invalid array"),
        ("[]=x", "Received unknown parameter: "),
    ],
)
def test_a_body_that_contradicts_itself(simulator_url: str, body: str, message: str) -> None:
    request = urllib.request.Request(
        f"{simulator_url}/v1/subscriptions", data=body.encode(), headers={"Authorization": "Bearer sk_test_x"}
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)

    with refused.value as answer:
        assert (answer.code, json.load(answer)["error"]["message"]) == (400, message)


@pytest.mark.parametrize(("length", "status"), [("-1", 400), ("many", 400), ("9000000", 413)])
def test_a_length_that_makes_no_sense(simulator_url: str, length: str, status: int) -> None:
    connection = http.client.HTTPConnection(simulator_url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/v1/customers")
    connection.putheader("Content-Length", length)
    connection.endheaders()

    assert connection.getresponse().status == status
    connection.close()


def test_a_deleted_customer_is_a_stub(shop: Shop) -> None:
    customer = shop.customer()
    shop.subscribe(customer.id, shop.price().id)

    assert shop.client.v1.customers.delete(customer.id).deleted is True

    assert shop.client.v1.customers.retrieve(customer.id).to_dict() == {
        "id": customer.id,
        "object": "customer",
        "deleted": True,
    }
    assert [s.status for s in shop.client.v1.subscriptions.list({"status": "all"}).data] == ["canceled"]


# Pages and expansion


def test_pages(shop: Shop) -> None:
    made = [shop.client.v1.customers.create({"name": str(n)}).id for n in range(5)][::-1]
    fetch = shop.client.v1.customers.list

    first = fetch({"limit": 2})
    second = fetch({"limit": 2, "starting_after": first.data[-1].id})
    back = fetch({"limit": 2, "ending_before": second.data[-1].id})

    assert [c.id for c in first.data] == made[:2]
    assert [c.id for c in second.data] == made[2:4]
    assert [c.id for c in back.data] == made[1:3]
    assert (first.has_more, second.has_more, fetch({"limit": 5}).has_more) == (True, True, False)
    assert [c.id for c in first.auto_paging_iter()] == made
    with pytest.raises(stripe.InvalidRequestError):
        fetch({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError):
        fetch({"starting_after": "cus_x"})


def test_expansion(shop: Shop) -> None:
    customer = shop.customer()
    subscription = shop.subscribe(customer.id, shop.price().id)
    plain = shop.client.v1.subscriptions.retrieve(subscription.id)
    full = shop.client.v1.subscriptions.retrieve(
        subscription.id,
        {"expand": ["customer", "latest_invoice.payments", "items.data.price.product", "default_payment_method"]},
    )
    listed = shop.client.v1.subscriptions.list({"expand": ["data.latest_invoice", "data.customer"]})

    assert plain.customer == customer.id
    assert plain.latest_invoice.startswith("in_")
    assert full.customer.email == "buyer@example.com"
    assert full.latest_invoice.payments.data[0].status == "paid"
    assert item_of(full).price.product.name == "Seat"
    assert listed.data[0].latest_invoice.id == plain.latest_invoice
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        shop.client.v1.subscriptions.retrieve(subscription.id, {"expand": ["moon"]})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        shop.client.v1.subscriptions.retrieve(subscription.id, {"expand": ["status"]})


def test_tiers_are_shown_on_request(shop: Shop) -> None:
    tiers = [{"up_to": 10, "unit_amount": 5000}, {"up_to": "inf", "unit_amount": 4000}]
    price = shop.price(None, tiers=tiers, tiers_mode="volume", billing_scheme="tiered")

    assert "tiers" not in price.to_dict()
    shown = shop.client.v1.prices.retrieve(price.id, {"expand": ["tiers"]})
    assert [(tier.up_to, tier.unit_amount) for tier in shown.tiers] == [(10, 5000), (None, 4000)]
    with pytest.raises(stripe.InvalidRequestError):
        shop.price(None, tiers=tiers[:1], tiers_mode="volume", billing_scheme="tiered")


# Shapes


def test_every_kind_of_object_is_seen_in_stripes_shape(shop: Shop) -> None:
    """Every answer of every test is held against the description (conftest); here each kind comes by once."""
    v1 = shop.client.v1
    clock = shop.clock(1_775_001_600)
    customer = shop.customer(clock=clock)
    subscription = shop.subscribe(customer.id, shop.price(5000).id, 3)
    shop.change(subscription, 4, proration_behavior="create_prorations")
    shop.card(customer.id, "pm_card_chargeCustomerFail")
    held = shop.change(subscription, 9)
    v1.customers.balance_transactions.create(customer.id, {"amount": -5, "currency": "usd"})
    v1.subscription_schedules.create({"from_subscription": subscription.id})
    v1.setup_intents.create({"customer": customer.id})
    v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["invoice.paid"]})
    v1.checkout.sessions.create({
        "mode": "subscription", "success_url": "http://127.0.0.1/ok", "customer": customer.id,
        "line_items": [{"price": item_of(subscription).price.id, "quantity": 1}],
    })  # fmt: skip
    portal = v1.billing_portal.sessions.create({"customer": customer.id})

    found = [
        *v1.customers.list().data, *v1.subscriptions.list({"status": "all"}).data, *v1.invoices.list().data,
        *v1.products.list().data, *v1.prices.list().data, *v1.events.list({"limit": 100}).data,
        *v1.payment_methods.list({"customer": customer.id}).data, *v1.payment_intents.list().data,
        *v1.setup_intents.list().data, *v1.charges.list().data, *v1.invoice_items.list().data,
        *v1.subscription_schedules.list().data, *v1.webhook_endpoints.list().data,
        *v1.checkout.sessions.list().data, *v1.test_helpers.test_clocks.list().data, *v1.invoice_payments.list().data,
        *v1.customers.balance_transactions.list(customer.id).data, *v1.invoices.line_items.list(held.latest_invoice.id),
        *v1.subscription_items.list({"subscription": subscription.id}).data, portal,
        v1.invoices.create_preview({"subscription": subscription.id}),
    ]  # fmt: skip

    assert len({item.object for item in found}) == 20
