"""The hosted pages, as a browser without scripts uses them."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from .conftest import Control, Shop, item_of

OK = "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


class Browser:
    """GETs pages and POSTs forms; answers status, text and where it is sent."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(_Stay)

    def __call__(self, url: str, **form: str) -> tuple[int, str, str]:
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            answer = self._opener.open(url, data=data, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode("utf-8", "replace")
            return answer.status, text, answer.headers.get("Location", "")


@pytest.fixture
def browser() -> Browser:
    return Browser()


def checkout(shop: Shop, customer: str | None, **fields: Any) -> Any:
    extra = {"customer": customer} if customer else {}
    return shop.client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "success_url": OK,
            "cancel_url": "http://127.0.0.1:9/back",
            "line_items": [{"price": shop.price(5000).id, "quantity": 4}],
            "subscription_data": {"metadata": {"order": "7"}},
            "metadata": {"account": "1"},
            "client_reference_id": "acc_1",
        }
        | extra
        | fields
    )


def test_the_first_purchase(shop: Shop, browser: Browser) -> None:
    customer = shop.customer(card=None)
    session = checkout(shop, customer.id)
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 20000)

    status, page, _ = browser(session.url)
    assert (status, "Local Stripe simulator - no real money" in page) == (200, True)
    assert "Pay $200.00" in page
    assert "<script" not in page
    assert "style=" not in page
    status, _, where = browser(session.url, card_number="4242 4242 4242 4242")

    assert (status, where) == (303, OK.replace("{CHECKOUT_SESSION_ID}", session.id))
    done = shop.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "line_items"]})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert (done.client_reference_id, done.metadata["account"]) == ("acc_1", "1")
    assert (done.subscription.status, item_of(done.subscription).quantity) == ("active", 4)
    assert done.subscription.metadata["order"] == "7"
    assert done.line_items.data[0].quantity == 4
    assert shop.types()[-1] == "checkout.session.completed"
    assert "This session is complete" in browser(session.url)[1]


def test_a_buyer_without_a_customer_gets_one(shop: Shop, browser: Browser) -> None:
    session = checkout(shop, None)

    assert 'name="email"' in browser(session.url)[1]
    browser(session.url, card_number="5555555555554444", email="new@example.com")

    done = shop.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert (done.customer.email, done.customer_details.email) == ("new@example.com", "new@example.com")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("4000000000000002", "Your card was declined."),
        ("4000000000000341", "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4111111111111111", "Your request was in test mode, but used a non test card."),
        ("hello", "Your card number is incorrect."),
        ("", "Your card number is incorrect."),
    ],
)
def test_a_bad_card_is_told_and_leaves_nothing(shop: Shop, browser: Browser, number: str, message: str) -> None:
    customer = shop.customer(card=None)
    session = checkout(shop, customer.id)

    status, page, _ = browser(session.url, card_number=number, x="1")

    assert status == 402
    assert message in page
    assert shop.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []
    assert shop.client.v1.payment_methods.list({"customer": customer.id}).data == []


@pytest.mark.parametrize(
    ("number", "outcome", "status"),
    [
        ("4000002760003184", "succeed", "complete"),
        ("4000002760003184", "fail", "open"),
        ("4000008400001629", "succeed", "open"),
    ],
)
def test_three_d_secure_comes_before_the_purchase(
    shop: Shop, browser: Browser, number: str, outcome: str, status: str
) -> None:
    session = checkout(shop, shop.customer(card=None).id)

    _, page, _ = browser(session.url, card_number=number)
    assert "Complete authentication" in page
    assert "Fail authentication" in page
    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []
    browser(session.url, card_number=number, outcome=outcome)

    assert shop.client.v1.checkout.sessions.retrieve(session.id).status == status
    assert len(shop.client.v1.subscriptions.list({"status": "all"}).data) == (status == "complete")


def test_a_card_can_be_saved_for_later(shop: Shop, browser: Browser) -> None:
    customer = shop.customer(card=None)
    session = shop.client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "usd", "success_url": OK, "customer": customer.id,
         "setup_intent_data": {"metadata": {"account": "1"}}}
    )  # fmt: skip

    status, _, _ = browser(session.url, card_number="4242424242424242")

    done = shop.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (status, done.status, done.setup_intent.status) == (303, "complete", "succeeded")
    assert done.setup_intent.metadata["account"] == "1"
    [card] = shop.client.v1.payment_methods.list({"customer": customer.id}).data
    assert (card.id, card.card.last4) == (done.setup_intent.payment_method, "4242")


def test_an_expired_session_cannot_be_paid(shop: Shop, browser: Browser) -> None:
    session = checkout(shop, shop.customer(card=None).id)
    shop.client.v1.checkout.sessions.expire(session.id)

    browser(session.url, card_number="4242424242424242")

    assert shop.client.v1.subscriptions.list({"status": "all"}).data == []


def test_the_portal_replaces_the_card(shop: Shop, browser: Browser) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    session = shop.client.v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "http://127.0.0.1:9/back"}
    )

    assert "Visa ending in 0341" in browser(session.url)[1]
    status, _, where = browser(session.url, card_number="5555555555554444")

    assert (status, where) == (303, "http://127.0.0.1:9/back")
    now = shop.client.v1.customers.retrieve(customer.id, {"expand": ["invoice_settings.default_payment_method"]})
    assert now.invoice_settings.default_payment_method.card.brand == "mastercard"
    assert shop.types()[-2:] == ["payment_method.attached", "customer.updated"]


@pytest.fixture
def held(shop: Shop, control: Control) -> Any:
    subscription = shop.subscribe(shop.customer().id, shop.price(5000).id, 8)
    control("POST", "advance", seconds=86_400)
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    return shop.change(subscription, 10)


def test_an_open_invoice_is_paid_on_its_page(shop: Shop, browser: Browser, held: Any) -> None:
    url = held.latest_invoice.hosted_invoice_url

    _, page, _ = browser(url)
    assert "Remaining time on 10 × Seat" in page
    assert "Your card was declined." in browser(url, card_number="4000000000000341")[1]
    _, page, _ = browser(url, card_number="4242424242424242")

    assert "Paid" in page
    assert item_of(shop.client.v1.subscriptions.retrieve(held.id)).quantity == 10


@pytest.mark.parametrize(("outcome", "quantity"), [("succeed", 10), ("fail", 8)])
def test_an_open_invoice_may_ask_for_authentication(
    shop: Shop, browser: Browser, held: Any, outcome: str, quantity: int
) -> None:
    url = held.latest_invoice.hosted_invoice_url

    status, _, where = browser(url, card_number="4000002760003184")
    base = url.partition("/invoice/")[0]
    assert (status, where.startswith("/3ds/pi_")) == (303, True)
    assert "Complete authentication" in browser(base + where)[1]
    assert f'action="{where}"' in browser(url)[1]
    _, _, back = browser(base + where, outcome=outcome)

    assert back == url
    assert item_of(shop.client.v1.subscriptions.retrieve(held.id)).quantity == quantity
    assert ("Paid" in browser(url)[1]) == (outcome == "succeed")


def test_an_invoice_has_a_real_pdf(shop: Shop, held: Any) -> None:
    with urllib.request.urlopen(held.latest_invoice.invoice_pdf, timeout=5) as answer:
        body = answer.read()

    assert answer.headers["Content-Type"] == "application/pdf"
    assert body.startswith(b"%PDF-1.4")
    assert held.latest_invoice.number.encode() in body
    start = int(re.findall(rb"startxref\n(\d+)", body)[0])
    assert body[start : start + 4] == b"xref"


def test_text_of_others_is_escaped(shop: Shop, browser: Browser, simulator_url: str) -> None:
    customer = shop.customer(email="<script>alert(1)</script>@x.y")
    shop.subscribe(customer.id, shop.price(name="<b>Seat</b>").id)

    _, page, _ = browser(f"{simulator_url}/_control")

    assert "<script>" not in page
    assert "<b>Seat" not in page
    assert "&lt;b&gt;Seat" in page


@pytest.mark.parametrize(
    "path", ["/checkout/cs_x", "/portal/x", "/invoice/in_x", "/3ds/pi_x", "/nowhere", "/invoice/in_x/pdf"]
)
def test_an_old_link_is_a_404(browser: Browser, simulator_url: str, path: str) -> None:
    assert browser(simulator_url + path)[0] == 404


def test_the_control_page_moves_time(shop: Shop, browser: Browser, simulator_url: str, control: Control) -> None:
    before = control("GET", "state")["now"]

    status, _, where = browser(f"{simulator_url}/_control/advance", seconds="86400")

    assert (status, where) == (303, "/_control")
    assert control("GET", "state")["now"] >= before + 86_400
