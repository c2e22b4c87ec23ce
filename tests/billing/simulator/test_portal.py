"""The billing portal with its configurations and flows, payments by Checkout, SetupIntents that ask for the holder."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, at, day, fresh, item_of, started
from .test_pages import OK, Browser, browser

__all__ = ["browser"]

BACK = "http://127.0.0.1:9/back"


def session(shop: Shop, customer: str, flow: dict[str, Any] | None = None, **fields: Any) -> Any:
    wanted: Any = {"customer": customer, "return_url": BACK} | fields
    if flow is not None:
        wanted["flow_data"] = flow
    return shop.client.v1.billing_portal.sessions.create(wanted)


def configured(shop: Shop, **features: Any) -> str:
    return str(shop.client.v1.billing_portal.configurations.create({"features": features}).id)


# Configurations


def test_a_configuration_is_made_read_changed_and_listed(shop: Shop) -> None:
    session(shop, shop.customer().id)  # The first configuration is the default one.
    configurations = shop.client.v1.billing_portal.configurations
    made = configurations.create({
        "name": "Seats", "default_return_url": BACK,
        "features": {
            "invoice_history": {"enabled": True},
            "subscription_update": {"enabled": False},
            "customer_update": {"enabled": True, "allowed_updates": ["address", "tax_id"]},
        },
    })  # fmt: skip
    assert (made.features.invoice_history.enabled, made.features.payment_method_update.enabled) == (True, False)
    assert made.features.subscription_update.enabled is False
    assert made.is_default is False

    changed = configurations.update(
        made.id, {"features": {"payment_method_update": {"enabled": True}}, "active": False}
    )

    assert (changed.features.payment_method_update.enabled, changed.features.invoice_history.enabled) == (True, True)
    assert configurations.retrieve(made.id).active is False
    assert [row.id for row in configurations.list({"active": False}).data] == [made.id]
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        session(shop, shop.customer().id, configuration=made.id)


def test_a_configuration_that_says_too_little(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        configured(shop, subscription_update={"enabled": True})

    assert refused.value.param == "features[subscription_update][default_allowed_updates]"
    assert shop.client.v1.billing_portal.configurations.list().data == []


def test_a_session_without_a_configuration_has_the_default_one(shop: Shop) -> None:
    one, other = session(shop, shop.customer().id), session(shop, shop.customer().id)

    assert one.configuration == other.configuration
    [default] = shop.client.v1.billing_portal.configurations.list({"is_default": True}).data
    assert (default.id, default.features.subscription_update.enabled) == (one.configuration, False)


# The page


def test_the_home_page_shows_what_is_allowed(shop: Shop, browser: Browser) -> None:
    subscription = started(shop, "2026-04-01")
    number = shop.client.v1.invoices.retrieve(str(subscription.latest_invoice)).number
    whole = session(shop, subscription.customer)
    some = configured(shop, invoice_history={"enabled": True})

    _, everything, _ = browser(whole.url)
    _, only_invoices, _ = browser(session(shop, subscription.customer, configuration=some).url)

    assert all(text in everything for text in (str(number), "2 × Seat", "Visa ending in 4242", "Save details"))
    assert str(number) in only_invoices
    for text in ("Save card", "Save details", "Cancel subscription", "Change quantity"):
        assert text not in only_invoices


def test_what_is_not_allowed_cannot_be_done_either(shop: Shop, browser: Browser) -> None:
    subscription = started(shop, "2026-04-01")
    url = session(shop, subscription.customer, configuration=configured(shop, invoice_history={"enabled": True})).url

    for path, form in (
        (f"/cancel/{subscription.id}", {"sure": "1"}), (f"/quantity/{subscription.id}", {"quantity": "9"}),
        ("/details", {"name": "X"}), ("", {"card_number": "5555555555554444"}),
    ):  # fmt: skip
        assert browser(url + path, **form)[0] == 404, path

    now = fresh(shop, subscription)
    assert (now.cancel_at, item_of(now).quantity) == (None, 2)
    assert shop.client.v1.customers.retrieve(subscription.customer).name is None


def test_someone_elses_subscription_is_not_found(shop: Shop, browser: Browser) -> None:
    mine, other = started(shop, "2026-04-01"), started(shop, "2026-04-01")

    status, _, _ = browser(f"{session(shop, mine.customer).url}/cancel/{other.id}", sure="1")

    assert (status, fresh(shop, other).cancel_at) == (404, None)


def test_a_subscription_is_canceled_at_its_end_and_kept_again(shop: Shop, browser: Browser) -> None:
    subscription = started(shop, "2026-04-01")
    url = session(shop, subscription.customer).url

    assert browser(f"{url}/cancel/{subscription.id}", sure="1")[0] == 303
    ending = fresh(shop, subscription)
    assert (ending.status, day(ending.cancel_at)) == ("active", "2026-05-01")
    assert "ends on 1 May 2026" in browser(url)[1]
    assert browser(f"{url}/keep/{subscription.id}", keep="1")[0] == 303

    assert fresh(shop, subscription).cancel_at is None


def test_a_subscription_is_canceled_now_with_a_reason_and_a_credit(shop: Shop, browser: Browser) -> None:
    subscription = started(shop, "2026-04-01", price={"unit_amount": 3000})
    shop.advance(subscription.test_clock, at("2026-04-16"))
    configuration = configured(shop, subscription_cancel={
        "enabled": True, "mode": "immediately", "proration_behavior": "always_invoice",
        "cancellation_reason": {"enabled": True, "options": ["unused", "other"]},
    })  # fmt: skip
    url = session(shop, subscription.customer, configuration=configuration).url
    assert 'value="unused"' in browser(url)[1]

    browser(f"{url}/cancel/{subscription.id}", feedback="unused", comment="bye")

    ended = fresh(shop, subscription)
    assert (ended.status, ended.cancellation_details.feedback, ended.cancellation_details.comment) == (
        "canceled", "unused", "bye",
    )  # fmt: skip
    assert shop.client.v1.customers.retrieve(subscription.customer).balance == -3000


def test_details_and_a_tax_id_are_changed(shop: Shop, browser: Browser) -> None:
    customer = shop.customer()
    url = session(shop, customer.id).url

    browser(f"{url}/details", name="Acme <b>", line1="Road 1", city="Berlin", country="DE",
            tax_id_type="eu_vat", tax_id="DE123456789")  # fmt: skip

    now = shop.client.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]})
    assert (now.name, now.address.line1, now.address.country) == ("Acme <b>", "Road 1", "DE")
    assert [(row.type, row.value) for row in now.tax_ids.data] == [("eu_vat", "DE123456789")]
    page = browser(url)[1]
    assert "eu_vat: DE123456789" in page
    assert "Acme &lt;b&gt;" in page
    assert browser(f"{url}/details", tax_id_type="moon", tax_id="1")[0] == 402


def test_a_quantity_is_changed_where_it_is_allowed(shop: Shop, browser: Browser) -> None:
    subscription = started(shop, "2026-04-01", price={"unit_amount": 3000})
    shop.advance(subscription.test_clock, at("2026-04-16"))
    configuration = configured(shop, subscription_update={
        "enabled": True, "default_allowed_updates": ["quantity"], "proration_behavior": "always_invoice",
    })  # fmt: skip
    url = session(shop, subscription.customer, configuration=configuration).url

    assert browser(f"{url}/quantity/{subscription.id}", quantity="4")[0] == 303

    now = fresh(shop, subscription)
    assert (item_of(now).quantity, now.latest_invoice.total) == (4, 3000)


# Flows


def test_a_deep_link_cancels_and_leads_back(shop: Shop, browser: Browser) -> None:
    subscription = started(shop, "2026-04-01")
    made = session(shop, subscription.customer, {
        "type": "subscription_cancel", "subscription_cancel": {"subscription": subscription.id},
        "after_completion": {"type": "redirect", "redirect": {"return_url": "http://127.0.0.1:9/done"}},
    })  # fmt: skip
    assert made.flow.subscription_cancel.subscription == subscription.id
    page = browser(made.url)[1]
    assert ("Cancel subscription" in page, "Save card" in page) == (True, False)

    status, _, where = browser(f"{made.url}/cancel/{subscription.id}", sure="1")

    assert (status, where) == (303, "http://127.0.0.1:9/done")
    assert day(fresh(shop, subscription).cancel_at) == "2026-05-01"


def test_a_deep_link_confirms_an_update(shop: Shop, browser: Browser) -> None:
    subscription = started(shop, "2026-04-01", price={"unit_amount": 3000})
    shop.advance(subscription.test_clock, at("2026-04-16"))
    configuration = configured(shop, subscription_update={
        "enabled": True, "default_allowed_updates": ["quantity"], "proration_behavior": "always_invoice",
    })  # fmt: skip
    made = session(shop, subscription.customer, {
        "type": "subscription_update_confirm",
        "subscription_update_confirm": {
            "subscription": subscription.id, "items": [{"id": item_of(subscription).id, "quantity": 6}],
        },
        "after_completion": {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Six now"}},
    }, configuration=configuration)  # fmt: skip
    assert "Confirm change" in browser(made.url)[1]

    status, page, _ = browser(f"{made.url}/quantity/{subscription.id}", sure="1")

    assert (status, "Six now" in page) == (200, True)
    assert item_of(fresh(shop, subscription)).quantity == 6


@pytest.mark.parametrize(
    ("flow", "param"),
    [
        ({"type": "subscription_update", "subscription_update": {"subscription": "SUB"}}, "flow_data[type]"),
        ({"type": "subscription_cancel"}, "flow_data[subscription_cancel]"),
        ({"type": "subscription_cancel", "subscription_cancel": {"subscription": "OTHER"}},
         "flow_data[subscription_cancel][subscription]"),
        ({"type": "subscription_cancel", "subscription_cancel": {"subscription": "sub_x"}},
         "flow_data[subscription_cancel][subscription]"),
    ],
)  # fmt: skip
def test_a_flow_that_cannot_be(shop: Shop, flow: Any, param: str) -> None:
    mine, other = started(shop, "2026-04-01"), started(shop, "2026-04-01")
    for inner in flow.values():
        if isinstance(inner, dict):
            inner["subscription"] = {"SUB": mine.id, "OTHER": other.id}.get(inner["subscription"], "sub_x")

    with pytest.raises(stripe.InvalidRequestError) as refused:
        session(shop, mine.customer, flow)

    assert refused.value.param == param


def test_a_new_card_of_the_portal_is_tried_where_the_account_wishes_so(
    shop: Shop, browser: Browser, control: Control
) -> None:
    control("POST", "settings", retry_on_new_card=True)
    subscription = started(shop, "2026-04-01")
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(subscription.test_clock, at("2026-05-02"))
    made = session(shop, subscription.customer, {"type": "payment_method_update"})

    browser(made.url, card_number="4242424242424242")

    now = fresh(shop, subscription)
    assert (now.status, now.latest_invoice.status) == ("active", "paid")


# Checkout and SetupIntents


@pytest.mark.parametrize(
    ("card", "status", "paid"), [("4242424242424242", 303, True), ("4000000000000341", 402, False)]
)
def test_checkout_takes_one_payment(shop: Shop, browser: Browser, card: str, status: int, paid: bool) -> None:
    customer = shop.customer()
    product = shop.client.v1.products.create({"name": "Setup fee"})
    price = shop.client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 700})
    made = shop.client.v1.checkout.sessions.create({
        "mode": "payment", "customer": customer.id, "success_url": OK,
        "line_items": [{"price": price.id, "quantity": 3}], "payment_intent_data": {"metadata": {"order": "7"}},
    })  # fmt: skip
    assert (made.amount_total, made.payment_status) == (2100, "unpaid")

    assert browser(made.url, card_number=card)[0] == status

    now = shop.client.v1.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (now.status, now.payment_status) == (("complete", "paid") if paid else ("open", "unpaid"))
    if paid:
        assert (now.payment_intent.amount_received, now.payment_intent.metadata["order"]) == (2100, "7")
    else:
        assert shop.client.v1.payment_intents.list({"customer": customer.id}).data == []


def test_a_recurring_price_is_no_payment(shop: Shop) -> None:
    wanted: Any = {"mode": "payment", "success_url": OK, "line_items": [{"price": shop.price().id, "quantity": 1}]}

    with pytest.raises(stripe.InvalidRequestError, match="recurring"):
        shop.client.v1.checkout.sessions.create(wanted)

    assert shop.client.v1.checkout.sessions.list().data == []


@pytest.mark.parametrize(("outcome", "status"), [("succeed", "succeeded"), ("fail", "requires_payment_method")])
def test_a_setup_intent_asks_for_the_holder(shop: Shop, browser: Browser, outcome: str, status: str) -> None:
    customer = shop.customer(None)
    setups = shop.client.v1.setup_intents
    setup = setups.create({"customer": customer.id})
    asked = setups.confirm(setup.id, {"payment_method": "pm_card_authenticationRequired", "return_url": BACK})
    assert (asked.status, asked.next_action.type) == ("requires_action", "redirect_to_url")

    answer = browser(asked.next_action.redirect_to_url.url, outcome=outcome)

    assert (answer[0], answer[2]) == (303, BACK)
    now = setups.retrieve(setup.id)
    assert (now.status, now.next_action) == (status, None)
    assert (now.last_setup_error is None) is (outcome == "succeed")
    if outcome == "succeed":
        with pytest.raises(stripe.InvalidRequestError):
            setups.confirm(setup.id, {"payment_method": "pm_card_visa"})


def test_a_setup_intent_is_answered_by_the_control_api(shop: Shop, control: Control) -> None:
    setup = shop.client.v1.setup_intents.create(
        {"customer": shop.customer(None).id, "payment_method": "pm_card_authenticationRequired", "confirm": True}
    )
    assert (setup.status, setup.next_action.type) == ("requires_action", "use_stripe_sdk")

    assert control("POST", "3ds", setup_intent=setup.id, outcome="succeed")["status"] == "succeeded"

    assert shop.client.v1.setup_intents.retrieve(setup.id).status == "succeeded"
