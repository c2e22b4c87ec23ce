"""Many events, few reads; and one that fails holds up nobody."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from billing import facts
from billing.gateway.contract import RemoteSubscription
from billing.gateway.stripe_api import StripeGateway
from billing.inbox import handle_event
from billing.inbox.handle_event import LEASE, handle_waiting_events, replay_event
from billing.mirror.fence import raise_fences
from billing.models import Customer, Invoice, StripeEvent, Subscription
from seats.models import SeatPool
from tests.billing.inbox.deliver import deliver, snapshot, thin
from tests.conftest import Funded, FundMaker, make_account

pytestmark = pytest.mark.django_db(transaction=True)
State = StripeEvent.State


def waiting(number: int, funded: Funded, **fields: Any) -> StripeEvent:
    """One kept event of a subscription."""
    defaults: dict[str, Any] = {
        "kind": "customer.subscription.updated",
        "object_id": funded.stripe_id,
        "subscription_stripe_id": funded.stripe_id,
        "customer_stripe_id": funded.customer.stripe_id,
        "stripe_created": funded.subscription.synced_at,
        "payload": {},
    }
    return StripeEvent.objects.create(event_id=f"evt_{number}", **(defaults | fields))


def reads(funded: Funded, since: int) -> Counter[str]:
    """What was asked of Stripe since, by kind of object."""
    rows = funded.desk.simulator.get(f"/_control/requests?since={since}")["requests"]
    return Counter(f"{row['method']} {row['path'].split('/')[2]}" for row in rows)


def last_request(funded: Funded) -> int:
    """The number of the newest request."""
    rows = funded.desk.simulator.get("/_control/requests?since=0")["requests"]
    return int(rows[-1]["seq"])


def test_fifty_events_of_one_subscription_are_one_read_of_it(funded: Funded, now: datetime) -> None:
    invoice = funded.desk.invoices(funded.stripe_id)[0]["id"]
    for number in range(48):
        waiting(number, funded)
    waiting(48, funded, kind="invoice.finalized", object_id=invoice)
    waiting(49, funded, kind="invoice.paid", object_id=invoice)
    since = last_request(funded)

    assert handle_waiting_events(at=now) == 50

    assert reads(funded, since) == {"GET subscriptions": 1}
    assert set(StripeEvent.objects.values_list("state", "tries")) == {(State.DONE, 1)}


def test_several_invoices_of_one_subscription_are_one_list(funded: Funded, now: datetime) -> None:
    item = funded.subscription.items.get().stripe_id
    for quantity in (11, 12, 13):
        raise_by: Any = {"items": [{"id": item, "quantity": quantity}], "proration_behavior": "always_invoice"}
        funded.desk.client.v1.subscriptions.update(funded.stripe_id, raise_by)
    invoices = funded.desk.invoices(funded.stripe_id)
    for number, invoice in enumerate(invoices):
        waiting(number, funded, kind="invoice.paid", object_id=invoice["id"])
    since = last_request(funded)

    assert handle_waiting_events(at=now) == 4

    assert reads(funded, since) == {"GET subscriptions": 1, "GET invoices": 1}
    kept = Invoice.objects.filter(account=funded.account).prefetch_related("lines")
    assert {
        (row.stripe_id, row.status, row.total): [(line.stripe_id, line.amount) for line in row.lines.all()]
        for row in kept
    } == {
        (bill["id"], "paid", bill["total"]): [(line["id"], line["amount"]) for line in bill["lines"]["data"]]
        for bill in invoices
    }


def test_an_invoice_in_its_last_state_is_not_read_again(funded: Funded, now: datetime) -> None:
    """Its events are older than what we hold: a purchase reads its invoice itself, and the events come after."""
    item = funded.subscription.items.get().stripe_id
    raise_by: Any = {"items": [{"id": item, "quantity": 11}], "proration_behavior": "always_invoice"}
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, raise_by)
    first = funded.desk.invoices(funded.stripe_id)[-1]["id"]
    waiting(1, funded, kind="invoice.finalized", object_id=first)
    waiting(2, funded, kind="invoice.payment_failed", object_id=first)
    since = last_request(funded)

    assert handle_waiting_events(at=now) == 2

    assert reads(funded, since) == {"GET subscriptions": 1}
    Invoice.objects.filter(stripe_id=first).update(status="open")
    StripeEvent.objects.update(state=State.WAITING, tries=0)
    assert handle_waiting_events(at=now) == 2
    assert Invoice.objects.get(stripe_id=first).status == "paid"


def test_reads_that_say_nothing_new_write_one_moment_and_tell_nobody(
    funded: Funded, fund: FundMaker, now: datetime
) -> None:
    other = fund(make_account("Other", now, owner="Otto", domain="other.example"))
    told: list[object] = []

    def listen(**_: object) -> None:
        told.append(1)

    facts.standing_changed.connect(listen)
    waiting(1, funded)
    waiting(2, other, kind="invoice.paid", object_id=other.desk.invoices(other.stripe_id)[0]["id"])
    later = now + timedelta(hours=1)

    with CaptureQueriesContext(connection) as queries:
        assert handle_waiting_events(at=later) == 2

    written = Counter(
        re.findall(
            r"(?:(?<!FOR )(?<!KEY )UPDATE|INSERT INTO|DELETE FROM) \"?(\w+)", " ".join(q["sql"] for q in queries)
        )
    )
    # The events are claimed and done. The other two: a fence, and the moment of the read.
    assert written == {"billing_stripeevent": 2, "billing_subscription": 2, "billing_customer": 2}
    assert set(Subscription.objects.values_list("synced_at", flat=True)) == {later}
    assert list(Customer.objects.order_by("pk").values_list("synced_at", flat=True)) == [now, later]
    assert not told


def test_a_read_that_is_overtaken_on_its_way_is_done_again(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the number, and of the customer that it brought along."""
    real, asked = StripeGateway.subscription, list[str]()

    def overtaken(self: StripeGateway, stripe_id: str, **more: Any) -> RemoteSubscription:
        old = real(self, stripe_id, **more)
        if not asked:
            raise_fences(Subscription, [funded.stripe_id])
            raise_fences(Customer, [funded.customer.stripe_id])
            connection.close()  # of this thread
        asked.append(stripe_id)
        return old

    monkeypatch.setattr(StripeGateway, "subscription", overtaken)
    waiting(1, funded, kind="invoice.paid", object_id=funded.desk.invoices(funded.stripe_id)[0]["id"])
    since = last_request(funded)

    assert handle_waiting_events(at=now + timedelta(hours=1)) == 1

    assert reads(funded, since) == {"GET subscriptions": 2, "GET customers": 1}
    assert Subscription.objects.get().synced_at == now + timedelta(hours=1)
    assert Customer.objects.get().synced_at == now + timedelta(hours=1)


def test_an_invoice_that_the_list_does_not_hold_is_read_alone(funded: Funded, now: datetime) -> None:
    other = funded.desk.subscribe(funded.customer.stripe_id, funded.desk.price(), 3)
    elsewhere, own = funded.desk.invoices(other)[0], funded.desk.invoices(funded.stripe_id)[0]
    waiting(1, funded, kind="invoice.paid", object_id=elsewhere["id"])
    waiting(2, funded, kind="invoice.paid", object_id=own["id"])
    waiting(3, funded, kind="invoice.paid", object_id="in_unknown")

    assert handle_waiting_events(at=now) == 0

    assert set(StripeEvent.objects.values_list("state", "tries")) == {(State.WAITING, 1)}
    StripeEvent.objects.filter(event_id="evt_3").delete()
    assert handle_waiting_events(at=now + timedelta(minutes=1)) == 2
    assert Invoice.objects.filter(stripe_id__in=[elsewhere["id"], own["id"]], status="paid").count() == 2


def test_the_statements_of_a_batch_do_not_grow_with_its_events(funded: Funded, now: datetime) -> None:
    counts = []
    for events in (1, 40):
        StripeEvent.objects.all().delete()
        for number in range(events):
            waiting(number, funded)
        with CaptureQueriesContext(connection) as queries:
            assert handle_waiting_events(at=now) == events
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_failing_subscription_holds_up_no_other(funded: Funded, fund: FundMaker, now: datetime) -> None:
    other = fund(make_account("Other", now, owner="Otto", domain="other.example"))
    waiting(1, funded, stripe_created=now)
    waiting(2, other, stripe_created=now)
    item = other.subscription.items.get().stripe_id
    other.desk.client.v1.subscriptions.update(other.stripe_id, {"items": [{"id": item, "quantity": 7}]})
    funded.desk.fault("error500_no_effect", method="GET", path=f"/v1/subscriptions/{funded.stripe_id}", times=9)

    assert handle_waiting_events(at=now) == 1

    failed = StripeEvent.objects.get(event_id="evt_1")
    assert (failed.state, failed.tries) == (State.WAITING, 1)
    assert failed.next_try_at == now + timedelta(seconds=5)
    assert failed.last_error.startswith("ServerError")
    assert StripeEvent.objects.get(event_id="evt_2").state == State.DONE
    assert SeatPool.objects.get(account=other.account).purchased == 7


def test_what_another_worker_has_claimed_is_left_to_it_until_its_lease_is_over(funded: Funded, now: datetime) -> None:
    waiting(1, funded, tries=1, next_try_at=now)
    StripeEvent.objects.update(next_try_at=now + LEASE)

    assert handle_waiting_events(at=now + timedelta(seconds=59)) == 0
    assert handle_waiting_events(at=now + timedelta(seconds=60)) == 1


def test_two_workers_never_take_the_same_event(funded: Funded, now: datetime) -> None:
    waiting(1, funded)
    waiting(2, funded)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; SELECT 1 FROM billing_stripeevent WHERE event_id = 'evt_1' FOR UPDATE")
            assert handle_waiting_events(at=now) == 1
            cursor.execute("ROLLBACK")
    finally:
        other.close()

    assert list(StripeEvent.objects.filter(state=State.WAITING).values_list("event_id", "tries")) == [("evt_1", 0)]


def test_what_was_not_reached_in_time_is_given_back(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(1, funded)
    rung: list[str] = []
    monkeypatch.setattr(handle_event, "WORK_SECONDS", -1.0)
    monkeypatch.setattr(handle_event, "ring_once", rung.append)
    assert handle_waiting_events(at=now) == 0
    given_back = StripeEvent.objects.get()
    assert (given_back.state, given_back.tries, given_back.next_try_at) == (State.WAITING, 0, now)
    assert rung == ["billing.handle_waiting_events"]

    monkeypatch.undo()
    assert handle_waiting_events(at=now) == 1


def test_a_full_batch_calls_for_another(funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(handle_event, "ring", rung.append)
    for number in range(3):
        waiting(number, funded)

    assert handle_waiting_events(at=now, limit=2) == 2
    assert handle_waiting_events(at=now, limit=2) == 1

    assert rung == ["billing.handle_waiting_events"]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("thing", ["subscription", "invoice", "customer"])
def test_a_thin_event_is_followed_like_any_other(funded: Funded, now: datetime, thing: str, known: bool) -> None:
    invoice = funded.desk.invoices(funded.stripe_id)[0]["id"]
    ids = {"subscription": funded.stripe_id, "invoice": invoice, "customer": funded.customer.stripe_id}
    kinds = {"subscription": "customer.subscription.updated", "invoice": "invoice.paid", "customer": "customer.updated"}
    if not known:
        stranger = funded.desk.client.v1.customers.create({"name": "Stranger"}).id
        funded.desk.card(stranger)
        subscription = funded.desk.subscribe(stranger, funded.desk.price(), 3)
        bill = funded.desk.invoices(subscription)[0]["id"]
        ids = {"subscription": subscription, "invoice": bill, "customer": stranger}
    deliver(thin("evt_thin", kinds[thing], thing, ids[thing]))
    since = last_request(funded)

    assert handle_waiting_events(at=now + timedelta(minutes=1)) == 1

    event = StripeEvent.objects.get()
    assert event.state == State.DONE
    assert (event.customer_stripe_id == funded.customer.stripe_id) is known
    asked = reads(funded, since)
    assert asked["GET subscriptions"] == (known and thing != "customer") + (not known and thing == "subscription")
    # The subscription brings its customer along.
    assert asked["GET customers"] == (known and thing == "customer")


def test_snapshot_and_thin_event_of_one_change_are_one_read(funded: Funded, now: datetime) -> None:
    whole = {"id": funded.stripe_id, "object": "subscription", "customer": funded.customer.stripe_id}
    deliver(snapshot("evt_a", "customer.subscription.updated", whole))
    deliver(thin("evt_b", "customer.subscription.item_quantity_changed", "subscription", funded.stripe_id))
    since = last_request(funded)

    assert handle_waiting_events(at=now + timedelta(minutes=1)) == 2

    assert reads(funded, since) == {"GET subscriptions": 1}


def test_an_event_of_the_other_mode_is_not_replayed(funded: Funded, now: datetime) -> None:
    waiting(1, funded, state=State.REFUSED, livemode=True)
    since = last_request(funded)

    assert replay_event(event_id="evt_1", at=now) is False

    assert StripeEvent.objects.get().state == State.REFUSED
    assert not reads(funded, since)
