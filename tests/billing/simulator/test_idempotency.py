"""Idempotency keys, and every fault that can be ordered."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, client_of, item_of


def raise_to(client: Any, subscription: Any, quantity: int, key: str | None) -> Any:
    params = {
        "items": [{"id": item_of(subscription).id, "quantity": quantity}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    return client.v1.subscriptions.update(subscription.id, params, {"idempotency_key": key} if key else {})


def invoices(shop: Shop, subscription: Any) -> int:
    return len(shop.client.v1.invoices.list({"subscription": subscription.id}).data)


@pytest.fixture
def subscription(shop: Shop) -> Any:
    return shop.subscribe(shop.customer().id, shop.price(5000).id, 8)


def test_the_same_key_gives_the_first_answer_again(shop: Shop, subscription: Any, control: Control) -> None:
    first = raise_to(shop.client, subscription, 10, "k")
    raise_to(shop.client, subscription, 12, None)

    again = raise_to(shop.client, subscription, 10, "k")

    assert again.to_dict() == first.to_dict()
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert item_of(shop.client.v1.subscriptions.retrieve(subscription.id)).quantity == 12
    assert invoices(shop, subscription) == 3
    log = [entry for entry in control("GET", "requests")["requests"] if entry["idempotency_key"] == "k"]
    assert [entry["replayed"] for entry in log] == [False, True]


def test_the_same_key_with_other_parameters_or_path_is_an_error(shop: Shop, subscription: Any) -> None:
    raise_to(shop.client, subscription, 10, "k")

    with pytest.raises(stripe.IdempotencyError) as other_body:
        raise_to(shop.client, subscription, 11, "k")
    with pytest.raises(stripe.IdempotencyError):
        shop.client.v1.customers.create({}, {"idempotency_key": "k"})

    assert other_body.value.http_status == 400
    assert item_of(shop.client.v1.subscriptions.retrieve(subscription.id)).quantity == 10


def test_a_key_is_forgotten_after_a_day(shop: Shop, control: Control) -> None:
    first = shop.client.v1.customers.create({}, {"idempotency_key": "day"})
    control("POST", "advance", seconds=86_400)

    second = shop.client.v1.customers.create({}, {"idempotency_key": "day"})

    assert first.id != second.id


def test_a_refused_parameter_is_not_remembered_but_a_decline_is(shop: Shop, subscription: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.customers.create({"colour": "red"}, {"idempotency_key": "bad"})
    assert shop.client.v1.customers.create({"name": "Red"}, {"idempotency_key": "bad"}).name == "Red"

    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    update = shop.client.v1.subscriptions.update
    params: Any = {
        "items": [{"id": item_of(subscription).id, "quantity": 10}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "error_if_incomplete",
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            update(subscription.id, params, {"idempotency_key": "declined"})
        shop.card(subscription.customer, "pm_card_visa")


def test_a_key_under_way_is_a_409(shop: Shop, simulator_url: str, subscription: Any, control: Control) -> None:
    control("POST", "faults", match={"path_regex": "^/v1/subscriptions/"}, kind="slow", seconds=1.0)
    slow = threading.Thread(target=raise_to, args=(client_of(simulator_url), subscription, 10, "k"))
    slow.start()
    time.sleep(0.4)

    with pytest.raises(stripe.APIError) as refused:
        raise_to(shop.client, subscription, 10, "k")

    slow.join()
    assert refused.value.http_status == 409
    assert refused.value.error is not None
    assert refused.value.error.code == "idempotency_key_in_use"
    assert raise_to(shop.client, subscription, 10, "k").last_response.headers["Idempotent-Replayed"] == "true"
    assert invoices(shop, subscription) == 2


@pytest.mark.parametrize(("kind", "executed"), [("reset_before", False), ("reset_after", True)])
def test_a_broken_connection(shop: Shop, subscription: Any, control: Control, kind: str, executed: bool) -> None:
    control("POST", "faults", match={"method": "POST", "path_regex": "^/v1/subscriptions/"}, kind=kind)

    with pytest.raises(stripe.APIConnectionError):
        raise_to(shop.client, subscription, 10, "k")

    now = shop.client.v1.subscriptions.retrieve(subscription.id)
    assert item_of(now).quantity == (10 if executed else 8)
    again = raise_to(shop.client, subscription, 10, "k")
    assert ("Idempotent-Replayed" in again.last_response.headers) == executed
    assert invoices(shop, subscription) == 2


@pytest.mark.parametrize(("kind", "executed"), [("hang_before", False), ("hang_after", True)])
def test_a_timeout(
    shop: Shop, simulator_url: str, subscription: Any, control: Control, kind: str, executed: bool
) -> None:
    control("POST", "faults", match={"path_regex": "^/v1/subscriptions/"}, kind=kind, seconds=0.8)

    with pytest.raises(stripe.APIConnectionError):
        raise_to(client_of(simulator_url, timeout=0.4), subscription, 10, "k")

    now = shop.client.v1.subscriptions.retrieve(subscription.id)
    assert item_of(now).quantity == (10 if executed else 8)


@pytest.mark.parametrize(("kind", "executed"), [("error500_no_effect", False), ("error500_with_effect", True)])
def test_a_500_is_remembered(shop: Shop, subscription: Any, control: Control, kind: str, executed: bool) -> None:
    control("POST", "faults", match={"path_regex": "^/v1/subscriptions/"}, kind=kind)

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            raise_to(shop.client, subscription, 10, "k")
        assert failed.value.http_status == 500

    assert failed.value.headers is not None
    assert failed.value.headers["Idempotent-Replayed"] == "true"
    now = shop.client.v1.subscriptions.retrieve(subscription.id)
    assert item_of(now).quantity == (10 if executed else 8)
    assert invoices(shop, subscription) == 1 + executed


@pytest.mark.parametrize(
    ("kind", "error", "status", "code"),
    [
        ("rate_limit", stripe.RateLimitError, 429, "rate_limit"),
        ("lock_timeout", stripe.RateLimitError, 429, "lock_timeout"),
        ("key_in_use", stripe.APIError, 409, "idempotency_key_in_use"),
        ("no_permission", stripe.PermissionError, 403, None),
    ],
)
def test_a_request_that_did_not_begin_is_not_remembered(
    shop: Shop, subscription: Any, control: Control, kind: str, error: Any, status: int, code: str | None
) -> None:
    control("POST", "faults", match={"path_regex": "^/v1/subscriptions/"}, kind=kind)

    with pytest.raises(error) as refused:
        raise_to(shop.client, subscription, 10, "k")

    assert (refused.value.http_status, refused.value.error.to_dict().get("code")) == (status, code)
    headers = refused.value.headers
    assert ("Stripe-Rate-Limited-Reason" in headers, headers.get("Stripe-Should-Retry")) == (
        kind == "rate_limit",
        "true" if kind == "lock_timeout" else None,
    )
    assert item_of(shop.client.v1.subscriptions.retrieve(subscription.id)).quantity == 8
    assert item_of(raise_to(shop.client, subscription, 10, "k")).quantity == 10


def test_the_library_retries_a_lock_timeout_by_itself(
    shop: Shop, simulator_url: str, subscription: Any, control: Control
) -> None:
    control("POST", "faults", match={"path_regex": "^/v1/subscriptions/"}, kind="lock_timeout")

    changed = raise_to(client_of(simulator_url, retries=1), subscription, 10, "k")

    assert item_of(changed).quantity == 10
    assert invoices(shop, subscription) == 2


def test_faults_count_down_and_can_be_taken_back(shop: Shop, control: Control) -> None:
    control("POST", "faults", match={"path_regex": "^/v1/customers"}, kind="rate_limit", times=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            shop.client.v1.customers.list()
    shop.client.v1.customers.list()

    control("POST", "faults", kind="rate_limit", times=100)
    control("DELETE", "faults")
    shop.client.v1.customers.list()


@pytest.mark.parametrize("body", [{"kind": "meteor"}, {"kind": "slow", "match": {"path_regex": "("}}, {}])
def test_a_fault_that_makes_no_sense_is_refused(simulator_url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(f"{simulator_url}/_control/faults", data=json.dumps(body).encode(), method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    with refused.value as answer:
        assert answer.code == 400
