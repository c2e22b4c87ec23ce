"""Gap repair: Stripe's list is read from a stored cursor to its end."""

from datetime import datetime, timedelta

import pytest

from billing.gateway.contract import GatewayError
from billing.gateway.events import EVENT_KINDS
from billing.gateway.stripe_api import gateway
from billing.inbox.fetch_missed_events import fetch_missed_events
from billing.inbox.handle_event import handle_waiting_events
from billing.models import EventCursor, StripeEvent
from seats.models import SeatPool
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)


def edit(funded: Funded, quantity: int) -> None:
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"items": [{"id": item, "quantity": quantity}]})


def test_a_later_delivery_does_not_hide_the_gap_before_it(funded: Funded, now: datetime) -> None:
    fetch_missed_events(at=now)
    handle_waiting_events(at=now)
    edit(funded, 14)  # Nobody delivers it; then the endpoint is up again, and something newer comes.
    StripeEvent.objects.create(
        event_id="evt_newer", kind="customer.updated", stripe_created=now + timedelta(hours=5), payload={}
    )

    assert fetch_missed_events(at=now + timedelta(hours=6)) == 1

    handle_waiting_events(at=now + timedelta(hours=6))
    assert SeatPool.objects.get(account=funded.account).purchased == 14
    assert fetch_missed_events(at=now + timedelta(hours=7)) == 0


def test_a_reading_that_breaks_off_moves_nothing(funded: Funded, now: datetime) -> None:
    fetch_missed_events(at=now)
    before = EventCursor.objects.get().read_until
    edit(funded, 14)
    funded.desk.fault("error500_no_effect", method="GET", path="/v1/events", times=2)

    with pytest.raises(GatewayError):
        fetch_missed_events(at=now)

    assert EventCursor.objects.get().read_until == before
    assert fetch_missed_events(at=now) == 1
    assert EventCursor.objects.get().read_until >= before


def test_the_cursor_only_goes_forward(funded: Funded, now: datetime) -> None:
    ahead = now + timedelta(days=2)
    EventCursor.objects.create(pk=1, read_until=ahead)

    fetch_missed_events(at=now)

    assert EventCursor.objects.get().read_until == ahead


def test_a_gap_longer_than_stripes_history_is_said(
    funded: Funded, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    EventCursor.objects.create(pk=1, read_until=now - timedelta(days=31))

    fetch_missed_events(at=now)

    assert "event_gap_older_than_history" in caplog.text


def test_no_call_names_more_than_twenty_kinds(funded: Funded, now: datetime) -> None:
    edit(funded, 14)
    more = ("product.created", "product.updated", "price.created", "price.updated", "plan.created", "plan.updated")
    wanted = [*(kind for kind in EVENT_KINDS if kind != "customer.subscription.updated"), *more]
    assert 20 <= len(wanted) < 40
    since = funded.desk.simulator.get("/_control/requests")["requests"][-1]["seq"]

    found = list(gateway().events_since(now - timedelta(days=1), kinds=[*wanted, "customer.subscription.updated"]))

    calls = funded.desk.simulator.get(f"/_control/requests?since={since}")["requests"]
    assert [call["path"] for call in calls] == ["/v1/events"] * 2
    assert "customer.subscription.updated" in {event.kind for event in found}
    assert len({event.id for event in found}) == len(found)
