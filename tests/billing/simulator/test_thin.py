"""Thin events: sent to event destinations, read by the official library, and found again."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Control, Shop, at, item_of, started
from .test_webhooks import Receiver, eventually, receiver

__all__ = ["receiver"]


def destination(shop: Shop, receiver: Receiver, *types: str, **fields: Any) -> Any:
    wanted: Any = {
        "name": "Portal", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": list(types),
        "webhook_endpoint": {"url": receiver.url}, "include": ["webhook_endpoint.signing_secret"],
    }  # fmt: skip
    return shop.client.v2.core.event_destinations.create(wanted | fields)


def notes(shop: Shop, made: Any, receiver: Receiver, count: int) -> list[Any]:
    secret = made.webhook_endpoint.signing_secret
    return [shop.client.parse_event_notification(body, header, secret) for body, header in receiver.wait_for(count)]


def test_a_thin_event_names_what_changed_and_who_asked(shop: Shop, receiver: Receiver) -> None:
    made = destination(shop, receiver, "v1.customer.updated")
    customer = shop.client.v1.customers.create({})
    shop.client.v1.customers.update(customer.id, {"name": "A"}, {"idempotency_key": "k1"})

    [note] = notes(shop, made, receiver, 1)

    assert (note.type, note.livemode) == ("v1.customer.updated", False)
    assert (note.related_object.id, note.related_object.url) == (customer.id, f"/v1/customers/{customer.id}")
    assert note.reason.request.idempotency_key == "k1"
    assert note.fetch_related_object().name == "A"
    event = note.fetch_event()
    assert (event.id, event.type, event.related_object.id) == (note.id, note.type, customer.id)


def test_a_change_of_quantity_and_of_status_are_events_of_their_own(shop: Shop, receiver: Receiver) -> None:
    kinds = [f"v1.customer.subscription.{name}" for name in ("item_quantity_changed", "past_due", "cancel_at_changed")]
    made = destination(shop, receiver, *kinds)
    subscription = started(shop, "2026-04-01")
    shop.change(subscription, 5)
    shop.client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    shop.client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(subscription.test_clock, at("2026-05-02"))

    found = notes(shop, made, receiver, 4)

    assert [note.type for note in found] == [kinds[0], kinds[2], kinds[2], kinds[1]]
    assert {note.related_object.id for note in found} == {subscription.id}
    assert item_of(found[0].fetch_related_object()).quantity == 5


def test_thin_events_are_listed_and_found(shop: Shop) -> None:
    customer = shop.client.v1.customers.create({})
    shop.client.v1.customers.update(customer.id, {"name": "A"})
    fetch: Any = shop.client.v2.core.events.list

    assert [event.type for event in fetch({"object_id": customer.id}).data] == [
        "v1.customer.updated", "v1.customer.created",
    ]  # fmt: skip
    [created] = fetch({"types": ["v1.customer.created"]}).data
    assert shop.client.v2.core.events.retrieve(created.id).related_object.id == customer.id
    assert fetch({"created": {"gt": "2099-01-01T00:00:00.000Z"}}).data == []
    page = fetch({"limit": 1})
    assert (len(page.data), len(list(page.auto_paging_iter()))) == (1, 2)
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v2.core.events.retrieve("evt_none_v2")


def test_a_destination_is_changed_disabled_and_removed(shop: Shop, receiver: Receiver, control: Control) -> None:
    made = destination(shop, receiver, "v1.customer.created")
    destinations: Any = shop.client.v2.core.event_destinations
    assert not hasattr(destinations.retrieve(made.id).webhook_endpoint, "signing_secret")
    assert destinations.disable(made.id).status == "disabled"
    shop.client.v1.customers.create({})
    assert destinations.enable(made.id).status == "enabled"
    destinations.update(made.id, {"enabled_events": ["v1.customer.updated"], "name": "Other"})
    customer = shop.client.v1.customers.create({})
    shop.client.v1.customers.update(customer.id, {"name": "B"})

    assert [note.type for note in notes(shop, made, receiver, 1)] == ["v1.customer.updated"]
    assert [row.name for row in destinations.list().data] == ["Other"]
    assert destinations.delete(made.id).id == made.id
    assert destinations.list().data == []
    assert eventually(lambda: control("GET", "state")["webhooks_waiting"] == 0)
    assert len(receiver.received) == 1


def test_a_ping_arrives(shop: Shop, receiver: Receiver) -> None:
    made = destination(shop, receiver, "v1.customer.created")

    sent = shop.client.v2.core.event_destinations.ping(made.id)

    [note] = notes(shop, made, receiver, 1)
    assert (note.id, note.type, note.related_object.id) == (sent.id, "v2.core.event_destination.ping", made.id)
    assert note.fetch_event().id == sent.id


def test_a_destination_can_have_snapshots(shop: Shop, receiver: Receiver) -> None:
    made = destination(shop, receiver, "customer.created", event_payload="snapshot")
    customer = shop.client.v1.customers.create({})

    [(body, header)] = receiver.wait_for(1)

    event = shop.client.construct_event(body, header, made.webhook_endpoint.signing_secret)
    assert (event.type, event.data.object.id) == ("customer.created", customer.id)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"type": "amazon_eventbridge"}, "type"),
        ({"event_payload": "fat"}, "event_payload"),
        ({"webhook_endpoint": {"url": "ftp://x"}}, "webhook_endpoint.url"),
        ({"name": ""}, "name"),
    ],
)
def test_a_destination_that_cannot_be(shop: Shop, receiver: Receiver, fields: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        destination(shop, receiver, "v1.customer.created", **fields)

    assert refused.value.param == param
    assert shop.client.v2.core.event_destinations.list().data == []
