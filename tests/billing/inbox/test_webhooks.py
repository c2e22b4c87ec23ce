"""Scar 6: deliveries early, late, twice, reversed or lost end in the same state. Real HTTP, real signatures."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from billing.changes.buy_quote import buy_quote
from billing.changes.finish_open_changes import finish_open_changes
from billing.gateway.events import EVENT_KINDS
from billing.inbox.fetch_missed_events import fetch_missed_events
from billing.inbox.handle_event import handle_waiting_events, prune_events, replay_event
from billing.models import QuantityChange, StripeEvent
from billing.quotes.quote_quantity import quote_quantity
from seats.models import LedgerEntry, SeatPool
from tests.conftest import Funded
from tests.desk import Desk
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State


@pytest.fixture
def endpoint(live_server: LiveServer, desk: Desk, settings: object) -> str:
    """The simulator delivers to this test's own server."""
    url = f"{live_server.url}/billing/webhooks/stripe/"
    made = desk.client.v1.webhook_endpoints.create({"url": url, "enabled_events": cast(Any, list(EVENT_KINDS))})
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_of_yesterday", str(made.secret)]  # type: ignore[attr-defined]
    return str(made.id)


def eventually(check: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for what another process brings."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def arrived(kind: str) -> Callable[[], bool]:
    """Whether an event of this kind is in the inbox."""
    return lambda: StripeEvent.objects.filter(kind=kind).exists()


@pytest.mark.parametrize("mode", ["normal", "duplicate", "reverse", "lose"])
def test_scar_6_any_order_ends_the_same(endpoint: str, funded: Funded, now: datetime, mode: str) -> None:
    """Faults F18 to F21."""
    funded.desk.card(funded.customer.stripe_id, "pm_card_authenticationRequired")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    funded.desk.simulator.control("/_control/webhooks", {"mode": "hold" if mode == "reverse" else mode})
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert change.state == State.AWAITING_PAYMENT

    funded.desk.simulator.control("/_control/3ds", {"invoice": change.invoice_stripe_id, "outcome": "succeed"})
    if mode == "reverse":
        funded.desk.simulator.control("/_control/webhooks", {"mode": "reverse"})
        funded.desk.simulator.control("/_control/webhooks/flush")
    if mode == "lose":
        finish_open_changes(at=now + timedelta(minutes=5))
        assert not StripeEvent.objects.filter(kind__contains="pending_update").exists()
    else:
        eventually(arrived("customer.subscription.pending_update_applied"))
        handle_waiting_events(at=now + timedelta(minutes=1))

    change.refresh_from_db()
    assert change.state == State.APPLIED
    assert LedgerEntry.objects.filter(kind="bought").count() == 1
    assert SeatPool.objects.get(account=funded.account).purchased == 12
    assert broken_invariants(funded.desk) == []


def test_lost_deliveries_are_fetched_and_handled_once(endpoint: str, funded: Funded, now: datetime) -> None:
    funded.desk.simulator.control("/_control/webhooks", {"mode": "lose"})
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    found = fetch_missed_events(at=now)
    again = fetch_missed_events(at=now)
    handle_waiting_events(at=now + timedelta(minutes=1))

    assert found > 0
    assert again == 0
    assert not StripeEvent.objects.exclude(state=StripeEvent.State.DONE).exists()
    assert LedgerEntry.objects.filter(kind="bought").count() == 1


def test_edit_at_stripe_reaches_pool_and_ledger(endpoint: str, funded: Funded, now: datetime) -> None:
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"items": [{"id": item, "quantity": 6}]})

    eventually(arrived("customer.subscription.updated"))
    handle_waiting_events(at=now + timedelta(minutes=1))

    entry = LedgerEntry.objects.get(kind="external")
    assert (entry.purchased_before, entry.purchased_after, entry.actor) == (10, 6, None)
    assert SeatPool.objects.get(account=funded.account).purchased == 6


@pytest.mark.parametrize("header", ["", "t=1,v1=abc", "garbage"])
def test_unsigned_delivery_is_refused_and_nothing_kept(db: None, client: Client, header: str) -> None:
    body = json.dumps({"id": "evt_forged", "object": "event", "type": "invoice.paid"})

    answer = client.post(
        "/billing/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": header}
    )

    assert answer.status_code == 400
    assert not StripeEvent.objects.exists()


def test_an_empty_secret_opens_nothing(db: None, client: Client, settings: object) -> None:
    import hmac
    from hashlib import sha256

    settings.STRIPE_WEBHOOK_SECRETS = [""]  # type: ignore[attr-defined]
    body, stamp = b"{}", str(int(time.time()))
    forged = hmac.new(b"", f"{stamp}.".encode() + body, sha256).hexdigest()

    answer = client.post(
        "/billing/webhooks/stripe/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": f"t={stamp},v1={forged}"},
    )

    assert answer.status_code == 400


def test_event_of_a_stranger_is_kept_and_never_acted_on(funded: Funded, now: datetime) -> None:
    StripeEvent.objects.create(
        event_id="evt_x",
        kind="customer.subscription.updated",
        subscription_stripe_id="sub_stranger",
        customer_stripe_id="cus_stranger",
        stripe_created=now,
        payload={},
    )

    assert handle_waiting_events(at=now + timedelta(minutes=1)) == 1

    assert StripeEvent.objects.get().state == StripeEvent.State.DONE


def test_dead_letter_after_eight_tries_and_replay(funded: Funded, now: datetime) -> None:
    StripeEvent.objects.create(
        event_id="evt_dead",
        kind="invoice.paid",
        object_id="in_missing",
        customer_stripe_id=funded.customer.stripe_id,
        stripe_created=now,
        payload={},
    )
    for hours in range(1, 12):
        handle_waiting_events(at=now + timedelta(hours=7 * hours))

    event = StripeEvent.objects.get()
    assert (event.state, event.tries) == (StripeEvent.State.DEAD, 8)
    assert "in_missing" in event.last_error
    invoice = funded.desk.invoices(funded.stripe_id)[0]["id"]
    StripeEvent.objects.update(object_id=invoice)
    assert replay_event(event_id="evt_dead", at=now) is True
    assert prune_events(at=now + timedelta(days=91)) == 1


def test_an_event_of_the_other_mode_is_refused_and_one_of_another_version_is_noted(
    funded: Funded, now: datetime
) -> None:
    """A live event at a test site is kept for people to see, and never acted on, whatever it names."""
    from dataclasses import replace

    from billing.gateway.contract import RemoteEvent
    from billing.inbox.receive_event import receive_event

    event = RemoteEvent(
        id="evt_live",
        kind="customer.subscription.updated",
        created=now,
        livemode=True,
        object_id=funded.stripe_id,
        subscription_id=funded.stripe_id,
        customer_id=funded.customer.stripe_id,
        request_key="",
        api_version="2026-10-28.endive",
    )
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"items": [{"id": item, "quantity": 6}]})

    assert receive_event(event=event) is True
    assert receive_event(event=event) is False
    assert handle_waiting_events(at=now + timedelta(minutes=1)) == 0
    kept = StripeEvent.objects.get()
    assert (kept.state, kept.tries, kept.last_error) == ("refused", 0, "live and test mode mixed")
    assert funded.subscription.items.get().quantity == 10

    receive_event(event=replace(event, id="evt_old", livemode=False, api_version="2024-06-20"))
    assert handle_waiting_events(at=now + timedelta(minutes=1)) == 1
    assert StripeEvent.objects.get(event_id="evt_old").api_version == "2024-06-20"
    assert funded.subscription.items.get().quantity == 6
