"""Webhooks: signed as the library expects, retried, held, lost, doubled and turned round."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from .conftest import Control, Shop


@dataclass
class Receiver:
    """An endpoint that keeps what it was sent and answers with `statuses`, then with 200."""

    url: str = ""
    received: list[tuple[bytes, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def wait_for(self, count: int, seconds: float = 8) -> list[tuple[bytes, str]]:
        end = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < end:
            time.sleep(0.02)
        return self.received


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.received.append((body, self.headers["Stripe-Signature"]))
            self.send_response(state.statuses.pop(0) if state.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def endpoint(shop: Shop, receiver: Receiver) -> Any:
    return shop.client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["customer.created", "customer.updated"]}
    )


def types(shop: Shop, endpoint: Any, received: list[tuple[bytes, str]]) -> list[str]:
    return [shop.client.construct_event(body, header, endpoint.secret).type for body, header in received]


def eventually(check: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not check() and time.monotonic() < end:
        time.sleep(0.02)
    return check()


def test_an_event_arrives_signed(shop: Shop, receiver: Receiver, endpoint: Any) -> None:
    customer = shop.client.v1.customers.create({"name": "Ümlaut"}, {"idempotency_key": "w1"})

    [(body, header)] = receiver.wait_for(1)

    event = shop.client.construct_event(body, header, endpoint.secret)
    assert (event.type, event.data.object.id, event.data.object.name) == ("customer.created", customer.id, "Ümlaut")
    assert (event.request.idempotency_key, event.api_version) == ("w1", "2026-10-28.endive")
    with pytest.raises(stripe.SignatureVerificationError):
        shop.client.construct_event(body, header, "whsec_other")
    assert eventually(lambda: shop.client.v1.events.retrieve(event.id).pending_webhooks == 0)
    assert [e.id for e in shop.client.v1.events.list({"delivery_success": True, "type": "customer.created"}).data] == [
        event.id
    ]


def test_only_wanted_types_are_sent_and_the_secret_is_told_once(shop: Shop, receiver: Receiver, endpoint: Any) -> None:
    shop.price()
    shop.client.v1.customers.create({})

    assert types(shop, endpoint, receiver.wait_for(1)) == ["customer.created"]
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in shop.client.v1.webhook_endpoints.retrieve(endpoint.id).to_dict()


def test_a_refused_delivery_is_tried_again(shop: Shop, receiver: Receiver, endpoint: Any) -> None:
    receiver.statuses += [500, 302]
    shop.client.v1.customers.create({})

    received = receiver.wait_for(3)

    assert types(shop, endpoint, received) == ["customer.created"] * 3
    assert len({body for body, _ in received} - {received[0][0]}) == 0


def test_held_events_wait_for_their_release(shop: Shop, receiver: Receiver, endpoint: Any, control: Control) -> None:
    control("POST", "webhooks", mode="hold")
    customer = shop.client.v1.customers.create({})
    shop.client.v1.customers.update(customer.id, {"name": "A"})
    time.sleep(0.7)
    assert receiver.received == []

    control("POST", "webhooks", mode="normal")

    assert types(shop, endpoint, receiver.wait_for(2)) == ["customer.created", "customer.updated"]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("reverse", ["customer.updated", "customer.created"]),
        ("duplicate", ["customer.created", "customer.created", "customer.updated", "customer.updated"]),
    ],
)
def test_order_and_number_can_be_disturbed(
    shop: Shop, receiver: Receiver, endpoint: Any, control: Control, mode: str, expected: list[str]
) -> None:
    control("POST", "webhooks", mode="hold")
    customer = shop.client.v1.customers.create({})
    shop.client.v1.customers.update(customer.id, {"name": "A"})

    control("POST", "webhooks", mode=mode)
    control("POST", "webhooks/flush")

    assert types(shop, endpoint, receiver.wait_for(len(expected))) == expected


def test_lost_events_are_still_listed(shop: Shop, receiver: Receiver, endpoint: Any, control: Control) -> None:
    control("POST", "webhooks", mode="lose")
    shop.client.v1.customers.create({})

    assert eventually(lambda: control("GET", "state")["webhooks_waiting"] == 0)
    assert receiver.received == []
    [event] = shop.client.v1.events.list({"types": ["customer.created"]}).data
    assert event.pending_webhooks == 1
    assert [e.id for e in shop.client.v1.events.list({"delivery_success": False}).data] == [event.id]


def test_a_disabled_endpoint_hears_nothing(shop: Shop, receiver: Receiver, endpoint: Any) -> None:
    shop.client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    shop.client.v1.customers.create({})
    shop.client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False})
    shop.client.v1.customers.create({})

    time.sleep(0.3)
    assert len(receiver.wait_for(1)) == 1
    assert shop.client.v1.webhook_endpoints.delete(endpoint.id).deleted is True


def test_events_can_be_found_by_type_and_time(shop: Shop) -> None:
    customer = shop.client.v1.customers.create({})
    shop.client.v1.customers.update(customer.id, {"name": "A"})
    fetch = shop.client.v1.events.list

    assert [e.type for e in fetch({"types": ["customer.updated", "invoice.paid"]}).data] == ["customer.updated"]
    moment = fetch().data[0].created
    assert len(fetch({"created": {"gte": moment - 60}}).data) == 2
    assert fetch({"created": {"gt": moment + 60}}).data == []
    updated = fetch({"type": "customer.updated"}).data[0]
    assert updated.data.previous_attributes.to_dict() == {"name": None}


# Retries, resends and versions


def test_retries_go_on_for_three_days_of_the_accounts_time(
    shop: Shop, receiver: Receiver, endpoint: Any, control: Control
) -> None:
    receiver.statuses += [500] * 6
    customer = shop.client.v1.customers.create({})
    assert len(receiver.wait_for(1)) == 1

    for seconds in (60, 3600, 86_400):
        known = len(receiver.received)
        control("POST", "advance", seconds=seconds)
        assert len(receiver.wait_for(known + 1)) > known
    [waiting] = control("GET", "deliveries")["waiting"]
    assert (waiting["answered"], waiting["endpoint"]) == ("500", endpoint.id)

    receiver.statuses[:] = [500]
    control("POST", "advance", seconds=3 * 86_400)

    assert eventually(lambda: control("GET", "deliveries")["waiting"] == [])
    [over] = control("GET", "deliveries")["over"]
    assert (over["delivered"], over["answered"]) == (False, "500")
    [event] = shop.client.v1.events.list({"delivery_success": False}).data
    assert (event.type, event.data.object.id, event.pending_webhooks) == ("customer.created", customer.id, 1)


def test_an_event_can_be_sent_again(shop: Shop, receiver: Receiver, endpoint: Any, control: Control) -> None:
    shop.client.v1.customers.create({})
    receiver.wait_for(1)
    [event] = shop.client.v1.events.list({"type": "customer.created"}).data
    assert eventually(lambda: len(control("GET", "deliveries")["over"]) == 1)

    assert control("POST", "webhooks/resend", event=event.id) == {"deliveries": 1}

    received = receiver.wait_for(2)
    assert [shop.client.construct_event(body, header, endpoint.secret).id for body, header in received] == [
        event.id
    ] * 2
    assert eventually(lambda: len(control("GET", "deliveries")["over"]) == 2)


def test_two_endpoints_have_their_own_version_and_secret(shop: Shop, receiver: Receiver) -> None:
    def endpoint(version: Any) -> Any:
        wanted: Any = {"url": receiver.url, "enabled_events": ["customer.created"], "api_version": version}
        return shop.client.v1.webhook_endpoints.create(wanted)

    old, new = endpoint("2026-03-25.dahlia"), endpoint("2026-10-28.endive")
    shop.client.v1.customers.create({})

    seen = set()
    for body, header in receiver.wait_for(2):
        for made in (old, new):
            try:
                seen.add((made.api_version, shop.client.construct_event(body, header, made.secret).api_version))
            except stripe.SignatureVerificationError:
                continue
    assert seen == {("2026-03-25.dahlia",) * 2, ("2026-10-28.endive",) * 2}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        endpoint("2019-13-01")
    assert refused.value.param == "api_version"
    assert len(shop.client.v1.webhook_endpoints.list().data) == 2
